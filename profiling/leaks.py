"""Whether memory grows with every run: a robust slope, and a verdict that caches don't fool."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations, pairwise
from statistics import median

#: Bytes that a run may leave behind in Python's objects: at 100 requests a second they make 100 MB in a day.
LEAST_TRACED = 12
#: Bytes that the process may grow by with a run, where Python's objects don't: the kernel counts in pages,
#: and memory between live objects is not given back at once.
LEAST_RESIDENT = 2048
#: Fewer measurements show no trend.
LEAST_TURNS = 8
#: Of the steps between two turns, so many go up where something is left behind by each run.
MOST_STEPS = 0.6


@dataclass(frozen=True)
class Turn:
    """What was in use after `runs` runs, in bytes: in Python's objects, in the kernel's eyes, and the latter
    with pages that are shared counted in part.
    """

    runs: int
    traced: int
    rss: int
    pss: int


class Ledger:
    """Keeps turns in room that it has from the beginning: what is noted must not be seen as growth."""

    WIDTH = len(fields(Turn))

    def __init__(self, room: int) -> None:
        self.numbers = array("q", bytes(8 * self.WIDTH * room))
        self.count = 0

    def note(self, turn: Turn) -> None:
        """Keep one more turn."""
        for place, number in enumerate((turn.runs, turn.traced, turn.rss, turn.pss)):
            self.numbers[self.count * self.WIDTH + place] = number
        self.count += 1

    def turns(self) -> list[Turn]:
        """All that were noted."""
        starts = range(0, self.count * self.WIDTH, self.WIDTH)
        return [Turn(*self.numbers[start : start + self.WIDTH]) for start in starts]


@dataclass(frozen=True)
class Growth:
    """Bytes per run: over all turns, over the later half of them, and the part of steps that go up."""

    whole: float
    later: float
    rising: float

    def is_steady(self, least: float) -> bool:
        """Whether it goes on: all along, in the end as in the beginning, and in most of the steps."""
        return min(self.whole, self.later) >= least and self.rising >= MOST_STEPS


@dataclass(frozen=True)
class Verdict:
    """Whether it leaks, in which words, and the figures."""

    is_leak: bool
    text: str
    traced: Growth
    rss: Growth


def find_slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between any two points (Theil and Sen): single steps don't move it.

    Raises `ValueError` for fewer than two.
    """
    if len(points) < 2:
        raise ValueError("a slope needs two points")
    return median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2))


def measure_growth(points: Sequence[tuple[float, float]]) -> Growth:
    """How the second figure grows with the first."""
    steps = [after[1] > before[1] for before, after in pairwise(points)]
    return Growth(find_slope(points), find_slope(points[len(points) // 2 :]), sum(steps) / len(steps))


def judge(turns: Sequence[Turn]) -> Verdict:
    """Whether something is left behind by each run.

    What is filled once (a cache, a pool, a module that is imported late) is a step: it leaves the later half
    flat, and the median of slopes where it was. Raises `ValueError` for fewer than `LEAST_TURNS`.
    """
    if len(turns) < LEAST_TURNS:
        raise ValueError(f"{len(turns)} turns show no trend: {LEAST_TURNS} are needed")
    traced = measure_growth([(turn.runs, turn.traced) for turn in turns])
    rss = measure_growth([(turn.runs, turn.rss) for turn in turns])
    in_python = traced.is_steady(LEAST_TRACED)
    # Python's objects need pages: what they explain is no second leak.
    beside = Growth(rss.whole - traced.whole, rss.later - traced.later, rss.rising)
    outside = beside.is_steady(LEAST_RESIDENT)
    if in_python:
        text = (
            f"leaks: each run leaves {min(traced.whole, traced.later):.0f} bytes of Python's objects behind"
        )
    elif outside:
        text = (
            f"leaks outside of Python's objects: the process grows by {beside.later:.0f} bytes with each run"
        )
    else:
        text = "no leak"
    return Verdict(in_python or outside, text, traced, rss)
