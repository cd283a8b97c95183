"""Releases made for tests: each an edit of this checkout's source, committed in a clone that goes away."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ops.releases import build
from ops.sources import SOURCE, git
from ops.wheelhouses import ROOT
from tests.lab import made_edits as edits

#: A file in each of these releases: the id of the process that it was made for.
MARK = "made-for-a-test"
#: Commits of a kind, one a second.
EDITIONS = 8
BUILDERS = 2
NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Nobody"), ("EMAIL", "nobody@example.org"))
}


@dataclass(frozen=True)
class Kind:
    """How a release differs: in its source, or in what was done to it once it was built."""

    edit: edits.Edit
    afterwards: edits.Edit | None = None


KINDS = {
    "plain": Kind(edits.plain),
    "slow": Kind(edits.hooked(edits.SLOW)),
    "unready": Kind(edits.hooked(edits.UNREADY)),
    "failing": Kind(edits.hooked(edits.FAILING)),
    "faulty": Kind(edits.hooked(edits.FAULTY)),
    "sluggish": Kind(edits.hooked(edits.SLUGGISH)),
    "crashing_workers": Kind(edits.crash_workers),
    "bad_migration": Kind(edits.fail_migration),
    "unsafe_migration": Kind(edits.unsafe_migration),
    "next_schema": Kind(edits.next_schema),
    "next_contract": Kind(edits.next_contract),
    "tampered": Kind(edits.plain, edits.tamper),
    "forged": Kind(edits.plain, edits.forge),
}


class MadeReleases:
    """Makes each release when it is first asked for; those of a commit always have the same names.

    As a context: at its end neither clone nor releases are left.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        (root / "var" / "wheelhouses").mkdir(parents=True, exist_ok=True)
        remove_left(root / "var")
        # Beside the store: wheels are hard links.
        self._folder = Path(tempfile.mkdtemp(prefix=f".made-{os.getpid()}-", dir=root / "var"))
        self.source = self._folder / "clone"
        self._lock = threading.Lock()
        self._names: dict[tuple[str, int], str] = {}
        git(root, "clone", "--quiet", "--no-tags", str(root), str(self.source))
        (self.source / "var").mkdir()
        (self.source / "var" / "wheelhouses").symlink_to(root / "var" / "wheelhouses")
        changes = git(root, "status", "--porcelain", "--", *SOURCE, "tests/lab/made_edits.py")
        # Hosts may still have releases of the same names: other sources need others.
        self._seconds = int(time.time()) if changes else int(git(self.source, "log", "-1", "--format=%ct"))
        self._copy_changes()
        self.base = git(self.source, "rev-parse", "HEAD")

    def __enter__(self) -> Self:
        """Nothing is made yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove all of it."""
        for name in self._names.values():
            shutil.rmtree(self.root / "var" / "releases" / name, ignore_errors=True)
        shutil.rmtree(self._folder)

    def make(self, kind: str, edition: int = 1) -> str:
        """The name of the release of a kind, in this checkout's store; editions from 1 to 8 differ."""
        with self._lock:
            if (kind, edition) in self._names:
                return self._names[kind, edition]
            commit = self.commit(kind, edition)
        name = build(["x86_64"], ref=commit, root=self.source)
        release = self.source / "var" / "releases" / name
        if afterwards := KINDS[kind].afterwards:
            afterwards(release)
        self._place(release)
        self._names[kind, edition] = name
        return name

    def make_all(self, kinds: Iterable[str]) -> dict[str, str]:
        """The names of the releases of these kinds, which are built side by side."""
        wanted = list(kinds)
        with ThreadPoolExecutor(BUILDERS) as pool:
            return dict(zip(wanted, pool.map(self.make, wanted), strict=True))

    def commit(self, kind: str, edition: int = 1) -> str:
        """Commit a kind's edit in the clone, whose files are then those of that release; the commit's id."""
        assert 1 <= edition <= EDITIONS
        git(self.source, "checkout", "--quiet", "--force", "--detach", self.base)
        KINDS[kind].edit(self.source)
        number = list(KINDS).index(kind) * EDITIONS + edition
        edits.restyle(self.source, number)
        return self._commit(f"Made for a test: {kind} {edition}", self._seconds + 1 + number)

    def _copy_changes(self) -> None:
        """Commit what isn't committed there, as a rehearsal is of what lies there."""
        listed = git(self.root, "ls-files", "-z", "-co", "--exclude-standard", "--", *SOURCE).split("\0")
        for name in filter(None, listed):
            target = self.source / name
            if (self.root / name).is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.root / name, target)
            else:
                target.unlink(missing_ok=True)
        if git(self.source, "status", "--porcelain"):
            self._commit("What was not committed", self._seconds + 1)

    def _commit(self, message: str, seconds: int) -> str:
        moment = {f"GIT_{who}_DATE": f"{seconds} +0000" for who in ("AUTHOR", "COMMITTER")}
        git(self.source, "add", "--all")
        command = [
            "git",
            "-C",
            str(self.source),
            "commit",
            "--quiet",
            "--no-verify",
            "--no-gpg-sign",
            "-m",
            message,
        ]
        subprocess.run(command, env=os.environ | NOBODY | moment, check=True)
        return git(self.source, "rev-parse", "HEAD")

    def _place(self, release: Path) -> None:
        """Put it into the store; one that a test which was killed has left there gives way."""
        target = self.root / "var" / "releases" / release.name
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            assert (target / MARK).exists(), f"{target} was not made for a test"
            shutil.rmtree(target)
        (release / MARK).write_text(str(os.getpid()), encoding="utf-8")
        release.rename(target)


def remove_left(var: Path) -> None:
    """Remove what processes that were killed have left."""
    for folder in var.glob(".made-*-*"):
        if is_over(folder.name.split("-")[1]):
            shutil.rmtree(folder, ignore_errors=True)
    for mark in var.glob(f"releases/*/{MARK}"):
        if is_over(mark.read_text(encoding="utf-8")):
            shutil.rmtree(mark.parent, ignore_errors=True)


def is_over(process: str) -> bool:
    """Whether no process has this id."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except (PermissionError, ValueError):
        return False
    return False
