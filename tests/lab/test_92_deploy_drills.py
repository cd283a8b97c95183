"""What of deploys takes longer than `make test-lab` may: rehearsed by `make drills`."""

from collections.abc import Iterator

import pytest

from devstack.processes import wait_for
from ops.lab import verbs
from tests.lab.deploys import all_run, deploy, deploy_well, served, started
from tests.lab.ledger import ask, settle
from tests.lab.load import Account, Load
from tests.lab.made_releases import MadeReleases
from tests.lab.runs import play, play_well
from tests.lab.sites import Site
from tests.lab.test_05_failures import BACK_SECONDS, NOTICED_SECONDS, state_of

pytestmark = [pytest.mark.lab, pytest.mark.drill]

TURNS = 5
REQUESTS = 5000
#: What the contract step of a release made for this drops.
HAS_COLUMN = """
SELECT count(*) FROM information_schema.columns WHERE table_name = 'tags' AND column_name = 'created_at'
"""


@pytest.fixture(autouse=True)
def _everything_is_mended() -> Iterator[None]:
    yield
    verbs.up()


def test_nobody_notices_five_deploys_and_five_rollbacks(
    site: Site, made: MadeReleases, accounts: list[Account], former: str
) -> None:
    """In between Redis and worker1 are started anew."""
    releases = [made.make("slow", edition) for edition in range(1, TURNS + 1)]
    with Load.of(site, accounts) as load:
        for turn, release in enumerate(releases):
            deploy_well(release, log=f"deploy-{turn}")
            assert all_run(site, release)
            site.sudo("db1", "systemctl restart redis-server@broker redis-server@cache")
            play_well("rollback", "-e", f"release={former}", log=f"rollback-{turn}")
            assert all_run(site, former)
            site.sudo("worker1", "systemctl restart supervisord")
        wait_for(lambda: load.requests >= REQUESTS, 300, lambda: f"only {load.requests} requests")

    assert load.report.failures == [], load.report.summary
    assert settle(site, load.report.posts) == []


def test_nobody_notices_a_drained_stop(site: Site, accounts: list[Account]) -> None:
    with Load.of(site, accounts) as load:
        play_well("drain", "-e", "drained=web1", log="drain")
        verbs.kill("web1")
        last = play("drain", "-e", "drained=web2", log="drain-last")
        verbs.up()
        wait_for(lambda: runs_web(site, "web1"), BACK_SECONDS, lambda: "web1 does not come back")
        play_well("drain", "-e", "drained=web1", "-e", "back=true", log="undrain")

    assert last.code != 0
    assert "no other web host than web2 serves" in last.output
    assert load.report.failures == [], load.report.summary
    assert settle(site, load.report.posts) == []


def test_a_power_cut_fails_no_read(site: Site, accounts: list[Account]) -> None:
    with Load.of(site, accounts) as load:
        wait_for(lambda: load.requests > 400, 60, lambda: f"only {load.requests} requests")
        verbs.kill("web1")
        wait_for(
            lambda: state_of(site, "web1") == "DOWN", NOTICED_SECONDS, lambda: "the edge does not notice"
        )
        seen = load.requests
        wait_for(lambda: load.requests > seen + 400, 60, lambda: f"only {load.requests} requests")

    assert [each for each in load.report.failures if each.method != "POST"] == [], load.report.summary
    assert settle(site, load.report.posts) == []


@pytest.mark.parametrize(
    "part",
    [
        "Bring the schema to what both releases can use",
        "Let one web host serve it to a few",
        "Watch it beside the others",
        "Let a worker of it live beside the others",
        "Let the other workers change over",
        "Prove that it runs everywhere",
    ],
    ids=["schema", "canary", "gate", "first-worker", "workers", "proof"],
)
def test_a_killed_deploy_is_finished_by_the_next(
    site: Site, made: MadeReleases, former: str, part: str
) -> None:
    release = made.make("plain")
    with started(release, log="deploy-killed") as run:
        run.wait_until(part)
        run.kill()

    finish(site, release, former, log="after-the-kill")


@pytest.mark.parametrize(
    ("part", "host"),
    [("Let the other web hosts serve it", "web2"), ("Let the other workers change over", "worker2")],
    ids=["web", "worker"],
)
def test_a_host_cut_off_in_its_part_is_finished_by_the_next(
    site: Site, made: MadeReleases, former: str, part: str, host: str
) -> None:
    release = made.make("plain", 2)
    with started(release, log=f"deploy-cut-{host}") as run:
        run.wait_until(part)
        verbs.cut(host)
        assert run.end() != 0
    assert host in run.output
    assert site.visitor().get("/").body
    verbs.up()

    finish(site, release, former, log=f"after-the-cut-{host}")


def test_a_bad_canary_goes_back_though_another_host_is_lost(
    site: Site, made: MadeReleases, former: str
) -> None:
    with started(made.make("failing"), log="deploy-bad-and-cut") as run:
        run.wait_until("Watch it beside the others")
        verbs.cut("web2")
        assert run.end() != 0

    assert f"NOT BACK at {former}: web2" in " ".join(run.output.split())
    assert served(site, "web1") == former
    assert site.visitor().get("/").body
    verbs.up()
    wait_for(lambda: runs_web(site, "web2"), BACK_SECONDS, lambda: "web2 does not come back")
    assert all_run(site, former)


def test_a_rollback_needs_no_edge(site: Site, made: MadeReleases, former: str) -> None:
    deploy_well(made.make("plain", 3), log="deploy-without-edge")
    verbs.cut("lb1")
    play_well("rollback", log="rollback-without-edge")
    verbs.up()

    assert all_run(site, former)
    assert site.visitor().get("/").body


def test_the_schema_is_contracted_when_every_host_runs_the_release(
    site: Site, made: MadeReleases, former: str
) -> None:
    release = made.make("next_contract")
    with started(release, log="deploy-before-contract") as run:
        run.wait_until("Let the other web hosts serve it")
        run.kill()
    refused = play("contract", log="contract-refused")
    assert refused.code != 0
    assert "several releases run" in refused.output

    deploy_well(release, log="deploy-to-contract")
    assert ask(site, HAS_COLUMN) == [["1"]]
    play_well("contract", log="contract")
    assert ask(site, HAS_COLUMN) == [["0"]]

    no_way_back = play("rollback", "-e", f"release={former}", log="rollback-contracted")
    assert no_way_back.code != 0
    assert f"the schema has lost what {former} uses" in " ".join(no_way_back.output.split())
    assert "the schema has lost" in deploy(former, log="deploy-contracted").output
    assert all_run(site, release)


def finish(site: Site, release: str, former: str, *, log: str) -> None:
    """Have the next run finish what was interrupted, and go back for the next test."""
    assert site.visitor().get("/").body
    deploy_well(release, log=f"deploy-{log}")
    assert all_run(site, release)
    play_well("rollback", "-e", f"release={former}", log=f"rollback-{log}")


def runs_web(site: Site, host: str) -> bool:
    """Whether the host serves, asked of the edge: a drained one stays drained."""
    return "DRAIN" in state_of(site, host) or "UP" in state_of(site, host)
