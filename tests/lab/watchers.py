"""Asking the lab's Prometheus: expressions, targets, and alerts that fire."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.lab.sites import Site

HOST = "mon1"
#: Asks each expression on the host itself; a line of JSON for each.
ASK = """
import json, sys, urllib.parse, urllib.request
for expression in json.load(sys.stdin):
    url = "http://127.0.0.1:9090/prometheus/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            print(json.dumps(json.load(answer)["data"]["result"]))
    except urllib.error.HTTPError as error:
        print(json.dumps(json.load(error)["error"]))
"""


@dataclass(frozen=True)
class Prometheus:
    """The lab's Prometheus, asked over SSH."""

    site: Site

    def ask_all(self, expressions: Sequence[str]) -> list[Any]:
        """The result of each expression: a list of series, or the error's text."""
        done = subprocess.run(
            [*self.site.hosts[HOST].ssh_command(), f"python3 -c '{ASK}'"],
            input=json.dumps(list(expressions)),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression, each with `metric` and `value`."""
        (result,) = self.ask_all([expression])
        assert isinstance(result, list), f"{expression}: {result}"
        return result

    def value(self, expression: str) -> float | None:
        """The one value of an expression; None where it has none."""
        found = self.ask(expression)
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> list[str]:
        """Alerts that wait or fire, a line each, but the one that always does."""
        found = self.ask('ALERTS{alertname!="Watchdog"}')
        return sorted(json.dumps(each["metric"], sort_keys=True) for each in found)
