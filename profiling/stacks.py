"""Stacks out of a deterministic profile, which only knows who called whom.

How much a function took on behalf of each of its callers is known; what it took below that is shared out
among them in proportion. So a function that many call (a statement's execution, say) looks the same below
each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from profiling.places import package_of, shorten

#: File, line and name of a function, as pstats has them.
Label = tuple[str, int, str]
#: Primitive calls, calls, own and cumulative seconds.
Timing = tuple[int, int, float, float]
#: The same of a function with those that called it.
Stats = Mapping[Label, tuple[int, int, float, float, Mapping[Label, Timing]]]

BUILT_IN = "built-in"
#: The file of functions that are written in C.
NO_FILE = "~"
METHOD = re.compile(r"<method '(?P<name>[^']+)' of '(?P<owner>[^']+)' objects>")
FUNCTION = re.compile(
    r"<built-in method (?P<name>[^>]+?)(?: at 0x[0-9a-f]+)?>|<function (?P<inherited>\S+) at 0x[0-9a-f]+>"
)
#: Functions written in C that count by themselves: part of their name, and whose they are.
OWNERS = {
    "psycopg2": "psycopg2",
    "Cursor.": "psycopg2",
    "orjson": "orjson",
    "msgspec": "msgspec",
    "PIL": "PIL",
    "select.": "waiting",
    "_socket.socket.recv": "waiting",
}


@dataclass(frozen=True)
class Block:
    """A function in a stack: it begins at `start` and takes `seconds`, `own` of them itself."""

    path: tuple[Label, ...]
    start: float
    seconds: float
    own: float

    @property
    def depth(self) -> int:
        """How many stand above it."""
        return len(self.path) - 1

    @property
    def label(self) -> str:
        """Its name and place."""
        return describe(self.path[-1])

    @property
    def package(self) -> str:
        """Whose it is."""
        return package(self.path[-1])


def describe(label: Label) -> str:
    """`name (package/module.py:12)`; functions written in C have no place."""
    path, line, name = label
    return bare_name(label) if path == NO_FILE else f"{name} ({shorten(path)}:{line})"


def bare_name(label: Label) -> str:
    """A function's name; of one written in C without the words around it."""
    name = label[2]
    if found := METHOD.fullmatch(name):
        return f"{found['owner']}.{found['name']}"
    return found["name"] or found["inherited"] if (found := FUNCTION.fullmatch(name)) else name


def package(label: Label) -> str:
    """The package that a function belongs to; `built-in` for most of those that are written in C."""
    if label[0] != NO_FILE:
        return package_of(label[0])
    name = bare_name(label)
    return next((owner for part, owner in OWNERS.items() if part in name), BUILT_IN)


def unfold(stats: Stats, root: Label, least: float = 0.001) -> list[Block]:
    """The stacks below `root`, callers before whom they called; what takes less than `least` of all is part
    of its caller's own time.
    """
    called: dict[Label, list[tuple[float, Label]]] = {}
    for label, (_, _, _, _, callers) in stats.items():
        for caller, timing in callers.items():
            called.setdefault(caller, []).append((timing[3], label))
    for below in called.values():
        below.sort(key=lambda one: (-one[0], one[1]))
    smallest = stats[root][3] * least
    blocks: list[Block] = []

    def visit(path: tuple[Label, ...], start: float, seconds: float) -> None:
        label = path[-1]
        # Within itself, a recursive function's time is counted already.
        below = [(taken, one) for taken, one in called.get(label, ()) if one not in path]
        whole = max(stats[label][3], sum(taken for taken, _ in below))
        share = seconds / whole if whole else 0.0
        shown = [(taken * share, one) for taken, one in below if taken * share >= smallest]
        blocks.append(Block(path, start, seconds, seconds - sum(taken for taken, _ in shown)))
        for taken, one in shown:
            visit((*path, one), start, taken)
            start += taken

    visit((root,), 0.0, stats[root][3])
    return blocks


def own_by_package(stats: Stats) -> dict[str, float]:
    """Seconds by package, the most first; what is written in C counts as its callers', but for `OWNERS`."""
    taken: dict[str, float] = {}
    for label, (_, _, own, _, callers) in stats.items():
        name = package(label)
        parts = [(name, own)]
        if name == BUILT_IN and callers:
            parts = [(package(caller), timing[2]) for caller, timing in callers.items()]
        for owner, seconds in parts:
            taken[owner] = taken.get(owner, 0.0) + seconds
    return dict(sorted(taken.items(), key=lambda one: -one[1]))
