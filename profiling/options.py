"""What the harnesses' commands have in common: their options, and how their help looks."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from profiling.results import RESULTS
from profiling.scenarios import SCENARIOS

POSTS = 10_000
LEAST_POSTS = 100


def introduce(parser: argparse.ArgumentParser, description: str, examples: Sequence[str]) -> None:
    """Give a command's help its text and examples, which keep their lines."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = description
    parser.epilog = "\n".join(["examples:", *(f"  python -m profiling {line}" for line in examples)])


def at_least(lowest: int) -> Callable[[str], int]:
    """A reader of whole numbers from `lowest` on, for an option."""

    def number(text: str) -> int:
        plain = text.replace("_", "")
        if not plain.isdecimal() or int(plain) < lowest:
            raise argparse.ArgumentTypeError(f"{text!r}: give a number from {lowest} on")
        return int(plain)

    return number


def scenario_name(text: str) -> str:
    """A reader of scenarios' names, for an option."""
    if text not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"{text!r}: use one of {', '.join(SCENARIOS)}")
    return text


def add_scenario(
    parser: argparse.ArgumentParser, default: str | None = "public-timeline", otherwise: str = ""
) -> None:
    """The options that choose what is run, and on how much data; help says `otherwise` without default."""
    width = max(map(len, SCENARIOS))
    known = [f"  {name:{width}}  {scenario.help}" for name, scenario in SCENARIOS.items()]
    parser.epilog = "\n".join([parser.epilog or "", "", "scenarios:", *known])
    parser.add_argument(
        "--scenario",
        type=scenario_name,
        default=default,
        metavar="NAME",
        help=f"what is run, see below ({default or otherwise})",
    )
    add_number(parser, "--posts", POSTS, "posts in the database", LEAST_POSTS)


def add_number(
    parser: argparse.ArgumentParser, name: str, default: int, help_text: str, lowest: int = 1
) -> None:
    """An option that takes a whole number from `lowest` on."""
    parser.add_argument(
        name, type=at_least(lowest), default=default, metavar="N", help=f"{help_text} (%(default)s)"
    )


def add_scenarios(parser: argparse.ArgumentParser) -> None:
    """The option that chooses some scenarios, for `find_scenario`; None for all."""
    parser.add_argument(
        "--scenario",
        action="append",
        metavar="NAME",
        help=f"one of {', '.join(SCENARIOS)} (again for more; all)",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where the results go."""
    parser.add_argument(
        "--output", type=Path, default=RESULTS, metavar="DIR", help="folder of the results (%(default)s)"
    )
