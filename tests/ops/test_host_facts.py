"""What a host tells Prometheus of the site on it, on folders made like a host's."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from devstack.processes import wait_for
from ops.host_facts.__main__ import Fact, all_facts, tell
from ops.host_facts.programs import ask_supervisor, find_wanted, read_programs
from ops.host_facts.series import HELP, Series, format_text, series, write_text
from ops.host_facts.site import Certificates, read_events, read_log_queue, read_reboot, read_release
from ops.inventory import REPOSITORY

RELEASE = "0.1.0-20261121T152843Z"
DAY = 86400


def make(root: Path, path: str, text: str = "") -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


def link(root: Path, path: str, aim: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(aim)


def values(found: Iterator[Series]) -> dict[str, float]:
    """Values by the first label's text, or by the name's end."""
    return {each.labels[0][1] if each.labels else each.name: each.value for each in found}


# --- The text -------------------------------------------------------------------------------------


def test_figures_stand_with_their_meaning_and_once_each() -> None:
    text = format_text(
        [
            series("microblog_backup_broken", 0, kind="units"),
            series("microblog_release_current", 1, release='odd "name"\\'),
            series("microblog_backup_broken", 1, kind="units"),
        ]
    )

    assert text.splitlines() == [
        f"# HELP microblog_release_current {HELP['microblog_release_current']}",
        "# TYPE microblog_release_current gauge",
        'microblog_release_current{release="odd \\"name\\"\\\\"} 1',
        f"# HELP microblog_backup_broken {HELP['microblog_backup_broken']}",
        "# TYPE microblog_backup_broken gauge",
        'microblog_backup_broken{kind="units"} 1',
    ]


def test_the_file_is_for_the_exporter_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_text(tmp_path / "microblog.prom", "one\n")
        write_text(tmp_path / "microblog.prom", "two\n")
    finally:
        os.umask(before)

    # The exporter reads what ends on .prom: nothing is left beside it.
    assert [path.name for path in tmp_path.iterdir()] == ["microblog.prom"]
    assert (tmp_path / "microblog.prom").read_text() == "two\n"
    assert (tmp_path / "microblog.prom").stat().st_mode & 0o777 == 0o644


# --- The site -------------------------------------------------------------------------------------


def test_a_host_without_the_site_tells_what_all_hosts_have(tmp_path: Path) -> None:
    text = tell(all_facts(tmp_path), 0, 1000.0)

    assert "microblog_reboot_required 0\n" in text
    assert "microblog_host_facts_timestamp_seconds 1000.0\n" in text
    names = {line.split("{")[0].split()[0] for line in text.splitlines() if not line.startswith("#")}
    assert names == {
        "microblog_reboot_required",
        "microblog_host_facts_timestamp_seconds",
        "microblog_host_facts_errors",
    }
    assert not [line for line in text.splitlines() if "errors{" in line and not line.endswith(" 0")]


def test_the_release_and_what_became_of_releases(tmp_path: Path) -> None:
    link(tmp_path, "opt/microblog/current", f"releases/{RELEASE}")
    lines = [f"2026-11-21T15:{minute:02}:00Z root deployed old-{minute} abc" for minute in range(10, 30)]
    lines += [
        f"2026-11-21T16:00:00Z deploy@there started {RELEASE} abc",
        f"2026-11-21T16:01:00Z deploy@there contracted {RELEASE} abc",
        "half a line",
        f"2026-11-21T16:02:00Z deploy@there failed {RELEASE} abc the gate: 3 % of answers are errors",
        f"2026-11-21T17:00:00Z deploy@there started {RELEASE} abc",
    ]
    make(tmp_path, "opt/microblog/revisions.log", "\n".join(lines))

    assert values(read_release(tmp_path)) == {RELEASE: 1}
    events = {each.labels: each.value for each in read_events(tmp_path)}
    assert len(events) == 5 + 2
    # The last time counts.
    assert events[("release", RELEASE), ("event", "started")] == at("2026-11-21T17:00:00")
    assert events[("release", RELEASE), ("event", "failed")] == at("2026-11-21T16:02:00")


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def test_log_lines_that_wait_and_no_notes_of_rsyslogs(tmp_path: Path) -> None:
    assert list(read_log_queue(tmp_path)) == []
    make(tmp_path, "var/spool/rsyslog/imfile-state:9", "x" * 100)
    make(tmp_path, "var/spool/rsyslog/to-mon1.qi", "x" * 100)
    assert values(read_log_queue(tmp_path)) == {"microblog_log_queue_bytes": 0}

    make(tmp_path, "var/spool/rsyslog/to-mon1.00000007", "x" * 30)
    make(tmp_path, "var/spool/rsyslog/to-mon1.00000008", "x" * 12)

    assert values(read_log_queue(tmp_path)) == {"microblog_log_queue_bytes": 42}


def test_a_host_that_waits_for_a_reboot(tmp_path: Path) -> None:
    make(tmp_path, "run/reboot-required")

    assert values(read_reboot(tmp_path)) == {"microblog_reboot_required": 1}


def make_certificate(path: Path, days: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-subj", "/CN=host", "-days", str(days), "-keyout", str(path.with_suffix(".key"))]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)


def test_certificates_are_read_again_when_they_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, site = tmp_path / "etc/microblog/tls/host.pem", tmp_path / "etc/nginx/tls/site.pem"
    make_certificate(host, 10)
    make_certificate(site, 90)
    link(tmp_path, "etc/haproxy/tls/site.pem", str(host))
    certificates = Certificates()

    first = values(certificates.read(tmp_path))
    assert first["host"] == pytest.approx(time.time() + 10 * DAY, abs=60)
    # Of two that visitors may get, the one that ends first.
    assert first["site"] == first["host"]
    assert "authority" not in first

    with monkeypatch.context() as without:
        without.setenv("PATH", "")
        assert values(certificates.read(tmp_path)) == first
    make_certificate(host, 20)
    assert values(certificates.read(tmp_path))["host"] == pytest.approx(time.time() + 20 * DAY, abs=60)


# --- Programs -------------------------------------------------------------------------------------

PROGRAMS = {
    "exporter": "true",
    "web-blue": "true",
    "web-boot": "false",
    "web-green": "true",
    "worker-feeds": "true",
    "worker-next": "false",
}


def write_programs(root: Path) -> None:
    for name, keep in PROGRAMS.items():
        text = f"; Ansible\n[program:{name}]\ncommand = sleep 100\nautorestart = {keep}\n"
        make(root, f"etc/supervisor/conf.d/{name}.conf", text)


def test_the_active_slot_and_what_is_kept_running_should_run(tmp_path: Path) -> None:
    write_programs(tmp_path)
    folder = tmp_path / "etc/supervisor/conf.d"

    others = {"exporter": "exporter", "worker-feeds": "worker-feeds"}
    assert find_wanted(folder, "green") == {**others, "web": "web-green"}
    assert find_wanted(folder, "") == others


def test_none_runs_where_supervisord_does_not(tmp_path: Path) -> None:
    write_programs(tmp_path)
    link(tmp_path, "var/lib/microblog/run/current.sock", "blue.sock")

    assert values(read_programs(tmp_path)) == {"exporter": 0, "web": 0, "worker-feeds": 0}


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder with a short name: a socket may have 107 letters, and supervisord adds some at first."""
    with tempfile.TemporaryDirectory(prefix="facts-") as folder:
        yield Path(folder)


