"""Where the memory was asked for that is in use at a scenario's highest moment, in C as well: memray."""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import memray

from profiling.columns import align
from profiling.measuring import KIB
from profiling.options import add_number, add_output, add_scenario, introduce
from profiling.places import package_of, shorten
from profiling.results import write_result
from profiling.running import INTERRUPTED, WARM_UP, Run, Say, prepare, repeat

NAME = "peaks"
HELP = "where the memory was asked for that a scenario takes at most, in C as well"
DESCRIPTION = """\
Runs a scenario under memray, which sees what Python and the libraries in C ask for and give back. Table and
picture show what was in use at the highest moment of all runs: the line of Python, and the function in C
that asked. --kept shows what was not given back after the last run: of a leak in C that `memory` has found
it tells where. Pages that were in use before the runs are not seen."""
EXAMPLES = (
    "peaks --scenario thumbnail",
    "peaks --scenario home --runs 100",
    "peaks --scenario search --kept --runs 1000",
)
MIB = 1024 * KIB


@dataclass(frozen=True)
class Asked:
    """Bytes in use that were asked for in `count` blocks by one function of C, for one line of Python, which
    a line of Microblog led to (none, where there is none among the callers).
    """

    function: str
    place: str
    caller: str
    size: int
    count: int


@dataclass(frozen=True)
class Seen:
    """All that was in use, the most first."""

    asked: list[Asked]

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return sum(one.size for one in self.asked)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenario(parser)
    add_number(parser, "--runs", 20, "how often the scenario is run")
    parser.add_argument("--kept", action="store_true", help="what was kept after the last run, not the peak")
    add_number(parser, "--top", 15, "lines in the table")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Look at one scenario; 0 where all runs were done."""
    with TemporaryDirectory(prefix="microblog-peaks-") as folder:
        capture = Path(folder) / "capture.bin"
        with prepare(given.scenario, given.posts, say) as prepared:
            done = record(prepared.run, given.runs, capture, say)
        seen = read(capture, is_kept=given.kept)
        plan = {"scenario": given.scenario, "posts": given.posts, "runs": done, "kept": given.kept}
        asked = [asdict(one) for one in seen.asked]
        path = write_result(given.output, NAME, {**plan, "bytes": seen.size, "asked": asked})
        picture = draw(capture, path.with_suffix(".html"), is_kept=given.kept)
    for line in describe(seen, given.top, is_kept=given.kept):
        say(line)
    say(f"Picture: {picture}\nAll figures: {path}")
    return 0 if done == given.runs else INTERRUPTED


def record(work: Run, runs: int, capture: Path, say: Say) -> int:
    """Run it under memray until `capture` holds all; how many runs were done."""
    say(f"Warming up: {WARM_UP} runs")
    for _ in range(WARM_UP):
        work()
    say(f"Looking at {runs} runs")
    with memray.Tracker(capture, native_traces=True, trace_python_allocators=True):
        done = repeat(work, runs, say)
    say("Reading what was seen")
    return done


def read(capture: Path, *, is_kept: bool) -> Seen:
    """What was in use at the highest moment, or after the last run."""
    reader = memray.FileReader(capture)
    of_it = reader.get_leaked_allocation_records if is_kept else reader.get_high_watermark_allocation_records
    return Seen(_sum_up(of_it(merge_threads=True)))


def _sum_up(records: Iterable[memray.AllocationRecord]) -> list[Asked]:
    sizes, counts = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for record in records:
        native = next((name for name, *_ in record.native_stack_trace(1)), "")
        # The nearest frame first.
        places = [f"{shorten(path)}:{line}" for _, path, line in record.stack_trace()]
        caller = next((place for place in places if package_of(place) == "microblog"), "")
        key = native, places[0] if places else "outside of Python", caller
        sizes[key] += record.size
        counts[key] += record.n_allocations
    return [Asked(*key, size, counts[key]) for key, size in sizes.most_common()]


def draw(capture: Path, picture: Path, *, is_kept: bool) -> Path:
    """A flame graph by memray: a page that needs nothing from elsewhere."""
    words = ["flamegraph", "--no-web", "--force", *(["--leaks"] if is_kept else [])]
    subprocess.run(
        [sys.executable, "-m", "memray", *words, "--output", picture, capture],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return picture


def describe(seen: Seen, top: int, *, is_kept: bool) -> list[str]:
    """Who asked for the most, and what there was of it in all."""
    rows = [
        [
            one.function,
            f"{one.size / KIB:,.1f}",
            f"{one.size / seen.size:.0%}",
            f"{one.count:,}",
            one.place,
            "" if one.caller == one.place else one.caller,
        ]
        for one in seen.asked[:top]
    ]
    header = ["asked by", "KiB", "share", "blocks", "for", "which was called by"]
    what = "kept after the last run" if is_kept else "at the highest moment"
    return ["", *align(header, rows, left=(0, 4, 5)), "", f"Memory {what}: {seen.size / MIB:.2f} MiB"]
