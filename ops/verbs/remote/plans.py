"""On a database host: plans out of PostgreSQL's log, without what people typed; `queries.py` takes it in."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<string>(?<!\w)[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|(?:(?<!\w)(?:[bBxXnN]|[uU]&))?'(?:[^']|'')*(?:'|\Z))
    |(?P<dollar>(?<!\w)\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
    |(?P<name>"(?:[^"]|"")*(?:"|\Z))
    |(?P<number>(?<![\w$.])(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)""",
    re.DOTALL | re.VERBOSE,
)
#: The lines of a plan whose numbers are figures of the planner's, and no values.
FIGURES = re.compile(
    r"\(cost=|^\s*(Rows Removed|Buffers|Sort Method|Heap|Planning|Execution|Workers|Batches|Buckets)"
)
BEGIN = re.compile(
    r"(?P<at>\S+ \S+) \S+ \[(?P<pid>\d+)\] (?P<role>[^@ ]*)@\S* (?P<application>.*?) ?"
    r"LOG:  duration: (?P<ms>[\d.]+) ms  plan:"
)
#: Blanks all plans of a folder's logs, also of the one that logrotate has just copied: a program of its own,
#: which is there when the one that had them logged is not.
BLANK = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for path in [*folder.glob("*.log"), *folder.glob("*.log.1")]:
    if path.is_symlink() or not path.is_file():
        continue
    with open(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb") as log:
        place, inside = 0, False
        for line in log:
            if inside and line.startswith(b"\\t"):
                os.pwrite(log.fileno(), b" " * len(line.rstrip(b"\\n")), place)
            else:
                inside = line.endswith(b"ms  plan:\\n")
            place += len(line)
"""


def mask(text: str, *, numbers: bool = True) -> str:
    """SQL without what people typed: strings (cut-off ones too), numbers, comments."""

    def replace(found: re.Match[str]) -> str:
        kind = found.lastgroup if found.lastgroup != "tag" else "dollar"
        if kind == "name" or (kind == "number" and not numbers):
            return found[0]
        return " " if kind == "comment" else "?" if kind == "number" else "'?'"

    return TOKEN.sub(replace, text)


def mask_plan(lines: list[str]) -> list[str]:
    """A plan's lines without values; strings may go over several."""
    shown = mask("\n".join(lines), numbers=False).split("\n")
    return [line if FIGURES.search(line) else mask(line) for line in shown]


class PlanReader:
    """Takes plans out of the server's log: each is read once, and blanked where it stood."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        self.place = os.fstat(self.file).st_size
        self.current: dict[str, Any] | None = None

    def read(self) -> Iterator[dict[str, Any]]:
        """The plans that have come since the last call, as PostgreSQL wrote them."""
        size = os.fstat(self.file).st_size
        # Debian's logrotate copies the log and empties it.
        self.place = self.place if size >= self.place else 0
        chunk = os.pread(self.file, size - self.place, self.place)
        # Not splitlines: what people typed may hold a carriage return.
        lines = [line + b"\n" for line in chunk.split(b"\n")[:-1]]
        for line in lines:
            if self.current is not None and line.startswith(b"\t"):
                self.current["lines"].append(line[1:].decode("utf-8", "replace").rstrip("\n"))
                # Of the same length: the server goes on at the log's end.
                os.pwrite(self.file, b" " * (len(line) - 1), self.place)
            else:
                yield from self.finish()
                begin = BEGIN.match(line.decode("utf-8", "replace"))
                self.current = {**begin.groupdict(), "lines": []} if begin else None
            self.place += len(line)
        if not lines:
            yield from self.finish()

    def finish(self) -> Iterator[dict[str, Any]]:
        """The plan that was being read, whole."""
        if self.current is not None:
            yield self.current
        self.current = None


def present(found: dict[str, Any]) -> dict[str, Any]:
    """A plan as it is shown: the statement apart from it, neither with values."""
    lines = mask("\n".join(found["lines"]), numbers=False).removeprefix("Query Text: ").split("\n")
    start = next((number for number, line in enumerate(lines) if "(cost=" in line), len(lines))
    query = mask(" ".join(lines[:start]))
    known = {name: found[name] for name in ("at", "pid", "application")}
    return {**known, "ms": float(found["ms"]), "query": query, "plan": mask_plan(lines[start:])}
