"""What is made of measurements: made-up ones, so that no machine's mood decides."""

from functools import partial

import pytest

from profiling.pairs import Pair, Side, add_up, measure_pair, measure_sides, summarise


def test_both_take_turns_and_each_is_first_as_often_as_the_other() -> None:
    order: list[str] = []
    costs = {"ours": 3.0, "base": 2.0}

    def side(name: str) -> Side:
        return Side(lambda: order.append(name), lambda: 100 + order.count(name) * costs[name])

    pair = measure_pair(side("ours"), side("base"), 4)

    assert order == ["ours", "base", "base", "ours", "ours", "base", "base", "ours"]
    assert pair == Pair(12, 8)
    assert pair.ratio == 1.5


def test_of_three_each_is_first_in_its_turn() -> None:
    order: list[str] = []
    sides = [
        Side(partial(order.append, name), lambda name=name: float(order.count(name)))  # type: ignore[misc]
        for name in "abc"
    ]

    assert measure_sides(sides, 4) == [4, 4, 4]
    assert "".join(order) == "abcbcacababc"


def test_the_middle_of_the_ratios_and_their_spread() -> None:
    found = summarise([Pair(base * ratio, base) for base, ratio in enumerate((1.0, 1.1, 1.2, 1.3, 9.0), 1)])

    assert found.ratio == pytest.approx(1.2)
    assert found.low == pytest.approx(1.1)
    assert found.high == pytest.approx(1.3)
    assert (found.base, found.pairs) == (3, 5)


def test_a_machine_that_gets_slower_is_no_difference() -> None:
    """Medians of each variant alone would tell one; ratios within pairs don't."""
    found = summarise([Pair(1.3**step, 1.3**step) for step in range(20)])

    assert found.ratio == 1
    assert found.holds(1.07)


def test_one_pair_tells_no_spread() -> None:
    with pytest.raises(ValueError, match="at least 2 pairs"):
        summarise([Pair(1, 1)])


def test_kinds_add_up_pair_by_pair() -> None:
    assert add_up([[Pair(1, 2), Pair(3, 4)], [Pair(10, 20), Pair(30, 40)]]) == [Pair(11, 22), Pair(33, 44)]
