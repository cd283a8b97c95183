"""Every alert that the lab can provoke, one after another, and ten healthy minutes; a report in docs/."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devstack.processes import wait_for
from ops.inventory import REPOSITORY
from ops.lab import verbs
from tests.lab.drills import LONG, SHORT, Drill, Outcome, rehearse
from tests.lab.load import Account, Load
from tests.lab.made_releases import MadeReleases
from tests.lab.receiver import Receiver
from tests.lab.runs import play_well
from tests.lab.sites import Site
from tests.lab.test_02_watching import QUIET_SECONDS, is_quiet
from tests.lab.troubles import Scene
from tests.lab.watchers import Prometheus

pytestmark = [pytest.mark.lab, pytest.mark.drill]

HEALTHY_SECONDS = 600
REPORT = REPOSITORY / "docs" / "drills.md"
HEAD = """\
# Drills

What `make drills` rehearsed last: each trouble is made in the lab under a load of about nine requests a
second, its alert is awaited at a webhook, the trouble is mended, and the alert's end awaited. The lab's
waiting times are a twelfth of production's (`monitoring_hurry`); what counts is that each alert fires, with
these labels, and resolves. The time to resolve counts from the end of mending; below zero, the alert ended
before that: a rollback takes minutes, and helps from its first host on.

{date}, {healthy} healthy seconds under the same load before: no alert.

| trouble | alert | fires after | resolves after | what the page says |
|---|---|---|---|---|
"""


@pytest.fixture(scope="module", autouse=True)
def _load(site: Site, accounts: list[Account]) -> Iterator[None]:
    """Every host is there and watched, and people visit."""
    if unwatched := [each["metric"]["instance"] for each in Prometheus(site).ask('up{job="node"} == 0')]:
        play_well("site", "--limit", ",".join(unwatched))
    with Load.of(site, accounts, readers_per_second=8, posters_per_second=0.25):
        yield
    verbs.up()


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    """What went well so far; the report once all have."""
    found: list[Outcome] = []
    yield found
    if len(found) == len(SHORT + LONG):
        write_report(REPORT, found)


def write_report(path: Path, outcomes: list[Outcome]) -> None:
    """The table of `docs/drills.md`."""
    lines = [HEAD.format(date=datetime.now(UTC).date(), healthy=HEALTHY_SECONDS)]
    for each in outcomes:
        labels = ", ".join(f"{name}={value}" for name, value in sorted(each.drill.labels.items()))
        times = f"{each.fired:.0f} s | {each.resolved:.0f} s"
        lines.append(f"| {each.drill.told} | {each.drill.alert} ({labels}) | {times} | {each.summary} |\n")
    path.write_text("".join(lines), encoding="utf-8")


def test_nothing_fires_in_ten_healthy_minutes(site: Site, receiver: Receiver) -> None:
    prometheus = Prometheus(site)
    wait_for(lambda: is_quiet(prometheus), QUIET_SECONDS, lambda: f"{prometheus.firing()}")
    begun = time.monotonic()
    wait_for(
        lambda: receiver.fired_since(begun) or time.monotonic() - begun > HEALTHY_SECONDS,
        HEALTHY_SECONDS + 10,
        lambda: "the clock stands still",
    )

    assert [str(each) for each in receiver.fired_since(begun)] == []


@pytest.mark.parametrize("drill", SHORT + LONG, ids=lambda drill: drill.alert)
def test_an_alert_fires_and_resolves(
    site: Site, made: MadeReleases, receiver: Receiver, outcomes: list[Outcome], drill: Drill
) -> None:
    outcomes.append(rehearse(drill, Scene(site, made), receiver))
