"""fab trace: what became of one request, on all hosts."""

import json as json_text
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fabric import Connection

from ops.inventory import Host, ask_hosts, read_hosts
from ops.trace_lines import put_in_order, read_identity, show_lines, show_requests
from ops.verbs.ask import microblog_command, remote_program
from ops.verbs.logs import READ_SECONDS, make_harmless
from ops.verbs.remote.trace import LINES, PROGRAM_LINES, Line, Trace, read_line, read_time
from ops.verbs.terminal import TO, VerbError, print_table, verb

ACCOUNT = re.compile(r"@?(?P<name>[A-Za-z0-9_]{1,64})")
ACCOUNT_ID = re.compile(r"\bid ([0-9]+)\b")
REQUESTS = 20
SEEN_MINUTES = 5
MOST_DAYS = 3660


@verb(
    positional=["request_id"],
    help=TO
    | {
        "request-id": "the id, as the header X-Request-ID has it; a mail's Message-ID, or a job's id; "
        "or @NAME for the last requests of that account",
        "days": "how many days to look back, today counted",
        "json": "the lines as they are stored, nothing else",
    },
)
def trace(
    _context: Connection,
    request_id: str,
    to: str = "lab",
    days: str = "3",
    json: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --json
) -> None:
    """Show one request's lines from all hosts, in order; by @NAME an account's last requests."""
    if not (days.isdecimal() and 1 <= int(days) <= MOST_DAYS):
        raise VerbError(f"--days takes a number of days, not {days!r}")
    if request_id.startswith("@"):
        lines = _find_account(to, request_id, int(days))
    else:
        lines = _find_request(to, request_id, int(days))
    if json:
        for _, line in put_in_order(lines):
            print(make_harmless(f"{line.stamp} {line.host} {line.program} {line.message}"))
    elif request_id.startswith("@"):
        rows = show_requests(lines)
        print_table(
            ["time (UTC)", "request", "method", "route", "status", "took"],
            [[make_harmless(cell) for cell in row] for row in rows],
        )
    else:
        for text in show_lines(lines):
            print(make_harmless(text))


def _find_request(environment: str, pasted: str, days: int) -> list[Line]:
    identity = read_identity(pasted)
    if not identity:
        raise VerbError(
            f"{pasted!r} is no request's id: give what the header X-Request-ID says, a mail's Message-ID, "
            "a job's id, or @NAME for the last requests of an account"
        )
    stores = read_hosts(environment, group="monitoring")
    if not stores:
        return _ask_all(environment, identity)
    return _ask_store(stores, f"line with {identity}", environment, identity=identity, days=days)


def _find_account(environment: str, text: str, days: int) -> list[Line]:
    found = ACCOUNT.fullmatch(text)
    if not found:
        raise VerbError(f"{text!r} is no account's name")
    stores = read_hosts(environment, group="monitoring")
    if not stores:
        raise VerbError(
            f"{environment} has no monitoring host that keeps logs: "
            "fab logs --grep '\"account_id\":ID' reads the hosts' own"
        )
    account = find_account_id(read_hosts(environment, group="worker"), found["name"])
    what = f"request of @{found['name']} (account {account})"
    return _ask_store(stores, what, environment, account=account, count=REQUESTS, days=days)


def find_account_id(hosts: list[Host], name: str) -> int:
    """The id of an account, by the first host that answers. Raises `VerbError` where there is none."""
    said = "there is no worker host to ask"
    command, text = microblog_command("account", "show", name)
    for host in hosts:
        answer = ask_hosts([host], command, stdin=text)[0]
        found = ACCOUNT_ID.search(answer.output)
        if found and not answer.failed:
            return int(found[1])
        said = f"{host.name}: {answer.last_line}"
        if answer.code == 1:
            break
    raise VerbError(said)


def _ask_store(stores: list[Host], what: str, environment: str, **request: Any) -> list[Line]:
    """The lines out of the first log store that answers."""
    command, text = remote_program("trace", **request)
    silent = []
    for store in stores:
        answer = ask_hosts([store], command, seconds=READ_SECONDS, stdin=text)[0]
        if not answer.failed:
            return read_answer(store.name, answer.output, what, read_hosts(environment))
        silent.append(f"{store.name}: {answer.last_line}")
    raise VerbError("no log store answers: " + "; ".join(silent))


def read_answer(store: str, output: str, what: str, hosts: list[Host]) -> list[Line]:
    """The lines of a store's answer. Raises `VerbError` with what may be wrong where there are none."""
    try:
        answer = json_text.loads(output)
    except ValueError:
        raise VerbError(f"{store} answers something else than asked: {output[:200]!r}") from None
    lines = [line for line in map(read_line, answer["lines"]) if line]
    if lines:
        if answer["cut"]:
            most = f"{PROGRAM_LINES} of a program, {LINES} of all"
            print(f"There are more lines: these are the first found, at most {most}", file=sys.stderr)
        return lines
    if not answer["since"]:
        raise VerbError(f"{store} has no logs of these days: does it get any? fab status --host {store}")
    raise VerbError(
        f"no {what} on {store} since {answer['since']}: --days looks further back, --to elsewhere; "
        f"{tell_seen(answer['seen'], hosts)}"
    )


def tell_seen(seen: dict[str, str], hosts: list[Host]) -> str:
    """From which hosts lines came within the last minutes, and from which none did."""
    limit = datetime.now(UTC) - timedelta(minutes=SEEN_MINUTES)
    times = {host: read_time(stamp) for host, stamp in seen.items()}
    live = [host.name for host in hosts if (found := times.get(host.name)) and found > limit]
    dead = [host.name for host in hosts if host.name not in live]
    told = f"in the last {SEEN_MINUTES} minutes lines came from {', '.join(live) or 'no host'}"
    return told + (f", none from {', '.join(dead)}" if dead else "")


def _ask_all(environment: str, identity: str) -> list[Line]:
    """The lines out of the hosts' own logs, those that are not rotated yet."""
    hosts = read_hosts(environment)
    trace = Trace(lambda texts, program: _search_hosts(hosts, texts, program))
    trace.follow(identity)
    if not trace.lines:
        raise VerbError(
            f"no line with {identity} in the current logs of {', '.join(host.name for host in hosts)}: "
            "older ones are kept where the inventory has a host in the group monitoring"
        )
    return list(trace.lines)


def _search_hosts(hosts: list[Host], texts: Iterable[str], program: str) -> Iterator[Line]:
    for wanted in texts:
        command, text = remote_program("logs", program=program, lines="0", text=wanted, follow=False)
        for answer in ask_hosts(hosts, command, seconds=READ_SECONDS, stdin=text):
            for said in answer.output.split("\n") if not answer.failed else ():
                name, _, message = said.partition(": ")
                yield Line("", answer.host.name, name, message)