@pytest.fixture
def supervisord(root: Path) -> Iterator[Path]:
    """One that runs some of the programs, with its socket below the folder."""
    write_programs(root)
    link(root, "var/lib/microblog/run/current.sock", "blue.sock")
    (root / "run/supervisor").mkdir(parents=True)
    path = root / "run/supervisor/supervisor.sock"
    configuration = make(
        root,
        "supervisord.conf",
        f"[supervisord]\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={root}/pid\n"
        f"[unix_http_server]\nfile={path}\n"
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        "[program:exporter]\ncommand=sleep 100\nstartsecs=0\n"
        "[program:web-blue]\ncommand=sleep 100\nstartsecs=0\n"
        "[program:worker-feeds]\ncommand=sleep 100\nautostart=false\n",
    )
    program = Path(sys.executable).with_name("supervisord")
    process = subprocess.Popen([program, "-n", "-c", configuration], stdout=subprocess.DEVNULL)
    yield root
    process.terminate()
    process.wait(30)


def test_supervisord_is_asked_on_its_socket(supervisord: Path) -> None:
    path = supervisord / "run/supervisor/supervisor.sock"
    wait_for(path.exists, 20, lambda: "supervisord makes no socket")
    wait_for(lambda: ask_supervisor(path)["web-blue"] == "RUNNING", 20, lambda: "web-blue doesn't run")

    assert ask_supervisor(path)["worker-feeds"] == "STOPPED"
    assert values(read_programs(supervisord)) == {"exporter": 1, "web": 1, "worker-feeds": 0}


# --- All of it ------------------------------------------------------------------------------------


def test_what_can_not_be_found_out_ends_nothing_and_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    fails = True

    def read() -> Iterator[Series]:
        yield series("microblog_log_queue_bytes", 1)
        if fails:
            raise PermissionError("not for you")

    facts = [Fact("queue", read), Fact("reboot", lambda: [series("microblog_reboot_required", 0)])]
    texts = [tell(facts, number, 0) for number in range(2)]

    assert "microblog_reboot_required 0\n" in texts[1]
    assert "microblog_log_queue_bytes" not in texts[1]
    assert 'microblog_host_facts_errors{fact="queue"} 2\n' in texts[1]
    # Said once, not each time.
    assert capsys.readouterr().err == "queue can't be looked up: PermissionError: not for you\n"

    fails = False
    assert "microblog_log_queue_bytes 1\n" in tell(facts, 2, 0)


def test_what_takes_long_is_looked_up_less_often() -> None:
    looks: list[int] = []

    def read() -> Iterator[Series]:
        looks.append(1)
        yield series("microblog_reboot_required", 0)

    fact = Fact("slow", read, 4)
    texts = [tell([fact], number, 0) for number in range(5)]

    assert len(looks) == 2
    assert all("microblog_reboot_required" in text for text in texts)


def test_the_program_runs_on_a_host_with_nothing_but_what_the_role_copies(tmp_path: Path) -> None:
    copied = yaml.safe_load(
        (REPOSITORY / "ops/roles/node_exporter/vars/main.yml").read_text(encoding="utf-8")
    )
    for name in copied["node_exporter_facts_files"]:
        make(tmp_path, name, (REPOSITORY / name).read_text(encoding="utf-8"))
    aim = tmp_path / "microblog.prom"
    # Isolated from the packages of this environment.
    command = [sys.executable, "-S", "-m", "ops.host_facts", str(aim), "60"]
    process = subprocess.Popen(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
    try:
        wait_for(aim.exists, 20, lambda: "no facts are written")
    finally:
        process.terminate()
        process.wait(30)

    assert "microblog_host_facts_timestamp_seconds" in aim.read_text()
