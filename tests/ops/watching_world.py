"""A monitoring host for tests of verbs: an Alertmanager and a Prometheus that answer what they are told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.inventory import Answer, Host
from ops.verbs import watchers
from ops.verbs.remote import alerts as remote
from tests.ops.remote_programs import read_request

MON = Host("mon1", ("monitoring",), {"ansible_host": "10.77.0.51"})
SINCE = "2026-11-29T20:00:00Z"
SILENCE = "11111111-2222-4333-8444-555555555555"


def firing(
    name: str, severity: str = "page", *, silenced: bool = False, inhibited: bool = False, **labels: str
) -> dict[str, Any]:
    """An alert as Alertmanager lists it."""
    return {
        "labels": {"alertname": name, "severity": severity, "environment": "lab"} | labels,
        "annotations": {"summary": f"{name}: 3 of 4", "runbook": f"docs/runbook.md#{name.lower()}"},
        "startsAt": SINCE,
        "status": {"silencedBy": [SILENCE] * silenced, "inhibitedBy": ["x"] * inhibited},
    }


WATCHDOG = firing("Watchdog", "none")


class World:
    """Prometheus and Alertmanager of a monitoring host: what they answer, and what they were asked."""

    def __init__(self) -> None:
        self.firing: list[dict[str, Any]] = [WATCHDOG]
        self.pending: list[dict[str, Any]] = []
        self.silences: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.status = 200

    def answer(self, method: str, path: str, body: Any) -> Any:
        self.asked.append((method, path, body))
        if path == "/alertmanager/api/v2/alerts":
            return self.firing
        if path == "/alertmanager/api/v2/silences":
            return self.silences if method == "GET" else {"silenceID": SILENCE}
        if path == "/prometheus/api/v1/alerts":
            seen = [each | {"activeAt": SINCE, "state": "firing"} for each in self.firing]
            return {"data": {"alerts": seen + [each | {"activeAt": SINCE} for each in self.pending]}}
        return {}


@contextmanager
def run_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A monitoring host that answers as it is told to."""
    made = World()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = json.dumps(made.answer(self.command, self.path, json.loads(text) if text else None))
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(said.encode())

        do_POST = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(remote, "PROMETHEUS", f"{base}/prometheus")
    monkeypatch.setattr(remote, "ALERTMANAGER", f"{base}/alertmanager")
    monkeypatch.setattr(watchers, "read_hosts", lambda *_, **__: [MON])
    monkeypatch.setattr(watchers, "ask_hosts", answer_hosts)
    yield made
    server.shutdown()
    server.server_close()


def answer_hosts(hosts: list[Host], command: str, *, stdin: str, **_: Any) -> list[Answer]:
    """As SSH does it, without a host."""
    request = read_request(command, stdin)
    action = remote.ACTIONS[request.pop("action")]
    try:
        return [Answer(host, failed=False, output=json.dumps(action(**request))) for host in hosts]
    except remote.Refused as error:
        return [Answer(host, failed=True, output=str(error)) for host in hosts]


def call(verb: Any, **given: Any) -> None:
    """A verb's function, past what turns its errors into a line."""
    verb.body.__wrapped__(None, **given)
