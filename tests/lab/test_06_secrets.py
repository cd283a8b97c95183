"""Nothing secret where it must not be; every service its own user, that writes in its own folders only."""

import pytest

from ops.environments import PASSWORDS
from tests.lab.runs import LOGS
from tests.lab.sites import Site

pytestmark = pytest.mark.lab

#: Programs and the users that they have to run as.
USERS = {
    "gunicorn": "microblog",
    "supervisord": "microblog",
    "celery": "microblog",
    "postgres": "postgres",
    "redis-server": "redis",
    "haproxy": "haproxy",
    # Exporters and Alertmanager too.
    "prometheus": "prometheus",
}

#: Where each user may write, and what lies below.
WRITABLE = {
    "microblog": ("/var/lib/microblog/run", "/var/lib/microblog/metrics", "/var/log/microblog"),
    "www-data": ("/var/cache/nginx", "/var/lib/nginx", "/var/lib/microblog/incoming"),
}
PICTURES = "/var/lib/microblog/media"
FOR_ALL = ("/tmp", "/var/tmp")


def values(site: Site) -> list[str]:
    """All secrets of the lab, the authority's key by a line of it."""
    return [*(site.secret(name) for name in PASSWORDS), site.secret("tls_ca_key").splitlines()[1]]


def test_no_run_said_a_secret(site: Site) -> None:
    logs = list(LOGS.glob("site*.log"))
    assert logs
    for log in logs:
        text = log.read_text(encoding="utf-8")
        assert not [
            name for name, value in zip([*PASSWORDS, "key"], values(site), strict=True) if value in text
        ], log


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("process lists", "ps -e -ww -o args"),
        (
            "logs",
            "cat /var/log/*.log /var/log/*/*.log /var/log/*/*/*.log 2> /dev/null; journalctl --no-pager -q",
        ),
        (
            "files that everybody may read",
            (
                "find / -xdev -type f -perm -o=r -newer /etc/machine-id -size -2000k "
                "-not -path '/proc/*' -not -path '/sys/*' -not -path '/opt/*/venv/*' "
                "-print0 | xargs -0 -r cat"
            ),
        ),
    ],
)
def test_no_secret_lies_open(site: Site, where: str, command: str) -> None:
    patterns = "\n".join(values(site))
    found = []
    for name, host in site.hosts.items():
        count = site.grep(host, command, patterns)
        if count:
            found.append(f"{name}: {count} lines")
    assert found == [], where


def test_services_run_as_their_own_users(site: Site) -> None:
    seen = set()
    for name in site.hosts:
        for line in site.sudo(name, "ps -e -o user:32=,comm=,ppid=").splitlines():
            user, program, *_ = line.split()
            for service, expected in USERS.items():
                if program.startswith(service):
                    seen.add((service, user))
                    assert user == expected or (service == "haproxy" and user == "root"), f"{name}: {line}"
    assert {service for service, _ in seen} >= {
        *("supervisord", "postgres", "redis-server", "haproxy", "prometheus")
    }


@pytest.mark.parametrize("user", WRITABLE)
@pytest.mark.parametrize("host", ["web1", "worker1"])
def test_programs_write_in_their_own_folders_only(site: Site, host: str, user: str) -> None:
    """Who takes a program over shall not change what root or another program uses."""
    group = "www-data" if user == "www-data" else "microblog"
    wanted = f"-user {user} -o -group {group} -perm -020 -o -perm -002"
    found = site.sudo(host, f"find / -xdev -not -path '/proc/*' -type d '(' {wanted} ')'").splitlines()

    allowed = (*WRITABLE[user], PICTURES, *FOR_ALL)
    assert [each for each in found if not each.startswith(allowed)] == []
    assert any(each.startswith(WRITABLE[user]) for each in found)
