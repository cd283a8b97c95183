import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from devstack.processes import wait_for
from microblog.jobs.names import QUEUES
from microblog.settings import Settings
from tests.cli.conftest import Run
from tests.unix_http import UnixConnection

SECONDS = 30


def wait_until(condition: Callable[[], object], what: str) -> None:
    wait_for(condition, SECONDS, lambda: f"waited {SECONDS} s in vain: {what}")


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts `microblog` as a process of its own; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_program(*arguments: str, **changes: str) -> "subprocess.Popen[str]":
        program = f"from microblog.cli import main; main({list(arguments)!r}, prog_name='microblog')"
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, **environment, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start_program
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stop(process: "subprocess.Popen[str]") -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=SECONDS)
    return output


def get(connection: HTTPConnection, path: str) -> tuple[int, str]:
    with closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


def send(connection: HTTPConnection, request: bytes) -> bytes:
    """The beginning of what a server says to it."""
    with closing(connection):
        connection.connect()
        connection.sock.sendall(request)
        return connection.sock.recv(1000)


def can_connect(connection: HTTPConnection) -> bool:
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@dataclass(frozen=True)
class Served:
    """What was seen of `microblog web` and its exporter, from start to stop."""

    output: str
    exit_codes: tuple[int | None, int | None]
    socket_mode: int
    metrics_folder: Path
    home: tuple[int, str]
    malformed: bytes
    metrics: tuple[int, str]
    elsewhere: tuple[int, str]


@pytest.fixture(scope="module")
def served(start: Start, worker_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """One run for all tests of it: the programs take seconds to start and to stop."""
    path, folder = worker_folder / "web.sock", tmp_path_factory.mktemp("served") / "metrics"
    port = find_free_port()
    common = {"MICROBLOG_METRICS_DIR": str(folder), "MICROBLOG_METRICS_BIND": f"127.0.0.1:{port}"}
    common["MICROBLOG_NEWER"] = "unknown to this release"
    site = start("web", MICROBLOG_WEB_BIND=f"unix:{path}", MICROBLOG_LOG_FORMAT="json", **common)
    exporter = start("exporter", **common)
    wait_until(lambda: can_connect(UnixConnection(path)) or site.poll() is not None, "web answers")
    assert site.poll() is None, site.communicate()
    wait_until(lambda: can_connect(HTTPConnection("127.0.0.1", port)), "the exporter answers")
    seen: dict[str, Any] = {
        "home": get(UnixConnection(path), "/healthz"),
        "malformed": send(UnixConnection(path), b"GET /confirm/s3cret-t0ken HTTP/9 x\r\n\r\n"),
        "socket_mode": path.stat().st_mode & 0o777,
        "metrics": get(HTTPConnection("127.0.0.1", port), "/metrics"),
        "elsewhere": get(HTTPConnection("127.0.0.1", port), "/"),
    }
    output = stop(site)
    stop(exporter)
    codes = (site.returncode, exporter.returncode)
    return Served(output=output, exit_codes=codes, metrics_folder=folder, **seen)


def test_web_serves_on_a_unix_socket_and_stops_cleanly(served: Served) -> None:
    assert served.home[0] == 200
    assert served.socket_mode == 0o770
    assert served.exit_codes == (0, 0), served.output
    # Gunicorn's own lines went through our logging.
    assert '"logger":"gunicorn.error"' in served.output


def test_a_newer_release_s_setting_is_logged_once(served: Served) -> None:
    (line,) = [line for line in served.output.splitlines() if "settings.unknown" in line]
    assert json.loads(line)["names"] == ["MICROBLOG_NEWER"]


def test_the_metrics_of_web_reach_the_exporter(served: Served) -> None:
    assert (served.metrics_folder / "web").is_dir()
    assert served.metrics[0] == 200
    assert "microblog_http_requests_total" in served.metrics[1]
    assert served.elsewhere == (404, "The metrics are at /metrics\n")


def test_of_a_malformed_request_only_its_kind_is_logged(served: Served) -> None:
    assert b"400" in served.malformed
    (line,) = [one for one in served.output.splitlines() if "web.malformed_request" in one]
    assert '"error":"Invalid' in line
    assert '"client":"unix"' in line
    assert "request_id" not in line
    assert "s3cret" not in served.output


def find_free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_exporter_names_an_address_in_use(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        result = run(
            "exporter", changes={"MICROBLOG_METRICS_DIR": str(tmp_path), "MICROBLOG_METRICS_BIND": bind}
        )

    assert result.exit_code == 1
    assert f"can't listen on {bind}" in result.stderr
    assert "MICROBLOG_METRICS_BIND" in result.stderr


@pytest.mark.parametrize(
    "bind", ["8002", "unix:/run/metrics.sock", "127.0.0.1:http", "[::1:8002", "127.0.0.1:99999"]
)
def test_the_exporter_wants_host_and_port(bind: str, run: Run, tmp_path: Path) -> None:
    result = run("exporter", changes={"MICROBLOG_METRICS_DIR": str(tmp_path), "MICROBLOG_METRICS_BIND": bind})

    assert result.exit_code == 2
    assert result.stderr.startswith("microblog: MICROBLOG_METRICS_BIND: ")


def test_the_exporter_wants_a_folder(run: Run) -> None:
    result = run("exporter")

    assert result.exit_code == 2
    assert result.stderr.startswith("microblog: MICROBLOG_METRICS_DIR: ")


@pytest.mark.parametrize(
    ("arguments", "queues", "concurrency"),
    [
        ((), QUEUES, 2),
        (("--queues", "mail, feeds,mail", "--concurrency", "1"), ("mail", "feeds"), 1),
    ],
)
def test_worker(
    arguments: tuple[str, ...],
    queues: tuple[str, ...],
    concurrency: int,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[dict[str, object]] = []

    def run_worker(_settings: Settings, **options: object) -> int:
        calls.append(options)
        return 3

    monkeypatch.setattr("microblog.worker.app.run_worker", run_worker)

    result = run("worker", *arguments)

    assert calls == [{"queues": queues, "concurrency": concurrency}]
    assert result.exit_code == 3


@pytest.mark.parametrize("queues", ["nonsense", "mail,nonsense", ","])
def test_worker_refuses_unknown_queues(queues: str, run: Run) -> None:
    result = run("worker", "--queues", queues)

    assert result.exit_code == 2
    assert "feeds, mail, media, maintenance" in result.stderr


@pytest.mark.parametrize(
    ("name", "function"),
    [("relay", "microblog.worker.relay.run_relay"), ("beat", "microblog.worker.schedule.run_beat")],
)
def test_relay_and_beat(name: str, function: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Settings] = []
    monkeypatch.setattr(function, calls.append)

    assert run(name).exit_code == 0
    assert len(calls) == 1
