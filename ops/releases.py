"""Releases: the wheel with all that it needs at run time, built once here, installed on hosts offline.

    python -m ops.releases build [--dirty] [--ref REF] [--machine aarch64]   prints the release's name
    python -m ops.releases list                                  the releases that are kept here
    python -m ops.releases verify NAME                           compares a release with its manifest
    python -m ops.releases adopt ARCHIVE                         takes over a commit's release from a host
    python -m ops.releases wheelhouse LOCK [--machine aarch64]   prints the folder of a lock's wheels

A release is var/releases/<version>-<UTC time of the commit>/: `wheelhouse/`, `requirements.txt` (with the
hash of each wheel, Microblog's own too) and `manifest.json` (commit and the hash of every file). The same
source gives the same release, and it is built once.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.sources import Source, export, unpack
from ops.wheelhouses import (
    LOCKS,
    PLATFORMS,
    ROOT,
    ReleaseRefused,
    hash_file,
    hash_tree,
    make_wheelhouse,
    run_quietly,
)

STORE = ROOT / "var" / "releases"
WHEELHOUSES = ROOT / "var" / "wheelhouses"
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
LOCK = Path("requirements") / "runtime.txt"
REQUIREMENTS = "requirements.txt"
MANIFEST = "manifest.json"


def build(machines: Sequence[str], *, ref: str = "", dirty: bool = False, root: Path = ROOT) -> str:
    """Build the release of a commit, or of the work tree where that is `dirty` and allowed; its name.

    Raises `ReleaseRefused`.
    """
    store = root / "var" / "releases"
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=store) as made:
        source = export(root, Path(made) / "source", ref=ref, dirty=dirty)
        digest = source.digest
        name = find_built(store, source, digest, machines)
        if name:
            say(f"{name} is there already")
            return name
        release = Path(made) / source.name
        fill(release, source, machines, root / "var" / "wheelhouses")
        write_manifest(release, source, digest, machines)
        shutil.rmtree(store / source.name, ignore_errors=True)
        release.rename(store / source.name)
    size = sum(path.stat().st_size for path in (store / source.name).rglob("*"))
    changes = " and changes" if source.is_dirty else ""
    say(f"{source.name}: {size / 1e6:.0f} MB, from {source.commit[:12]}{changes}")
    return source.name


def find_built(store: Path, source: Source, digest: str, machines: Sequence[str]) -> str:
    """The name of the release of the same source for these machines, else nothing.

    Raises `ReleaseRefused` where its name is taken by another source.
    """
    for path in sorted(store.glob(f"*/{MANIFEST}")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        is_same = manifest["source"] == digest and (source.is_dirty or manifest["commit"] == source.commit)
        if is_same and manifest["dirty"] == source.is_dirty and set(machines) <= set(manifest["machines"]):
            return path.parent.name
        if path.parent.name == source.name and manifest["source"] != digest:
            raise ReleaseRefused(
                f"{source.name} is there, of other source from the same second: commit again"
            )
    return ""


def fill(release: Path, source: Source, machines: Sequence[str], wheelhouses: Path) -> None:
    """Make the wheelhouse and its requirements."""
    house = release / "wheelhouse"
    house.mkdir(parents=True)
    wheel = build_wheel(source, house)
    lock = source.folder / LOCK
    for machine in machines:
        for path in make_wheelhouse(lock, machine, wheelhouses).iterdir():
            if not (house / path.name).exists():
                # Linked: releases of one lock share their wheels.
                os.link(path, house / path.name)
    (release / REQUIREMENTS).write_text(require(source, wheel), encoding="utf-8")


def build_wheel(source: Source, house: Path) -> Path:
    """Microblog's own wheel, in the folder `house`: the same source gives the same bytes."""
    say(f"Building the wheel of {source.version}")
    # The caller's own time would be in the wheel.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(house),
        str(source.folder),
    ]
    run_quietly(command, "the wheel", cwd=source.folder, env=environment)
    (wheel,) = house.glob("*.whl")
    return wheel


def require(source: Source, wheel: Path) -> str:
    """The release's requirements: its lock, and its own wheel by its hash."""
    lock = (source.folder / LOCK).read_text(encoding="utf-8")
    return f"{lock}microblog=={source.version} \\\n    --hash=sha256:{hash_file(wheel)}\n"


