"""The exporters: who may reach them, how they run, and that Redis answers what its exporter asks."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from devstack import servers
from ops.inventory import REPOSITORY
from ops.rendering import render

ROLES = REPOSITORY / "ops/roles"
EXPORTERS = sorted(path.name for path in ROLES.glob("*_exporter"))
#: The password of a role or user that only tests know.
PASSWORD = "monitor-password-of-the-tests"


def load(path: str) -> Any:
    return yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))


# --- Who may see them -------------------------------------------------------------------------


@pytest.mark.parametrize("role", [name for name in EXPORTERS if (ROLES / name / "ports.yml").exists()])
def test_only_those_who_watch_reach_an_exporter(role: str) -> None:
    assert {source for port in load(f"{role}/ports.yml") for source in port["from"]} == {"monitoring"}


def test_the_edge_hands_out_figures_of_its_own_and_nothing_else() -> None:
    edge = render(
        "haproxy",
        "haproxy.cfg.j2",
        haproxy_names=["social.example.org"],
        haproxy_web_hosts={"web1": "192.0.2.21"},
        haproxy_statuses=[503],
        haproxy_certificate_file={"stat": {}},
        haproxy_metrics_port=8405,
        private_host="192.0.2.11",
        nginx_port=8080,
    )
    figures = edge.split("\nfrontend metrics\n")[1]

    assert re.findall(r"bind (\S+)", figures) == ["192.0.2.11:8405"]
    assert "use-service prometheus-exporter if { path /metrics }" in figures
    assert "http-request return status 404" in figures
    assert "no log" in figures


def test_nginx_tells_its_figures_to_its_own_host_alone() -> None:
    settings = render("nginx_base", "nginx.conf.j2")

    (server,) = re.findall(r"server \{.*?stub_status;.*?\n    \}", settings, re.DOTALL)
    assert re.findall(r"listen (\S+);", server) == ["127.0.0.1:8091"]
    assert "access_log off;" in server


# --- How they run -----------------------------------------------------------------------------


def make_unit(name: str = "true", **values: Any) -> str:
    given = {"exporter_name": name, "exporter_read": {"results": []}}
    return render("exporter", "microblog.conf.j2", **{**given, **values})


def verify_unit(folder: Path, name: str) -> None:
    """As the roles' tasks do, before the unit lands."""
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is missing")


@needs_systemd
def test_systemd_takes_an_exporters_settings(tmp_path: Path) -> None:
    (tmp_path / "true.service").write_text("[Service]\nExecStart=/usr/bin/true $ARGS\n")
    (tmp_path / "true.service.d").mkdir()
    unit = make_unit(
        exporter_arguments=["--listen=[2001:db8::1]:9100", "--not=^(a|b)($|/)"],
        exporter_settings=['Environment="URI=127.0.0.1/site?a=%%2Fb&c=d"'],
        exporter_system_calls=["adjtimex"],
    )
    (tmp_path / "true.service.d/microblog.conf").write_text(unit)

    verify_unit(tmp_path, "true.service")
    # systemd would take $| for a variable.
    assert "--not=^(a|b)($$|/)" in unit


@needs_systemd
def test_systemd_takes_the_unit_of_the_facts(tmp_path: Path) -> None:
    values = load("node_exporter/vars/main.yml")
    unit = render("node_exporter", "microblog-host-facts.service.j2", **values)
    (tmp_path / "microblog-host-facts.service").write_text(unit)
    # It asks who may answer without end.
    assert "\nMemoryMax=400M\n" in unit

    verify_unit(tmp_path, "microblog-host-facts.service")


def test_all_of_the_program_of_the_facts_is_installed() -> None:
    installed = load("node_exporter/vars/main.yml")["node_exporter_facts_files"]

    there = {f"ops/host_facts/{path.name}" for path in (REPOSITORY / "ops/host_facts").glob("*.py")}
    assert there == {name for name in installed if name.startswith("ops/host_facts/")}


def test_a_new_password_or_question_starts_the_exporter_again() -> None:
    read = {"results": [{"item": "/etc/microblog/password", "stat": {"checksum": "abc"}}]}

    assert make_unit(exporter_read=read) != make_unit()


