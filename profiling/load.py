"""Many people at once, on a site of our own or on one that is deployed."""

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from microblog.cli.visiting import Place, VisitFailed, Visitor
from profiling.crowds import Coming, play
from profiling.journeys import habits
from profiling.journeys.plan import Plan
from profiling.load_report import Seen, describe, draw, failed_share
from profiling.measuring import MeasuringError, UsageError
from profiling.options import LEAST_POSTS, POSTS, add_number, add_output, introduce
from profiling.results import write_result
from profiling.running import INTERRUPTED, Say
from profiling.sites import Site, find_site, own_site

NAME = "load"
HELP = "many people at once, on a site of our own or on one that is deployed"
DESCRIPTION = """\
Plays people on a site by Locust: strangers who read, members in a browser, and members with an app, in the
proportions and with the pauses of journeys/habits.py. Tells of each step of their journeys how often it was
done, how often it failed, and how long it took. Exit code 1 where too much failed.

Without --to it starts a site of its own: web server, worker and relay, but no nginx, so that files and cached
pages cost more than on a host. A deployed site needs a file of accounts, a line NAME PASSWORD for each (and
after a tab a TOKEN, if there is one: an app then asks nobody for it); without it only strangers come. People
write, follow and like: never load a site that anybody lives on. Limits of the site (429) are counted by
themselves: who is put off waits as long as the site says and asks again."""
EXAMPLES = (
    "load --people 50 --minutes 2",
    "load --rehearse",
    "load --to https://staging.example.org --yes-load-this-site staging.example.org --accounts people.txt",
    "load --to https://microblog.lab --yes-load-this-site microblog.lab --address 10.77.0.11 --ca ca.pem",
)
#: The kinds of people, as Locust's classes are called, and their weights.
KINDS = {"Visitor": habits.VISITORS, "Member": habits.MEMBERS, "App": habits.APPS}
STRANGERS = "Visitor"
#: The options that a result is read with.
KEPT = ("people", "spawn_rate", "minutes", "think", "kind", "rehearse", "failures", "to", "posts")


