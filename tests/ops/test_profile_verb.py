"""`fab profile`: what it asks of hosts, and what it makes of a profile."""

import contextlib
import io
import json
import pstats
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from invoke.parser import Parser

from fabfile import namespace
from ops.inventory import Answer, Host
from ops.profiles import draw, list_rows, make_pstats
from ops.verbs import profile as verb
from tests.ops.remote_programs import split_request

MILLISECOND = 1_000_000
NODES = [[-1, 0, 1, 10], [0, 1, 2, 8], [1, 1, 4, 5], [2, 2, 4, 3], [0, 2, 1, 1]]
PROFILE: dict[str, Any] = {
    "id": "6f1b3e0c2f4b", "kind": "request", "name": "GET /@<username:username>", "outcome": "200",
    "ended": "2026-11-29T12:00:00+00:00", "host": "web1", "pid": 7, "release": "0.1.0",
    "wall_ns": 12 * MILLISECOND, "cost_ns": 2 * MILLISECOND, "cpu_ns": 6 * MILLISECOND,
    "is_cut": False,
    "db_statements": 3, "db_ms": 4.5, "db_pid": 4242,
    "functions": [["handle", "a.py", 3], ["walk.<locals>.<lambda>", "b.py", 9], ["cursor.execute", "", 0]],
    "nodes": [[caller, function, calls, total * MILLISECOND] for caller, function, calls, total in NODES],
    "sums": [{"name": "cursor.execute", "file": "", "line": 0, "calls": 5, "own_ns": 4e6, "total_ns": 4e6}],
}  # fmt: skip
WEB1, WEB2, WORKER1 = (
    Host("web1", ("web",), {}),
    Host("web2", ("web",), {}),
    Host("worker1", ("worker",), {}),
)


class Hosts:
    """Answers as hosts would: by a host's name its exit code and output."""

    def __init__(self, **answers: tuple[int | None, str]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, list[str], str]] = []

    def ask(self, hosts: list[Host], command: str, seconds: float = 30, stdin: str = "") -> list[Answer]:
        (host,) = hosts
        request, rest = split_request(command, stdin)
        self.asked.append((host.name, request["words"], rest))
        code, output = self.answers.get(host.name, (0, json.dumps(PROFILE)))
        return [Answer(host, code != 0, output, code)]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(verb, "FOLDER", tmp_path)
    monkeypatch.setattr(
        verb,
        "read_hosts",
        lambda _environment, names="": [
            host for host in (WEB1, WEB2, WORKER1, Host("db1", ("database",), {})) if names in ("", host.name)
        ],
    )
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, hosts: Hosts, **given: Any) -> None:
    monkeypatch.setattr(verb, "ask_hosts", hosts.ask)
    verb.profile.body(None, **given)


