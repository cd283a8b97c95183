"""What takes longer than `make test-lab` may: rehearsed by `make drills`."""

import pytest

from ops.lab import verbs
from tests.lab.conftest import Site
from tests.lab.runs import play_well
from tests.lab.test_5_failures import serves
from tests.lab.test_7_audits import LYNIS_AT_LEAST, ask_lynis

pytestmark = [pytest.mark.lab, pytest.mark.drill]


@pytest.mark.usefixtures("site")
def test_the_playbook_needs_no_mitogen() -> None:
    run = play_well("site", log="site-linear", environment={"ANSIBLE_STRATEGY": "linear"})

    assert run.changed_tasks == []


def test_a_dead_host_hinders_nobody(site: Site) -> None:
    verbs.kill("web2")
    try:
        play_well("site", "--limit", "!web2", log="site-without-web2")
        assert serves(site)
    finally:
        verbs.up()


@pytest.mark.parametrize("host", ["lb1", "worker1", "db1"])
def test_lynis_gives_the_index_of_each_tier(site: Site, host: str) -> None:
    assert ask_lynis(site, host) >= LYNIS_AT_LEAST
