"""Measured curves and promised figures, and the verdict on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from profiling.costs import Point
from profiling.fitting import CONSTANT, LEAST_POINTS, LOGARITHMIC, Fit, fit

#: What grows in the wrong class, but by less than this over all sizes, doesn't matter.
HARMLESS = 1.3
SLOW = (CONSTANT, LOGARITHMIC)
#: Points that lie further from the best curve jump, as where PostgreSQL chooses another plan.
POOR = 0.15


@dataclass(frozen=True)
class Curve:
    """A scenario's cost by `axis` (posts, follows, page, followers), and the class that it may have."""

    scenario: str
    axis: str
    points: list[Point]
    allowed: str

    @property
    def name(self) -> str:
        """What was measured."""
        return f"{self.scenario} by {self.axis}"

    @property
    def fit(self) -> Fit | None:
        """The class with its curve; None where there are too few points to tell."""
        if len({point.size for point in self.points}) < LEAST_POINTS:
            return None
        return fit([point.size for point in self.points], [point.cost for point in self.points])

    @property
    def factor(self) -> float:
        """How many times as much the largest size costs as the smallest: along the curve where one fits."""
        fitted, first, last = self.fit, self.points[0], self.points[-1]
        if fitted is None or not fitted.slope or not self.is_smooth:
            return last.cost / first.cost
        return fitted.cost_at(last.size) / fitted.cost_at(first.size)

    @property
    def is_smooth(self) -> bool:
        """Whether a class fits at all."""
        return self.fit is not None and self.fit.error <= POOR

    @property
    def problems(self) -> list[str]:
        """What grows and must not, each in a few words."""
        found = []
        fitted, first, last = self.fit, self.points[0], self.points[-1]
        if fitted and self.allowed in SLOW and self.factor > HARMLESS:
            if not self.is_smooth:
                found.append(f"grows by jumps, {self.factor:.1f}-fold: allowed is {self.allowed}")
            elif not fitted.is_within(self.allowed):
                found.append(f"grows as {fitted.growth}, {self.factor:.1f}-fold: allowed is {self.allowed}")
        if self.allowed in SLOW and last.statements > first.statements:
            found.append(f"takes {last.statements} statements, {first.statements} at {first.size:,}")
        return found


@dataclass(frozen=True)
class Bar:
    """A promised figure: `measured` in `unit` may be `limit` at most; the middle half of all rounds lies
    from `low` to `high`.
    """

    name: str
    measured: float
    low: float
    high: float
    limit: float
    unit: str = "times"

    @property
    def holds(self) -> bool:
        """Whether it is kept."""
        return self.measured <= self.limit


@dataclass
class Found:
    """All that was measured so far."""

    curves: list[Curve] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What grows that must not, and which bars are missed; none where all holds."""
        missed = [
            f"{bar.name}: {bar.measured:.2f} {bar.unit}, the bar is {bar.limit:g}"
            for bar in self.bars
            if not bar.holds
        ]
        return [f"{curve.name} {one}" for curve in self.curves for one in curve.problems] + missed


def make_bar(name: str, values: Sequence[float], limit: float, unit: str = "times") -> Bar:
    """The bar's figure from each round's: their middle."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Bar(name, median(values), low, high, limit, unit)


def compare(first: Point, last: Point) -> list[float]:
    """How many times as much `last` costs, in each round."""
    return [b.total / a.total for a, b in zip(first.rounds, last.rounds, strict=True)]
