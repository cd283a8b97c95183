"""Whether a scenario leaves memory behind: growth over many runs, a verdict, and the lines at fault."""

import argparse
import gc
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from profiling import charts
from profiling.columns import align
from profiling.leaks import LEAST_RESIDENT, LEAST_TRACED, LEAST_TURNS, Ledger, Turn, Verdict, judge
from profiling.measuring import KIB, read_sizes
from profiling.options import add_number, add_output, add_scenario, at_least, introduce
from profiling.places import ROOT, shorten
from profiling.results import write_result
from profiling.running import INTERRUPTED, Run, Say, prepare

NAME = "memory"
HELP = "whether a scenario leaks memory, and which lines keep it"
DESCRIPTION = f"""\
Runs a scenario over and over, in turns. After each turn garbage is collected, the interpreter's own caches
are emptied and memory is read: that of Python's objects (tracemalloc, exact to the byte) and that of this
process, the harness included (RSS and PSS, from the kernel).

Verdict: it leaks where memory grows with the number of runs, and goes on doing so. The slope is the median
of the slopes between any two turns after the warm-up, so that a single step (a cache that fills, a module
imported late) doesn't move it. It must be at least {LEAST_TRACED} bytes of Python's objects a run, over all
turns and over the later half of them, and most steps must go up. For memory outside of Python's objects
(libraries in C) it is {LEAST_RESIDENT} bytes of RSS a run that Python's objects don't explain.

A cache that is still filling looks like a leak: give more --runs than it has room for, or a longer
--warm-up. Exit code 1 where it leaks."""
EXAMPLES = (
    "memory --scenario home",
    "memory --scenario create --runs 200 --turns 40",
    "memory --scenario thumbnail --runs 10",
)
#: How much of the stack is kept for each allocation: the line, and who called it.
FRAMES = 4
#: The harness's own, and what looks at it.
IGNORED = (
    tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__),
    tracemalloc.Filter(inclusive=False, filename_pattern=str(ROOT / "profiling" / "memory.py")),
    tracemalloc.Filter(inclusive=False, filename_pattern="<unknown>"),
)
MIB = 1024 * KIB


@dataclass(frozen=True)
class Plan:
    """`turns` of `runs` each, after `warm_up` runs that don't count."""

    warm_up: int
    runs: int
    turns: int


@dataclass(frozen=True)
class Kept:
    """A line whose objects were more at the end than after the warm-up; `callers` are nearest first."""

    place: str
    source: str
    size: int
    count: int
    callers: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """All turns, the first one right after the warm-up, and what was kept since, the most first."""

    turns: list[Turn]
    kept: list[Kept]
    is_whole: bool = True

    @property
    def runs(self) -> int:
        """How often the scenario was run in all turns."""
        return self.turns[-1].runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenario(parser)
    add_number(parser, "--runs", 50, "runs of the scenario in each turn")
    add_number(parser, "--warm-up", 100, "runs before the first turn")
    parser.add_argument(
        "--turns",
        type=at_least(LEAST_TURNS),
        default=16,
        metavar="N",
        help="how often memory is read (%(default)s)",
    )
    add_number(parser, "--top", 15, "lines in the table of what was kept")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Measure one scenario; 1 where it leaks."""
    plan = Plan(given.warm_up, given.runs, given.turns)
    with prepare(given.scenario, given.posts, say) as prepared:
        measured = measure(prepared.run, plan, say)
    verdict = judge(measured.turns)
    result = {
        "scenario": given.scenario,
        "posts": given.posts,
        "plan": asdict(plan),
        "is_whole": measured.is_whole,
        "verdict": asdict(verdict),
        "turns": [asdict(turn) for turn in measured.turns],
        "kept": [asdict(one) for one in measured.kept],
    }
    path = write_result(given.output, NAME, result)
    picture = draw(measured, verdict, path.with_suffix(".svg"), f"{given.scenario}, {given.posts} posts")
    for line in describe(measured, verdict, given.top):
        say(line)
    say(f"Picture: {picture}\nAll figures: {path}")
    if not measured.is_whole:
        return INTERRUPTED
    return 1 if verdict.is_leak else 0


def measure(work: Run, plan: Plan, say: Say, proc: Path = Path("/proc")) -> Measured:
    """Run it, read memory after each turn, and compare what is there at the end with what was at the start.

    Ctrl-C ends it sooner; raises `KeyboardInterrupt` where too few turns were done to tell anything.
    """
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start(FRAMES)
    try:
        say(f"Warming up: {plan.warm_up} runs")
        for _ in range(plan.warm_up):
            work()
        # Once for nothing: what looking keeps for itself (patterns, say) is no growth.
        _read(0, proc)
        _look()
        # What is there by now is not looked through after each turn: that would take most of the time.
        gc.freeze()
        before = _look()
        turns, is_whole = _take_turns(work, plan, say, proc)
        after = _look()
    finally:
        gc.unfreeze()
        if not was_tracing:
            tracemalloc.stop()
    return Measured(turns, _compare(before, after), is_whole)


def _take_turns(work: Run, plan: Plan, say: Say, proc: Path) -> tuple[list[Turn], bool]:
    ledger = Ledger(plan.turns + 1)
    first = _read(0, proc)
    ledger.note(first)
    try:
        for number in range(1, plan.turns + 1):
            for _ in range(plan.runs):
                work()
            turn = _read(number * plan.runs, proc)
            ledger.note(turn)
            say(
                f"  {turn.runs} runs: Python's objects {turn.traced / KIB:.1f} KiB"
                f" ({(turn.traced - first.traced) / turn.runs:+.1f} bytes a run),"
                f" RSS {turn.rss / MIB:.1f} MiB"
            )
    except KeyboardInterrupt:
        if ledger.count < LEAST_TURNS:
            raise
        say(f"Stopped after {ledger.count - 1} of {plan.turns} turns: what was seen until then follows")
        return ledger.turns(), False
    return ledger.turns(), True


def _tidy() -> None:
    """Let go of what the interpreter keeps for speed: garbage, and names of attributes that were looked up
    (some thousands, which would fill slowly).
    """
    clear = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()
    gc.collect()


def _look() -> tracemalloc.Snapshot:
    _tidy()
    return tracemalloc.take_snapshot().filter_traces(IGNORED)


def _read(runs: int, proc: Path) -> Turn:
    """What is in use now; raises `MeasuringError` where the kernel doesn't tell."""
    _tidy()
    traced, _ = tracemalloc.get_traced_memory()
    sizes = read_sizes("self", proc)
    return Turn(runs, traced, sizes["Rss"], sizes["Pss"])


