"""When a job is due again: back-off after a failure, and the names of a schedule's periods."""

from datetime import UTC, datetime, timedelta

RETRY_BASE = timedelta(seconds=5)
RETRY_CAP = timedelta(minutes=15)
# How long a job waits for a shared part (mail server, Redis) before its failures count.
OUTAGE_PATIENCE = timedelta(days=1)
HANDOVER_CAP = timedelta(minutes=30)


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after the `attempts`-th failure: exponential, capped, 50-100 % of it by `chance` in
    [0, 1).
    """
    # A shifted base rather than 2**n of a float keeps huge counts harmless.
    full: timedelta = min(RETRY_CAP, RETRY_BASE * 4 ** min(max(attempts, 1) - 1, 10))
    return full * (0.5 + chance / 2)


def outage_delay(age: timedelta, chance: float) -> timedelta:
    """How long a job of that age waits for a shared part that is away: half its age, bounded, with jitter."""
    full: timedelta = min(RETRY_CAP, max(RETRY_BASE, age / 2))
    return full * (0.5 + chance / 2)


def handover_delay(base: timedelta, handovers: int) -> timedelta:
    """How long a job handed to the broker may stay unfinished before it is handed over again."""
    # Doubling keeps a long queue from being filled with copies of what already waits in it.
    delay: timedelta = min(HANDOVER_CAP, base * 2 ** min(handovers, 10))
    return delay


def minute_of(moment: datetime) -> str:
    """The name of the UTC minute, such as `2026-11-21T08:20`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def hour_of(moment: datetime) -> str:
    """The name of the UTC hour, such as `2026-11-21T08`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H")


def day_of(moment: datetime) -> str:
    """The name of the UTC day, such as `2026-11-21`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")
