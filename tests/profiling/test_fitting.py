"""Known curves get their names, also with some noise and a cost that doesn't grow beneath."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiling.fitting import CLASSES, CONSTANT, LOGARITHMIC, SHAPES, fit

# make test-full looks at far more.
EXAMPLES = 5_000 if settings().max_examples > 1_000 else 30
POSTS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
FOLLOWS = (20, 60, 200, 600, 2_000)
bases = st.floats(0.0005, 5)
sizes = st.sampled_from([POSTS, FOLLOWS])


def noise(percent: float) -> st.SearchStrategy[list[float]]:
    factor = st.floats(1 - percent / 100, 1 + percent / 100)
    return st.lists(factor, min_size=len(POSTS), max_size=len(POSTS))


def make_costs(
    growth: str, at: tuple[int, ...], base: float, share: float, disturbances: list[float]
) -> list[float]:
    """Costs whose growing part is `share` times their base at the largest size."""
    top = SHAPES[growth](at[-1])
    return [
        (base + base * share * SHAPES[growth](size) / top) * disturbance
        for size, disturbance in zip(at, disturbances, strict=True)
    ]


@settings(max_examples=EXAMPLES)
@given(growth=st.sampled_from(CLASSES[1:]), at=sizes, base=bases, share=st.floats(2, 20), noise=noise(0.1))
def test_what_grows_is_named(
    growth: str, at: tuple[int, ...], base: float, share: float, noise: list[float]
) -> None:
    costs = make_costs(growth, at, base, share, noise)

    found = fit(at, costs)

    assert found.growth == growth
    assert found.error < 0.01
    assert found.r_squared > 0.98
    assert found.cost_at(at[-1]) == pytest.approx(costs[-1], rel=0.02)


@settings(max_examples=EXAMPLES)
@given(at=sizes, base=bases, noise=noise(5))
def test_what_is_only_disturbed_is_constant(at: tuple[int, ...], base: float, noise: list[float]) -> None:
    found = fit(at, [base * one for one in noise])

    assert found.growth == CONSTANT
    assert found.r_squared == 0
    assert found.cost_at(at[0]) == found.cost_at(at[-1]) == pytest.approx(base, rel=0.06)


@settings(max_examples=EXAMPLES)
@given(growth=st.sampled_from(CLASSES[2:]), at=sizes, base=bases, share=st.floats(1, 20), noise=noise(5))
def test_what_grows_fast_is_never_taken_for_slow(
    growth: str, at: tuple[int, ...], base: float, share: float, noise: list[float]
) -> None:
    found = fit(at, make_costs(growth, at, base, share, noise))

    assert not found.is_within(LOGARITHMIC)


def test_what_falls_does_not_grow() -> None:
    assert fit([1, 2, 3, 4], [9.0, 7.0, 6.0, 5.0]).growth == CONSTANT


@pytest.mark.parametrize(
    ("at", "costs"),
    [([1, 2], [1, 1]), ([1, 1, 2], [1, 1, 1]), ([0, 1, 2], [1, 1, 1]), ([1, 2, 3], [1, 0, 1])],
)
def test_what_tells_nothing_is_refused(at: list[float], costs: list[float]) -> None:
    with pytest.raises(ValueError, match="sizes"):
        fit(at, costs)