def _compare(before: tracemalloc.Snapshot, after: tracemalloc.Snapshot) -> list[Kept]:
    kept = []
    for found in after.compare_to(before, "traceback"):
        if found.size_diff <= 0:
            continue
        # The last one is where memory was asked for.
        frames = [f"{shorten(frame.filename)}:{frame.lineno}" for frame in reversed(found.traceback)]
        source = tracemalloc.Traceback(((found.traceback[-1].filename, found.traceback[-1].lineno),)).format()
        text = source[1].strip() if len(source) > 1 else ""
        kept.append(Kept(frames[0], text, found.size_diff, found.count_diff, tuple(frames[1:])))
    return sorted(kept, key=lambda one: -one.size)


def describe(measured: Measured, verdict: Verdict, top: int) -> list[str]:
    """What grew, by how much, which lines kept it, and as the last line the verdict."""
    first, last = measured.turns[0], measured.turns[-1]
    rows = [
        [name, f"{start / MIB:.2f}", f"{end / MIB:.2f}", *slopes]
        for name, start, end, slopes in (
            (
                "Python's objects",
                first.traced,
                last.traced,
                _slopes(verdict.traced.whole, verdict.traced.later),
            ),
            ("RSS", first.rss, last.rss, _slopes(verdict.rss.whole, verdict.rss.later)),
            ("PSS", first.pss, last.pss, ["", ""]),
        )
    ]
    header = ["MiB", "at first", f"after {measured.runs} runs", "bytes a run", "of the later half"]
    lines = ["", *align(header, rows, left=(0,))]
    if measured.kept:
        kept = [
            [
                one.place,
                f"{one.size / measured.runs:.1f}",
                f"{one.size / KIB:.1f}",
                f"{one.count:+d}",
                one.source,
            ]
            for one in measured.kept[:top]
        ]
        table = ["kept since the warm-up", "bytes a run", "KiB", "objects", "code"]
        lines += ["", *align(table, kept, left=(0, 4))]
        if verdict.is_leak:
            lines += ["", "called by, the largest one:", *(f"  {one}" for one in measured.kept[0].callers)]
    return [*lines, "", f"Memory: {verdict.text}"]


def _slopes(whole: float, later: float) -> list[str]:
    return [f"{whole:+.1f}", f"{later:+.1f}"]


def draw(measured: Measured, verdict: Verdict, path: Path, title: str) -> Path:
    """Both kinds of memory over the runs."""
    runs = [turn.runs for turn in measured.turns]
    first = measured.turns[0]
    own = charts.Curve("Python's objects", [(turn.traced - first.traced) / KIB for turn in measured.turns])
    fit = charts.Curve(
        f"{verdict.traced.whole:+.1f} bytes a run", _fit(runs, own.values, verdict.traced.whole)
    )
    kernel = [
        charts.Curve("RSS", [turn.rss / MIB for turn in measured.turns]),
        charts.Curve("PSS", [turn.pss / MIB for turn in measured.turns]),
    ]
    panels = [
        charts.Panel("KiB since the warm-up", [own, fit]),
        charts.Panel("MiB of the process", kernel),
    ]
    return charts.draw_curves(runs, panels, path, title=f"Memory: {title}: {verdict.text}", unit="runs")


def _fit(runs: Sequence[int], values: Sequence[float], slope: float) -> list[float]:
    """The line of that slope that has as many points above as below."""
    offsets = sorted(value - slope * number / KIB for number, value in zip(runs, values, strict=True))
    middle = offsets[len(offsets) // 2]
    return [middle + slope * number / KIB for number in runs]