def write_manifest(release: Path, source: Source, digest: str, machines: Sequence[str]) -> None:
    """Write what the release is made of: where the manifest is, all is."""
    manifest = describe(release, source, digest, machines)
    (release / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def describe(release: Path, source: Source, digest: str, machines: Sequence[str]) -> dict[str, Any]:
    """What the release is made of: all of its files but the manifest."""
    files = [path for path in release.rglob("*") if path.is_file() and path != release / MANIFEST]
    return {
        "name": source.name,
        "version": source.version,
        "commit": source.commit,
        "dirty": source.is_dirty,
        "source": digest,
        "machines": sorted(machines),
        "files": hash_tree(release, files),
    }


def read_manifest(release: Path) -> dict[str, Any]:
    """What a release says it is made of. Raises `ReleaseRefused` where it isn't there."""
    try:
        found: dict[str, Any] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseRefused(f"there is no release {release.name}: python -m ops.releases list") from None
    return found


def verify(release: Path) -> None:
    """Compare every file with the manifest. Raises `ReleaseRefused` for one that differs."""
    manifest = read_manifest(release)
    for name, expected in manifest["files"].items():
        path = release / name
        if not path.is_file() or hash_file(path) != expected:
            raise ReleaseRefused(
                f"{release.name}: {name} isn't what the manifest says; delete it and build again"
            )


def adopt(archive: Path, root: Path = ROOT) -> str:
    """Take over a release that was packed on a host, if it is what its commit makes here; its name.

    Nothing that the host says is believed: the lock is git's, the own wheel is built again, every other wheel
    has a hash of the lock. Raises `ReleaseRefused` where it differs, and for a work tree's release,
    as nothing tells what that must be.
    """
    store = root / "var" / "releases"
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=store) as made:
        folder = Path(made) / "release"
        unpack(archive, folder)
        source = export_adopted(read_manifest(folder), root, Path(made) / "source")
        compare_adopted(folder, source, Path(made) / "own")
        if not (store / source.name).exists():
            folder.rename(store / source.name)
    return source.name


def export_adopted(manifest: dict[str, Any], root: Path, target: Path) -> Source:
    """The source of the commit that a manifest names, from git here. Raises `ReleaseRefused`."""
    name, commit = str(manifest["name"]), str(manifest["commit"])
    if manifest["dirty"]:
        raise ReleaseRefused(
            f"{name} was built from a work tree, so nothing here tells what it must be: "
            "build one of a commit, and give it by -e release=NAME"
        )
    if not COMMIT.fullmatch(commit):
        raise ReleaseRefused(f"{name} names no commit, but {commit!r}")
    try:
        return export(root, target, ref=commit)
    except ReleaseRefused as error:
        raise ReleaseRefused(
            f"{name} is of the commit {commit}, unknown here: git fetch ({error})"
        ) from error


def compare_adopted(release: Path, source: Source, made: Path) -> None:
    """Compare a release that came from a host with its source. Raises `ReleaseRefused` for what differs."""
    digest = source.digest
    made.mkdir()
    own = build_wheel(source, made)
    allowed = set(HASH.findall((source.folder / LOCK).read_text(encoding="utf-8"))) | {hash_file(own)}
    for path in sorted((release / "wheelhouse").glob("*")):
        if not path.is_file() or hash_file(path) not in allowed:
            raise ReleaseRefused(
                f"{source.name}: {path.name} isn't what commit {source.commit[:12]} needs, or makes with the "
                "setuptools here: don't trust the host, or build the release of that commit here"
            )
    if (release / REQUIREMENTS).read_text(encoding="utf-8") != require(source, own):
        raise ReleaseRefused(f"{source.name}: {REQUIREMENTS} isn't the lock of commit {source.commit[:12]}")
    manifest = read_manifest(release)
    if manifest != describe(release, source, digest, manifest["machines"]):
        raise ReleaseRefused(f"{source.name}: the manifest isn't that of its files and its commit")


def list_releases(store: Path) -> list[str]:
    """The names of all releases, the oldest first."""
    return sorted(
        (path.parent.name for path in store.glob(f"*/{MANIFEST}")), key=lambda name: name.partition("-")[2]
    )


def say(text: str) -> None:
    """A line of progress; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """What the first lines of this file say."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.releases", description=(__doc__ or "").partition("\n")[0]
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    building = verbs.add_parser("build", help="build a release; prints its name")
    building.add_argument("--dirty", action="store_true", help="take the work tree as it is")
    building.add_argument("--ref", default="", help="build this commit or tag")
    verbs.add_parser("list", help="list the releases that are kept here")
    verbs.add_parser("verify", help="compare a release with its manifest").add_argument("name")
    verbs.add_parser("adopt", help="take over a release packed on a host").add_argument("archive", type=Path)
    house = verbs.add_parser("wheelhouse", help="download the wheels of a lock; prints their folder")
    house.add_argument("lock", choices=sorted(path.stem for path in LOCKS.glob("*.txt")))
    for each in (building, house):
        each.add_argument("--machine", action="append", choices=sorted(PLATFORMS), help="default: x86_64")
    try:
        print(*answer(parser.parse_args(arguments)), sep="\n")
    except ReleaseRefused as error:
        raise SystemExit(f"releases: {error}") from error


def answer(given: argparse.Namespace) -> list[str]:
    """What a verb prints on standard output."""
    if given.verb == "build":
        return [build(given.machine or ["x86_64"], ref=given.ref, dirty=given.dirty)]
    if given.verb == "list":
        return list_releases(STORE)
    if given.verb == "adopt":
        return [adopt(given.archive)]
    if given.verb == "wheelhouse":
        lock = LOCKS / f"{given.lock}.txt"
        return [str(make_wheelhouse(lock, machine, WHEELHOUSES)) for machine in given.machine or ["x86_64"]]
    verify(STORE / given.name)
    return [f"{given.name} is what its manifest says"]


if __name__ == "__main__":
    main()
