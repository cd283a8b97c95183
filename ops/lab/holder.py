"""Which checkout holds the lab: there is one bridge and one set of addresses, so one lab a machine."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ops.lab.layout import HOLDER, LOCK, REPOSITORY, LabError


@dataclass(frozen=True)
class Holder:
    """The checkout that holds the lab, and since when (UTC)."""

    checkout: str
    since: str


def read_holder() -> Holder | None:
    """Who holds the lab; None where there is none."""
    if not HOLDER.exists():
        return None
    return Holder(**json.loads(HOLDER.read_text(encoding="utf-8")))


def is_ours() -> bool:
    """Whether this checkout holds the lab."""
    holder = read_holder()
    return holder is not None and holder.checkout == str(REPOSITORY)


def take() -> None:
    """Note that this checkout holds the lab from now on."""
    holder = Holder(str(REPOSITORY), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
    HOLDER.write_text(json.dumps(asdict(holder)), encoding="utf-8")


def require_ours() -> None:
    """Raise `LabError` where another checkout holds the lab, or nobody does."""
    holder = read_holder()
    if holder is None:
        raise LabError("there is no lab: fab lab.up")
    if not is_ours():
        raise LabError(
            f"the lab is held by {holder.checkout} since {holder.since}; "
            "take it over, and delete what it holds, by: .venv/bin/fab lab.up --take"
        )


@contextmanager
def locked() -> Iterator[None]:
    """Let one verb at a time change the lab; a second one is refused at once.

    Raises `LabError` naming the process that is at it.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LabError(f"another lab command is at work: process {file.read().strip()}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)
