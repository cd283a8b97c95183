"""`growth`: how the cost of scenarios grows with the posts, the follows and the page, named and judged."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from profiling import growth_axes as axes
from profiling.curves import Curve, Found
from profiling.databases import check_size, database
from profiling.fitting import LEAST_POINTS
from profiling.growth_report import describe, draw
from profiling.measuring import UsageError
from profiling.options import add_number, add_output, add_scenarios, at_least, introduce
from profiling.results import write_result
from profiling.scenarios import SCENARIOS, open_world
from profiling.worlds import World

NAME = "growth"
HELP = "how cost grows with posts, follows, followers and pages"
DESCRIPTION = """\
Cost is the CPU of a run: of the application, PostgreSQL and Redis. All sizes are measured in turns.
Databases are generated when first needed and kept: that of 1,000,000 posts takes minutes and gigabytes.
Exit code 1: something grows that must not, or a bar is missed."""
EXAMPLES = (
    "growth",
    "growth --scenario home --scenario search --posts 10000 30000 100000",
    "growth --full",
)
SIZES = (10_000, 20_000, 50_000, 100_000)
#: In this order: what writes posts comes last, for thousands of the same text are no site to read or search.
#: Pictures cost the same whatever else there is.
MEASURED = (*(name for name in SCENARIOS if name not in ("thumbnail", "create")), "create")
FULL_SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)

Say = Callable[[str], None]
Sites = Sequence[tuple[int, World]]


@dataclass(frozen=True)
class Plan:
    """Which scenarios are measured, on sites of which sizes, and how often each has its turn."""

    scenarios: tuple[str, ...]
    sizes: tuple[int, ...]
    rounds: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenarios(parser, MEASURED)
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--posts",
        type=at_least(1),
        nargs="+",
        metavar="N",
        help=f"sizes of the sites, {LEAST_POINTS} at least ({sizes})",
    )
    full = ", ".join(f"{size:,}" for size in FULL_SIZES)
    which.add_argument("--full", action="store_true", help=f"these sizes: {full}")
    add_number(parser, "--rounds", 5, "how often each size has its turn, 2 at least")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Measure, tell and keep; 0 where all holds. What was measured is kept also where it ends early.

    Raises `MeasuringError`, `StackError`.
    """
    plan = make_plan(given)
    found = Found()
    ended = "complete"
    try:
        measure_all(plan, found, say)
    except BaseException as error:
        ended = f"{type(error).__name__}: {error}"
        raise
    finally:
        if found.curves:
            path = keep(given.output, plan, found, ended)
            for line in ["", *describe(found, is_whole=ended == "complete")]:
                say(line)
            say(f"All figures: {path}, the picture: {path.with_suffix('.png')}")
    return 1 if found.problems else 0


def make_plan(given: argparse.Namespace) -> Plan:
    """The plan of a command's options. Raises `UsageError` for what can't be measured."""
    scenarios = tuple(name for name in MEASURED if name in (given.scenario or MEASURED))
    sizes = tuple(sorted(set(given.posts or (FULL_SIZES if given.full else SIZES))))
    if len(sizes) < LEAST_POINTS:
        raise UsageError(f"give at least {LEAST_POINTS} sizes: fewer don't tell how costs grow")
    if given.rounds < 2:
        raise UsageError("give at least 2 rounds: one tells no spread")
    check_size(sizes[0], axes.USUAL_FOLLOWS)
    return Plan(scenarios, sizes, given.rounds)


def measure_all(plan: Plan, found: Found, say: Say) -> None:
    """Measure all curves and bars into `found`, as they come."""
    with ExitStack() as stack:
        servers = []
        # All databases first: COPY doesn't work once there is a world.
        for posts in plan.sizes:
            say(f"Starting PostgreSQL and Redis with {posts:,} posts")
            servers.append(stack.enter_context(database(posts, follows=axes.USUAL_FOLLOWS, say=say)))
        worlds = [stack.enter_context(open_world(one)) for one in servers]
        sites = list(zip(plan.sizes, worlds, strict=True))
        for name in plan.scenarios:
            _measure_alone(name, sites, plan.rounds, found, say)
            if name != "fan-out":
                found.curves.append(axes.by_posts(name, sites, plan.rounds, say))


def _measure_alone(name: str, sites: Sites, rounds: int, found: Found, say: Say) -> None:
    """What a scenario may grow with besides the posts, and its bars."""
    if name in axes.TIMELINES:
        for curve in axes.by_page(name, sites[-1], rounds, say):
            found.curves.append(curve)
            found.bars.append(axes.page_bar(curve))
    if name in axes.WITH_FOLLOWS:
        found.curves.append(axes.by_follows(name, sites[-1], rounds, say))
    if name == "home":
        found.bars.append(axes.home_bar(sites, rounds, say))
        found.bars.append(axes.merged_bar(sites[-1], rounds, say))
    if name == "feed-rebuild":
        found.bars.append(axes.rebuild_bar(found.curves[-1]))
    if name == "search":
        found.curves.append(axes.by_matches(sites[-1], rounds, say))
        found.bars.append(axes.word_bar(found.curves[-1]))
    if name == "fan-out":
        found.curves.append(axes.by_followers(sites[-1][1], rounds, say))
        found.bars += axes.fan_out_bars(found.curves[-1])


def keep(folder: Path, plan: Plan, found: Found, ended: str) -> Path:
    """Write the JSON file and the picture beside it; the file."""
    result = {
        "unit": "CPU seconds of a run",
        "ended_by": ended,
        "plan": asdict(plan),
        "holds": ended == "complete" and not found.problems,
        "problems": found.problems,
        "bars": [asdict(bar) | {"holds": bar.holds} for bar in found.bars],
        "curves": [_present(curve) for curve in found.curves],
    }
    path = write_result(folder, NAME, result)
    draw(found, path.with_suffix(".png"))
    return path


def _present(curve: Curve) -> dict[str, Any]:
    fitted = curve.fit
    return {
        "scenario": curve.scenario,
        "axis": curve.axis,
        "allowed": curve.allowed,
        "fit": asdict(fitted) if fitted else None,
        "factor": curve.factor,
        "problems": curve.problems,
        "points": [asdict(point) | {"cost": point.cost} for point in curve.points],
    }
