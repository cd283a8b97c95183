"""The role environment says which secrets an inventory lacks, before anything is changed."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.environments import PASSWORDS
from ops.inventory import REPOSITORY, tool

pytestmark = pytest.mark.slow

ROLE = REPOSITORY / "ops/roles/environment"
PLAY = f"""
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_vars: {ROLE}/vars/main.yml
    - ansible.builtin.import_tasks: {ROLE}/tasks/secrets.yml
"""
WORDS = dict.fromkeys(PASSWORDS, "a-word-of-the-tests")


def run(folder: Path, variables: dict[str, Any], *groups: str) -> str:
    """What the role says of an inventory; empty if it is content."""
    children = {group: {"hosts": {"one": None}} for group in groups}
    inventory = {"all": {"hosts": {"one": None}, "children": children, "vars": variables}}
    (folder / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    command = [tool("ansible-playbook"), str(folder / "play.yml"), "-i", str(folder / "hosts.yml")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else " ".join((done.stdout + done.stderr).split())


def test_an_environment_older_than_a_secret_is_told_which_and_how_to_make_it(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        {
            **WORDS,
            # In the inventory, not in its vault; the other way about; and in neither.
            "redis_monitor_password": "{{ vault_redis_monitor_password }}",
            "backup_password": "",
            "dashboards_password": None,
        },
        "monitoring",
        "backup",
    )

    assert (
        "redis_monitor_password, dashboards_password, backup_password: not set, so nothing was changed"
        in said
    )
    assert f"ansible-vault edit {tmp_path}/group_vars/all/vault.yml" in said
    assert "{{ vault_NAME }}" in said
    assert "a-word-of-the-tests" not in said


def test_the_vault_must_have_what_the_inventory_takes_from_it(tmp_path: Path) -> None:
    addresses = {"alert_webhook_urls": "{{ vault_alert_webhook_urls }}", "alert_heartbeat_url": ""}

    assert "vault_alert_webhook_urls: not in the vault" in run(tmp_path, WORDS | addresses, "monitoring")


def test_no_tier_wants_secrets_of_another_and_all_together_want_each(tmp_path: Path) -> None:
    bare = {
        name: "a-word" for name in WORDS if not name.startswith(("backup", "dashboards", "redis_monitor"))
    }
    own = {name: word for name, word in bare.items() if not name.startswith("postgresql")}

    assert run(tmp_path, bare) == ""
    assert run(tmp_path, own | {"microblog_database_url": "postgresql://elsewhere/"}) == ""
    said = run(tmp_path, {}, "monitoring", "backup")
    assert [name for name in PASSWORDS if name not in said] == []
