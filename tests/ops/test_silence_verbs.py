"""`fab silence`, `silences` and `unsilence`, against an Alertmanager of the test's own."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from ops.inventory import Answer, Host
from ops.verbs import silences, watchers
from ops.verbs.terminal import VerbError
from tests.ops.watching_world import SILENCE, World, answer_hosts, call, run_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with run_world(monkeypatch) as made:
        yield made


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


def test_a_silence_that_one_of_two_hosts_takes_is_told_before_who_did_not(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = Answer(Host("mon2", ("monitoring",), {}), failed=True, output="ssh: No route to host", code=255)
    monkeypatch.setattr(watchers, "ask_hosts", lambda *words, **more: [*answer_hosts(*words, **more), away])

    with pytest.raises(VerbError, match="these go on telling: mon2: ssh: No route to host"):
        call(silences.silence, alert="HostDown")

    assert f"mon1: alertname=HostDown is silent for 2h: {SILENCE}" in capsys.readouterr().out


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


def test_silences_are_listed_and_ended(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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

    away = Answer(Host("mon2", ("monitoring",), {}), failed=True, output="ssh: No route to host", code=255)
    monkeypatch.setattr(watchers, "ask_hosts", lambda *words, **more: [*answer_hosts(*words, **more), away])
    with pytest.raises(VerbError, match="there it may last: mon2: ssh: No route to host"):
        call(silences.unsilence, identity=SILENCE)
    assert f"mon1: {SILENCE} is over" in capsys.readouterr().out


def test_a_silence_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(VerbError, match=f"no silence {SILENCE} lasts: fab silences --to lab"):
        call(silences.unsilence, identity=SILENCE)
    with pytest.raises(VerbError, match="'7' is no silence's id"):
        call(silences.unsilence, identity="7")


def test_what_alertmanager_refuses_is_told_in_its_words(world: World) -> None:
    world.status = 400

    with pytest.raises(VerbError, match="mon1: Alertmanager says 400: "):
        call(silences.silences)
