"""Deploys that are cut off, and what visitors and jobs meet while two releases run side by side."""

import re
from collections.abc import Iterator

import pytest

from devstack.processes import wait_for
from microblog.cli.visiting import Visitor
from ops.lab import verbs
from tests.lab.deploys import all_run, deploy_well, former_of, running, started
from tests.lab.ledger import ask
from tests.lab.load import Account
from tests.lab.made_releases import MadeReleases
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

JOB_SECONDS = 60
UNFINISHED = "SELECT name, attempts FROM jobs WHERE state <> 'done'"
SMOKE = (
    "sudo -u microblog /opt/microblog/bin/microblog-run {release} smoke "
    "--socket /var/lib/microblog/run/current.sock"
)


@pytest.fixture(scope="module")
def before(site: Site) -> str:
    """The release that all hosts run before."""
    return former_of(site)


@pytest.fixture(scope="module")
def after(made: MadeReleases) -> str:
    """One with a new table, other style sheets, and a job that the release before doesn't know."""
    return made.make("next_schema")


@pytest.fixture(autouse=True)
def _everything_is_mended() -> Iterator[None]:
    yield
    verbs.up()


def test_the_controller_is_killed_while_hosts_install(site: Site, before: str, after: str) -> None:
    with started(after, log="deploy-killed-installing") as run:
        run.wait_until("Put the release beside")
        run.kill()

    assert all_run(site, before)


def test_two_releases_run_side_by_side(site: Site, accounts: list[Account], before: str, after: str) -> None:
    """The controller is killed when the canary has passed the gate: web1 runs N, all others N-1."""
    with started(after, log="deploy-killed-after-the-gate") as run:
        run.wait_until("Let the other web hosts serve it")
        run.kill()
    wait_for(lambda: running(site)["web1"] == {before, after}, 60, lambda: f"{running(site)}")
    assert running(site)["worker1"] == {before}

    # N-1 on the schema of N.
    assert "smoke:" in site.sudo("web2", SMOKE.format(release=before))
    # A page of N gets its style sheet from whichever host is asked.
    visitor = site.visitor()
    sheets = {sheet for _ in range(10) for sheet in find_sheets(visitor)}
    assert len(sheets) == 2
    assert all(visitor.get(sheet).body for sheet in sheets for _ in range(6))
    # Jobs that both know are done by N-1's workers; one of N's waits, and no attempt is counted.
    write_posts(site, accounts[0])
    wait_for(
        lambda: {row[0] for row in ask(site, UNFINISHED)} == {"statuses.echo"},
        JOB_SECONDS,
        lambda: f"{ask(site, UNFINISHED)}",
    )
    assert {row[1] for row in ask(site, UNFINISHED)} == {"0"}


def test_the_next_run_finishes(site: Site, before: str, after: str) -> None:
    deploy_well(after, log="deploy-finished")

    assert all_run(site, after)
    # Old releases leave the hosts: the newest and those that somebody may go back to are left.
    kept = int(site.hosts["web1"].variables["deploy_kept_releases"])
    installed = site.sudo("web1", "ls /opt/microblog/releases").split()
    assert {before, after} <= set(installed)
    assert len(installed) <= kept + 1, installed
    # What waited is done, once.
    wait_for(lambda: not ask(site, UNFINISHED), JOB_SECONDS, lambda: f"{ask(site, UNFINISHED)}")
    counts = ask(site, "SELECT status_id, count(*) FROM status_echoes GROUP BY status_id")
    assert counts
    assert {row[1] for row in counts} == {"1"}


def find_sheets(visitor: Visitor) -> set[str]:
    """The style sheets of the front page, as whichever host is asked has them."""
    return set(re.findall(r'href="(/static/[^"]+\.css)"', visitor.get("/log-in").text))


def write_posts(site: Site, account: Account, count: int = 6) -> None:
    """Posts through the edge, half of them to each web host.

    The edge gives requests to both hosts in turn, and a post is two: without a third, all reach the same one.
    """
    visitor = site.visitor()
    visitor.cookies.update(account.cookies)
    for number in range(count):
        visitor.submit("/home", "/write", text=f"Between two releases {number}")
        visitor.get("/about")
