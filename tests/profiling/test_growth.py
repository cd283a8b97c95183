"""What grows is caught: by its statements, by its class, by its bar; measured on made-up meters."""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text

from microblog.data.session import Database
from profiling import growth, growth_axes
from profiling.costs import Place, Point, Run, Use, Used, measure
from profiling.curves import Curve, Found, compare, make_bar
from profiling.fitting import CONSTANT, LINEAR, LOGARITHMIC
from profiling.growth_report import describe
from profiling.measuring import MeasuringError
from profiling.servers import Servers
from profiling.worlds import World

SIZES = (10, 20, 50, 100)


@pytest.fixture
def world(worker_database: Database) -> World:
    """As much of one as measuring needs."""
    resources = SimpleNamespace(database=worker_database)
    return cast("World", SimpleNamespace(resources=resources, servers=None))


def ask(world: World, times: int) -> None:
    with world.resources.database.unit_of_work() as session:
        for _ in range(times):
            session.execute(text("SELECT 1"))


def statements_as_seconds(world: World) -> tuple[Callable[[int], Run], Use]:
    """Makes work of so many statements; and a measure by which each costs a tenth of a second."""
    used = [0.0]

    def work_of(times: int) -> Run:
        def work() -> None:
            ask(world, times)
            used[0] += times / 10

        return work

    def use(_servers: Servers, run: Run, runs: int) -> Used:
        before = used[0]
        for _ in range(runs):
            run()
        seconds = (used[0] - before) / runs
        return Used(python=seconds / 2, postgresql=seconds / 2, redis=0.0)

    return work_of, use


def measure_statements(world: World, count: Callable[[int], int]) -> list[Point]:
    work_of, use = statements_as_seconds(world)
    places = [Place(size, world, partial(work_of, count(size))) for size in SIZES]
    return measure(places, 3, use)


def make_curve(costs: dict[int, float], allowed: str = LOGARITHMIC, statements: int = 2) -> Curve:
    points = [Point(size, [Used(cost, 0, 0)] * 3, statements) for size, cost in costs.items()]
    return Curve("home", "posts", points, allowed)


def test_a_statement_for_each_row_is_caught(world: World) -> None:
    curve = Curve("bad", "posts", measure_statements(world, lambda size: 1 + size), LOGARITHMIC)

    assert [point.statements for point in curve.points] == [11, 21, 51, 101]
    assert curve.fit is not None
    assert curve.fit.growth == LINEAR
    assert curve.problems == [
        "grows as O(n), 9.2-fold: allowed is O(log n)",
        "takes 101 statements, 11 at 10",
    ]
    assert describe(Found([curve]))[-2:] == [f"Growth: bad by posts {one}" for one in curve.problems]


def test_what_stays_the_same_is_not_caught(world: World) -> None:
    curve = Curve("good", "posts", measure_statements(world, lambda _size: 2), LOGARITHMIC)

    assert not curve.problems
    assert describe(Found([curve]))[0] == "good by posts: O(1) (±0.0%), 1.00-fold"
    assert describe(Found([curve]))[-1] == "Growth: nothing grows that must not"


def test_all_sizes_have_their_turns_in_both_orders(world: World) -> None:
    entered: list[int] = []
    work_of, use = statements_as_seconds(world)

    def enter(size: int) -> Run:
        entered.append(size)
        return work_of(1)

    points = measure([Place(size, world, partial(enter, size)) for size in (1, 2, 3)], 2, use)

    assert entered == [1, 2, 3, 3, 2, 1]
    assert [point.size for point in points] == [1, 2, 3]
    assert [one.total for one in points[0].rounds] == pytest.approx([0.1, 0.1])


def test_linear_cost_of_the_same_statements_is_caught() -> None:
    curve = make_curve({10: 1.1, 100: 2.0, 1_000: 11.0})

    assert curve.problems == ["grows as O(n), 10.0-fold: allowed is O(log n)"]
    assert not make_curve({10: 1.1, 100: 2.0, 1_000: 11.0}, allowed=LINEAR).problems


def test_little_growth_of_the_wrong_class_does_not_matter() -> None:
    curve = make_curve({10: 1.0, 100: 1.02, 1_000: 1.2})

    assert curve.fit is not None
    assert curve.fit.growth == LINEAR
    assert not curve.problems


def test_what_jumps_is_caught_by_its_ends() -> None:
    curve = make_curve({10: 1.0, 100: 5.0, 1_000: 4.9, 10_000: 5.1})

    assert curve.problems == ["grows by jumps, 5.1-fold: allowed is O(log n)"]
    assert describe(Found([curve]))[0] == "home by posts: no class fits (O(log n) ±30%), 5.10-fold"
    assert not make_curve({10: 5.0, 100: 1.0, 1_000: 5.0}).problems


def test_two_sizes_have_a_factor_but_no_class() -> None:
    curve = make_curve({10: 1.0, 100: 3.0})

    assert curve.fit is None
    assert describe(Found([curve]))[0] == "home by posts: 3.00-fold; too few sizes to tell a class"


