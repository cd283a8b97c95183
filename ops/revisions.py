"""What became of each release in an environment: the hosts' revisions.log, read together.

    python -m ops.revisions previous RUNNING… < LINES   the release that a rollback goes to
    python -m ops.revisions check NAME < LINES          exit code 1 where it failed when it was last tried
    python -m ops.revisions way NAME < LINES            exit code 1 where the schema forbids it; else JSON:
                                                        `former`, what a failed deploy of it goes back to ("":
                                                        nothing), and `is_good`, whether it was good already

A line is `TIME WHO EVENT RELEASE COMMIT NOTE`. Events: `provisioned` (a host got what the others run),
`started`, `deployed` (all hosts run it, the gate let it pass), `failed`, `left` (rolled back from by hand),
`contracted` (the schema loses what older releases use), `uncontracted` (it did not come to that).
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

GOOD = ("provisioned", "deployed")
EVENTS = (*GOOD, "failed", "left")
CONTRACTED, UNCONTRACTED = "contracted", "uncontracted"


class NoRelease(Exception):
    """There is no release to go to; the message is why and the fix."""


@dataclass(frozen=True, order=True)
class Revision:
    """An event of a release on a host."""

    time: str
    who: str
    event: str
    release: str
    commit: str
    note: str = ""


def read_revisions(lines: Iterable[str]) -> list[Revision]:
    """The events of all hosts, oldest first, each once."""
    found = set()
    for line in lines:
        words = line.split(maxsplit=5)
        if len(words) >= 5:
            found.add(Revision(*words))
    return sorted(found)


def last_events(revisions: Iterable[Revision]) -> dict[str, Revision]:
    """What was last said of each release: good, failed, left or outgrown by the schema."""
    found: dict[str, Revision] = {}
    before: dict[str, Revision] = {}
    for each in revisions:
        if each.event == CONTRACTED:
            others = {known: replace(each, release=known) for known in found if known != each.release}
            # Each host has a line of it.
            before |= {known: found[known] for known in others if found[known].event != CONTRACTED}
            found |= others
        elif each.event == UNCONTRACTED:
            found |= before
            before = {}
        elif each.event in EVENTS:
            found[each.release] = each
    return found


def choose_previous(revisions: Sequence[Revision], *running: str) -> str:
    """The release that was good last, before the running one (several: `find_aim`). Raises `NoRelease`."""
    events = last_events(revisions)
    aim = find_aim(revisions) if len(running) > 1 else ""
    if aim in events and events[aim].event in GOOD:
        return aim
    # Of an interrupted deploy, hosts still run the one to go back to.
    left = aim if len(running) > 1 else running[0]
    good = [each for each in events.values() if each.event in GOOD and each.release != left]
    if not good:
        failed = [each.release for each in events.values() if each.event not in GOOD]
        reason = f" ({', '.join(failed)} failed or was left)" if failed else ""
        raise NoRelease(f"no other release than {left} was ever good here{reason}: name one by --release")
    return max(good).release


def find_aim(revisions: Sequence[Revision]) -> str:
    """Where the run was going that was interrupted: a good release where it was a rollback, which goes on."""
    return next((each.release for each in reversed(revisions) if each.event == "started"), "")


def check_schema(revisions: Iterable[Revision], name: str) -> Revision | None:
    """What was last said of a release. Raises `NoRelease` where it can't live with the schema."""
    last = last_events(revisions).get(name)
    if last is not None and last.event == CONTRACTED:
        raise NoRelease(f"the schema has lost what {name} uses, on {last.time}: deploy a newer release")
    return last


def find_way(revisions: Sequence[Revision], name: str) -> dict[str, str | bool]:
    """What a deploy of a release has to know: see the first lines. Raises `NoRelease`."""
    last = check_schema(revisions, name)
    try:
        former = choose_previous(revisions, name)
    except NoRelease:
        former = ""
    return {"former": former, "is_good": last is not None and last.event in GOOD}


def check_release(revisions: Iterable[Revision], name: str) -> None:
    """Raise `NoRelease` for one that failed when it was last tried, or can't live with the schema."""
    last = check_schema(revisions, name)
    if last is not None and last.event == "failed":
        raise NoRelease(
            f"{name} failed on {last.time}: {last.note or 'no reason was noted'}; name a good one"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """What the first lines of this file say."""
    parser = argparse.ArgumentParser(prog="python -m ops.revisions")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("previous").add_argument("release", nargs="+")
    verbs.add_parser("check").add_argument("release")
    verbs.add_parser("way").add_argument("release")
    given = parser.parse_args(arguments)
    revisions = read_revisions(sys.stdin)
    try:
        if given.verb == "previous":
            print(choose_previous(revisions, *given.release))
        elif given.verb == "way":
            print(json.dumps(find_way(revisions, given.release)))
        else:
            check_release(revisions, given.release)
    except NoRelease as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
