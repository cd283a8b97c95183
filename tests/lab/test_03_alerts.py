"""Alerts reach a webhook when something breaks, with the right labels, and again when it is mended."""

from collections.abc import Iterator

import pytest

from ops.lab import verbs
from tests.lab.drills import SHORT, Drill, rehearse
from tests.lab.load import Account, Load
from tests.lab.made_releases import MadeReleases
from tests.lab.receiver import Receiver
from tests.lab.sites import Site
from tests.lab.troubles import Scene

pytestmark = pytest.mark.lab

READS, POSTS = 8, 0.25


@pytest.fixture(scope="module", autouse=True)
def _load(site: Site, accounts: list[Account]) -> Iterator[None]:
    with Load.of(site, accounts, readers_per_second=READS, posters_per_second=POSTS):
        yield
    verbs.up()


@pytest.mark.parametrize("drill", SHORT, ids=lambda drill: drill.alert)
def test_an_alert_fires_and_resolves(
    site: Site, made: MadeReleases, receiver: Receiver, drill: Drill
) -> None:
    outcome = rehearse(drill, Scene(site, made), receiver)

    assert drill.alert in outcome.labels["alertname"]
    assert outcome.labels["environment"] == "lab"
    assert outcome.summary
