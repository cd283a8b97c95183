"""On a host: links what other releases have of a new one's files, and prints those that are still missing."""

import hashlib
import json
import os
import sys
from pathlib import Path


def link_known(release: Path, wanted: dict[str, str]) -> list[str]:
    """Fill a release's folder with files (SHA-256 by the name below it) out of the releases beside it.

    Answers the names of those that none of them has.
    """
    known = dict(read_known(release))
    missing = []
    for name, expected in wanted.items():
        target, source = release / name, known.get((name, expected))
        if is_same(target, expected):
            continue
        # What a release of the same name has left there, which was built of other changes.
        target.unlink(missing_ok=True)
        if source is not None and is_same(source, expected):
            os.link(source, target)
        else:
            missing.append(name)
    return missing


def read_known(release: Path) -> list[tuple[tuple[str, str], Path]]:
    """What the releases beside it say they have, by name and SHA-256."""
    return [
        ((name, told), manifest.parent / name)
        for manifest in release.parent.glob("*/manifest.json")
        for name, told in json.loads(manifest.read_text(encoding="utf-8"))["files"].items()
    ]


def is_same(path: Path, expected: str) -> bool:
    """Whether the file is there, with this SHA-256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == expected


if __name__ == "__main__":
    request = json.loads(sys.argv[-1])
    print(*link_known(Path(request["release"]), request["files"]), sep="\n")
