"""Every host to every port: open exactly where a role declares it, seen from both sides."""

import json

import pytest

from ops.inventory import ask_hosts
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

EVERYWHERE = "everywhere"
#: Written here once more, by hand, so that a mistake in a role's own declaration shows.
OPEN = {
    ("all", 22): {EVERYWHERE},
    ("edge", 80): {EVERYWHERE},
    ("edge", 443): {EVERYWHERE},
    ("web", 8080): {"edge", "monitoring"},
    ("web", 9400): {"monitoring"},
    ("worker", 9400): {"monitoring"},
    ("media", 8090): {"web", "worker"},
    ("database", 5432): {"web", "worker", "monitoring"},
    ("database", 8432): {"backup"},
    ("backup", 8432): {"database", "spare"},
    ("backup", 8433): {"media", "spare"},
    ("database", 6379): {"web", "worker"},
    ("database", 6380): {"web", "worker"},
    ("all", 9100): {"monitoring"},
    ("all", 9256): {"monitoring"},
    ("database", 9187): {"monitoring"},
    ("database", 9121): {"monitoring"},
    ("web", 9113): {"monitoring"},
    ("media", 9113): {"monitoring"},
    ("edge", 8405): {"monitoring"},
    ("monitoring", 20514): {"all"},
    ("monitoring", 9443): {EVERYWHERE},
}
PORTS = sorted({port for _, port in OPEN} | {25, 111, 3000, 8000, 8002, 9090, 9093, 9115})

PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
targets = json.load(sys.stdin)
def probe(target):
    try:
        socket.create_connection(tuple(target), timeout=2).close()
        return True
    except OSError:
        return False
with ThreadPoolExecutor(200) as pool:
    print(json.dumps(list(pool.map(probe, targets))))
"""


def is_declared(site: Site, source: str, target: str, port: int) -> bool:
    groups = {*site.hosts[target].groups, "all"}
    allowed = set().union(
        *(sources for (group, number), sources in OPEN.items() if number == port and group in groups)
    )
    from_groups = {*site.hosts[source].groups, "all"} if source in site.hosts else set()
    return EVERYWHERE in allowed or bool(allowed & from_groups)


def test_every_host_reaches_exactly_what_is_declared(site: Site) -> None:
    targets = [(host, port) for host in site.hosts for port in PORTS]
    addresses = json.dumps([(site.hosts[host].address, port) for host, port in targets])
    command = f"echo '{addresses}' | python3 -c '{PROBE}'"

    answers = ask_hosts(list(site.hosts.values()), command, seconds=60)

    wrong = []
    for answer in answers:
        assert not answer.failed, answer.output
        for (host, port), reached in zip(targets, json.loads(answer.output), strict=True):
            if host != answer.host.name and reached != is_declared(site, answer.host.name, host, port):
                wrong.append(f"{answer.host.name} to {host}:{port} {'open' if reached else 'shut'}")
    assert wrong == []


def test_hosts_listen_on_nothing_that_is_not_declared(site: Site) -> None:
    """The other side: what listens on an outer address is what somebody may reach."""
    for name, host in site.hosts.items():
        lines = site.sudo(name, "ss -H -l -t -n").splitlines()
        outer = {
            int(address.rpartition(":")[2])
            for address in (line.split()[3] for line in lines)
            if not address.startswith(("127.", "[::1]"))
        }
        declared = {port for (group, port) in OPEN if group == "all" or group in host.groups}
        assert outer <= declared, name
