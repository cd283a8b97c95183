"""A webhook receiver on the controller: what Alertmanager delivers, and when."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from devstack.processes import wait_for
from ops.lab.layout import CONTROLLER

#: What the lab's inventory has in alert_webhook_urls.
PORT = 9095


@dataclass(frozen=True)
class Delivery:
    """An alert as it was delivered; `at` is the receiver's own clock, in seconds (`time.monotonic`)."""

    at: float
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def is_of(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether it is this alert, with at least these labels."""
        return {"alertname": name, **labels}.items() <= self.labels.items()

    def __str__(self) -> str:
        """One line for an assertion's message."""
        return f"{self.status} {dict(self.labels)}: {self.annotations.get('summary', '')}"


class Receiver:
    """All deliveries since it was started."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def take(self, body: bytes) -> None:
        """Note the alerts of one of Alertmanager's messages."""
        for alert in json.loads(body)["alerts"]:
            self.deliveries.append(
                Delivery(time.monotonic(), alert["status"], alert["labels"], alert["annotations"])
            )

    def fired_since(self, moment: float) -> list[Delivery]:
        """What fired after that moment; the end of an older alert is no news."""
        return [each for each in self.since(moment) if each.status == "firing"]

    def since(self, moment: float) -> list[Delivery]:
        """What came after that moment of `time.monotonic`."""
        return [each for each in self.deliveries if each.at >= moment]

    def wait(
        self, status: str, name: str, labels: Mapping[str, str], *, since: float, seconds: float
    ) -> Delivery:
        """Wait until this alert is delivered as `firing` or `resolved`; the delivery."""

        def find() -> Delivery | None:
            found = [each for each in self.since(since) if each.status == status and each.is_of(name, labels)]
            return found[0] if found else None

        wait_for(
            lambda: find() is not None,
            seconds,
            lambda: (
                f"{name} {dict(labels)} is not {status} within {seconds:g} s; there came: "
                + ("; ".join(map(str, self.since(since))) or "nothing")
            ),
        )
        found = find()
        assert found is not None
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens meanwhile."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer((str(CONTROLLER.ip), PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
