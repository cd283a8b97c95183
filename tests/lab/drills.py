"""Drills: a trouble, the alert that has to tell of it, and how long that and its end may take in the lab."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab import troubles
from tests.lab.receiver import Receiver
from tests.lab.troubles import Scene, Trouble


@dataclass(frozen=True)
class Drill:
    """An alert with the labels that it must have at least; `fires` and `resolves` in seconds at most."""

    alert: str
    trouble: Trouble
    labels: Mapping[str, str]
    fires: float = 60
    resolves: float = 60

    @property
    def resolves_within(self) -> float:
        """Seconds; the news of tickets waits for its group, whatever it is about."""
        return self.resolves + (60 if self.labels.get("severity") == "ticket" else 0)

    @property
    def told(self) -> str:
        """What is done, out of the trouble's own words."""
        return (self.trouble.__doc__ or "").strip().rstrip(".")


@dataclass(frozen=True)
class Outcome:
    """A drill that went well: what was delivered, and the seconds to fire and to resolve."""

    drill: Drill
    summary: str
    labels: Mapping[str, str]
    fired: float
    resolved: float


#: What a machine of two cores has time for in `make test-lab`.
SHORT = (
    Drill("HostDown", troubles.without_web_host, {"instance": "web2", "severity": "page"}),
    Drill("RedisDown", troubles.without_redis, {"instance": "db1", "server": "broker", "severity": "page"}),
    Drill("WorkersDown", troubles.without_workers, {"severity": "page"}),
    Drill("DeadLetters", troubles.with_poisoned_job, {"severity": "ticket"}),
)
LONG = (
    Drill("DatabaseDown", troubles.without_database, {"instance": "db1", "severity": "page"}, resolves=90),
    Drill("BeatSilent", troubles.without_beat_and_relay, {"severity": "ticket"}, fires=200),
    Drill("RelaySilent", troubles.without_beat_and_relay, {"severity": "page"}, fires=200),
    Drill(
        "HostDiskFull",
        troubles.with_full_disk,
        {"instance": "worker2", "mountpoint": "/srv/drill", "severity": "page"},
    ),
    Drill("DatabaseSlow", troubles.with_slow_queries, {"severity": "ticket"}, fires=120, resolves=120),
    Drill(
        "AvailabilityBurnFast",
        troubles.with_failing_release,
        {"severity": "page"},
        fires=300,
        resolves=120,
    ),
    Drill(
        "CertificateExpiring",
        troubles.with_ending_certificate,
        {"instance": "worker2", "severity": "ticket"},
        fires=90,
    ),
    Drill("LogShippingDown", troubles.without_shipping, {"instance": "web2", "severity": "ticket"}),
    Drill(
        "LogStoreDown",
        troubles.without_log_store,
        {"instance": "mon1", "store": "mon1", "severity": "ticket"},
    ),
    Drill(
        "LogsLate",
        troubles.with_hung_sender,
        {"instance": "web2", "store": "mon1", "severity": "ticket"},
        fires=450,
    ),
    Drill(
        "BackupTooOld",
        troubles.with_old_backup,
        {"instance": "mon1", "severity": "ticket"},
        fires=120,
        resolves=120,
    ),
)


def rehearse(drill: Drill, scene: Scene, receiver: Receiver) -> Outcome:
    """Make the trouble, wait for its alert, mend it, and wait for the alert's end."""
    begun = time.monotonic()
    with drill.trouble(scene):
        broken = time.monotonic()
        fired = receiver.wait("firing", drill.alert, drill.labels, since=begun, seconds=drill.fires)
    mended = time.monotonic()
    resolved = receiver.wait(
        "resolved", drill.alert, drill.labels, since=broken, seconds=drill.resolves_within
    )
    return Outcome(drill, fired.annotations["summary"], fired.labels, fired.at - broken, resolved.at - mended)
