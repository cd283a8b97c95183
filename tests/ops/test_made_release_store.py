"""Where the releases made for the lab's tests lie, and for how long."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devstack.layout import ROOT
from ops import releases
from ops.releases import list_releases, verify
from ops.sources import git
from ops.wheelhouses import ReleaseRefused
from tests.lab import made_releases
from tests.lab.made_releases import MARK, MadeReleases


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a store of its own; it downloads nothing, and has two wheels."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("needed", "other"):
        (wheels / f"{name}-1-py3-none-any.whl").write_bytes(b"wheel")
    monkeypatch.setattr(releases, "make_wheelhouse", lambda _lock, _machine, _store: wheels)
    git(ROOT, "clone", "--quiet", str(ROOT), str(tmp_path / "checkout"))
    return tmp_path / "checkout"


def build_nothing(_machines: list[str], *, ref: str, root: Path) -> str:
    """A release without wheels, under the name that a real one has."""
    seconds = int(git(root, "log", "-1", "--format=%ct", ref))
    name = f"1-{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"
    (root / "var" / "releases" / name).mkdir(parents=True)
    (root / "var" / "releases" / name / "manifest.json").write_text("{}")
    return name


def test_a_release_is_in_the_store_for_as_long_as_the_test(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_releases, "build", build_nothing)
    names = []
    for _ in range(2):
        with MadeReleases(checkout) as made:
            names.append(made.make("plain"))
            assert made.make("plain") == names[-1]
            assert list_releases(checkout / "var" / "releases") == names[-1:]
        assert list_releases(checkout / "var" / "releases") == []
        assert list((checkout / "var").glob(".made-*")) == []

    assert names[0] == names[1]


def test_what_a_killed_test_left_is_removed_and_what_others_use_stays(checkout: Path) -> None:
    with subprocess.Popen(["true"]) as killed:
        pass
    expected = []
    for number, process in enumerate([killed.pid, os.getpid()]):
        clone = checkout / "var" / f".made-{process}-clone"
        release = checkout / "var" / "releases" / f"1-{number}"
        for folder in (clone, release):
            folder.mkdir(parents=True)
        (release / MARK).write_text(str(process))
        expected.append([clone, release])
    unmarked = checkout / "var" / "releases" / "1-2"
    unmarked.mkdir()

    with MadeReleases(checkout):
        assert not any(path.exists() for path in expected[0])
        assert all(path.exists() for path in [*expected[1], unmarked])


def test_what_isnt_committed_is_in_the_release_and_gives_it_another_name(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_releases, "build", build_nothing)
    with MadeReleases(checkout) as made:
        committed = made.make("plain")
    (checkout / "README.md").unlink()
    (checkout / "app" / "microblog" / "new.py").write_text("")
    with MadeReleases(checkout) as made:
        assert made.make("plain") != committed
        assert not (made.source / "README.md").exists()
        assert (made.source / "app" / "microblog" / "new.py").exists()


def test_only_a_release_that_was_made_for_a_test_gives_way(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_releases, "build", build_nothing)
    with MadeReleases(checkout) as made, MadeReleases(checkout) as again:
        name = made.make("plain")
        assert again.make("plain") == name

        (checkout / "var" / "releases" / name / MARK).unlink()
        with MadeReleases(checkout) as last, pytest.raises(AssertionError, match="not made for a test"):
            last.make("plain")


def test_a_tampered_wheel_is_told_by_the_manifest_and_a_forged_one_by_its_hash(checkout: Path) -> None:
    store = checkout / "var" / "releases"
    with MadeReleases(checkout) as made:
        names = made.make_all(["plain", "tampered", "forged"])

        verify(store / names["plain"])
        with pytest.raises(ReleaseRefused, match=r"needed-1-py3-none-any\.whl isn't what the manifest says"):
            verify(store / names["tampered"])
        verify(store / names["forged"])
        for name in (names["tampered"], names["forged"]):
            wheel = store / name / "wheelhouse" / "needed-1-py3-none-any.whl"
            assert wheel.read_bytes() != b"wheel"
