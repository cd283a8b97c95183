"""The dashboards' door: who is let in, and what stays on the host all the same."""

import re

import pytest

from ops.rendering import render


def make_door(**ipv6: str) -> str:
    return render(
        "dashboards",
        "dashboards.conf.j2",
        ansible_facts={"default_ipv6": ipv6},
        dashboards_environment="lab",
        dashboards_port=9443,
        dashboards_certificate_path="/tls/host",
        dashboards_certificate_file={"stat": {}},
        dashboards_boards_policy="boards",
        dashboards_pages_policy="pages",
    )


def find_answer(door: str, path: str) -> str:
    """What nginx does with a path: the first expression that fits it, else the longest beginning."""
    places = re.findall(r"^    location (~ )?(\S+) \{\n(.*?)^    \}", door, re.MULTILINE | re.DOTALL)
    for is_expression, place, body in places:
        if is_expression and re.search(place, path):
            return str(body).strip()
    fitting = {place: body for is_expression, place, body in places if not is_expression}
    return str(fitting[max((place for place in fitting if path.startswith(place)), key=len)]).strip()


@pytest.mark.parametrize("ipv6", [{"address": "2001:db8::1"}, {}])
def test_the_dashboards_let_nobody_in_without_a_password(ipv6: dict[str, str]) -> None:
    door = make_door(**ipv6)

    assert ("listen [::]:9443 ssl" in door) == bool(ipv6)
    assert "auth_basic off" not in door
    # What is answered before the log-in tells nothing.
    assert re.findall(r"return (.*);", door) == [
        "302 /prometheus/consoles/index.html",
        "302 /prometheus/classic/$1",
        "404",
        "404",
        "404",
    ]
    # A cookie of who was let in comes with answers from behind the log-in alone.
    assert door.count("include dashboards/cookie;") == door.count("proxy_pass ") == 3


@pytest.mark.parametrize(
    "path",
    [
        "/alertmanager/api/v1/status",
        "/alertmanager/api/v2/status",
        # Alertmanager answers this one too.
        "/alertmanager/api/v2/status/",
        "/alertmanager/-/reload",
        "/prometheus/api/v1/admin/tsdb/snapshot",
        "/metrics",
    ],
)
def test_what_may_hold_a_secret_stays_on_the_host(path: str) -> None:
    assert find_answer(make_door(), path) == "return 404;"


@pytest.mark.parametrize(
    ("path", "port"),
    [
        ("/alertmanager/api/v2/alerts", 9093),
        ("/alertmanager/api/v2/silences", 9093),
        ("/prometheus/api/v1/status/buildinfo", 9090),
        ("/prometheus/consoles/index.html", 9090),
    ],
)
def test_what_people_look_at_comes_through(path: str, port: int) -> None:
    assert f"proxy_pass http://127.0.0.1:{port};" in find_answer(make_door(), path)