def above_zero(most: float) -> Callable[[str], float]:
    """A reader of numbers above 0 up to `most`, for an option."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text!r}: give a number above 0, {most:g} at most")
        return value

    return number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    introduce(parser, DESCRIPTION, EXAMPLES)
    add_number(parser, "--people", 20, "people who are there at once")
    for name, default, most, metavar, help_text in (
        ("--spawn-rate", 5.0, 1_000, "N", "people who come each second, until all are there"),
        ("--minutes", 1.0, 24 * 60, "N", "for how long"),
        ("--think", 1.0, 100, "N", "pauses so many times as long; 0.1: people hurry"),
        ("--failures", 1.0, 100, "PERCENT", "of all answers that may be failures"),
    ):
        parser.add_argument(
            name,
            type=above_zero(most),
            default=default,
            metavar=metavar,
            help=f"{help_text} (%(default)g)",
        )
    parser.add_argument(
        "--kind", action="append", choices=tuple(KINDS), help="only these people (again for more; all)"
    )
    parser.add_argument(
        "--rehearse", action="store_true", help="one of each kind does everything once, without a pause"
    )
    _add_place(parser)
    add_number(parser, "--posts", POSTS, "posts on a site of our own", LEAST_POSTS)
    add_output(parser)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="URL", help="a site that runs (one of our own)")
    parser.add_argument(
        "--yes-load-this-site", default="", metavar="HOST", help="its host again, if it isn't this machine"
    )
    parser.add_argument("--accounts", type=Path, metavar="FILE", help="who may log in there")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust these certificates only (PEM)")
    parser.add_argument(
        "--address", default="", metavar="IP", help="connect there, whatever the name leads to"
    )


def run(given: argparse.Namespace, say: Say) -> int:
    """Let people come; 0 where not too much failed."""
    if find_spec("locust") is None:
        raise MeasuringError("Locust is missing: make profile-load installs it")
    if given.ca and not given.ca.is_file():
        raise UsageError(f"{given.ca}: there is no such file")
    with open_site(given, say) as site:
        coming = choose(given, site, say)
        plan = Plan(
            accounts=site.accounts,
            authority=str(given.ca.resolve()) if given.ca else "",
            address=given.address,
            think=given.think,
            is_rehearsal=given.rehearse,
        )
        if given.to:
            knock(Place(site.url, address=given.address, authority=read_authority(given.ca)))
        whole = f"{coming.people} people for {coming.minutes:g} min; Ctrl-C ends it sooner"
        say(f"{site.url}: {'a rehearsal' if given.rehearse else whole}")
        seen, report, was_interrupted = play(coming, plan, say)
    if not seen["total"]["requests"]:
        if was_interrupted:
            raise KeyboardInterrupt
        put_off = seen["total"]["put_off"]
        raise MeasuringError(f"nobody got an answer; {put_off} times the site put somebody off (429)")
    code = tell(given, site, seen, report, say)
    return INTERRUPTED if was_interrupted else code


def read_authority(path: Path | None) -> str:
    """The certificates to trust; nothing where those of the machine do."""
    return path.read_text(encoding="ascii", errors="ignore") if path else ""


def knock(place: Place) -> None:
    """See whether anybody answers at all, before many come. Raises `MeasuringError` where not."""
    try:
        Visitor(place).ask("HEAD", "/robots.txt")
    except (VisitFailed, OSError, ValueError) as error:
        raise MeasuringError(f"{place.url} does not answer: {error}") from error


@contextmanager
def open_site(given: argparse.Namespace, say: Say) -> Iterator[Site]:
    """The site that was asked for. Raises `UsageError` where it may not be loaded."""
    if given.to:
        yield find_site(given.to, given.yes_load_this_site, given.accounts)
        return
    if given.accounts or given.ca or given.address or given.yes_load_this_site:
        raise UsageError("--accounts, --ca, --address and --yes-load-this-site need --to URL")
    with own_site(given.posts, len(KINDS) if given.rehearse else given.people, say) as site:
        yield site


def choose(given: argparse.Namespace, site: Site, say: Say) -> Coming:
    """Who comes: those who log in, only where there are accounts. Raises `UsageError` for nobody."""
    kinds = [kind for kind in KINDS if not given.kind or kind in given.kind]
    if not site.accounts and kinds != [STRANGERS]:
        if STRANGERS not in kinds:
            raise UsageError("nobody can log in without --accounts FILE")
        say("Without --accounts FILE nobody can log in: only strangers come")
        kinds = [STRANGERS]
    people = len(kinds) if given.rehearse else given.people
    weights = {kind: 1 if given.rehearse else KINDS[kind] for kind in kinds}
    members = people * (1 - weights.get(STRANGERS, 0) / sum(weights.values()))
    if members > len(site.accounts):
        say(f"{members:.0f} members share {len(site.accounts)} accounts, and each account's limits")
    return Coming(site.url, people, kinds, given.spawn_rate, given.minutes)


def tell(given: argparse.Namespace, site: Site, seen: Seen, report: str, say: Say) -> int:
    """Write the results, say what they are; 1 where too much failed."""
    plan = {name: getattr(given, name) for name in KEPT}
    path = write_result(given.output, NAME, {"site": site.url, "plan": plan, **seen})
    pictures = draw(seen, path.with_suffix(".png"), f"{site.url}, {path.stem}")
    path.with_suffix(".html").write_text(report, encoding="utf-8")
    for line in describe(seen):
        say(line)
    failed = failed_share(seen)
    say(f"\n{failed:.2%} of all answers were failures; {given.failures:g} % may be")
    if not seen["is_whole"]:
        say("The rehearsal did not get to its end: give it more --minutes")
    for picture in pictures:
        say(f"Picture: {picture}")
    say(f"Locust's report: {path.with_suffix('.html')}\nAll figures: {path}")
    is_fine = failed * 100 <= given.failures and not seen["exceptions"] and seen["is_whole"]
    return 0 if is_fine else 1
