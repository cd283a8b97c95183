"""All bars of performance in one run: a row for each, its verdict, and what changed since a former run."""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devstack.processes import StackError
from profiling import baselines, cached, ceilings, footprints
from profiling.bars import MEGABYTES, Bar, Measured, Row
from profiling.baselines import Baseline
from profiling.bench_report import describe, draw
from profiling.cached import PAGES, Page
from profiling.databases import database
from profiling.kinds import KINDS, Kind
from profiling.measuring import MeasuringError
from profiling.options import LEAST_POSTS, add_number, add_output, introduce
from profiling.pairs import LEAST_PAIRS, PIECE_REQUESTS, Found, summarise
from profiling.results import write_result
from profiling.servers import Servers

NAME = "bench"
HELP = "all bars: ours against a bare view, nginx's cache against a file, memory after load"
DESCRIPTION = """\
Measures every bar in one run, on generated data, and says which hold:

- each kind of request against a bare web server (profiling/bare.py: the same server, worker class, threads,
  pool, JSON library, SQL and rows), in turns: the CPU that web server, PostgreSQL and Redis take for it;
- pages out of nginx's cache against a file of the same bytes, in turns: nginx's CPU. It has our role's
  configuration; where there is no nginx, Debian's is fetched, for which nobody needs to be root;
- memory (PSS) of every process of web server and worker, after all kinds of requests and jobs.

What changed is told against a former run's rows, where the middle halves of both don't meet. Exit code 1
where a bar is missed, a row became worse, or one could not be measured."""
EXAMPLES = (
    "bench",
    "bench --pairs 8 --rounds 2 --posts 10000 --baseline mine.json --save-baseline",
    "bench --kind home",
    "bench --save-baseline",
    "bench --prepared --kind JSON",
)
#: What later runs are judged by must not be a short look.
BASELINE_PAIRS = 8
MEMORY = Bar("memory after load, largest process", 70.0, MEGABYTES)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """What of all rows is measured."""

    kinds: tuple[Kind, ...] = KINDS
    pages: tuple[Page, ...] = PAGES
    with_memory: bool = True

    @property
    def bars_of_kinds(self) -> list[Bar]:
        """Those of requests to the web server."""
        return [Bar(kind.name, kind.bar) for kind in self.kinds]

    @property
    def bars_of_pages(self) -> list[Bar]:
        """Those of pages out of nginx's cache."""
        return [page.bar for page in self.pages]

    @property
    def bars_of_memory(self) -> list[Bar]:
        """That of processes."""
        return [MEMORY] if self.with_memory else []

    @property
    def bars(self) -> list[Bar]:
        """All of them, in the table's order."""
        return self.bars_of_kinds + self.bars_of_pages + self.bars_of_memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_number(parser, "--pairs", 16, "pairs of each row", LEAST_PAIRS)
    add_number(parser, "--rounds", 4, "times that the web servers are started anew")
    add_number(parser, "--requests", 50, "requests of each half of a pair", PIECE_REQUESTS)
    add_number(parser, "--posts", 100_000, "posts in the database", LEAST_POSTS)
    parser.add_argument(
        "--prepared", action="store_true", help="let bare prepare its SQL too (the bars are set without)"
    )
    parser.add_argument("--kind", default="", metavar="TEXT", help="only rows with this in their name")
    parser.add_argument(
        "--baseline",
        type=Path,
        default=baselines.FILE,
        metavar="FILE",
        help="a former run's rows (%(default)s)",
    )
    parser.add_argument("--save-baseline", action="store_true", help="make this run's rows the baseline")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Measure, print the table, keep all figures; 0 where every bar is met and nothing became worse.

    Raises `MeasuringError`, `StackError`.
    """
    chosen = choose(given.kind)
    if not chosen.bars:
        say(f"No row has {given.kind!r} in its name: {'; '.join(bar.name for bar in Chosen().bars)}")
        return 2
    if given.prepared and given.save_baseline:
        say("--prepared measures against another bare view: it makes no baseline")
        return 2
    if given.save_baseline and given.pairs < BASELINE_PAIRS:
        say(f"--save-baseline needs --pairs {BASELINE_PAIRS} or more: later runs are judged by it")
        return 2
    baseline = None
    if not given.prepared and (not given.save_baseline or given.kind):
        baseline = baselines.load(given.baseline, given.posts)
        if baseline is None:
            say(f"{given.baseline}: there is no such file, so nothing is compared with a former run")
    found: dict[str, Any] = {}
    begun = time.monotonic()
    rows = measure(given, chosen, found, say)
    seconds = time.monotonic() - begun
    path = write_result(given.output, NAME, present(given, rows, baseline, found, seconds))
    draw(rows, baseline, path.with_suffix(".png"))
    for line in ["", *describe(rows, baseline), f"Measured in {seconds / 60:.1f} minutes"]:
        say(line)
    say(f"All figures: {path}, the picture: {path.with_suffix('.png')}")
    if given.save_baseline:
        baselines.save(given.baseline, given.posts, rows, baseline)
        say(f"The baseline is now: {given.baseline}")
        baseline = None
    return 0 if all(row.holds and not is_worse(row, baseline) for row in rows) else 1


def choose(text: str) -> Chosen:
    """The rows with this in their name."""
    return Chosen(
        tuple(kind for kind in KINDS if text in kind.name),
        tuple(page for page in PAGES if text in page.bar.name),
        text in MEMORY.name,
    )


def is_worse(row: Row, baseline: Baseline | None) -> bool:
    """Whether a row takes more of its bar than it did, beyond the spread."""
    change = baselines.compare(row, baseline)
    return change is not None and change.is_worse


def measure(given: argparse.Namespace, chosen: Chosen, found: dict[str, Any], say: Say) -> list[Row]:
    """All chosen rows; all single measurements go into `found`."""
    plan = ceilings.Plan(chosen.kinds, given.pairs, given.rounds, given.requests, given.prepared)
    with database(given.posts, say=say) as servers:
        # Memory is the last: its posts would be in the others' way.
        parts: tuple[tuple[Sequence[Bar], Callable[[], list[Row]]], ...] = (
            (chosen.bars_of_kinds, lambda: measure_kinds(servers, plan, found, say)),
            (chosen.bars_of_pages, lambda: measure_pages(servers, chosen.pages, given.pairs, found, say)),
            (chosen.bars_of_memory, lambda: measure_memory(servers, found, say)),
        )
        return [row for bars, work in parts if bars for row in attempt(bars, work, say)]


def attempt(bars: Sequence[Bar], work: Callable[[], list[Row]], say: Say) -> list[Row]:
    """These bars' rows; where they can't be measured each says so, and the others stay."""
    try:
        return work()
    except (MeasuringError, StackError, RuntimeError) as error:
        say(f"Not measured: {error}")
        return [Row(bar, None, str(error).splitlines()[0]) for bar in bars]


def keep(found: dict[str, Any], measured: dict[str, Found]) -> dict[str, Found]:
    """Add all pairs and rates to what is kept."""
    for name, one in measured.items():
        found[name] = {"pairs": [asdict(pair) for pair in one.pairs], "requests per second": one.rates()}
    return measured


def measure_kinds(servers: Servers, plan: ceilings.Plan, found: dict[str, Any], say: Say) -> list[Row]:
    """A row for each kind of request."""
    measured = keep(found, ceilings.measure(servers, plan, say))
    rows = []
    for kind in plan.kinds:
        one = summarise(measured[kind.name].pairs)
        ours, base = measured[kind.name].rates()
        note = f"{one.ours * 1000:.2f} ms, bare {one.base * 1000:.2f} ms; {ours:.0f} of {base:.0f} requests/s"
        rows.append(Row(Bar(kind.name, kind.bar), Measured(one.ratio, one.low, one.high), note))
    return rows


def measure_pages(
    servers: Servers, pages: tuple[Page, ...], pairs: int, found: dict[str, Any], say: Say
) -> list[Row]:
    """A row for each page."""
    say("Pages out of nginx's cache")
    measured = keep(found, cached.measure(servers, pages, pairs, say))
    rows = []
    for page in pages:
        one = summarise(measured[page.bar.name].pairs)
        file, kept = (1 / seconds for seconds in (one.ours, one.base))
        note = f"{kept:,.0f} requests per second of nginx's CPU, of a file {file:,.0f}"
        rows.append(Row(page.bar, Measured(100 * one.ratio, 100 * one.low, 100 * one.high), note))
    return rows


def measure_memory(servers: Servers, found: dict[str, Any], say: Say) -> list[Row]:
    """The row of the largest process, which names all."""
    say("Web server and worker under all kinds of work")
    measured = footprints.measure(servers, say)
    found[MEMORY.name] = [asdict(one) for one in measured]
    largest = measured[0].pss
    note = ", ".join(f"{one.name} {one.pss:.0f}" for one in measured)
    return [Row(MEMORY, Measured(largest, largest, largest), note)]


def present(
    given: argparse.Namespace,
    rows: list[Row],
    baseline: Baseline | None,
    found: dict[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """All that was measured, as it is kept."""
    plan = {
        name: getattr(given, name) for name in ("pairs", "rounds", "requests", "posts", "kind", "prepared")
    }
    changes = {row.bar.name: baselines.compare(row, baseline) for row in rows}
    return {
        "plan": plan,
        "seconds": round(seconds, 1),
        "unit": "CPU seconds per request; of pages, ours is the file's and base the page's; memory in MiB",
        "rows": [
            asdict(row)
            | {"verdict": row.verdict, "change": (change := changes[row.bar.name]) and asdict(change)}
            for row in rows
        ],
        "found": found,
    }