@pytest.mark.parametrize("role", EXPORTERS)
def test_no_password_is_an_argument(role: str) -> None:
    path = ROLES / role / "tasks/main.yml"
    blocks = re.findall(
        r"exporter_arguments:(.*?)\n\s+exporter_\w+:", path.read_text() + "\n exporter_x:", re.DOTALL
    )

    assert not [block for block in blocks if "_password }}" in block or "_passwords" in block]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/opt/microblog/releases/0.1.0-x/venv/bin/python /opt/x/venv/bin/microblog web", "web"),
        ("/opt/x/venv/bin/python3.11 /opt/x/venv/bin/microblog worker --queues mail", "worker"),
        ("/opt/x/venv/bin/python /opt/x/venv/bin/microblog exporter", "exporter"),
        ("/opt/supervisor/venv/bin/python3 /opt/supervisor/venv/bin/supervisord --nodaemon", "supervisord"),
        ("/opt/x/venv/bin/python /opt/x/venv/bin/microblog jobs dead", "command"),
        ("/usr/bin/python3 /tmp/bin/microblog aaaa", "command"),
        ("/usr/bin/python3 /tmp/bin/microblog webaaaa", "command"),
        # On a monitoring host one that is there must not stand for the other.
        ("/usr/sbin/rsyslogd -n -iNONE -f /etc/microblog/log-store.conf", "log-store"),
        ("vim /opt/x/venv/bin/microblog web", None),
        ("/usr/bin/python3 -m ops.host_facts", None),
    ],
)
def test_programs_are_counted_under_their_names(command: str, name: str | None) -> None:
    values = load("node_exporter/vars/main.yml")
    entries = yaml.safe_load(render("node_exporter", "process-exporter.yml.j2", **values))["process_names"]
    found = None
    for entry in entries:
        match = re.search(entry.get("cmdline", ["^$"])[0], command)
        if match:
            found = match.groupdict().get("Program", entry["name"])
            break

    assert found == name


def test_each_program_of_the_site_has_a_name_of_its_own() -> None:
    commands = [program["command"] for program in load("web/vars/main.yml")["web_programs"]]
    commands.append(load("worker/vars/main.yml")["worker_programs"])
    commands += [path.read_text(encoding="utf-8") for path in ROLES.glob("application/**/*.yml")]

    run = set(re.findall(r"microblog-run \w+ (\w+)", "\n".join(commands)))

    assert {"web", "worker", "relay", "beat"} <= run
    assert run <= set(load("node_exporter/vars/main.yml")["node_exporter_programs"])


# --- Redis ------------------------------------------------------------------------------------


def send(client: redis.Redis, command: str) -> object:
    return client.execute_command(*command.split())  # type: ignore[no-untyped-call]


@pytest.fixture
def monitor() -> Iterator[redis.Redis]:
    """The user of the role's template, on a server of its own."""
    template = (ROLES / "redis/templates/redis.conf.j2").read_text(encoding="utf-8")
    (rights,) = re.findall(r"^user monitor on #\{\{.*?\}\} (.*)$", template, re.MULTILINE)
    folder = servers.short_folder()
    server, socket = servers.start_redis(folder / "redis")
    with server, redis.Redis(unix_socket_path=str(socket)) as operator:
        send(operator, f"ACL SETUSER monitor on >{PASSWORD} {rights}")
        operator.set("status:1", "a post")
        with redis.Redis(unix_socket_path=str(socket), username="monitor", password=PASSWORD) as client:
            yield client
    servers.remove_folder(folder)


def test_redis_answers_what_its_exporter_needs_and_nothing_else(monitor: redis.Redis) -> None:
    # What Debian 12's exporter sends at each visit, but for SLOWLOG GET 1, without whose answer it does.
    for command in ("INFO ALL", "CONFIG GET *", "LATENCY LATEST", "SLOWLOG LEN"):
        send(monitor, command)
    send(monitor, "CLIENT SETNAME redis_exporter")

    reads = (
        "GET status:1",
        "SCAN 0",
        "KEYS *",
        "CLIENT LIST",
        "ACL LIST",
        "MONITOR",
        "SUBSCRIBE a",
        "SLOWLOG GET 1",
    )
    changes = ("SET a b", "CONFIG SET maxmemory 1", "EVAL return(1) 0", "FLUSHALL", "SHUTDOWN")
    for command in reads + changes:
        with pytest.raises(redis.exceptions.NoPermissionError):
            send(monitor, command)


def test_a_program_that_systemd_has_just_forked_gets_its_name() -> None:
    """It is first seen as systemd's own child; without this it would be left out of its group for good."""
    tasks = (ROLES / "node_exporter/tasks/main.yml").read_text(encoding="utf-8")

    assert re.search(r"^ +- -recheck$", tasks, re.MULTILINE)
