"""Wheelhouses: every wheel that a lock names for the hosts' Python, so that hosts install offline."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
#: The hosts' Python: Debian 12's. A lock's markers may tell its patch releases apart, so its first and a late
#: one are asked: the controller's own Python decides nothing.
PYTHON = "3.11"
PATCHES = ("3.11.0", "3.11.99")
#: Machine → platform tags of wheels for it, glibc 2.36 and older.
PLATFORMS = {
    machine: tuple(
        f"{tag}_{machine}" for tag in ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
    )
    for machine in ("x86_64", "aarch64")
}
CONTINUED = re.compile(r"\\\n\s*")
KEPT = 3


class ReleaseRefused(Exception):
    """What can't be built or kept; the message is what is wrong and the fix."""


def select_requirements(lock: str, machine: str) -> list[str]:
    """The lock's requirements for the hosts' Python on `machine`: without markers, hashes on the same line.

    Raises `ReleaseRefused` for one without a hash.
    """
    chosen = []
    for line in CONTINUED.sub("", lock).splitlines():
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        requirement, _, hashes = text.partition("--hash=")
        name, _, marker = requirement.partition(";")
        if not hashes:
            raise ReleaseRefused(f"{name.strip()} has no hash: renew the locks with make lock")
        if not marker or _is_meant(marker, machine):
            chosen.append(
                f"{name.strip()} {' '.join(('--hash=' + hashes).replace('--hash=', ' --hash=').split())}"
            )
    return chosen


def _is_meant(marker: str, machine: str) -> bool:
    host = {
        "python_version": PYTHON,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": machine,
    }
    return any(Marker(marker.strip()).evaluate({**host, "python_full_version": full}) for full in PATCHES)


def make_wheelhouse(lock: Path, machine: str, store: Path) -> Path:
    """The folder below `store` with the wheels that `lock` names for `machine`; downloaded once.

    Raises `ReleaseRefused` when a wheel isn't to be had, or has another hash.
    """
    text = lock.read_text(encoding="utf-8")
    stamp = hashlib.sha256(text.encode()).hexdigest()[:12]
    target = store / f"{lock.stem}-{stamp}-{machine}"
    if target.is_dir():
        return target
    chosen = select_requirements(text, machine)
    print(f"Downloading {len(chosen)} wheels of {lock.name} for {machine}", file=sys.stderr, flush=True)
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=store) as made:
        folder = Path(made) / "wheels"
        wanted = Path(made) / "requirements.txt"
        wanted.write_text("\n".join(chosen) + "\n", encoding="utf-8")
        run_quietly(_download_command(wanted, folder, machine), f"the wheels of {lock.name}")
        folder.rename(target)
    _forget_old(store, f"{lock.stem}-*-{machine}")
    return target


def _download_command(wanted: Path, folder: Path, machine: str) -> list[str]:
    tags = [f"--platform={tag}" for tag in PLATFORMS[machine]]
    target = ["--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none", f"--python-version={PYTHON}"]
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--only-binary=:all:", *target, *tags),
        *("--dest", str(folder), "--requirement", str(wanted)),
    ]


def _forget_old(store: Path, pattern: str) -> None:
    """Releases hold the wheels themselves: this is a cache."""
    newest = sorted(store.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[KEPT:]:
        shutil.rmtree(path)


def run_quietly(command: Sequence[str], what: str, **options: Path | dict[str, str] | None) -> str:
    """The program's standard output. Raises `ReleaseRefused` with what it complained of when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        complaint = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-4:]
        raise ReleaseRefused(f"{what}: {command[0]} failed: {' / '.join(complaint)}")
    return str(done.stdout)


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def hash_tree(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Name below `folder` → SHA-256 of each of `paths`, sorted by name."""
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in sorted(paths)}
