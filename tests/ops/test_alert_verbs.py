"""`fab alerts` and `dashboards`, against an Alertmanager and a Prometheus of the test's own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.inventory import Answer, Host
from ops.verbs import alerts, dashboards, silences, watchers
from ops.verbs.remote import alerts as remote
from ops.verbs.terminal import VerbError
from tests.ops.watching_world import MON, SILENCE, SINCE, World, call, firing, run_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with run_world(monkeypatch) as made:
        yield made


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
