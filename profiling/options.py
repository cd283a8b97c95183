"""What the harnesses' commands have in common: their options, and how their help looks."""

import argparse
from collections.abc import Callable, Collection, Sequence
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


def one_of(known: Collection[str]) -> Callable[[str], str]:
    """A reader of scenarios' names, for an option."""

    def name(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"{text!r}: use one of {', '.join(known)}")
        return text

    return name


def add_scenario(
    parser: argparse.ArgumentParser, default: str | None = "public-timeline", otherwise: str = ""
) -> None:
    """The options that choose what is run, and on how much data; help says `otherwise` without default."""
    width = max(map(len, SCENARIOS))
    known = [f"  {name:{width}}  {scenario.help}" for name, scenario in SCENARIOS.items()]
    parser.epilog = "\n".join([parser.epilog or "", "", "scenarios:", *known])
    parser.add_argument(
        "--scenario",
        type=one_of(SCENARIOS),
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


def add_scenarios(parser: argparse.ArgumentParser, known: Collection[str] | None = None) -> None:
    """The option that chooses some of the known scenarios (all there are); None for each of them."""
    known = SCENARIOS if known is None else known
    parser.add_argument(
        "--scenario",
        type=one_of(known),
        action="append",
        metavar="NAME",
        help=f"one of {', '.join(known)} (again for more; all)",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where the results go."""
    parser.add_argument(
        "--output", type=Path, default=RESULTS, metavar="DIR", help="folder of the results (%(default)s)"
    )
