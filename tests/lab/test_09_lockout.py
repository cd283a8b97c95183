"""Who would lock himself out is told, and nothing has changed: on db2, a host in no tier."""

import json

import pytest

from tests.lab.runs import Run, play
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

#: A key that nobody has.
FOREIGN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvZ3VzYm9ndXNib2d1c2JvZ3VzYm9ndXNib2d1c2JvZ3Vz nobody"


def play_with(tags: str, **variables: object) -> Run:
    """Provision db2 alone with other variables."""
    return play(
        "site", "--limit", "db2", "--tags", tags, "-e", json.dumps(variables), log=f"site-lockout-{tags}"
    )


def test_a_firewall_that_shuts_the_operator_out_is_taken_back(site: Site) -> None:
    run = play_with("firewall", firewall_ssh_from=["192.0.2.0/24"])

    assert run.code != 0
    assert "the former ones are back: see `firewall_ssh_from`" in " ".join(run.output.split())
    assert "192.0.2.0" not in site.sudo("db2", "cat /etc/nftables.conf; nft list ruleset")


def test_keys_that_shut_the_operator_out_are_taken_back(site: Site) -> None:
    run = play_with("common", operators=[{"name": "deploy", "keys": [FOREIGN_KEY]}])

    assert run.code != 0
    assert "add the public key that you log in with" in " ".join(run.output.split())
    assert "nobody" not in site.sudo("db2", "cat /home/deploy/.ssh/authorized_keys")
