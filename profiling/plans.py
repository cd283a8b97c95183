"""The plan of every SQL statement of a scenario: times, rows, buffers, and tables read from end to end."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiling.charts import Bar, draw_bars
from profiling.databases import database
from profiling.explaining import Statement, explained, read_sizes
from profiling.options import LEAST_POSTS, POSTS, add_number, add_output, add_scenarios, introduce
from profiling.plan_trees import Plan, Scan, describe_tree
from profiling.results import write_result
from profiling.scenarios import SCENARIOS, Scenario
from profiling.worlds import World, open_world

NAME = "plans"
HELP = "how PostgreSQL answers each statement of a scenario"
DESCRIPTION = """\
Runs a scenario and has each of its SQL statements explained by PostgreSQL where it stands, with times, rows
and blocks; what a statement writes for that is taken back. Exit code 1 where a big table is read from end to
end."""
EXAMPLES = ("plans", "plans --scenario home --posts 1000000")
#: Tables from so many rows on are big: below, reading all of one is what PostgreSQL rightly does.
BIG_ROWS = 2_000
SQL_CHARACTERS = 60
COLUMNS = "{:>5} {:>9} {:>9} {:>7} {:>8} {:>7}  {}"
HEAD = COLUMNS.format(
    "runs", "ms", "planning", "rows", "read", "blocks", "statement; the node that costs most"
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What a scenario asked. `sizes`: rows of each table; tables from `big` on are not to be read whole."""

    scenario: str
    statements: Sequence[Statement]
    sizes: Mapping[str, int]
    big: int

    def whole_reads(self, statement: Statement) -> list[Scan]:
        """Big tables that the statement reads from end to end, each once: by its longest read."""
        worst: dict[str, Scan] = {}
        for plan in statement.plans:
            for scan in plan.sequential_scans:
                if self.sizes.get(scan.table, 0) >= self.big:
                    worst[scan.table] = max(scan, worst.get(scan.table, scan), key=lambda one: one.rows)
        return list(worst.values())

    @property
    def holds(self) -> bool:
        """Whether every statement has a plan, and none reads a big table from end to end."""
        return not any(one.problem or self.whole_reads(one) for one in self.statements)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `plans`."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_scenarios(parser)
    add_number(parser, "--posts", POSTS, "posts in the database", LEAST_POSTS)
    add_number(parser, "--big", BIG_ROWS, "how many rows make a table big")
    add_output(parser)


def run(given: argparse.Namespace, say: Say) -> int:
    """Explain the chosen scenarios; 0 where no big table is read from end to end.

    Raises `MeasuringError` and `StackError`; what was explained before is told and kept all the same.
    """
    chosen = [SCENARIOS[name] for name in given.scenario or SCENARIOS]
    reports: list[Report] = []
    try:
        with database(given.posts, say=say) as servers:
            for number, scenario in enumerate(chosen, 1):
                say(f"Scenario {scenario.name} ({number} of {len(chosen)})")
                with open_world(servers) as world:
                    reports.append(explain_scenario(world, scenario, given.big))
    finally:
        if reports:
            _tell(given, reports, say)
    return 0 if all(report.holds for report in reports) else 1


def _tell(given: argparse.Namespace, reports: Sequence[Report], say: Say) -> None:
    for report in reports:
        for line in ("", *describe(report)):
            say(line)
    say("")
    say(verdict(reports))
    path = keep(given.output, given.posts, reports)
    picture = draw(reports, path.with_suffix(".svg"), f"{given.posts} posts")
    say(f"All plans: {path.with_suffix('.txt')}, as JSON: {path}\nPicture: {picture}")


def explain_scenario(world: World, scenario: Scenario, big: int = BIG_ROWS) -> Report:
    """Run a scenario once to warm up, as its first run may build a feed; then explained."""
    scenario.prepare(world)()
    do_once = scenario.prepare(world)
    engine = world.resources.database.engine
    with explained(engine) as found:
        do_once()
    return Report(scenario.name, list(found.values()), read_sizes(engine), big)


def describe(report: Report) -> list[str]:
    """The table of a scenario's statements, in their order, with what is wrong below each."""
    runs = sum(one.runs for one in report.statements)
    lines = [
        f"{report.scenario}: {runs} statements",
        HEAD,
    ]
    for statement in report.statements:
        lines += _describe_statement(report, statement)
    return lines


