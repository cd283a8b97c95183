import os
import stat
from pathlib import Path

import pytest

from microblog.data.storage import DirectoryStorage

KEY = "abcdefghijklmnop-_12"


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(tmp_path / "media")


def test_what_was_put_can_be_read(storage: DirectoryStorage, tmp_path: Path) -> None:
    storage.put(KEY, "96.webp", b"pixels", "image/webp")
    assert storage.exists(KEY, "96.webp")
    assert storage.read(KEY, "96.webp") == b"pixels"
    path = tmp_path / "media" / "ab" / KEY / "96.webp"
    assert path == storage.path(KEY, "96.webp")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["96.webp"]


def test_a_file_that_is_not_there(storage: DirectoryStorage) -> None:
    assert not storage.exists(KEY, "96.webp")
    with pytest.raises(FileNotFoundError):
        storage.read(KEY, "96.webp")


def test_deleting_takes_all_files_of_a_key_and_nothing_else(storage: DirectoryStorage) -> None:
    other = "ab" + "x" * 20
    for name in ("original", "96.webp"):
        storage.put(KEY, name, b"pixels", "image/webp")
        storage.put(other, name, b"pixels", "image/webp")
    storage.delete_file(KEY, "original")
    storage.delete_file(KEY, "original")
    assert not storage.exists(KEY, "original")
    assert storage.exists(KEY, "96.webp")
    storage.delete(KEY)
    storage.delete(KEY)
    assert not storage.exists(KEY, "96.webp")
    assert storage.exists(other, "original")


def test_a_failed_write_leaves_nothing(
    storage: DirectoryStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        storage.put(KEY, "96.webp", b"pixels", "image/webp")
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "key", ["", "short", "../" * 8, "/etc/passwd-and-more", "a" * 65, "abcdefghijklmnop/../../..", f"{KEY}\n"]
)
def test_no_key_leads_out_of_the_folder(storage: DirectoryStorage, key: str) -> None:
    for act in (
        lambda: storage.put(key, "96.webp", b"", "image/webp"),
        lambda: storage.read(key, "96.webp"),
        lambda: storage.exists(key, "96.webp"),
        lambda: storage.delete(key),
    ):
        with pytest.raises(ValueError, match="no key"):
            act()


@pytest.mark.parametrize(
    "name", ["", "..", ".hidden", "a/b", "../x.webp", "96.webp\x00", "X.webp", "96.webp\n"]
)
def test_no_name_leads_out_of_the_folder(storage: DirectoryStorage, name: str) -> None:
    with pytest.raises(ValueError, match="no file name"):
        storage.read(KEY, name)
