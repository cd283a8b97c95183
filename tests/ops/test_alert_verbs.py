"""`fab alerts`, `silence` and `dashboards`, against an Alertmanager and a Prometheus of the test's own."""

import json
import shlex
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.inventory import Answer, Host
from ops.verbs import alerts, dashboards, silences, watchers
from ops.verbs.remote import alerts as remote
from ops.verbs.terminal import VerbError

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


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
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


def answer_hosts(hosts: list[Host], command: str, **_: Any) -> list[Answer]:
    """As SSH does it, without a host."""
    request = json.loads(shlex.split(command)[-1])
    action = remote.ACTIONS[request.pop("action")]
    try:
        return [Answer(host, failed=False, output=json.dumps(action(**request))) for host in hosts]
    except remote.Refused as error:
        return [Answer(host, failed=True, output=str(error)) for host in hosts]


def call(verb: Any, **given: Any) -> None:
    """A verb's function, past what turns its errors into a line."""
    verb.body.__wrapped__(None, **given)


def test_nothing_that_fires_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call(alerts.alerts)

    assert capsys.readouterr().out == "Nothing fires in lab\n"
    assert world.asked[0] == ("GET", "/alertmanager/api/v2/alerts", None)


def test_what_fires_is_told_the_urgent_first(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.firing += [
        firing("DeadLetters", "ticket"),
        firing("TargetDown", "ticket", inhibited=True, instance="web2"),
        firing("RedisDown", instance="db1", server="cache", silenced=True),
        firing("HostDown", instance="web2"),
    ]

    with pytest.raises(VerbError, match=r"^lab: 2 firing: DeadLetters, HostDown$"):
        call(alerts.alerts)

    blocks = capsys.readouterr().out.strip().split("\n\n")
    heads = [block.splitlines()[0].partition("  since")[0] for block in blocks]
    assert heads == [
        "page  HostDown  instance=web2  firing",
        "ticket  DeadLetters  firing",
        f"page  RedisDown  instance=db1 server=cache  silenced by {SILENCE}",
        "ticket  TargetDown  instance=web2  follows from another",
    ]
    assert blocks[0].splitlines()[1:] == ["    HostDown: 3 of 4", "    docs/runbook.md#hostdown"]


def test_what_is_silenced_is_no_failure(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.firing += [firing("HostDown", silenced=True)]

    call(alerts.alerts)

    assert "Nothing fires in lab, or nothing that is told" in capsys.readouterr().out


def test_what_may_fire_soon_is_told_when_asked(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.pending += [firing("OutboxOld", "ticket") | {"state": "pending"}]

    call(alerts.alerts)
    assert "OutboxOld" not in capsys.readouterr().out
    call(alerts.alerts, all_=True)
    assert "ticket  OutboxOld  pending  since 2026-11-29 20:00:00 UTC" in capsys.readouterr().out


def test_silence_where_nothing_arrives_is_not_taken_for_peace(world: World) -> None:
    world.firing.clear()

    with pytest.raises(VerbError, match="mon1: Watchdog, which always fires, does not"):
        call(alerts.alerts)


def test_a_prometheus_that_is_down_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PROMETHEUS", "http://127.0.0.1:1/prometheus")

    with pytest.raises(
        VerbError, match=r"mon1: Prometheus does not answer .*systemctl status prometheus there"
    ):
        call(alerts.alerts)


def test_without_alertmanager_prometheus_says_what_fires(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.firing += [firing("HostDown", instance="web2")]
    monkeypatch.setattr(remote, "ALERTMANAGER", "http://127.0.0.1:1/alertmanager")

    with pytest.raises(VerbError, match="mon1: Alertmanager does not answer"):
        call(alerts.alerts)
    assert "page  HostDown  instance=web2  firing" in capsys.readouterr().out


def test_a_host_that_does_not_answer_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(hosts: list[Host], command: str, **_: Any) -> list[Answer]:
        return [Answer(MON, failed=True, output="ssh: connect to host 10.77.0.51: No route to host")]

    monkeypatch.setattr(watchers, "ask_hosts", answer)

    with pytest.raises(VerbError, match=r"^mon1: ssh: connect to host 10\.77\.0\.51: No route to host$"):
        call(alerts.alerts)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (alerts.alerts, {}),
        (silences.silence, {"alert": "HostDown"}),
        (silences.silences, {}),
        (silences.unsilence, {"identity": SILENCE}),
        (dashboards.dashboards, {}),
    ],
    ids=["alerts", "silence", "silences", "unsilence", "dashboards"],
)
def test_an_environment_that_nobody_watches_is_told(
    monkeypatch: pytest.MonkeyPatch, verb: Any, given: dict[str, str]
) -> None:
    monkeypatch.setattr(watchers, "read_hosts", lambda *_, **__: [])

    with pytest.raises(VerbError, match="lab has no host in the group `monitoring`"):
        call(verb, **given)


def test_two_monitoring_hosts_tell_an_alert_once() -> None:
    alert = {"state": "firing", "since": SINCE, "silenced": [], "inhibited": False, "annotations": {}}
    said = {
        "alerts": [
            alert | {"labels": {"alertname": name, "severity": "page"}} for name in ("Watchdog", "HostDown")
        ],
        "errors": [],
    }

    found, remarks = alerts.merge_alerts([("mon1", said), ("mon2", said)])

    assert [each["labels"]["alertname"] for each in found] == ["HostDown"]
    assert remarks == []


def test_what_an_alert_says_commands_no_terminal() -> None:
    alert = {"state": "firing", "since": SINCE, "silenced": [], "inhibited": False}
    alert |= {"labels": {"alertname": "HostDown"}, "annotations": {"summary": "\x1b[2J3 of 4"}}

    lines = alerts.describe_alert(alert, datetime(2026, 11, 29, 20, 1, tzinfo=UTC))

    assert lines == [
        "-  HostDown  firing  since 2026-11-29 20:00:00 UTC (0:01:00)",
        r"    \x1b[2J3 of 4",
    ]


def test_an_alert_is_silenced_on_a_host_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(silences, "read_hosts", lambda *_: [Host("web1", ("web",), {})])
    monkeypatch.setenv("SUDO_USER", "ada")

    call(silences.silence, alert="HostDown", for_="1h30m", comment="a new disk", host="web1")

    asked = world.asked[-1][2]
    assert asked["matchers"] == [
        {"name": name, "value": value, "isRegex": False, "isEqual": True}
        for name, value in (("alertname", "HostDown"), ("instance", "web1"))
    ]
    assert (asked["createdBy"], asked["comment"]) == ("ada", "a new disk")
    starts, ends = (datetime.fromisoformat(asked[name]) for name in ("startsAt", "endsAt"))
    assert (ends - starts).total_seconds() == pytest.approx(5400, abs=1)
    assert f"alertname=HostDown instance=web1 is silent for 1h30m: {SILENCE}" in capsys.readouterr().out


def test_matchers_are_read_as_alertmanager_has_them() -> None:
    found = silences.read_matchers(r'alertname=~"Queue.*|OutboxOld", queue!="a \"b\"" instance!~web[12]')

    assert silences.describe_matchers(found) == (
        'alertname=~Queue.*|OutboxOld queue!=a "b" instance!~web[12]'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HostDwn", "no alert is called 'HostDwn'; there is HostDown"),
        ("alertname=~Nope.*", "no alert is called 'Nope"),
        ("alertname=~Que(", "is no regular expression"),
        ("host down", "is neither an alert's name nor matchers"),
        ("alertname=HostDown nonsense", "is neither an alert's name nor matchers"),
        ("", "is neither an alert's name nor matchers"),
    ],
)
def test_what_would_silence_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(VerbError, match=message.replace("(", r"\(")):
        silences.read_matchers(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("2h", 7200), ("1d", 86400), ("1d2h3m4s", 93784), ("30d", 2592000)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert silences.read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "2", "2 hours", "31d", "-1h", "1h 1h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(VerbError, match="--for takes up to 30d, such as 30m"):
        silences.read_duration(text)


def test_silences_are_listed_and_ended(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.silences = [
        {
            "id": SILENCE,
            "matchers": silences.read_matchers("HostDown"),
            "endsAt": "2026-11-29T22:00:00Z",
            "createdBy": "ada",
            "comment": "a new disk",
            "status": {"state": state},
        }
        for state in ("active", "expired")
    ]

    call(silences.silences)
    assert capsys.readouterr().out.splitlines()[1].split("  ") == [
        *("mon1", SILENCE, "2026-11-29 22:00", "ada", "alertname=HostDown", "a new disk")
    ]
    call(silences.unsilence, identity=SILENCE)
    assert world.asked[-1][:2] == ("DELETE", f"/alertmanager/api/v2/silence/{SILENCE}")


def test_a_silence_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(VerbError, match=f"no silence {SILENCE} lasts: fab silences --to lab"):
        call(silences.unsilence, identity=SILENCE)
    with pytest.raises(VerbError, match="'7' is no silence's id"):
        call(silences.unsilence, identity="7")


def test_what_alertmanager_refuses_is_told_in_its_words(world: World) -> None:
    world.status = 400

    with pytest.raises(VerbError, match="mon1: Alertmanager says 400: "):
        call(silences.silences)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"ansible_host": "10.77.0.51"}, "https://10.77.0.51:9443/"),
        ({"ansible_host": "2001:db8::51"}, "https://[2001:db8::51]:9443/"),
        (
            {"ansible_host": "10.77.0.51", "dashboards_name": "watch.example.org"},
            "https://watch.example.org:9443/",
        ),
    ],
)
def test_the_dashboards_are_where_people_find_them(variables: dict[str, str], address: str) -> None:
    assert dashboards.address_of(Host("mon1", ("monitoring",), variables), 9443) == address


def test_dashboards_that_do_not_answer_are_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VerbError, match="mon1: nginx does not answer on port 9443"):
        call(dashboards.dashboards)

    said = capsys.readouterr().out
    assert "boards     https://10.77.0.51:9443/\n" in said
    assert "password   ansible-vault view ops/inventories/lab/group_vars/all/vault.yml" in said
