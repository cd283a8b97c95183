"""`fab trace`: what is found in the store, in which order it is shown, and what hostile lines can't do."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import trace_lines
from ops.inventory import Answer, Host
from ops.verbs import trace as verb
from ops.verbs.ask import make_command, read_program
from ops.verbs.logs import make_harmless
from ops.verbs.remote import trace
from ops.verbs.remote.trace import Line
from ops.verbs.terminal import VerbError
from tests.ops.remote_programs import read_request, words_here
from tests.ops.traced_request import EDGE, ID, JOB, OTHER, STORED, TODAY, at, line

HOSTS = [Host(name, (), {}) for name in ("db1", "web1")]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log store with one request of today, and an empty yesterday."""
    monkeypatch.setattr(trace, "STORE", tmp_path)
    (tmp_path / (TODAY - timedelta(days=1)).isoformat()).mkdir()
    today = tmp_path / TODAY.isoformat()
    today.mkdir()
    for program, lines in STORED.items():
        (today / f"{program}.log").write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], **request: object) -> dict[str, list[str]]:
    assert trace.main(**{"days": 3, **request}) == 0  # type: ignore[arg-type]
    found: dict[str, list[str]] = json.loads(capsys.readouterr().out)
    return found


def find(capsys: pytest.CaptureFixture[str], identity: str) -> list[Line]:
    return [one for text in ask(capsys, identity=identity)["lines"] if (one := trace.read_line(text))]


def events(lines: list[Line]) -> list[str]:
    """What the lines are about, in the order in which they are shown."""
    return [one.fields.get("event", one.program) for _, one in trace_lines.put_in_order(lines)]


WHOLE = [
    *("haproxy", "nginx-access", "http.request", "postgresql", "status.posted"),
    *("relay.handed", "job.done_already", "job.ended", "mail.sent"),
]


@pytest.mark.usefixtures("store")
def test_a_request_is_followed_through_all_hosts_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert events(find(capsys, ID)) == WHOLE


@pytest.mark.usefixtures("store")
def test_a_job_leads_to_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert events(find(capsys, str(JOB))) == WHOLE


