"""Two variants measured in turns, so that what disturbs a machine disturbs both; and what follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

#: Fewer say nothing of their spread.
LEAST_PAIRS = 2


@dataclass(frozen=True)
class Pair:
    """One measurement of each variant, made one right after the other; in the same unit."""

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


def measure_pairs(
    count: int,
    ours: Callable[[], float],
    base: Callable[[], float],
    on_pair: Callable[[int, Pair], None] = lambda _number, _pair: None,
) -> list[Pair]:
    """Measure both `count` times, each time the other one first; `on_pair` is told of each."""
    pairs = []
    for number in range(count):
        if number % 2:
            base_value = base()
            pair = Pair(ours(), base_value)
        else:
            pair = Pair(ours(), base())
        pairs.append(pair)
        on_pair(number + 1, pair)
    return pairs


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
