"""`microblog profiles`: where the time of one request or job went (docs/debugging.md)."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import redis

from microblog.cli.support import Failed, counted, examples, print_table, read_settings
from microblog.cli.visiting import Answer, Place, VisitFailed, Visitor
from microblog.data.cache import make_client
from microblog.data.profiles import KEEP_SECONDS, Profiles
from microblog.domain import profile_tickets
from microblog.environment import parse_bind
from microblog.settings import Settings

HEADER = "X-Microblog-Profile"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READING = ("GET", "HEAD")
SHOWN = 25
MILLION = 1_000_000
AS_JSON = click.option("--json", "is_json", is_flag=True, help="All of it, for programs.")
MOST = click.option(
    "--most", type=click.IntRange(1, 10_000), default=SHOWN, show_default=True, help="How many functions."
)


@click.group()
def command() -> None:
    """Find out where the time of one request or job went.

    Only where MICROBLOG_PROFILE_KEY is set. `microblog jobs profile` asks for a job. Profiles are kept for a
    day, the newest 50 of them, and hold names of functions, files, lines, counts and times.
    """


@command.command("list", epilog=examples("microblog profiles list"))
def list_profiles() -> None:
    """List the profiles that are kept, newest first."""
    with open_profiles() as (_, profiles):
        found = [profile for one in profiles.list_ids() if (profile := profiles.read(one))]
    columns = ("id", "kind", "name", "outcome", "took", "ended", "host")
    cells = [[one[name] for name in columns if name in one] for one in found]
    for row, one in zip(cells, found, strict=True):
        row.insert(columns.index("took"), f"{one['wall_ns'] / MILLION:.1f} ms")
    print_table(columns, cells)
    click.echo(f"{counted(len(found), 'profile')}, kept for {KEEP_SECONDS // 3600} h")


@command.command(epilog=examples("microblog profiles show 6f1b3e0c2f4b4b8f9f0a1d2c3b4a5968"))
@click.argument("profile_id", metavar="ID")
@AS_JSON
@MOST
def show(profile_id: str, *, is_json: bool, most: int) -> None:
    """Show the profile of a request or job, the dearest functions first."""
    with open_profiles() as (_, profiles):
        profile = profiles.read(profile_id)
    if profile is None:
        raise Failed(
            f"there is no profile of {profile_id}: `microblog profiles list` lists what is kept, "
            "and nothing is profiled unasked"
        )
    _print(profile, is_json=is_json, most=most)


@command.command(
    epilog=examples(
        "microblog profiles request /explore",
        "microblog profiles request '/api/v1/timelines/home?limit=40' --header-stdin < authorization",
    )
)
@click.argument("path")
@click.option("--method", type=click.Choice(METHODS), default="GET", show_default=True, help="How to ask.")
@click.option("--data", default=None, help="A form's fields as a body, such as status=Hello: it is done!")
@click.option("--header-stdin", is_flag=True, help="Read a header, such as `Cookie: …`, from standard input.")
@click.option("--bind", default=None, help="Where the web server listens, if not at MICROBLOG_WEB_BIND.")
@click.option(
    "--times",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Ask so often and show the quickest: on a busy host pauses stand anywhere.",
)
@AS_JSON
@MOST
def request(
    path: str,
    *,
    method: str,
    data: str | None,
    header_stdin: bool,
    bind: str | None,
    times: int,
    is_json: bool,
    most: int,
) -> None:
    """Ask the site for a page, have just this request profiled, and show where its time went.

    It goes to the web server itself: the servers in front take the header away that asks for it.
    """
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        raise click.UsageError("PATH begins with / and is written as in an address, such as /tags/caf%C3%A9")
    if times > 1 and method not in READING:
        raise click.UsageError("--times is for GET and HEAD: others change something each time")
    headers: dict[str, str] = _read_header() if header_stdin else {}
    if data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with open_profiles() as (settings, profiles):
        key, where = need_key(settings), bind or settings.web_bind
        found = []
        for _ in range(times):
            ticket = profile_tickets.sign(key, method, profile_tickets.make_target(path), time.time())
            answer = _ask(settings, where, method, path, data, {**headers, HEADER: ticket})
            profile_id = _find_id(answer)
            profile = profiles.read(profile_id)
            if profile is None:
                raise Failed(f"the profile of {profile_id} was not kept: can the web processes reach Redis?")
            found.append(profile)
    _print(min(found, key=lambda one: int(one["wall_ns"])), is_json=is_json, most=most)


def _read_header() -> dict[str, str]:
    name, colon, value = sys.stdin.readline().strip().partition(":")
    if not colon or not name.isascii() or not value.strip().isprintable():
        raise click.UsageError("Standard input holds no header such as Authorization: Bearer …")
    return {name.strip(): value.strip()}


def _ask(
    settings: Settings, bind: str, method: str, path: str, data: str | None, headers: dict[str, str]
) -> Answer:
    try:
        where = parse_bind(bind)
    except ValueError as error:
        raise click.UsageError(f"--bind: {error}; give host:port or unix:/path") from error
    is_socket = where.startswith("unix:")
    place = (
        Place(settings.base_url, socket_path=Path(where.removeprefix("unix:")))
        if is_socket
        else Place(f"http://{where}")
    )
    sent = {"Host": settings.host, "User-Agent": "microblog-profiles", **headers}
    if is_socket:
        sent["X-Forwarded-For"] = "127.0.0.1"
    try:
        return Visitor(place).ask(method, path, None if data is None else data.encode(), sent)
    except VisitFailed as error:
        raise Failed(f"{error}: does the web server listen at {where}?") from error


def _find_id(answer: Answer) -> str:
    said = answer.headers.get(HEADER.lower())
    if said == "busy":
        raise Failed("that web process profiles another request (409): ask again in a moment")
    if said != "profiled":
        raise Failed(
            f"the site answered {answer.status} and profiled nothing: was it started with this "
            "MICROBLOG_PROFILE_KEY, is its Redis there, and do the clocks agree?"
        )
    return str(answer.headers["x-request-id"])


def need_key(settings: Settings) -> str:
    """The key. Raises `Failed` where profiling is off."""
    if not settings.profile_key:
        raise Failed("profiling is off: set MICROBLOG_PROFILE_KEY for all programs (docs/debugging.md)")
    return settings.profile_key


@contextmanager
def open_profiles() -> Iterator[tuple[Settings, Profiles]]:
    """The settings, and the profiles in Redis. Raises `Failed` where Redis is away."""
    settings = read_settings()
    client = make_client(settings.cache_url)
    try:
        yield settings, Profiles(client)
    except redis.RedisError as error:
        raise Failed(
            f"can't use Redis ({type(error).__name__}): is it running, and is MICROBLOG_CACHE_URL right?"
        ) from error
    finally:
        client.close()


def sum_up(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """The functions, dearest first: name, file, line, calls, own_ns (without what it called), total_ns."""
    nodes = profile["nodes"]
    own = [total for _, _, _, total in nodes]
    for caller, _, _, total in nodes:
        if caller >= 0:
            own[caller] -= total
    sums = [
        {"name": name, "file": file, "line": line, "calls": 0, "own_ns": 0, "total_ns": 0}
        for name, file, line in profile["functions"]
    ]
    for node, (_, function, calls, total) in enumerate(nodes):
        found = sums[function]
        found["calls"] += calls
        # Where the clock's steps are larger than a call takes, its parts may seem longer than the whole.
        found["own_ns"] += max(own[node], 0)
        if not _is_inside_itself(nodes, node):
            found["total_ns"] += total
    return sorted(sums, key=lambda one: -one["own_ns"])


def _is_inside_itself(nodes: Sequence[Sequence[int]], node: int) -> bool:
    """Whether a function called itself on the way: its time is in the outer call's already."""
    caller, function = nodes[node][:2]
    while caller >= 0:
        if nodes[caller][1] == function:
            return True
        caller = nodes[caller][0]
    return False


