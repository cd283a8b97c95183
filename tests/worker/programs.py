"""The broker, the relay and the worker that the end-to-end tests start and stop."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devstack import servers, valkey
from devstack.layout import ROOT
from devstack.processes import wait_for

PROGRAM = Path(__file__).with_name("program.py")
DEADLINE = 90


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """What the condition answers as soon as that is true."""
    return wait_for(condition, DEADLINE, lambda: f"waited {DEADLINE} s in vain: {what}")


class Programs:
    """The broker, the relay and the worker of these tests."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.folder = servers.short_folder("mb-jobs-")
        self.logs = logs
        self.environment = environment | {
            "MICROBLOG_BROKER_URL": valkey.url(self.folder / "redis" / "redis.sock", 0),
            "MICROBLOG_JOB_HANDOVER_SECONDS": "1",
            "MICROBLOG_RELAY_POLL_SECONDS": "0.05",
            "MICROBLOG_LOG_FORMAT": "json",
            "PYTHONPATH": str(ROOT),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.broker: servers.Server | None = None

    def start_broker(self) -> None:
        self.broker, _ = servers.start_redis(self.folder / "redis", durable=True)

    def stop_broker(self) -> None:
        assert self.broker is not None
        self.broker.stop()
        self.broker = None

    def start(self, kind: str, **environment: str) -> None:
        """Start a relay or worker and wait until it is at work."""
        self._launch(kind, environment)()

    def _launch(self, kind: str, environment: dict[str, str]) -> Callable[[], None]:
        """Start a relay or worker; what is returned waits until it is at work."""
        path = self.log(kind)
        before = path.stat().st_size if path.exists() else 0
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), kind],
                env=os.environ | self.environment | environment,
                stdout=log,
                stderr=log,
            )
        self.running[kind] = process
        sign = "relay.started" if kind == "relay" else "worker.ready"

        def wait() -> None:
            wait_until(
                lambda: sign in path.read_text()[before:] or process.poll() is not None, f"{kind} is ready"
            )
            assert process.poll() is None, path.read_text()[before:]

        return wait

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `microblog` with these arguments, with the programs' settings."""
        program = f"from microblog.cli import main; main({list(arguments)!r}, prog_name='microblog')"
        return subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def log(self, kind: str) -> Path:
        return self.logs / f"jobs-{os.getpid()}-{kind}.log"

    def lines(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log(kind).read_text().splitlines() if line.startswith("{")]

    def ensure(self) -> None:
        """All three run."""
        if self.broker is None:
            self.start_broker()
        missing = [
            kind
            for kind in ("relay", "worker")
            if kind not in self.running or self.running[kind].poll() is not None
        ]
        # Both at once: each takes seconds to start.
        for wait in [self._launch(kind, {}) for kind in missing]:
            wait()

    def stop(self, kind: str) -> int:
        process = self.running.pop(kind)
        process.terminate()
        try:
            return process.wait(DEADLINE)
        finally:
            process.kill()

    def kill(self, kind: str) -> None:
        """End it at once, where a clean stop is not what matters."""
        process = self.running.pop(kind)
        process.kill()
        process.wait()

    def close(self) -> None:
        for kind in list(self.running):
            self.stop(kind)
        if self.broker:
            self.stop_broker()
        servers.remove_folder(self.folder)
