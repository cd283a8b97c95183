"""Sources of releases: a clean export of a commit, or of the work tree where that is allowed."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ops.wheelhouses import ReleaseRefused, hash_tree, run_quietly

#: What the wheel is made of; anything else may be changed without making another release.
SOURCE = (
    "app",
    "requirements",
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
)


@dataclass(frozen=True)
class Source:
    """An exported source: where, the package's version, the commit and its time, whether it has changes."""

    folder: Path
    version: str
    commit: str
    time: datetime
    is_dirty: bool

    @property
    def digest(self) -> str:
        """A hash of all names and contents."""
        files = hash_tree(self.folder, (path for path in self.folder.rglob("*") if path.is_file()))
        return hashlib.sha256(json.dumps(files).encode()).hexdigest()

    @property
    def name(self) -> str:
        """The release's name."""
        return f"{self.version}-{self.time:%Y%m%dT%H%M%SZ}{'-dirty' if self.is_dirty else ''}"


def export(root: Path, target: Path, *, ref: str = "", dirty: bool = False) -> Source:
    """What is built, without anything that isn't in version control. Raises `ReleaseRefused`."""
    changes = "" if ref else git(root, "status", "--porcelain", "--", *SOURCE)
    if changes and not dirty:
        files = [line[3:] for line in changes.splitlines()]
        raise ReleaseRefused(
            f"{len(files)} files differ from the last commit ({', '.join(files[:3])}…): "
            "commit them, or allow it with --dirty"
        )
    if ref and not knows(root, ref):
        raise ReleaseRefused(
            f"git knows no commit or tag {ref!r} here: git fetch --tags gets those of others"
        )
    target.mkdir(parents=True)
    commit, seconds = git(root, "log", "-1", "--format=%H %ct", ref or "HEAD", "--").split()
    if changes:
        for name in git(root, "ls-files", "-z", "-co", "--exclude-standard", "--", *SOURCE).split("\0"):
            if name and (root / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, target / name)
        return Source(target, read_version(target), commit, datetime.now(UTC), is_dirty=True)
    packed = target.with_suffix(".tar")
    present = git(root, "ls-tree", "--name-only", commit, *SOURCE).split()
    git(root, "archive", f"--output={packed}", commit, "--", *present)
    unpack(packed, target)
    return Source(
        target, read_version(target), commit, datetime.fromtimestamp(int(seconds), UTC), is_dirty=False
    )


def unpack(archive: Path, target: Path) -> None:
    """Write the archive's files below `target`, whatever their modes and owners.

    Raises `ReleaseRefused` for anything but a file below it. tarfile's own filters came with Python 3.11.4;
    Debian 12 has 3.11.2.
    """
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isdir():
                continue
            path = (target / member.name).resolve()
            content = packed.extractfile(member) if member.isreg() else None
            if content is None or not path.is_relative_to(target.resolve()):
                raise ReleaseRefused(f"{archive}: {member.name!r} is no plain file of a release")
            path.parent.mkdir(parents=True, exist_ok=True)
            with content, path.open("wb") as file:
                shutil.copyfileobj(content, file)


def read_version(folder: Path) -> str:
    """What the package says of itself."""
    text = (folder / "app" / "microblog" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        raise ReleaseRefused("app/microblog/__init__.py states no __version__")
    return found[1]


def knows(root: Path, ref: str) -> bool:
    """Whether there is such a commit or tag."""
    command = ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def git(root: Path, *arguments: str) -> str:
    """What git prints."""
    return run_quietly(["git", "-C", str(root), *arguments], "this is no checkout of a commit").strip("\n")
