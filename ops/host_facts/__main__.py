"""python -m ops.host_facts FILE SECONDS: writes what the host knows into FILE, each so many seconds."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ops.host_facts.backups import Backups, read_units
from ops.host_facts.logs import LogStore, utc_today
from ops.host_facts.programs import read_programs
from ops.host_facts.series import Series, format_text, series, write_text
from ops.host_facts.site import Certificates, read_events, read_log_queue, read_reboot, read_release

#: Facts that take longer are looked up once in so many rounds.
SLOW = 4


@dataclass
class Fact:
    """What is looked up together, each so many rounds; `found` is what it was last."""

    name: str
    read: Callable[[], Iterable[Series]]
    rounds: int = 1
    found: list[Series] = field(default_factory=list)
    errors: int = 0
    error: str = ""

    def look_up(self) -> None:
        """Find it anew. What can't be found is left out, said once, and counted."""
        try:
            self.found, error = list(self.read()), ""
        except Exception as problem:  # noqa: BLE001 - whatever it is, the other facts are told
            self.found, error = [], f"{type(problem).__name__}: {problem}"
            self.errors += 1
        if error and error != self.error:
            print(f"{self.name} can't be looked up: {error}", file=sys.stderr, flush=True)
        self.error = error


def all_facts(root: Path) -> list[Fact]:
    """All that a host below `root` is asked."""
    certificates, backups, log_store = Certificates(), Backups(), LogStore()
    return [
        Fact("release", lambda: read_release(root)),
        Fact("deploys", lambda: read_events(root)),
        Fact("programs", lambda: read_programs(root)),
        Fact("log_queue", lambda: read_log_queue(root)),
        Fact("log_store", lambda: log_store.read(root, utc_today())),
        Fact("reboot", lambda: read_reboot(root)),
        Fact("certificates", lambda: certificates.read(root)),
        Fact("backups_database", lambda: backups.read_database(root, time.monotonic()), SLOW),
        Fact("backups_pictures", lambda: backups.read_pictures(root), SLOW),
        Fact("backups_units", lambda: read_units(root), SLOW),
    ]


def tell(facts: list[Fact], number: int, now: float) -> str:
    """The file's text in the round of that number, with what this round has to look up."""
    for fact in facts:
        if number % fact.rounds == 0:
            fact.look_up()
    found = [each for fact in facts for each in fact.found]
    found += [series("microblog_host_facts_errors", fact.errors, fact=fact.name) for fact in facts]
    return format_text([*found, series("microblog_host_facts_timestamp_seconds", now)])


def main(path: str, seconds: str) -> None:
    """Go on for ever."""
    facts, number = all_facts(Path("/")), 0
    while True:
        begun = time.monotonic()
        write_text(Path(path), tell(facts, number, time.time()))
        if number % SLOW == 0:
            # A line that is sure to be written: where it doesn't come to the log store, no other does.
            print("alive", flush=True)
        number += 1
        time.sleep(max(float(seconds) - (time.monotonic() - begun), 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
