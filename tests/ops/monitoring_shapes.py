"""Inventories of several shapes, and what their monitoring hosts get, as Ansible renders it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ops.inventory import REPOSITORY, tool

CHECKS = {
    "prometheus": ("promtool", "check", "config"),
    "alertmanager": ("amtool", "check-config"),
    "blackbox": ("prometheus-blackbox-exporter", "--config.check", "--config.file"),
}
ROLES = ("prometheus", "alertmanager", "blackbox_exporter")
VARIABLES: dict[str, Any] = {
    "microblog_domain": "social.example.org",
    "microblog_site_name": "Frank & Friends (beta)",
    "microblog_mail_from": "Microblog <no-reply@social.example.org>",
    "microblog_smtp_url": "smtp://mail.example.org",
    "blackbox_exporter_ip_protocol": "ip4",
    "blackbox_exporter_authority": {"stat": {}},
}


def shape(groups: dict[str, list[str]], addresses: dict[str, str], **variables: Any) -> dict[str, Any]:
    """An inventory: its groups, its hosts' addresses, and what differs from VARIABLES."""
    hosts = {name: {"ansible_host": address} for name, address in addresses.items()}
    children = {group: {"hosts": dict.fromkeys(names)} for group, names in groups.items()}
    return {"all": {"hosts": hosts, "children": children, "vars": VARIABLES | variables}}


TIERS = {
    "edge": ["lb1"],
    "web": ["web1", "web2"],
    "worker": ["worker1", "worker2"],
    "media": ["worker1", "worker2"],
    "database": ["db1"],
    "monitoring": ["mon1"],
    "spare": ["db2"],
}
ADDRESSES = {
    name: f"10.77.0.{number}"
    for number, name in enumerate(
        ("lb1", "web1", "web2", "worker1", "worker2", "db1", "db2", "mon1"), start=11
    )
}
ONE_GROUPS = {group: ["one"] for group in ("web", "worker", "database", "monitoring")}
SHAPES = {
    "lab": shape(
        TIERS,
        ADDRESSES,
        blackbox_addresses=["10.77.0.11"],
        monitoring_hurry=12,
        monitoring_scrape_seconds=5,
        alert_webhook_urls=["http://10.77.0.1:9095/"],
        alert_mail_to="",
    ),
    "one": shape(ONE_GROUPS, {"one": "192.0.2.1"}),
    "ipv6": shape(
        TIERS,
        {name: address.replace("10.77.0.", "fd00::") for name, address in ADDRESSES.items()},
        blackbox_addresses=["fd00::11"],
        alert_mail_to="oncall@example.org, boss@example.org",
        microblog_smtp_url="smtp+starttls://a%40b:p%3Aw+%22d@mail.example.org:587",
    ),
    "no edge": shape(
        {name: hosts for name, hosts in TIERS.items() if name not in {"edge", "media"}} | {"web": ["web1"]},
        {name: address for name, address in ADDRESSES.items() if name not in {"lb1", "web2"}},
        alert_mail_to="oncall@example.org",
        microblog_smtp_url="smtps://user:secret@[2001:db8::25]",
        alert_heartbeat_url="https://beats.example.org/ping/0d1c",
        dashboards_name="watch.example.org",
        microblog_database_url="postgresql+psycopg2://elsewhere/",
    ),
}
PLAY = """
- hosts: monitoring
  connection: local
  gather_facts: false
  tasks:
    - {ansible.builtin.include_vars: "{{ item }}", loop: VARIABLES}
    - {ansible.builtin.template: {src: "{{ item.from }}", dest: "{{ item.to }}"}, loop: FILES}
    - ansible.builtin.template:
        src: MONITORING/targets.yml.j2
        dest: "TARGETS/{{ item.key }}.yml"
      loop: "{{ prometheus_jobs | dict2items }}"
"""


def write(made: Path, name: str, inventory: dict[str, Any]) -> Path:
    """Render all for one shape, as Ansible does on the host."""
    folder, environment = made / f"etc-{name}", made / name
    shutil.copytree(REPOSITORY / "ops/inventories/production.example", environment)
    shutil.rmtree(environment / "group_vars")
    (folder / "targets").mkdir(parents=True)
    (folder / "alertmanager_templates").mkdir()
    shutil.copy(REPOSITORY / "monitoring/alertmanager.tmpl", folder / "alertmanager_templates")
    (environment / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
    roles = REPOSITORY / "ops/roles"
    variables = [str(roles / role / part / "main.yml") for role in ROLES for part in ("defaults", "vars")]
    files = [
        *({"from": f"MONITORING/{part}.yml.j2", "to": f"{folder}/{part}.yml"} for part in CHECKS),
        *(
            {"from": str(path), "to": f"{folder}/{path.stem}"}
            for path in roles.glob("*/templates/*.sh.j2")
            if path.parts[-3] in ROLES
        ),
    ]
    play = PLAY.replace("FILES", json.dumps(files)).replace("VARIABLES", json.dumps(variables))
    play = play.replace("MONITORING", str(REPOSITORY / "monitoring")).replace("TARGETS", f"{folder}/targets")
    (made / f"{name}.yml").write_text(play, encoding="utf-8")
    # The roles' defaults come in above the inventory here, where they are below it in a run.
    own = json.dumps(inventory["all"]["vars"])
    command = [tool("ansible-playbook"), str(made / f"{name}.yml"), "-i", str(environment), "-e", own]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