def test_pages_found_by_counting_are_caught() -> None:
    """As OFFSET does it: page 50 reads the fifty pages above it."""
    points = [Point(page, [Used(0.003, 0.0005 * page, 0)] * 3, 2) for page in growth_axes.PAGES]
    bar = growth_axes.page_bar(Curve("home", "page", points, CONSTANT))

    assert not bar.holds
    assert bar.measured == pytest.approx(8)
    assert Found(bars=[bar]).problems == ["home: page 50 against page 1: 8.00 times, the bar is 1.2"]


def test_a_rebuild_that_grows_with_follows_is_caught() -> None:
    points = [Point(count, [Used(0.01, 0.0002 * count, 0)] * 3, 5) for count in growth_axes.FOLLOWS]
    bar = growth_axes.rebuild_bar(Curve("feed-rebuild", "follows", points, LOGARITHMIC))

    assert not bar.holds
    assert bar.name == "feed-rebuild: 2,000 follows against 20"
    flat = [Point(count, [Used(0.01, 0.004, 0)] * 3, 5) for count in growth_axes.FOLLOWS]
    assert growth_axes.rebuild_bar(Curve("feed-rebuild", "follows", flat, LOGARITHMIC)).holds


def test_a_search_that_grows_with_what_is_found_is_caught() -> None:
    points = [Point(found, [Used(0.006, found / 1e6, 0)] * 3, 5) for found in (8_000, 500_000, 90_000)]
    bar = growth_axes.word_bar(Curve("search", "matches", points, LINEAR))

    assert not bar.holds
    assert bar.name == "search: a word of 500,000 posts against one of 8,000"


def test_a_bar_is_judged_by_the_middle_of_its_rounds() -> None:
    first = Point(1, [Used(1, 0, 0), Used(2, 0, 0), Used(1, 0, 0)], 1)
    last = Point(2, [Used(1.2, 0, 0), Used(2.2, 0, 0), Used(9, 0, 0)], 1)

    bar = make_bar("home", compare(first, last), 1.3)

    assert bar.holds
    assert bar.measured == pytest.approx(1.2)


def test_a_fan_out_is_judged_by_what_the_worker_takes() -> None:
    slow = [Point(10_000, [Used(2.1, 0.1, 0.1)] * 3, 20)]

    (bar,) = growth_axes.fan_out_bars(Curve("fan-out", "followers", slow, LINEAR))

    assert not bar.holds
    assert (
        growth_axes.fan_out_bars(Curve("fan-out", "followers", [Point(90, slow[0].rounds, 9)], LINEAR)) == []
    )


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    growth.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("error", [MeasuringError("home was answered by 500"), KeyboardInterrupt()])
def test_what_was_measured_is_kept_when_it_ends_early(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_plan: growth.Plan, found: Found, _say: Any) -> None:
        found.curves.append(make_curve({10: 1.0, 100: 1.0, 1_000: 1.0}))
        raise error

    monkeypatch.setattr(growth, "measure_all", end)
    said: list[str] = []
    with pytest.raises(type(error)):
        growth.run(parse("--output", str(tmp_path)), said.append)

    (path,) = tmp_path.glob("growth-*.json")
    kept = json.loads(path.read_text())
    assert kept["ended_by"] == f"{type(error).__name__}: {error}"
    assert kept["holds"] is False
    assert kept["curves"][0]["fit"]["growth"] == "O(1)"
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert said[-2] == "Growth: nothing grows that must not, so far: it ended early"
    assert said[-1] == f"All figures: {path}, the picture: {path.with_suffix('.png')}"


@pytest.mark.parametrize(("costs", "code"), [((1.0, 1.0, 1.0), 0), ((1.0, 10.0, 100.0), 1)])
def test_the_exit_code_is_the_verdict(
    costs: tuple[float, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve = make_curve(dict(zip((10, 100, 1_000), costs, strict=True)))
    monkeypatch.setattr(growth, "measure_all", lambda _plan, found, _say: found.curves.append(curve))
    monkeypatch.setattr(growth, "draw", lambda _found, _path: None)

    assert growth.run(parse("--output", str(tmp_path)), lambda _line: None) == code


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--posts", "1000", "2000"), "at least 3 sizes"),
        (("--posts", "10", "2000", "3000"), "give at least 100"),
        (("--rounds", "1"), "at least 2 rounds"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(MeasuringError, match=message):
        growth.make_plan(parse(*words))


def test_nothing_is_read_after_posts_were_written() -> None:
    assert growth.make_plan(parse()).scenarios[-1] == "create"
    assert growth.make_plan(parse("--scenario", "create", "--scenario", "search")).scenarios == (
        "search",
        "create",
    )


def test_pictures_grow_with_nothing_that_is_measured() -> None:
    with pytest.raises(SystemExit):
        parse("--scenario", "thumbnail")


def test_sizes_of_ones_own_are_not_the_full_ones() -> None:
    with pytest.raises(SystemExit):
        parse("--full", "--posts", "1000", "2000", "3000")
