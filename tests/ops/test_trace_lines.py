"""How `fab trace` reads what is pasted, and shows lines."""

import json

import pytest

from ops import trace_lines
from ops.verbs.remote.trace import Line
from tests.ops.traced_request import EDGE, ID, JOB, STATEMENT, WEB, at, entry


@pytest.mark.parametrize(
    "pasted",
    [
        ID,
        f" X-Request-ID: {ID}\n",
        f'"request_id":"{ID}"',
        f"'{ID}',",
        f"<{JOB}.{ID}@social.example.org>",
        f"Message-ID: <{JOB}.{ID}@social.example.org>",
        f"{JOB}.{ID}",
    ],
)
def test_an_id_may_be_pasted_as_it_is_found(pasted: str) -> None:
    assert trace_lines.read_identity(pasted) == ID


@pytest.mark.parametrize("pasted", [f"<{JOB}@social.example.org>", f'"job_id":{JOB}', str(JOB)])
def test_so_may_a_jobs(pasted: str) -> None:
    assert trace_lines.read_identity(pasted) == str(JOB)


@pytest.mark.parametrize(
    "pasted", ["", "short", "a b c d e f g h", "x" * 65, "../../../etc/passwd", "$(reboot)"]
)
def test_what_is_no_id_is_none(pasted: str) -> None:
    assert trace_lines.read_identity(pasted) == ""


def test_a_line_that_came_twice_is_shown_once() -> None:
    twice = [Line(at(1), "web1", "web-blue", "same"), Line(at(2), "web1", "web-blue", "same")]

    assert len(trace_lines.put_in_order([*twice, Line(at(1), "web2", "web-blue", "same")])) == 2


def test_an_accounts_request_that_came_twice_is_shown_once() -> None:
    twice = [Line(at(seconds), "web1", "web-blue", json.dumps(WEB)) for seconds in (1, 2)]

    assert len(trace_lines.show_requests(twice)) == 1


def test_clocks_that_differ_a_little_change_no_order() -> None:
    edge = Line("", "lb1", "haproxy", json.dumps(EDGE | {"timestamp": at(70)}))
    web = Line("", "web1", "web-blue", json.dumps(WEB))
    far = Line("", "web1", "web-blue", json.dumps(WEB | {"timestamp": at(-500)}))

    assert [one.host for _, one in trace_lines.put_in_order([web, edge])] == ["lb1", "web1"]
    assert [one.host for _, one in trace_lines.put_in_order([far, edge])] == ["web1", "lb1"]


def test_lines_are_shown_for_people() -> None:
    trouble = entry(
        300, "http.failed", level="error", request_id=ID, exception="Traceback\n  x\nValueError: no"
    )
    shown = list(
        trace_lines.show_lines(
            [
                Line("", "lb1", "haproxy", json.dumps(EDGE)),
                Line("", "web1", "web-blue", json.dumps(WEB | {"empty": "", "account_id": None})),
                Line("", "web1", "web-blue", json.dumps(trouble)),
                Line("", "db1", "postgresql", STATEMENT + r"\n#011Seq Scan"),
            ]
        )
    )

    assert shown == [
        f"4 lines of 3 hosts, {at(0)[:10]} UTC, as the work began",
        "12:00:00.001    +0  lb1   haproxy     POST /statuses 303 in 60 ms server=web1",
        "12:00:00.004    +3  web1  web-blue    http.request POST /statuses 303 in 55 ms db_pid=4242",
        f"12:00:00.030   +29  db1   postgresql  {STATEMENT}",
        "                                        Seq Scan",
        "12:00:00.300  +299  web1  web-blue    ERROR http.failed",
        "                                      Traceback",
        "                                        x",
        "                                      ValueError: no",
    ]
