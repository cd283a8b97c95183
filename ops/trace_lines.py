"""The lines of one request, as `fab trace` shows them: each once, in the order in which the work began."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from ops.verbs.remote.trace import Line, duration_ms

#: What a person may paste: `X-Request-ID: ID`, `"request_id":"ID"`, `<JOB.ID@host>`, with or without quotes.
PASTED = re.compile(
    r"""["'<]*(?:x-request-id|request_id|job_id|message-id)?["']?\s*[:=]?\s*["'<]*"""
    r"""(?:(?P<job>[0-9]{1,20})|(?:[0-9]{1,20}\.)?(?P<request>[A-Za-z0-9_-]{8,64}))(?:@[^\s<>"']*)?[>"',]*""",
    re.IGNORECASE,
)
#: Who holds whom: a request passes these one after another, whatever the clocks of their hosts say.
PASSES = ("haproxy", "nginx-access", "web")
CLOCKS = timedelta(milliseconds=20)
#: Fields whose value says what it is; they come first, in this order.
PLAIN = ("method", "route", "path", "status", "job", "outcome", "kind")
#: What each line says in other words, or nobody reads.
LEFT_OUT = {
    *("timestamp", "level", "event", "logger", "service", "host", "release", "request_id", "exception"),
    *("duration_ms", "duration_s", "protocol", "completion", "bytes", *PLAIN),
}


def read_identity(pasted: str) -> str:
    """The request's or job's id in what was pasted; empty where there is none."""
    found = PASTED.fullmatch(pasted.strip())
    return (found["job"] or found["request"]) if found else ""


def put_in_order(lines: Iterable[Line]) -> list[tuple[datetime, Line]]:
    """Each line once, with the moment when its work began, the earliest first."""
    placed = [(line.begin, _pass_of(line), line) for line in choose_unique(lines)]
    latest: datetime | None = None
    for number in range(len(PASSES)):
        begins = [begin for begin, passed, _ in placed if passed == number]
        if latest and begins and latest - CLOCKS <= min(begins) < latest:
            placed = [
                (max(begin, latest) if passed == number else begin, passed, line)
                for begin, passed, line in placed
            ]
        latest = max([latest, min(begins)] if latest and begins else begins, default=latest)
    placed.sort(key=lambda each: (each[0], each[1], each[2].end, each[2].host, each[2].program))
    return [(begin, line) for begin, _, line in placed]


def choose_unique(lines: Iterable[Line]) -> Iterable[Line]:
    """Each line once: what was read twice, or sent twice, has another stamp but the same words."""
    return {(line.host, line.program, line.message): line for line in lines}.values()


def _pass_of(line: Line) -> int:
    name = "web" if line.fields.get("event") == "http.request" else line.program
    return PASSES.index(name) if name in PASSES else len(PASSES)


def show_lines(lines: Iterable[Line]) -> Iterator[str]:
    """The lines for people: time, milliseconds since the first, host, program, and what it says."""
    placed = put_in_order(lines)
    if not placed:
        return
    hosts = len({line.host for _, line in placed})
    first = placed[0][0]
    yield f"{_count(len(placed), 'line')} of {_count(hosts, 'host')}, {first:%Y-%m-%d} UTC, as the work began"
    rows = [
        (
            f"{begin:%H:%M:%S}.{begin.microsecond // 1000:03}",
            f"+{_ms(begin - first)}",
            line.host,
            line.program,
        )
        for begin, line in placed
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row, (_, line) in zip(rows, placed, strict=True):
        time, since, host, program = row
        head = f"{time}  {since:>{widths[1]}}  {host:{widths[2]}}  {program:{widths[3]}}  "
        said, *more = describe(line)
        yield head + said
        yield from (" " * len(head) + each for each in more)


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def describe(line: Line) -> list[str]:
    """What a line says, for people; what follows the first are the lines of a traceback or of a plan."""
    if not line.fields:
        # Control characters are written as rsyslog does it.
        return line.message.replace("\\n", "\n").replace("#011", "  ").split("\n")
    fields = line.fields
    words = [_plain(fields[name]) for name in ("event", *PLAIN) if _says(fields.get(name))]
    if fields.get("level") in ("warning", "error", "critical"):
        words.insert(0, str(fields["level"]).upper())
    if "duration_ms" in fields or "duration_s" in fields:
        words.append(f"in {duration_ms(fields):.4g} ms")
    words += [
        f"{name}={_plain(value)}" for name, value in fields.items() if name not in LEFT_OUT and _says(value)
    ]
    exception = fields.get("exception")
    return [" ".join(words), *(exception.split("\n") if isinstance(exception, str) else [])]


def _says(value: Any) -> bool:
    return value not in (None, "", [])


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def show_requests(lines: Iterable[Line]) -> list[list[str]]:
    """The rows of a table of requests: time, id, method, route, status, duration."""
    return [
        [
            f"{line.begin:%Y-%m-%d %H:%M:%S}",
            *(str(line.fields.get(name, "")) for name in ("request_id", "method", "route", "status")),
            f"{duration_ms(line.fields):.4g} ms",
        ]
        for line in choose_unique(lines)
    ]
