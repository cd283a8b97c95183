"""Bad releases: each is stopped at the canary or before, or taken back, and the site is served throughout."""

from dataclasses import dataclass

import pytest

from tests.lab.deploys import all_run, deploy
from tests.lab.load import Account, Load
from tests.lab.made_releases import MadeReleases
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

#: At most the canary's share of the requests may fail while it is watched, and a few more by chance.
SHARE = 0.1
#: A second: enough to see that the site is served.
READS, POSTS = 8, 0.25


@dataclass(frozen=True)
class Bad:
    """A kind of release, what its deploy says, and how far it came."""

    kind: str
    says: str
    reaches_visitors: bool = False


@pytest.mark.parametrize(
    "bad",
    [
        Bad("tampered", "isn't what the manifest says"),
        pytest.param(Bad("forged", "Hash mismatch"), marks=pytest.mark.drill),
        Bad("unsafe_migration", "changing-column-type"),
        pytest.param(Bad("bad_migration", "the migration failed"), marks=pytest.mark.drill),
        Bad("unready", "did not become ready"),
        Bad("failing", "the gate stays shut", reaches_visitors=True),
        pytest.param(Bad("sluggish", "the gate stays shut"), marks=pytest.mark.drill),
        Bad("crashing_workers", "does not live"),
    ],
    ids=lambda bad: bad.kind,
)
def test_a_bad_release_takes_itself_back(
    site: Site, made: MadeReleases, accounts: list[Account], former: str, bad: Bad
) -> None:
    release = made.make(bad.kind)
    with Load.of(site, accounts, readers_per_second=READS, posters_per_second=POSTS) as load:
        run = deploy(release, log=f"deploy-{bad.kind}")

    assert run.code != 0
    assert bad.says in run.output, run.failure
    assert all_run(site, former)
    failed = len(load.report.failures)
    if bad.reaches_visitors:
        assert failed <= load.report.requests * SHARE, load.report.summary
    else:
        assert failed == 0, load.report.summary
