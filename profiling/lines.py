"""Which lines a scenario's hot functions spend their time in: line_profiler."""

import argparse
import difflib
import importlib
import inspect
import linecache
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from line_profiler import LineProfiler

from profiling import charts
from profiling.columns import align, clip, milliseconds
from profiling.hot import find_hottest
from profiling.measuring import UsageError
from profiling.options import add_number, add_output, add_scenario, at_least, introduce
from profiling.places import shorten
from profiling.results import write_result
from profiling.running import INTERRUPTED, Plain, Prepared, Run, Say, measure_plain, prepare, repeat

NAME = "lines"
HELP = "which lines of its hot functions a scenario spends its time in"
DESCRIPTION = """\
Runs a scenario under line_profiler, which takes the time of each line of some functions: those that the
scenario names as hot, those of Microblog that take most time themselves (--hottest), and those of
--function. A line's time holds what it calls. The profiler itself makes lines slower, those that run most
often by the most: compare shares, and measure a change with `bench`."""
EXAMPLES = (
    "lines --scenario home",
    "lines --function microblog.api.serving.serve --function microblog.data.session.Database.unit_of_work",
    "lines --scenario create --posts 100000 --runs 1000 --top 40",
)
SOURCE_WIDTH = 80
#: Lines in the picture.
BARS = 30


@dataclass(frozen=True)
class Line:
    """A line of a function; `hits` and `seconds` are those of all runs, `share` is of its function's time."""

    number: int
    hits: int
    seconds: float
    share: float
    source: str


