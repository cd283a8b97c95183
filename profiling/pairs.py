"""Variants measured in turns, so that what disturbs a machine disturbs all; and what follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

#: Fewer say nothing of their spread.
LEAST_PAIRS = 2
#: So few in turns, that what disturbs the machine disturbs both.
PIECE_REQUESTS = 10


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


@dataclass
class Side:
    """A variant: a small piece of its work, and what all of its work has used so far.

    `seconds`: how long its work has taken.
    """

    work: Callable[[], None]
    used: Callable[[], float]
    seconds: float = 0.0


def measure_pair(ours: Side, base: Side, pieces: int) -> Pair:
    """Let both do `pieces` of their work in turns; what they used."""
    return Pair(*measure_sides((ours, base), pieces))


def measure_sides(sides: Sequence[Side], pieces: int) -> list[float]:
    """Let all do `pieces` of their work in turns, each one first as often as the others; what each used.

    `used` is read around each piece: what all use, such as a database, is counted for who made it work.
    """
    totals = [0.0] * len(sides)
    for piece in range(pieces):
        first = piece % len(sides)
        for number in (*range(first, len(sides)), *range(first)):
            side = sides[number]
            before, begun = side.used(), perf_counter()
            side.work()
            side.seconds += perf_counter() - begun
            totals[number] += side.used() - before
    return totals


def share_out(pairs: int, rounds: int, number: int) -> int:
    """How many of all pairs the round of this number measures."""
    return pairs // rounds + (number < pairs % rounds)


@dataclass(frozen=True)
class Amount:
    """How much is measured: so many pairs, `pieces` of `piece_requests` requests in each half of one.

    `warm_up`: pieces before that, which don't count.
    """

    pairs: int
    pieces: int
    piece_requests: int = PIECE_REQUESTS
    warm_up: int = 5

    @property
    def requests(self) -> int:
        """Requests of each half of a pair."""
        return self.pieces * self.piece_requests


@dataclass
class Found:
    """What was measured so far: pairs of what a request uses, and how long all requests of a side took."""

    pairs: list[Pair] = field(default_factory=list)
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    requests: int = 0

    def measure(self, ours: Side, base: Side, amount: Amount, tell: Callable[[Pair], None]) -> None:
        """Add pairs of requests; each is told as it comes."""
        measure_pair(ours, base, amount.warm_up)
        ours.seconds = base.seconds = 0.0
        for _ in range(amount.pairs):
            used = measure_pair(ours, base, amount.pieces)
            self.pairs.append(Pair(used.ours / amount.requests, used.base / amount.requests))
            tell(self.pairs[-1])
        self.seconds = [self.seconds[0] + ours.seconds, self.seconds[1] + base.seconds]
        self.requests += amount.pairs * amount.requests

    def rates(self) -> tuple[float, float]:
        """Requests per second of one client that waits for each answer, ours and base."""
        return self.requests / self.seconds[0], self.requests / self.seconds[1]


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
