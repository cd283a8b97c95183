"""A host that leaves those who watch, or the site: what it ran for that is known, and stops."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.inventory import REPOSITORY
from tests.ops.monitoring_shapes import ADDRESSES, TIERS, shape, write

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("monitoring templates")]
ROLES = REPOSITORY / "ops/roles"
#: Roles of the two plays of site.yml that are about watching, by what they make of a host.
WATCHING = ("prometheus", "alertmanager", "blackbox_exporter", "log_store")
WATCHED = ("node_exporter", "postgres_exporter", "redis_exporter", "nginx_exporter", "log_shipping")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def flatten(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for task in tasks for each in [task, *flatten(task.get("block", []))]]


def units_of(role: str) -> set[str]:
    """The units that a role has started at boot."""
    found = set()
    for path in (ROLES / role / "tasks").glob("*.yml"):
        for task in flatten(load(path)):
            unit = task.get("ansible.builtin.systemd_service", {})
            if unit.get("enabled"):
                found |= set(task["loop"]) if unit["name"] == "{{ item }}" else {unit["name"]}
            if name := task.get("vars", {}).get("exporter_name"):
                found.add(f"{name}.service")
    return found


@pytest.mark.parametrize(("part", "roles"), [("watching", WATCHING), ("watched", WATCHED)])
def test_all_that_is_started_is_stopped(part: str, roles: tuple[str, ...]) -> None:
    started = set().union(*map(units_of, roles))

    assert len(started) >= len(roles)
    assert set(load(ROLES / "unwatched/vars/main.yml")["unwatched_units"][part]) == started


def test_the_roles_are_those_of_the_playbook() -> None:
    plays = {play["name"]: play for play in load(REPOSITORY / "ops/playbooks/site.yml")}
    roles = [
        each["role"]
        for name in ("Watch every host", "Look at what they say")
        for each in plays[name]["roles"]
    ]

    # The dashboards' server is nginx', which may serve others too: it has a task of its own.
    assert set(roles) == {*WATCHING, *WATCHED, "tls", "unwatched", "dashboards"}
    # Who left keeps all logs until the others send theirs elsewhere.
    assert plays["Watch every host"]["roles"][-1]["role"] == "unwatched"


def test_all_secrets_of_watching_go() -> None:
    secrets = load(ROLES / "unwatched/vars/main.yml")["unwatched_secrets"]
    known = {*secrets["watching"], *secrets["watched"], "{{ postgres_exporter_password_file }}"}
    written = {
        task[module]["dest"]
        for role in (*WATCHING, *WATCHED, "dashboards")
        for path in (ROLES / role / "tasks").glob("*.yml")
        for task in flatten(load(path))
        for module in ("ansible.builtin.copy", "ansible.builtin.template")
        if module in task and (task.get("no_log") or re.match("06[04]0", task[module]["mode"]))
    }

    assert len(written) > 3
    assert {path for path in written if not any(path.startswith(name) for name in known)} == set()
    file = load(ROLES / "postgres_exporter/vars/main.yml")["postgres_exporter_password_file"]
    assert file in secrets["watched"]


def test_a_host_that_leaves_is_asked_for_nothing(tmp_path: Path) -> None:
    tiers = {**TIERS, "worker": ["worker1"], "media": ["worker1"], "edge": []}
    hosts = {name: address for name, address in ADDRESSES.items() if name not in {"lb1", "worker2"}}
    # As the playbooks see them: ports, addresses.
    shutil.copytree(REPOSITORY / "ops/playbooks/group_vars", tmp_path / "group_vars")
    folder = write(tmp_path, "leaves", shape(tiers, hosts, prometheus_forgotten=["web1", "db1"]))

    for path in (folder / "targets").iterdir():
        asked = {target["labels"]["instance"] for target in load(path)}
        assert not asked & {"web1", "db1"}
        assert "web2" in asked or path.stem in {"redis", "postgres", "haproxy"}
    assert load(folder / "targets/redis.yml") == []


@pytest.mark.parametrize("stores", [["mon1"], ["mon1", "mon.2"]], ids=len)
def test_lines_for_a_store_that_there_is_go_on_waiting(stores: list[str]) -> None:
    pattern = load(ROLES / "log_shipping/vars/main.yml")["log_shipping_queues"]
    names = "|".join(map(re.escape, stores))
    told = re.sub(r"\{\{.*\}\}", names.replace("\\", r"\\"), pattern)

    for file in ("00000001", "qi"):
        for store in stores:
            assert re.match(told, f"/var/spool/rsyslog/to-{store}.{file}")
        assert not re.match(told, f"/var/spool/rsyslog/to-mon10.{file}")
        assert not re.match(told, f"/var/spool/rsyslog/to-monx2.{file}")
