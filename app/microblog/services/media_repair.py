"""Making the media hosts alike again: what one missed while it was away is copied or deleted there.

What is right is said by the rows of `media`, never by which host has a file:

- A picture's row is `pending` or `ready`: each host shall have its files. Of a `ready` one the upload as it
  came is not among them. Of two sizes of one file the larger is whole: the other is what a power cut left.
- Its row is `discarded`: its files go. `Storage.delete` answers whether a host was away, and then the row
  stays until no host can bring the files back.
- There is no row: its transaction is still open, was rolled back, or it went with its account. The files go
  when their folder was left alone for a day, by the host's clock; no transaction lives as long.

A picture may be discarded while it is copied: its row is read again after each copy, and what is unwanted by
then goes at once. A pass goes through all keys in their order, in jobs of bounded length.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy.orm import Session

from microblog.data.media_hosts import Entry, MediaHost, MediaHosts, at_once
from microblog.data.queries import jobs as job_queries
from microblog.data.queries import media as queries
from microblog.data.storage import KEY, NAME, PREFIX, Storage, StoreAway
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.observability import metrics
from microblog.services.media import ORIGINAL

log = structlog.get_logger(__name__)

ORPHAN_AGE: Final = timedelta(days=1)
# Well below the jobs' time limit, since a key that was begun is finished.
RUN_SECONDS: Final = 20.0

Listing = dict[str, Entry]
Answer = TypeVar("Answer")


def repair_hosts(session: Session, storage: Storage, *, after: str, job_id: int) -> None:
    """Put right the keys behind `after` (empty: all), and enqueue the rest where that takes too long.

    A new pass is not begun while a former one lasts.
    """
    if not isinstance(storage, MediaHosts):
        return
    if not after and job_queries.has_older(session, name=names.REPAIR_MEDIA.name, job_id=job_id):
        log.info("media.repair_lasts")
        return
    repair = Repair(session, storage.copies)
    last = repair.run(after, time.monotonic() + RUN_SECONDS)
    if last is not None:
        enqueue(session, names.REPAIR_MEDIA, after=last)
    metrics.MEDIA_HOSTS_AWAY.set(len(repair.away))
    log.info(
        "media.repaired",
        copied=repair.copied,
        deleted=repair.deleted,
        away=sorted(repair.away),
        is_done=last is None,
    )


@dataclass
class Repair:
    """One run over the hosts. A host that failed once is left alone for the rest of it."""

    session: Session
    hosts: tuple[MediaHost, ...]
    away: set[str] = field(default_factory=set)
    copied: int = 0
    deleted: int = 0

    def run(self, after: str, end: float) -> str | None:
        """Put right all keys behind `after` in their order; the last one done where the time was up."""
        for prefix in sorted({name for listing in self._list("", PREFIX).values() for name in listing}):
            if prefix < after[:2]:
                continue
            for key in self._repair_folder(prefix, after):
                if time.monotonic() >= end:
                    return key
        return None

    def _repair_folder(self, prefix: str, after: str) -> Iterator[str]:
        """Put right the keys that begin so; each when it is done."""
        listings = self._list(prefix, KEY)
        keys = sorted({key for listing in listings.values() for key in listing if key > after})
        # After the lists: a row that is gone by now was discarded, whatever the lists say.
        states = queries.find_states(self.session, keys=keys)
        for key in keys:
            having = {host: listing[key] for host, listing in listings.items() if key in listing}
            self._repair_key(key, states.get(key), having)
            yield key

    def _repair_key(self, key: str, state: str | None, having: dict[MediaHost, Entry]) -> None:
        young = datetime.now(UTC) - ORPHAN_AGE
        if state in {"pending", "ready"}:
            self._level(key, is_ready=state == "ready")
        elif state == "discarded" or all(entry.changed_at < young for entry in having.values()):
            for host in having:
                self._delete(host, key)

    def _level(self, key: str, *, is_ready: bool) -> None:
        """Have all hosts hold the same files of a picture in use."""
        listings = self._list(f"{key[:2]}/{key}", NAME)
        if is_ready:
            for host, files in listings.items():
                if files.pop(ORIGINAL, None) is not None:
                    self._delete(host, key, ORIGINAL)
        sizes: dict[str, int] = {}
        for files in listings.values():
            for name, entry in files.items():
                sizes[name] = max(entry.size, sizes.get(name, 0))
        for name, size in sizes.items():
            self._copy(key, name, size, listings)

    def _copy(self, key: str, name: str, size: int, listings: dict[MediaHost, Listing]) -> None:
        whole = [host for host, files in listings.items() if name in files and files[name].size == size]
        lacking = [host for host in listings if host not in whole]
        if not lacking:
            return
        copies = (self._ask(host, lambda host: host.read(key, name)) for host in whole)
        data = next((one for one in copies if one is not None and len(one) == size), None)
        if data is None:
            return
        for host in lacking:
            self._put(host, key, name, data)

    def _put(self, host: MediaHost, key: str, name: str, data: bytes) -> None:
        def put(host: MediaHost) -> bool:
            host.put(key, name, data, "application/octet-stream")
            return True

        if not self._ask(host, put):
            return
        self.copied += 1
        metrics.MEDIA_REPAIRS.labels(host.name, "copied").inc()
        state = queries.find_states(self.session, keys=[key]).get(key)
        if state != "pending" and (state != "ready" or name == ORIGINAL):
            self._delete(host, key, name)

    def _delete(self, host: MediaHost, key: str, name: str | None = None) -> None:
        def delete(host: MediaHost) -> bool:
            if name is None:
                host.delete(key)
            else:
                host.delete_file(key, name)
            return True

        if self._ask(host, delete):
            self.deleted += 1
            metrics.MEDIA_REPAIRS.labels(host.name, "deleted").inc()

    def _list(self, path: str, pattern: re.Pattern[str]) -> dict[MediaHost, Listing]:
        """What lies in a folder of each host that isn't away, as far as it has a name of the store."""
        hosts = [host for host in self.hosts if host.name not in self.away]
        listings: dict[MediaHost, Listing] = {}
        for host, answer in zip(hosts, at_once(hosts, lambda host: host.list_folder(path)), strict=True):
            if isinstance(answer, StoreAway):
                self.away.add(host.name)
            else:
                listings[host] = {entry.name: entry for entry in answer if pattern.fullmatch(entry.name)}
        return listings

    def _ask(self, host: MediaHost, act: Callable[[MediaHost], Answer]) -> Answer | None:
        """A host's answer; None where it is away, now or since before."""
        if host.name in self.away:
            return None
        try:
            return act(host)
        except StoreAway:
            self.away.add(host.name)
            return None