@dataclass(frozen=True)
class Profiled:
    """A function that was looked at; no `lines` where the scenario never calls it."""

    name: str
    place: str
    seconds: float
    lines: tuple[Line, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenario(parser)
    parser.add_argument(
        "--function",
        dest="functions",
        action="append",
        default=[],
        metavar="DOTTED.NAME",
        help="a further function or method to look at; may be given more than once",
    )
    parser.add_argument("--only", action="store_true", help="only those of --function")
    parser.add_argument(
        "--hottest",
        type=at_least(0),
        default=4,
        metavar="N",
        help="how many that are found by a first look with cProfile (%(default)s)",
    )
    add_number(parser, "--runs", 200, "how often the scenario is run")
    add_number(parser, "--top", 20, "lines in the list of the hottest")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Profile one scenario; 0 where all runs were done."""
    if given.only and not given.functions:
        raise UsageError("--only needs a --function: there would be nothing to look at")
    asked = {name: find_function(name) for name in given.functions}
    with prepare(given.scenario, given.posts, say) as prepared:
        plain = measure_plain(prepared.run, say)
        functions = asked if given.only else choose(prepared, given.hottest) | asked
        say(f"Profiling {len(functions)} functions in {given.runs} runs")
        found, done = profile(prepared.run, functions, given.runs, say)
    plan = {"scenario": given.scenario, "posts": given.posts, "runs": done, "asked_runs": given.runs}
    path = write_result(
        given.output,
        NAME,
        {**plan, "plain": asdict(plain), "functions": [asdict(one) for one in found]},
    )
    picture = draw(found, done, path.with_suffix(".svg"), f"{given.scenario}, {given.posts} posts")
    for line in describe(found, done, plain, given.top):
        say(line)
    say(f"Picture: {picture}\nAll figures: {path}")
    return 0 if done == given.runs else INTERRUPTED


def choose(prepared: Prepared, hottest: int) -> dict[str, FunctionType]:
    """What the scenario names, and so many others that a first look finds, by dotted names."""
    named = {name: find_function(name) for name in prepared.scenario.hot}
    known = {function.__code__ for function in named.values()}
    found = find_hottest(prepared.run, hottest + len(named))
    others = [(name, one) for name, one in found.items() if one.__code__ not in known]
    return named | dict(others[:hottest])


def find_function(dotted: str) -> FunctionType:
    """The Python function of a dotted name, `package.module.function` or `package.module.Class.method`, below
    its decorators.

    Raises `UsageError` where there is none, with names that are near.
    """
    parts = dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module_name = ".".join(parts[:length])
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            # A module that lacks one of its own imports must say so itself.
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            continue
        for part in parts[length:]:
            found = _get_part(found, part, dotted)
        return _unwrap(found, dotted)
    raise UsageError(f"{dotted}: there is no module {parts[0]!r}; give package.module.function")


def _get_part(owner: Any, part: str, dotted: str) -> Any:
    try:
        return inspect.getattr_static(owner, part)
    except AttributeError:
        near = difflib.get_close_matches(part, dir(owner))
        hint = f"; near are {', '.join(near)}" if near else ""
        raise UsageError(f"{dotted}: {owner.__name__} has no {part!r}{hint}") from None


def _unwrap(found: Any, dotted: str) -> FunctionType:
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    found = inspect.unwrap(found) if callable(found) else found
    if not isinstance(found, FunctionType):
        raise UsageError(f"{dotted} is no function written in Python: line_profiler can't look into it")
    return found


def profile(work: Run, functions: dict[str, FunctionType], runs: int, say: Say) -> tuple[list[Profiled], int]:
    """The functions, the one that took most time first, and how many runs were done."""
    profiler = LineProfiler()
    for function in functions.values():
        profiler.add_function(function)
    profiler.enable_by_count()
    try:
        done = repeat(work, runs, say)
    finally:
        profiler.disable_by_count()
    stats = profiler.get_stats()
    # Decorated functions may share a name: the place tells them apart.
    timings = {key[:2]: lines for key, lines in stats.timings.items()}
    found = [_read(name, function, timings, stats.unit) for name, function in functions.items()]
    return sorted(found, key=lambda one: -one.seconds), done


def _read(
    name: str,
    function: FunctionType,
    timings: dict[tuple[str, int], list[tuple[int, int, int]]],
    unit: float,
) -> Profiled:
    code = function.__code__
    timed = timings.get((code.co_filename, code.co_firstlineno), [])
    total = sum(ticks for _, _, ticks in timed)
    lines = tuple(
        Line(
            number,
            hits,
            ticks * unit,
            ticks / total if total else 0.0,
            linecache.getline(code.co_filename, number).strip(),
        )
        for number, hits, ticks in sorted(timed)
    )
    return Profiled(name, f"{shorten(code.co_filename)}:{code.co_firstlineno}", total * unit, lines)


def hottest(found: Iterable[Profiled]) -> list[tuple[Profiled, Line]]:
    """The lines of all functions, the one that took most time first."""
    pairs = [(one, line) for one in found for line in one.lines]
    return sorted(pairs, key=lambda pair: -pair[1].seconds)


def describe(found: Sequence[Profiled], runs: int, plain: Plain, top: int) -> list[str]:
    """A table of each function, then one of the hottest lines of all; times are of one run."""
    lines = ["", f"{plain.describe()}.", f"Below: ms and hits of one run, in {runs}."]
    for one in found:
        lines += ["", f"{one.name}  ({one.place})  {milliseconds(one.seconds / runs)} ms"]
        if not one.lines:
            lines.append("  the scenario never calls it")
            continue
        rows = [[str(line.number), *_figures(line, runs), line.source] for line in one.lines]
        lines += align(["line", "hits", "ms", "share", "code"], [_clipped(row) for row in rows], left=(4,))
    rows = [
        [f"{one.place.rpartition(':')[0]}:{line.number}", *_figures(line, runs), line.source]
        for one, line in hottest(found)[:top]
    ]
    header = ["hottest lines", "hits", "ms", "of its function", "code"]
    return [*lines, "", *align(header, [_clipped(row) for row in rows], left=(0, 4)), ""]


def _figures(line: Line, runs: int) -> list[str]:
    return [f"{line.hits / runs:.1f}", milliseconds(line.seconds / runs), f"{line.share:.1%}"]


def _clipped(row: list[str]) -> list[str]:
    return [*row[:-1], clip(row[-1], SOURCE_WIDTH)]


def draw(found: Sequence[Profiled], runs: int, path: Path, title: str) -> Path:
    """Bars of the hottest lines."""
    bars = [
        charts.Bar(
            f"{one.place.rpartition(':')[0].rpartition('/')[2]}:{line.number}  {clip(line.source, 60)}",
            line.seconds / runs * 1000,
            one.name.rpartition(".")[2],
        )
        for one, line in hottest(found)[:BARS]
    ]
    return charts.draw_bars(bars, path, title=f"Hottest lines: {title}", unit="ms of one run, profiled")
