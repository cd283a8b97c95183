"""The lines of nginx and HAProxy: JSON whose times `fab trace` can put in order."""

import json
import re

import pytest

from ops.rendering import render
from ops.verbs.remote.trace import read_time

NGINX = render("nginx_base", "nginx.conf.j2", nginx_base_worker_connections=64)
HAPROXY = render(
    "haproxy",
    "haproxy.cfg.j2",
    haproxy_names=["social.example.org"],
    haproxy_certificate_file={"stat": {}},
    haproxy_web_hosts={"web1": "192.0.2.21"},
    haproxy_statuses=[503],
    private_host="192.0.2.11",
    nginx_port=8080,
    haproxy_metrics_port=8405,
)


@pytest.mark.parametrize(
    ("times", "logged"),
    [
        ("2026-11-29T20:09:44+00:00 1796069384.529", "2026-11-29T20:09:44.529+00:00"),
        ("2026-11-29T21:09:44+01:00 1796069384.000", "2026-11-29T21:09:44.000+01:00"),
    ],
)
def test_nginx_tells_milliseconds(times: str, logged: str) -> None:
    found = re.search(r'map "\$time_iso8601 \$msec" \$logged_time \{\s*"~(\S.*\S)" (\S+);', NGINX)
    assert found
    parts = re.fullmatch(found[1].replace("(?<", "(?P<"), times)
    assert parts

    written = re.sub(r"\$(\w+)", lambda name: parts[name[1]], found[2])

    assert written == logged
    assert read_time(written)
    assert '{"timestamp":"$logged_time"' in NGINX


def test_haproxy_tells_milliseconds() -> None:
    found = re.search(r"^    log-format '(.*)'$", HAPROXY, re.MULTILINE)
    assert found
    values = {"date,utime": "2026-11-29T20:09:44", "date(0,ms)": "529", "Ta": "31"}

    def fill(field: re.Match[str]) -> str:
        return next((value for name, value in values.items() if name in field[0]), "1")

    line = json.loads(re.sub(r"%(\[(?:[^][]|\[[^]]*\])*\]|[A-Za-z]+)", fill, found[1]))

    assert line["timestamp"] == "2026-11-29T20:09:44.529Z"
    assert read_time(line["timestamp"])
    assert line["duration_ms"] == 31
