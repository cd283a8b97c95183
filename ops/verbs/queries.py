"""fab queries: what the database spends its time on, and how it goes about it."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

from fabric import Connection

from ops.inventory import Host, ask_hosts, read_hosts
from ops.verbs.ask import remote_program
from ops.verbs.logs import make_harmless
from ops.verbs.terminal import TO, VerbError, print_table, verb

ORDERS = ("total", "mean", "calls", "rows")
ROLE = "microblog_app"
QUERYID = re.compile(r"-?\d{1,20}")
STATEMENT_CHARACTERS = 100
RUNNING_CHARACTERS = 60
MOST_SECONDS = 600
ANSWER_SECONDS = 60


@verb(
    help=TO
    | {
        "host": "the database host; the first of its group where none is named",
        "by": f"what counts: {', '.join(ORDERS)}",
        "limit": "how many statements",
        "reset": "start to count anew, from now on",
        "plan": "how the statement with this queryid is run, whatever its values; nothing is run or logged",
        "explain": "for so many seconds show the plans of statements that take long, as they come",
        "over": "how long is long, in milliseconds (with --explain)",
        "analyze": "count rows and pages of each step, which costs all statements some time (with --explain)",
    }
)
def queries(
    _context: Connection,
    to: str = "lab",
    host: str = "",
    by: str = "total",
    limit: str = "20",
    reset: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --reset
    plan: str = "",
    explain: str = "",
    over: str = "200",
    analyze: bool = False,  # noqa: FBT001, FBT002 - fabric makes it --analyze
) -> None:
    """Show which statements cost most and what runs right now, or the plan of one; never their values."""
    if by not in ORDERS:
        raise VerbError(f"--by is {', '.join(ORDERS)}, not {by!r}")
    number, over_ms = read_number("limit", limit, 1000), read_number("over", over, 60_000)
    seconds = read_number("explain", explain, MOST_SECONDS) if explain else 0
    if plan and not QUERYID.fullmatch(plan):
        raise VerbError(f"--plan takes a queryid as fab queries shows it, not {plan!r}")
    chosen = choose_host(to, host)
    if explain:
        command, text = _request(chosen, "explain", seconds=seconds, over=over_ms, analyze=analyze)
        follow_plans(chosen, command, text, seconds, over_ms)
    elif plan:
        print_plan(_ask(chosen, "plan", queryid=plan))
    elif reset:
        _ask(chosen, "reset")
        print(f"{chosen.name} counts anew: fab queries shows what comes from now on")
    else:
        found = _ask(chosen, "top", by=by, limit=number)
        print_top(found)
        print_running(found["running"])


def read_number(option: str, given: str, most: int) -> int:
    """A whole number from 1 on. Raises `VerbError` for anything else."""
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise VerbError(f"--{option} takes a number from 1 to {most}, not {given!r}")
    return int(given)


def choose_host(environment: str, name: str) -> Host:
    """The host whose PostgreSQL is asked. Raises `VerbError` where there is none of ours."""
    hosts = read_hosts(environment, name, group="database")
    if not hosts:
        raise VerbError(
            f"{name} is no host of the group `database`" if name else f"{environment} has no database host"
        )
    if "microblog_database_url" in hosts[0].variables:
        raise VerbError(
            f"the database of {environment} is somebody else's (microblog_database_url): ask there"
        )
    return hosts[0]


def _request(host: Host, action: str, **options: Any) -> tuple[str, str]:
    return remote_program(
        "queries",
        action=action,
        database=host.variables.get("postgresql_database", "microblog"),
        port=int(host.variables.get("postgresql_port", 5432)),
        role=ROLE,
        **options,
    )


def _ask(host: Host, action: str, **options: Any) -> dict[str, Any]:
    command, text = _request(host, action, **options)
    (answer,) = ask_hosts([host], command, seconds=ANSWER_SECONDS, stdin=text)
    if answer.failed:
        raise VerbError(f"{host.name}: {answer.last_line or 'no answer'}")
    found: dict[str, Any] = json.loads(answer.output or "{}")
    return found


# --- Showing ---------------------------------------------------------------------------------------------


def shorten(statement: str, characters: int) -> str:
    """A statement in one line: its columns left out, so that its tables are seen."""
    text = make_harmless(" ".join(statement.split()))
    start = find_from(text)
    if start > 0:
        text = f"{text[: len('SELECT')]} … {text[start:]}"
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def find_from(text: str) -> int:
    """Where the FROM of a SELECT stands, outside of all parentheses; -1 where there is none."""
    depth = 0
    for found in re.finditer(r"\(|\)| FROM ", text) if text.upper().startswith("SELECT ") else ():
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0 and found[0] == " FROM ":
            return found.start() + 1
    return -1


def print_top(found: dict[str, Any]) -> None:
    """The table of statements."""
    rows = [
        (
            row["queryid"],
            row["calls"],
            describe_span(row["total_ms"]),
            f"{row['share']:.1%}",
            f"{row['mean_ms']:.2f} ms",
            row["rows"],
            ("" if row["role"] == ROLE else f"({row['role']}) ")
            + shorten(row["query"], STATEMENT_CHARACTERS),
        )
        for row in found["top"]
    ]
    print_table(("queryid", "calls", "total", "share", "mean", "rows", "statement"), rows)
    print(f"\nCounted since {found['since']}; --plan QUERYID shows how one of them is run")


def describe_span(milliseconds: float) -> str:
    """A time in seconds, a short one in milliseconds."""
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"


def print_running(running: list[dict[str, Any]]) -> None:
    """What has run, or has held its transaction open, for longer than a second."""
    if not running:
        print("Nothing runs for longer than a second")
        return
    print("\nRunning for longer than a second:\n")
    rows = [
        (
            row["pid"],
            make_harmless(row["application"]),
            row["state"],
            f"{row['seconds']:.1f} s",
            row["waits"] or "-",
            ", ".join(map(str, row["blocked_by"])) or "-",
            shorten(row["query"], RUNNING_CHARACTERS),
        )
        for row in running
    ]
    print_table(("pid", "program", "state", "since", "waits for", "blocked by", "begins with"), rows)


def print_plan(found: dict[str, Any]) -> None:
    """A statement and its plan."""
    print(f"{make_harmless(' '.join(found['query'].split()))}\n")
    for line in found["plan"]:
        print(f"  {make_harmless(line)}")


def describe_found(found: dict[str, Any]) -> Iterator[str]:
    """The lines of a plan that came by."""
    yield f"{found['at']}  {found['application']}, backend {found['pid']}: {found['ms']:.1f} ms"
    yield f"  {shorten(found['query'], STATEMENT_CHARACTERS)}"
    yield from (f"    {line}" for line in found["plan"])


# --- Plans as they come ----------------------------------------------------------------------------------


def follow_plans(host: Host, command: str, text: str, seconds: int, over: int) -> None:
    """Print plans until the time is over or Ctrl-C; the host switches it off again, whatever happens here."""
    print(f"Plans of statements over {over} ms on {host.name}, for {seconds} s or until Ctrl-C", flush=True)
    # A session of its own: Ctrl-C ends the asking, and the host's last words are still heard.
    with subprocess.Popen(
        [*host.ssh_command(), command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(text)
        process.stdin.flush()
        try:
            print_plans(process.stdout)
        except KeyboardInterrupt:
            print("\nSwitching it off …", flush=True)
            process.stdin.close()
            print_plans(process.stdout)
        complaint = process.stderr.read().strip()
    if process.returncode:
        raise VerbError(f"{host.name}: {(complaint or 'no answer').splitlines()[-1]}")


def print_plans(lines: Iterator[str] | Any) -> None:
    """Each plan as it comes, and at last how many there were of each kind."""
    for line in lines:
        said = json.loads(line)
        if "kinds" in said:
            print_kinds(said["kinds"])
        elif "plan" in said:
            print()
            for shown in describe_found(said):
                print(make_harmless(shown), flush=True)


def print_kinds(kinds: list[dict[str, Any]]) -> None:
    """How often each kind of plan was seen."""
    if not kinds:
        print("\nNo statement took that long")
        return
    print()
    print_table(
        ("seen", "slowest", "statement"),
        [
            (kind["count"], f"{kind['slowest_ms']:.1f} ms", shorten(kind["query"], STATEMENT_CHARACTERS))
            for kind in sorted(kinds, key=lambda kind: -kind["count"])
        ],
    )
