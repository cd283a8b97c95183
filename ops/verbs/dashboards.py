"""fab dashboards: where the boards are, and how to get in."""

import webbrowser

import yaml
from fabric import Connection

from ops.environments import vault_file
from ops.inventory import REPOSITORY, Host
from ops.verbs.terminal import TO, VerbError, verb
from ops.verbs.watchers import ask_watchers, monitoring_hosts

PORTS = REPOSITORY / "ops/playbooks/group_vars/all/ports.yml"
USER = "oncall"
PAGES = {"boards": "", "alerts": "prometheus/alerts", "questions": "prometheus/graph"}


@verb(help=TO | {"open_": "open the boards in a browser"})
def dashboards(
    _context: Connection,
    to: str = "lab",
    open_: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --open
) -> None:
    """Tell where the dashboards are, who gets in, and whether they answer."""
    hosts = monitoring_hosts(to)
    port = yaml.safe_load(PORTS.read_text(encoding="utf-8"))["dashboards_port"]
    for host in hosts:
        for name, path in PAGES.items():
            print(f"{name:9}  {address_of(host, port)}{path}")
    vault = vault_file(to).relative_to(REPOSITORY)
    print(f"user       {USER}")
    print(f"password   ansible-vault view {vault} | grep dashboards_password")
    watchers = ask_watchers(to, "check_door", port=port)
    remarks = [f"{host.name}: {wrong}" for host, said in watchers.said for wrong in said] + watchers.silent
    if open_:
        webbrowser.open(address_of(hosts[0], port))
    if remarks:
        raise VerbError("; ".join(remarks))
    print(f"answers    {', '.join(host.name for host in hosts)}")


def address_of(host: Host, port: int) -> str:
    """Where people find the dashboards of a monitoring host, such as https://watch.example.org:9443/."""
    name = str(host.variables.get("dashboards_name", host.address))
    return f"https://{f'[{name}]' if ':' in name else name}:{port}/"