@pytest.mark.skipif(not shutil.which("zstd"), reason="zstd is not installed")
def test_former_days_are_compressed_and_read_too(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    yesterday = store / (TODAY - timedelta(days=1)).isoformat()
    shutil.move(store / TODAY.isoformat() / "haproxy.log", yesterday / "haproxy.log")
    subprocess.run(["zstd", "-q", "--rm", yesterday / "haproxy.log"], check=True)

    assert events(find(capsys, ID)) == WHOLE


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("identity", [ID[:8], ID[1:], ".*", "-e", "$(reboot)", "42.2", ID.upper()])
def test_an_id_is_whole_and_no_pattern(identity: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(capsys, identity) == []


@pytest.mark.usefixtures("store")
def test_an_accounts_requests_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [trace.read_line(text) for text in ask(capsys, account=7)["lines"]]

    rows = trace_lines.show_requests(one for one in lines if one)

    assert rows == [[at(4).replace("T", " ")[:19], ID, "POST", "/statuses", "303", "55 ms"]]


@pytest.mark.usefixtures("store")
def test_of_an_account_only_the_latest_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(ask(capsys, account=7, count=1)["lines"]) == 1


def test_where_nothing_is_found_it_is_told_from_whom_lines_come(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC).isoformat()
    (store / TODAY.isoformat() / "sudo.log").write_text(f"{now} web1 sudo COMMAND=ls\n", encoding="utf-8")

    answer = json.dumps(ask(capsys, identity="00000000"))

    with pytest.raises(VerbError) as raised:
        verb.read_answer("mon1", answer, "line with 00000000", HOSTS)
    assert "lines came from web1, none from db1" in str(raised.value)
    assert f"since {TODAY - timedelta(days=1)}" in str(raised.value)


def test_an_empty_store_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "STORE", tmp_path / "none")
    with pytest.raises(VerbError, match="mon1 has no logs of these days"):
        verb.read_answer("mon1", '{"lines": [], "since": "", "seen": {}, "cut": false}', "x", HOSTS)
    with pytest.raises(VerbError, match="answers something else"):
        verb.read_answer("mon1", "Last login: today", "x", HOSTS)


def test_more_lines_than_anybody_reads_are_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    monkeypatch.setattr(trace, "LINES", 3)
    noise = "".join(line(i, "web1", "web-blue", f"{ID} {i}") + "\n" for i in range(50))
    (store / TODAY.isoformat() / "web-green.log").write_text(noise, encoding="utf-8")

    answer = ask(capsys, identity=ID)

    assert len(answer["lines"]) == 3
    assert answer["cut"]


def noisy(count: int, program: str, make: Callable[[int], object]) -> str:
    return "".join(f"{line(number, 'web1', program, make(number))}\n" for number in range(count))


def test_who_asks_for_pages_that_hold_an_id_is_not_in_its_trace(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    his = EDGE | {"request_id": OTHER, "path": f"/{ID}"}
    told = (store / TODAY.isoformat() / "haproxy.log").read_text(encoding="utf-8")
    flood = noisy(trace.LINES + 1, "haproxy", lambda number: his | {"status": number})
    (store / TODAY.isoformat() / "haproxy.log").write_text(flood + told, encoding="utf-8")

    answer = ask(capsys, identity=ID)

    assert len(answer["lines"]) == len(WHOLE)
    assert not answer["cut"]


def test_no_program_keeps_the_others_out(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "LINES", 50)
    monkeypatch.setattr(trace, "PROGRAM_LINES", 20)
    # What nginx says of errors is no JSON, and holds the path.
    flood = noisy(60, "nginx-error", lambda number: f'[error] {number}: limiting requests, "GET /{ID}"')
    (store / TODAY.isoformat() / "nginx-error.log").write_text(flood, encoding="utf-8")

    answer = ask(capsys, identity=ID)
    found = [one for text in answer["lines"] if (one := trace.read_line(text))]

    assert set(WHOLE) <= set(events(found))
    assert sum(one.program == "nginx-error" for one in found) == 20
    assert answer["cut"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("fields", "is_his"),
    [
        ({"request_id": ID}, True),
        ({"task_id": ID, "request_id": OTHER}, True),
        ({"message": f"{JOB}.{ID}"}, True),
        ({"request_id": OTHER, "path": ID}, False),
        ({"request_id": OTHER, "exception": f"KeyError: {ID}"}, False),
        ({"request_id": f"{ID}x"}, False),
        ({"request_id": {"a": ID}}, False),
    ],
)
def test_a_line_of_json_is_a_requests_by_its_ids_alone(fields: dict[str, object], is_his: bool) -> None:
    assert trace.is_about(Line(at(0), "web1", "web-blue", json.dumps(fields)), ID) is is_his


def test_a_job_that_the_relay_does_not_know_is_found() -> None:
    said = Line(at(0), "worker1", "relay", json.dumps({"event": "relay.unknown_jobs", "jobs": [5, JOB]}))

    assert trace.is_about(said, str(JOB))


HOSTILE = [
    "{",
    "[1]",
    '{"timestamp": 5, "duration_ms": "x", "db_pid": [], "job_id": {}, "request_id": [], "event": {}}',
    '{"timestamp": "0001-01-01T00:00:00+23:00", "duration_ms": 1e300, "db_pid": 1}',
    '{"timestamp": "9999-99-99", "duration_ms": -5, "duration_s": true, "db_pid": true}',
    '{"level": [], "event": null, "method": {"a": 1}, "exception": 5, "route": ["a", 1]}',
    "[" * 100_000,
    '{"a":' * 5_000,
    "\x1b[2J\x07 \r",
    "",
    "2026-99-99 99:99:99.1 UTC [1] x",
]


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_breaks_the_others(message: str, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = f"{at(0)} evil web-blue {message} {ID}\nnonsense {ID}\n\xff{ID}\n"
    (store / TODAY.isoformat() / "other.log").write_text(hostile, encoding="utf-8")
    alone = [Line(at(0), "evil", program, message) for program in ("web-blue", "postgresql", "haproxy")]

    shown = "\n".join(map(make_harmless, trace_lines.show_lines([*find(capsys, ID), *alone])))

    assert "mail.sent" in shown
    assert shown.isprintable() or "\x1b" not in shown


@pytest.mark.usefixtures("store")
def test_it_runs_as_hosts_run_it(store: Path) -> None:
    text = read_program("trace").replace("/var/log/microblog-store", str(store))
    command, sent = make_command("trace", text, {"identity": ID, "days": 1})

    said = subprocess.run(
        words_here(command),
        input=sent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert len(verb.read_answer("mon1", said, "line", HOSTS)) == len(WHOLE)


def test_an_accounts_id_comes_from_the_first_worker_host_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {
        "db1": Answer(HOSTS[0], failed=True, output="No route to host", code=255),
        "web1": Answer(HOSTS[1], failed=False, output="@ada  id 115  user  active  since 2026-11-01", code=0),
    }
    monkeypatch.setattr(verb, "ask_hosts", lambda hosts, *_, **__: [answers[hosts[0].name]])
    assert verb.find_account_id(HOSTS, "ada") == 115

    answers["db1"] = Answer(HOSTS[0], failed=True, output="microblog: There is no account named ada.", code=1)
    with pytest.raises(VerbError, match="There is no account named ada"):
        verb.find_account_id(HOSTS, "ada")


def test_without_a_store_the_hosts_own_logs_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(hosts: list[Host], command: str, *, stdin: str, **_: object) -> list[Answer]:
        request = read_request(command, stdin)
        found = [
            f"{program}: {text.split(' ', 3)[3]}"
            for program, lines in STORED.items()
            for text in lines
            if request["text"] in text and program.startswith(request["program"])
        ]
        return [Answer(hosts[0], failed=False, output="\n".join(found), code=0)]

    monkeypatch.setattr(verb, "ask_hosts", answer)
    monkeypatch.setattr(verb, "read_hosts", lambda *_, group="", **__: [] if group else HOSTS)

    assert events(verb._find_request("lab", ID, 3)) == WHOLE
    with pytest.raises(VerbError, match="no line with 00000000 in the current logs of db1, web1"):
        verb._find_request("lab", "00000000", 3)