def _describe_statement(report: Report, statement: Statement) -> list[str]:
    short = " ".join(statement.sql.split())[:SQL_CHARACTERS]
    plan = statement.slowest
    if plan is None:
        return [COLUMNS.format(statement.runs, *[""] * 5, f"{short} ({statement.problem or 'has no plan'})")]
    most = plan.costliest
    blocks = plan.blocks("Hit") + plan.blocks("Read")
    times = f"{plan.milliseconds:.3f}", f"{plan.planning_milliseconds:.3f}"
    lines = [
        COLUMNS.format(statement.runs, *times, plan.rows, plan.rows_read, blocks, short),
        COLUMNS.format(*[""] * 6, f"{most.name}: {most.milliseconds:.3f} ms"),
    ]
    if statement.problem:
        lines.append(f"      NOT EXPLAINED: {statement.problem}")
    lines += [
        f"      SEQUENTIAL SCAN of {scan.table} ({report.sizes[scan.table]} rows): {scan.rows} read,"
        f" {scan.kept} wanted"
        for scan in report.whole_reads(statement)
    ]
    return lines


def draw(reports: Sequence[Report], path: Path, title: str) -> Path:
    """How long each statement takes, in the scenarios' order; what reads a big table whole is marked."""
    bars = [
        Bar(_name_bar(report, one), one.slowest.milliseconds, report.scenario)
        for report in reports
        for one in report.statements
        if one.slowest
    ]
    return draw_bars(bars, path, title=f"Statements, {title}", unit="ms in PostgreSQL, planning left out")


def _name_bar(report: Report, statement: Statement) -> str:
    short = " ".join(statement.sql.split())[:SQL_CHARACTERS]
    return f"SEQUENTIAL SCAN  {short}" if report.whole_reads(statement) else short


def verdict(reports: Sequence[Report]) -> str:
    """The last line: which scenarios read big tables from end to end."""
    wrong = [report.scenario for report in reports if not report.holds]
    if wrong:
        return f"Plans: a big table is read from end to end, or a plan is missing, in {', '.join(wrong)}"
    return "Plans: no big table is read from end to end"


def keep(folder: Path, posts: int, reports: Sequence[Report]) -> Path:
    """Write all plans as JSON, and as text beside it; the JSON's file."""
    scenarios = {report.scenario: [_as_json(report, one) for one in report.statements] for report in reports}
    result = {
        "posts": posts,
        "holds": all(report.holds for report in reports),
        "unit": "milliseconds, rows, blocks of 8 KiB",
        "scenarios": scenarios,
    }
    path = write_result(folder, NAME, result)
    lines = [line for report in reports for line in _write_out(report)]
    path.with_suffix(".txt").write_text("\n".join([*lines, verdict(reports), ""]), encoding="utf-8")
    return path


def _as_json(report: Report, statement: Statement) -> dict[str, Any]:
    return {
        "sql": statement.sql,
        "runs": statement.runs,
        "problem": statement.problem,
        "sequential_scans": [
            {"table": scan.table, "rows": scan.rows, "kept": scan.kept}
            for scan in report.whole_reads(statement)
        ],
        "plans": [_figures(plan) | {"plan": plan.raw} for plan in statement.plans],
    }


def _figures(plan: Plan) -> dict[str, Any]:
    most = plan.costliest
    return {
        "milliseconds": plan.milliseconds,
        "planning_milliseconds": plan.planning_milliseconds,
        "rows": plan.rows,
        "rows_read": plan.rows_read,
        "blocks": {kind.lower(): plan.blocks(kind) for kind in ("Hit", "Read", "Dirtied")},
        "costliest": {"node": most.name, "milliseconds": most.milliseconds},
    }


def _write_out(report: Report) -> Iterator[str]:
    yield from describe(report)
    for number, statement in enumerate(report.statements, 1):
        yield from ("", f"--- {report.scenario}, statement {number} (run {statement.runs} times)")
        yield from statement.sql.strip().splitlines()
        if plan := statement.slowest:
            yield from describe_tree(plan)
    yield ""
