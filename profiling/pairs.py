"""Two variants measured in turns, so that what disturbs a machine disturbs both; and what follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

#: Fewer say nothing of their spread.
LEAST_PAIRS = 2


@dataclass(frozen=True)
class Pair:
    """One measurement of each variant, made at the same time; in the same unit."""

    ours: float
    base: float

    @property
    def ratio(self) -> float:
        """How many times as much ours takes."""
        return self.ours / self.base


@dataclass(frozen=True)
class Summary:
    """The middle of all pairs' ratios, and between which two values the middle half of them lies."""

    ours: float
    base: float
    ratio: float
    low: float
    high: float
    pairs: int

    def holds(self, bar: float) -> bool:
        """Whether the ratio is within the bar."""
        return self.ratio <= bar


@dataclass(frozen=True)
class Side:
    """A variant: a small piece of its work, and what all of its work has used so far."""

    work: Callable[[], None]
    used: Callable[[], float]


def measure_pair(ours: Side, base: Side, pieces: int) -> Pair:
    """Let both do `pieces` of their work in turns, each one first as often as the other; what they used.

    `used` is read around each piece: what both use, such as a database, is counted for who made it work.
    """
    totals = [0.0, 0.0]
    for piece in range(pieces):
        for number in (1, 0) if piece % 2 else (0, 1):
            side = (ours, base)[number]
            before = side.used()
            side.work()
            totals[number] += side.used() - before
    return Pair(*totals)


def summarise(pairs: Sequence[Pair]) -> Summary:
    """The medians of what was measured, and of the ratios within pairs with their quartiles.

    Raises `ValueError` for fewer than two pairs.
    """
    if len(pairs) < LEAST_PAIRS:
        raise ValueError(f"at least {LEAST_PAIRS} pairs are needed to tell a spread")
    ratios = [pair.ratio for pair in pairs]
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return Summary(
        ours=median(pair.ours for pair in pairs),
        base=median(pair.base for pair in pairs),
        ratio=median(ratios),
        low=low,
        high=high,
        pairs=len(pairs),
    )


def add_up(kinds: Sequence[Sequence[Pair]]) -> list[Pair]:
    """The pairs of all kinds together: the first of each added up, then the second …"""
    return [
        Pair(sum(pair.ours for pair in pairs), sum(pair.base for pair in pairs))
        for pairs in zip(*kinds, strict=True)
    ]
