"""Which functions a scenario spends its time in: cProfile, as a table and as a flame graph."""

import argparse
import cProfile
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pyinstrument.renderers import HTMLRenderer
from pyinstrument.session import Session

from profiling import charts
from profiling.columns import align, clip, milliseconds
from profiling.options import add_number, add_output, add_scenario, introduce
from profiling.places import shorten
from profiling.results import write_result
from profiling.running import INTERRUPTED, Plain, Run, Say, measure_plain, prepare, repeat
from profiling.stacks import NO_FILE, Block, Stats, bare_name, own_by_package, package, unfold

NAME = "calls"
HELP = "which functions a scenario spends its time in, as a table and as a flame graph"
DESCRIPTION = """\
Runs a scenario under cProfile, which sees every call. Tables: time by package, functions by their own
time and by the time that they take with all that they call. Pictures: a flame graph (SVG), and a page in
which calls can be opened and searched (HTML, by pyinstrument). Where the database is asked, time is
waiting: --clock cpu leaves that out. The profiler makes Python's calls slower, C's less so: compare
shares, and measure a change with `bench`. cProfile knows callers, not stacks: below a function that many
call, the graph shows the mean of them all; `flame` sees true stacks."""
EXAMPLES = (
    "calls --scenario home",
    "calls --scenario create --clock cpu --runs 1000",
    "calls --scenario fan-out --posts 100000 --top 50",
)
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
PLACE_WIDTH = 58


@dataclass(frozen=True)
class Function:
    """A function in all runs: how often it was called, its own seconds, and those with what it calls."""

    name: str
    place: str
    package: str
    calls: int
    own: float
    cumulative: float


@dataclass(frozen=True)
class Profile:
    """What was seen in `runs` runs, and the stacks of one mean run in milliseconds."""

    runs: int
    functions: list[Function]
    packages: dict[str, float]
    blocks: list[Block]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenario(parser)
    parser.add_argument(
        "--clock",
        choices=sorted(CLOCKS),
        default="wall",
        help="count time that passes, or this process's CPU (%(default)s)",
    )
    add_number(parser, "--runs", 300, "how often the scenario is run")
    add_number(parser, "--top", 25, "functions in each table")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Profile one scenario; 0 where all runs were done."""
    with prepare(given.scenario, given.posts, say) as prepared:
        plain = measure_plain(prepared.run, say)
        say(f"Profiling {given.runs} runs")
        found = profile(prepared.run, given.runs, say, clock=given.clock)
    result = {
        "scenario": given.scenario,
        "posts": given.posts,
        "clock": given.clock,
        "runs": found.runs,
        "asked_runs": given.runs,
        "plain": asdict(plain),
        "packages": found.packages,
        "functions": [asdict(one) for one in found.functions],
    }
    path = write_result(given.output, NAME, result)
    title = f"{given.scenario}, {given.posts} posts, {given.clock} time"
    picture = charts.draw_flame(found.blocks, path.with_suffix(".svg"), title=f"Calls: {title}")
    page = write_page(found, path.with_suffix(".html"), title)
    for line in describe(found, plain, given.top):
        say(line)
    say(f"Flame graph: {picture}\nPage: {page}\nAll figures: {path}")
    return 0 if found.runs == given.runs else INTERRUPTED


def profile(work: Run, runs: int, say: Say, *, clock: str = "wall") -> Profile:
    """What cProfile sees in so many runs of `work`."""
    # Python's own clock is what cProfile takes where none is given, and the quickest.
    profiler = cProfile.Profile() if clock == "wall" else cProfile.Profile(CLOCKS[clock])

    def one() -> None:
        profiler.enable()
        try:
            work()
        finally:
            profiler.disable()

    done = repeat(one, runs, say)
    profiler.create_stats()
    stats = _without_profiler(profiler.stats)
    functions = [
        Function(
            bare_name(label),
            "" if label[0] == NO_FILE else f"{shorten(label[0])}:{label[1]}",
            package(label),
            calls,
            own,
            cumulative,
        )
        for label, (_, calls, own, cumulative, _) in stats.items()
    ]
    root = max(stats, key=lambda label: stats[label][3])
    return Profile(done, functions, own_by_package(stats), _of_one_run(unfold(stats, root), done))


def _without_profiler(stats: Stats) -> Stats:
    return {label: entry for label, entry in stats.items() if "_lsprof.Profiler" not in label[2]}


def _of_one_run(blocks: Sequence[Block], runs: int) -> list[Block]:
    scale = 1000 / runs
    return [Block(one.path, one.start * scale, one.seconds * scale, one.own * scale) for one in blocks]


def describe(found: Profile, plain: Plain, top: int) -> list[str]:
    """Three tables; times are of one run."""
    runs = found.runs
    whole = sum(one.own for one in found.functions)
    lines = [
        "",
        f"{plain.describe()}; {milliseconds(whole / runs)} ms with it.",
        f"Below: ms and calls of one run, in {runs}.",
        "",
        *align(
            ["by package", "own ms", "share"],
            [
                [name, milliseconds(own / runs), f"{own / whole:.1%}"]
                for name, own in found.packages.items()
                if own / whole >= 0.001
            ],
            left=(0,),
        ),
    ]
    for title, key in (("by own time", "own"), ("with what they call", "cumulative")):
        first = sorted(found.functions, key=lambda one: -float(getattr(one, key)))[:top]
        rows = [_row(one, runs, whole, key) for one in first]
        lines += ["", *align([title, "calls", "own ms", "with callees", "share"], rows, left=(0,))]
    return [*lines, ""]


def _row(one: Function, runs: int, whole: float, key: str) -> list[str]:
    share: float = getattr(one, key) / whole
    return [
        clip(f"{one.name}  {one.place}", PLACE_WIDTH + 20),
        f"{one.calls / runs:.1f}",
        milliseconds(one.own / runs),
        milliseconds(one.cumulative / runs),
        f"{share:.1%}",
    ]


def write_page(found: Profile, path: Path, title: str) -> Path:
    """The stacks as a page by pyinstrument, in seconds of all runs: it shows no less than 1 ms."""
    seconds = found.runs / 1000
    records = [
        ["\x00".join((name, file, str(line))) for file, line, name in block.path] for block in found.blocks
    ]
    timed = [
        (record, block.own * seconds)
        for record, block in zip(records, found.blocks, strict=True)
        if block.own > 0
    ]
    whole = found.blocks[0].seconds * seconds
    session = Session.from_json(
        {
            "frame_records": timed,
            "start_time": time.time(),
            "duration": whole,
            "sample_count": len(timed),
            "start_call_stack": records[0],
            "target_description": f"{found.runs} runs of {title}",
            "cpu_time": whole,
            "sys_path": sys.path,
        }
    )
    path.write_text(HTMLRenderer().render(session), encoding="utf-8")
    return path
