"""Which class of growth measured costs belong to: the simplest curve that fits them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Points whose sizes lie closer together, or fewer, tell no class.
LEAST_POINTS = 3
#: Costs that the best growing curve takes for this much dearer at the largest size than at the smallest still
#: count as the same: measured again, they differ by as much.
SAME = 1.15
#: A simpler curve is preferred where it is not this much further from the points, or this near to them.
WORSE = 1.3
NEAR = 0.01

CONSTANT = "O(1)"
LOGARITHMIC = "O(log n)"
LINEAR = "O(n)"
LINEARITHMIC = "O(n log n)"
QUADRATIC = "O(n²)"
#: How cost grows by class, the slowest first.
SHAPES: dict[str, Callable[[float], float]] = {
    CONSTANT: lambda _size: 0.0,
    LOGARITHMIC: math.log,
    LINEAR: lambda size: size,
    LINEARITHMIC: lambda size: size * math.log(size),
    QUADRATIC: lambda size: size * size,
}
CLASSES = tuple(SHAPES)


@dataclass(frozen=True)
class Fit:
    """The curve `base + slope * shape(size)` of a class.

    `error`: how far the points lie from it, as the root of the mean square of the relative distances.
    `r_squared`: which part of the (relative) differences between points it explains, 1 for all; 0 for O(1).
    """

    growth: str
    base: float
    slope: float
    error: float
    r_squared: float

    def cost_at(self, size: float) -> float:
        """The cost that the curve has at this size."""
        return self.base + self.slope * SHAPES[self.growth](size)

    def is_within(self, growth: str) -> bool:
        """Whether it grows no faster than this class."""
        return CLASSES.index(self.growth) <= CLASSES.index(growth)


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Fit:
    """The simplest class whose curve fits the points about as well as the best one.

    Distances are relative to the cost: large sizes must not outweigh the others. Raises `ValueError` for
    fewer than three different sizes, and for sizes below 1 or costs that aren't positive.
    """
    if len(set(sizes)) < LEAST_POINTS or len(sizes) != len(costs):
        raise ValueError(f"at least {LEAST_POINTS} different sizes are needed to tell how costs grow")
    if min(sizes) < 1 or min(costs) <= 0:
        raise ValueError("sizes begin at 1, and costs above 0")
    fits = [_fit_class(growth, sizes, costs) for growth in CLASSES]
    best = min(fits, key=lambda one: one.error)
    if best.cost_at(max(sizes)) <= SAME * best.cost_at(min(sizes)):
        return fits[0]
    # Differences that are more than noise aren't explained by a constant.
    return next(one for one in fits[1:] if one.error <= max(best.error * WORSE, NEAR))


def _fit_class(growth: str, sizes: Sequence[float], costs: Sequence[float]) -> Fit:
    """Least squares of relative distances, neither base nor slope below zero."""
    shape = [SHAPES[growth](size) for size in sizes]
    weights = [1 / cost**2 for cost in costs]
    total = sum(weights)
    mean_shape = sum(w * x for w, x in zip(weights, shape, strict=True)) / total
    mean_cost = sum(w * y for w, y in zip(weights, costs, strict=True)) / total
    spread = sum(w * (x - mean_shape) ** 2 for w, x in zip(weights, shape, strict=True))
    common = sum(
        w * (x - mean_shape) * (y - mean_cost) for w, x, y in zip(weights, shape, costs, strict=True)
    )
    slope = max(common / spread, 0.0) if spread else 0.0
    base = mean_cost - slope * mean_shape
    if base < 0:
        base = 0.0
        squares = sum(w * x * x for w, x in zip(weights, shape, strict=True))
        slope = sum(w * x * y for w, x, y in zip(weights, shape, costs, strict=True)) / squares
    missed = sum(w * (y - base - slope * x) ** 2 for w, x, y in zip(weights, shape, costs, strict=True))
    differences = sum(w * (y - mean_cost) ** 2 for w, y in zip(weights, costs, strict=True))
    explained = max(0.0, 1 - missed / differences) if differences and slope else 0.0
    return Fit(growth, base, slope, math.sqrt(missed / len(costs)), explained)
