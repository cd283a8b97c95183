"""`python -m monitoring`: writes what the monitoring hosts get, and checks it."""

import argparse
import sys
from pathlib import Path

from monitoring.check import check_rules
from monitoring.hurry import HurryError, write_rules


def make_parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    rules = commands.add_parser("rules", help="write recording and alerting rules")
    rules.add_argument("--hurry", type=float, default=1, help="divide all times by this (1)")
    rules.add_argument("--scrape-seconds", type=float, default=15, help="how often figures are fetched (15)")
    rules.add_argument("--runbook-url", default="", help="what stands before docs/runbook.md in links")
    rules.add_argument("--output", type=Path, required=True, help="the folder")
    dashboards = commands.add_parser("dashboards", help="write the dashboards")
    dashboards.add_argument("--output", type=Path, required=True, help="the folder")
    commands.add_parser("check", help="check and test the rules by promtool")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; the exit code."""
    given = make_parser().parse_args(arguments)
    if given.command == "check":
        return check_rules()
    if given.command == "dashboards":
        from monitoring.boards import write_boards

        write_boards(given.output)
        return 0
    try:
        write_rules(
            given.output,
            hurry=given.hurry,
            scrape_seconds=given.scrape_seconds,
            runbook_url=given.runbook_url,
        )
    except HurryError as error:
        print(f"python -m monitoring rules: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