def _print(profile: dict[str, Any], *, is_json: bool, most: int) -> None:
    sums = sum_up(profile)
    if is_json:
        click.echo(json.dumps(profile | {"sums": sums}))
        return
    for line in describe(profile):
        click.echo(line)
    whole = max(profile["wall_ns"], 1)
    print_table(
        ("own ms", "share", "with calls", "calls", "function"),
        [
            (
                f"{one['own_ns'] / MILLION:.2f}",
                f"{one['own_ns'] / whole:.1%}",
                f"{one['total_ns'] / MILLION:.2f}",
                one["calls"],
                f"{one['name']}  {one['file']}" + (f":{one['line']}" if one["line"] else ""),
            )
            for one in sums[:most]
        ],
    )


def describe(profile: dict[str, Any]) -> Iterator[str]:
    """What was profiled, where, and how long it took."""
    yield f"{profile['kind']} {profile['id']}: {profile['name']}, {profile['outcome']}, {profile['ended']}"
    yield f"on {profile['host']}, process {profile['pid']}, release {profile['release']}"
    calls = sum(node[2] for node in profile["nodes"])
    took, busy, cost = (profile[f"{name}_ns"] / MILLION for name in ("wall", "cpu", "cost"))
    told = f"{took:.1f} ms in {counted(calls, 'call')}, and {cost:.1f} ms of looking on"
    yield f"{told}; of both {busy:.1f} ms on a processor"
    if "db_statements" in profile:
        yield f"{counted(profile['db_statements'], 'statement')} of PostgreSQL, {profile['db_ms']} ms"
    if profile["is_cut"]:
        yield "Very many ways: the calls below some functions are counted as their own time"
