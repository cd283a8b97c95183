"""`python -m profiling …`: the harnesses, each a command."""

import argparse
import sys

from devstack.processes import StackError
from profiling import (
    bench,
    calls,
    capacity,
    contests,
    flame,
    growth,
    lines,
    load,
    memory,
    observability,
    peaks,
    plans,
)
from profiling.measuring import MeasuringError, UsageError
from profiling.results import check_folder
from profiling.running import INTERRUPTED
from profiling.servers import end_softly

COMMANDS = (bench, contests, lines, calls, flame, memory, peaks, growth, plans, capacity, observability, load)


def make_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(
        prog="python -m profiling", description="Where Microblog's time and memory go"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_arguments(commands.add_parser(command.NAME, help=command.HELP))
    return parser


def say(line: str) -> None:
    """Progress, as it comes."""
    print(line, flush=True)


def main() -> int:
    """Run one command; what a person can mend is one message and exit code 1, or 2 for wrong arguments."""
    given = make_parser().parse_args()
    (command,) = (one for one in COMMANDS if given.command == one.NAME)
    end_softly()
    try:
        if "output" in given:
            check_folder(given.output)
        code: int = command.run(given, say)
    # OSError: a disk that is full, say.
    except (MeasuringError, StackError, RuntimeError, OSError) as error:
        print(f"profiling: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("\nStopped: nothing is kept but what is told above", file=sys.stderr)
        return INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
