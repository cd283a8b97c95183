"""What takes longer than `make test-lab` may: rehearsed by `make drills`."""

import json
from concurrent.futures import Future

import pytest

from ops.lab import verbs
from tests.lab.conftest import INVENTORIES
from tests.lab.runs import Run, play_well
from tests.lab.sites import Site
from tests.lab.test_05_failures import serves
from tests.lab.test_07_audits import LYNIS_AT_LEAST, ask_lynis

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


def test_the_ssh_server_moves_in_two_runs(site: Site) -> None:
    def listening() -> set[str]:
        lines = site.sudo("db2", "ss -Hltnp '( sport = :22 or sport = :2222 )'").splitlines()
        return {line.split()[3].rpartition(":")[2] for line in lines}

    def move(**variables: int) -> None:
        options = ("--limit", "db2", "--tags", "firewall,ssh_server", "-e", json.dumps(variables))
        play_well("site", *options, log="site-ssh-port")

    move(ssh_server_port=2222)
    assert listening() == {"22", "2222"}

    move(ansible_port=2222)
    assert listening() == {"22", "2222"}

    move()
    assert listening() == {"22"}


def test_one_host_is_finished_after_one_run(one_host: Future[Run]) -> None:
    assert one_host.result().code == 0

    second = play_well("site", inventory=INVENTORIES / "one_host", log="site-one-host-again")

    assert second.changed_tasks == []
