"""Deploys and rollbacks under load: no request fails, no post is lost, no job is done twice."""

import pytest

from tests.lab.deploys import all_run, deploy, started
from tests.lab.ledger import settle
from tests.lab.load import Account, Load
from tests.lab.made_releases import MadeReleases
from tests.lab.runs import play_well
from tests.lab.sites import Site

pytestmark = pytest.mark.lab


def test_nobody_notices_a_deploy_and_a_rollback(
    site: Site, made: MadeReleases, accounts: list[Account], former: str
) -> None:
    """Some requests of the release take two seconds: none is cut off. Who deploys meanwhile is refused."""
    slow = made.make("slow")
    with Load.of(site, accounts) as load:
        with started(slow, log="deploy-slow") as run:
            run.wait_until("Look before anything is changed")
            second = deploy(slow, log="deploy-second")
            assert run.end() == 0, run.output[-2500:]
        assert all_run(site, slow)
        play_well("rollback", log="rollback-slow")
    assert all_run(site, former)

    assert second.code != 0
    assert "deploys, since" in second.output
    assert load.report.failures == [], load.report.summary
    assert len(load.report.acknowledged) > 0
    assert settle(site, load.report.posts) == []
