"""`python -m profiling …`: the harnesses, each a command."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from devstack.processes import StackError
from profiling import observability
from profiling.measuring import MeasuringError
from profiling.pairs import LEAST_PAIRS
from profiling.servers import Size, end_softly

RESULTS = Path("var/profiling")


def at_least(lowest: int) -> Callable[[str], int]:
    """A reader of whole numbers from `lowest` on, for an option."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(f"{text!r}: give a number from {lowest} on")
        return int(text)

    return number


def make_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(
        prog="python -m profiling", description="Where Microblog's time and memory go"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    observing = commands.add_parser(
        "observability",
        help="what metrics and logs cost a request",
        description=(
            "Compares the CPU per request of the real web server, with metrics and JSON logs, with that of"
            " the same server without either, in turns. Exit code 1 where a kind of request takes more than"
            f" {observability.BAR:.0%}."
        ),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    plan = observability.Plan()
    numbers = {
        "pairs": (LEAST_PAIRS, plan.pairs, "pairs of each kind of request"),
        "rounds": (1, plan.rounds, "times that the processes are started anew"),
        "requests": (observability.PIECE_REQUESTS, plan.requests, "requests of each half of a pair"),
        "accounts": (20, plan.size.accounts, "accounts in the database"),
        "posts": (100, plan.size.posts, "posts in the database"),
    }
    for name, (lowest, default, help_text) in numbers.items():
        observing.add_argument(
            f"--{name}", type=at_least(lowest), default=default, help=help_text, metavar="N"
        )
    observing.add_argument(
        "--output", type=Path, default=RESULTS, help="folder of the results", metavar="DIR"
    )
    return parser


def say(line: str) -> None:
    """Progress, as it comes."""
    print(line, flush=True)


def profile_observability(given: argparse.Namespace) -> int:
    """Run the bench; 0 where it holds."""
    plan = observability.Plan(given.pairs, given.rounds, given.requests, Size(given.accounts, given.posts))
    found = observability.run(plan, say)
    summaries = observability.judge(found)
    path = observability.write_result(given.output, plan, found, summaries)
    say("")
    for line in observability.describe(summaries):
        say(line)
    say(f"All figures: {path}")
    return 0 if observability.holds(summaries) else 1


def main() -> int:
    """Run one command; what a person can mend is one message and exit code 1."""
    given = make_parser().parse_args()
    end_softly()
    try:
        return profile_observability(given)
    except (MeasuringError, StackError, RuntimeError) as error:
        print(f"profiling: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped: nothing was kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
