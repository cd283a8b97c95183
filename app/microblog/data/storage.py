"""Where pictures lie: one small interface, and its form for one host, a directory.

data/media_hosts.py has the form for several.
"""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

PREFIX: Final = re.compile(r"[A-Za-z0-9_-]{2}")
KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
NAME: Final = re.compile(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,5})?")
FILE_MODE = 0o640
FOLDER_MODE = 0o750


class StoreAway(OSError):
    """The store, or the host of one that was asked, can't be reached or refuses; trying later helps."""


class Storage(Protocol):
    """Named files under unguessable keys; a file never changes once written.

    Keys are 16 to 64 letters, digits, `_` and `-`; names such as `96.webp` are short and lower-case. Anything
    else raises `ValueError`. `content_type` is a hint for stores that keep one. Every method raises `OSError`
    where the store is away.
    """

    def put(self, key: str, name: str, data: bytes, content_type: str) -> None:
        """Write a file: all of it is there afterwards, or nothing."""

    def read(self, key: str, name: str) -> bytes:
        """A file's bytes. Raises `FileNotFoundError` where no host that can be reached has it."""

    def exists(self, key: str, name: str) -> bool:
        """Whether the file is there. Raises `StoreAway` where only a host that is away may have it."""

    def delete(self, key: str) -> bool:
        """Delete all files of a key; none there is fine. Whether no host is left that may have some."""

    def delete_file(self, key: str, name: str) -> bool:
        """Delete one file; not there is fine. The same answer."""


def key_path(key: str, name: str | None = None) -> str:
    """Where a key's files, or one of them, lie in a store. Raises `ValueError` for what is no key or name."""
    if name is not None and not NAME.fullmatch(name):
        raise ValueError("this is no file name of the store")
    if not KEY.fullmatch(key):
        raise ValueError("this is no key of the store")
    folder = f"{key[:2]}/{key}"
    return folder if name is None else f"{folder}/{name}"


class DirectoryStorage:
    """Files in a folder of this host, as `<folder>/<first two of the key>/<key>/<name>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, name: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - a file has none
        """Write a file aside, then rename it: a reader or a power cut never meets half of it."""
        path = self.path(key, name)
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), FILE_MODE)
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        # The rename and each new folder's name are on disk only when their folders are.
        for folder in (path.parent, path.parent.parent, self._folder):
            _sync_folder(folder)

    def read(self, key: str, name: str) -> bytes:
        """A file's bytes. Raises `FileNotFoundError`."""
        return self.path(key, name).read_bytes()

    def exists(self, key: str, name: str) -> bool:
        """Whether the file is there."""
        return self.path(key, name).is_file()

    def delete(self, key: str) -> bool:
        """Delete the key's folder; none there is fine."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder / key_path(key))
        return True

    def delete_file(self, key: str, name: str) -> bool:
        """Delete one file; not there is fine."""
        self.path(key, name).unlink(missing_ok=True)
        return True

    def path(self, key: str, name: str) -> Path:
        """Where a file lies or would lie. Raises `ValueError` for a key or name that isn't one."""
        return self._folder / key_path(key, name)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