def test_a_stored_one_is_shown_and_written(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts = Hosts()
    run(monkeypatch, hosts, what="6f1b3e0c2f4b")
    lines = capsys.readouterr().out.splitlines()

    assert hosts.asked == [("web1", ["profiles", "show", "--json", "6f1b3e0c2f4b"], "")]
    assert lines[0] == "request 6f1b3e0c2f4b: GET /@<username:username>, 200, 2026-11-29T12:00:00+00:00"
    assert lines[2:4] == [
        "12.0 ms in 12 calls, and 2.0 ms of looking on; of both 6.0 ms on a processor",
        "3 statements of PostgreSQL, 4.5 ms",
    ]
    assert lines[5].split() == ["4.00", "33.3%", "4.00", "5", "cursor.execute"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "request-6f1b3e0c2f4b.json",
        "request-6f1b3e0c2f4b.pstats",
        "request-6f1b3e0c2f4b.svg",
    ]
    assert json.loads((folder / "request-6f1b3e0c2f4b.json").read_text()) == PROFILE


def test_a_host_does_not_choose_where_files_are_written(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    wrong = PROFILE | {"kind": f"{elsewhere}/x", "id": "../../y.z"}
    run(monkeypatch, Hosts(web1=(0, json.dumps(wrong))), what="6f1b3e0c2f4b")

    assert not list(elsewhere.iterdir())
    assert len(list(folder.iterdir())) == 3


def test_several_are_asked_for_one_after_another(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    hosts = Hosts()
    run(monkeypatch, hosts, what="6f1b3e0c,7a")
    assert [words[-1] for _, words, _ in hosts.asked] == ["6f1b3e0c", "7a"]


def test_a_request_is_asked_of_a_web_host_past_nginx(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    hosts = Hosts()
    run(monkeypatch, hosts, what="/tags/a b?x='1", method="head", data="status=it's", times="3")

    words = ["profiles", "request", "/tags/a b?x='1", "--method", "HEAD", "--bind", verb.SOCKET, "--json"]
    assert hosts.asked == [("web1", [*words, "--data", "status=it's", "--times", "3"], "")]


def test_a_header_is_no_word_of_a_command(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    hosts = Hosts()
    monkeypatch.setattr("sys.stdin", io.StringIO("Authorization: Bearer hunter2\n"))
    run(monkeypatch, hosts, what="/home", host="web2", header=True)
    ((host, words, stdin),) = hosts.asked

    assert host == "web2"
    assert words[-1] == "--header-stdin"
    assert "hunter2" not in " ".join(words)
    assert stdin == "Authorization: Bearer hunter2\n"


def test_a_host_that_is_away_is_passed_over(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    hosts = Hosts(web1=(255, "No route to host"), web2=(None, "no answer within 60 s"))
    run(monkeypatch, hosts, what="6f1b3e0c")
    assert [host for host, _, _ in hosts.asked] == ["web1", "web2", "worker1"]


@pytest.mark.parametrize(("method", "asked"), [("GET", ["web1", "web2"]), ("POST", ["web1"])])
def test_only_what_changes_nothing_is_asked_of_another_host(
    monkeypatch: pytest.MonkeyPatch, folder: Path, method: str, asked: list[str]
) -> None:
    hosts = Hosts(web1=(255, "No route to host"))
    with contextlib.suppress(SystemExit):
        run(monkeypatch, hosts, what="/", method=method)
    assert [host for host, _, _ in hosts.asked] == asked


def test_a_job_is_asked_for_by_its_id(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    hosts = Hosts(web1=(0, "The next run of 1177 is profiled"))
    run(monkeypatch, hosts, what="1177", again=True)
    assert hosts.asked == [("web1", ["jobs", "profile", "1177"], "")]


def test_a_job_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts = Hosts(web1=(0, "The next run of mail.mention is profiled"))
    run(monkeypatch, hosts, what="mail.mention")
    assert hosts.asked == [("web1", ["jobs", "profile", "mail.mention"], "")]
    assert capsys.readouterr().out == "The next run of mail.mention is profiled\n"


@pytest.mark.parametrize(
    ("given", "answer", "message"),
    [
        ({"what": ""}, (0, ""), "give an id, an /address or a kind of job"),
        ({"what": "mail mention"}, (0, ""), "give an id, an /address or a kind of job"),
        ({"what": "6f", "most": "no"}, (0, ""), "--most takes a number"),
        ({"what": "/", "times": "no"}, (0, ""), "--times takes a number"),
        ({"what": "6f"}, (1, "microblog: there is no profile of 6f"), "web1: microblog: there is no"),
        ({"what": "6f"}, (0, "hello"), "web1 answers something else than a profile: 'hello'"),
        ({"what": "6f"}, (0, "[]"), "web1 answers something else than a profile"),
        ({"what": "/", "host": "db1"}, (0, ""), "there is no host to ask"),
        ({"what": "/", "host": "worker1"}, (0, ""), "there is no host to ask"),
    ],
)
def test_a_refusal_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, Any],
    answer: tuple[int, str],
    message: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, Hosts(web1=answer), **given)

    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("fab profile: ")
    assert message in said
    assert said.count("\n") == 1
    assert not list(folder.iterdir())


def test_the_picture_has_a_box_for_each_that_is_wide_enough() -> None:
    root = ET.fromstring(draw(PROFILE))
    space = {"svg": "http://www.w3.org/2000/svg"}
    titles = [title.text or "" for title in root.findall("svg:g/svg:title", space)]
    widths = [float(box.get("width", "")) for box in root.findall("svg:g/svg:rect", space)]

    assert len(titles) == len(NODES)
    assert titles[0] == "handle a.py:3\n1 calls, 10.00 ms (83.3%), 1.00 ms of its own"
    assert any("walk.<locals>.<lambda> b.py:9" in title for title in titles)
    # By time: of 12 ms.
    assert [round(width / widths[0] * 10) for width in widths] == [10, 8, 1, 5, 3]
    assert "<script" not in draw(PROFILE)
    tiny = PROFILE | {"wall_ns": 10**12}
    assert not ET.fromstring(draw(tiny)).findall("svg:g", space)


def test_pstats_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pstats"
    path.write_bytes(make_pstats(PROFILE))
    stats: Any = pstats.Stats(str(path), stream=io.StringIO())

    recursive = stats.stats["b.py", 9, "walk.<locals>.<lambda>"]
    # Primitive and all calls, own and whole time: what it did within itself is in the outer call's already.
    assert recursive[:2] == (2, 6)
    assert recursive[2:4] == pytest.approx((0.005, 0.008))
    assert stats.stats["~", 0, "cursor.execute"][4].keys() == {
        ("b.py", 9, "walk.<locals>.<lambda>"),
        ("a.py", 3, "handle"),
    }
    assert stats.total_tt == pytest.approx(0.010)


def test_rows_are_as_many_as_asked_for() -> None:
    assert len(list_rows(PROFILE, 1)) == 1
    assert list_rows(PROFILE | {"sums": []}, 5) == []


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["6f1b,7a"], {"what": "6f1b,7a"}),
        (["/home", "--header", "--times", "3"], {"what": "/home", "header": True, "times": "3"}),
        (["1177", "--again", "--to", "production"], {"what": "1177", "again": True, "to": "production"}),
    ],
)
def test_fab_reads_its_words(words: list[str], given: dict[str, Any]) -> None:
    parser = Parser(contexts=namespace.to_contexts())
    (found,) = parser.parse_argv(["profile", *words])
    assert {name: argument.value for name, argument in found.args.items()}.items() >= given.items()


def test_fab_knows_it_by_its_name() -> None:
    assert {"profile", "flame"} <= namespace.task_names.keys()
