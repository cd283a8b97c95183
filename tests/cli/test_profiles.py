"""`microblog profiles` and `microblog jobs profile`."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import redis

from microblog.bootstrap import Resources
from microblog.cli.profiles import sum_up
from microblog.data.cache import make_client
from microblog.data.profiles import Profiles
from microblog.data.session import Database
from microblog.domain import profile_tickets
from microblog.factory import create_app
from microblog.jobs.names import PURGE
from microblog.jobs.outbox import enqueue
from microblog.observability.profiler import TURN
from microblog.settings import Settings
from tests.cli.conftest import Run

KEY = "a key of the tests to profile with"
ON: dict[str, str | None] = {"MICROBLOG_PROFILE_KEY": KEY}
PROFILE = {
    "id": "6f1b3e0c", "kind": "job", "name": "mail.mention", "outcome": "done",
    "ended": "2026-11-29T12:00:00+00:00", "host": "worker2", "pid": 7,
    "release": "0.1.0", "wall_ns": 5_000_000, "cpu_ns": 2_000_000, "cost_ns": 100_000, "is_cut": True,
    "functions": [["send", "a.py", 3], ["recurse", "b.py", 9], ["SSLSocket.read", "", 0]],
    "nodes": [[-1, 0, 1, 5_000_000], [0, 1, 1, 4_000_000], [1, 1, 2, 3_000_000], [2, 2, 2, 2_500_000]],
}  # fmt: skip


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def profiles(settings: Settings, redis_client: redis.Redis) -> Profiles:
    return Profiles(make_client(settings.cache_url))


@pytest.fixture
def site(site_settings: Settings, site_resources: Resources, database: Database) -> Iterator[WSGIServer]:
    """A web server of the site, with the key."""
    app = create_app(replace(site_settings, profile_key=KEY), site_resources)
    with make_server("127.0.0.1", 0, app, handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def bind_of(server: WSGIServer) -> str:
    return f"127.0.0.1:{server.server_port}"


def test_times_are_summed_up_by_function() -> None:
    first, second, third = sum_up(PROFILE)

    assert (first["name"], first["own_ns"], first["total_ns"]) == ("SSLSocket.read", 2_500_000, 2_500_000)
    # What it took within itself counts once.
    assert (second["name"], second["calls"], second["own_ns"], second["total_ns"]) == (
        "recurse",
        3,
        1_500_000,
        4_000_000,
    )
    assert (third["own_ns"], third["total_ns"]) == (1_000_000, 5_000_000)


def test_a_profile_is_shown_and_listed(run: Run, profiles: Profiles) -> None:
    profiles.keep("6f1b3e0c", PROFILE)

    shown = run("profiles", "show", "6f1b3e0c", "--most", "2").stdout
    listed = run("profiles", "list").stdout
    whole = json.loads(run("profiles", "show", "6f1b3e0c", "--json").stdout)

    assert shown == (
        "job 6f1b3e0c: mail.mention, done, 2026-11-29T12:00:00+00:00\n"
        "on worker2, process 7, release 0.1.0\n"
        "5.0 ms in 6 calls, and 0.1 ms of looking on; of both 2.0 ms on a processor\n"
        "Very many ways: the calls below some functions are counted as their own time\n"
        "own ms  share  with calls  calls  function\n"
        "2.50    50.0%  2.50        2      SSLSocket.read\n"
        "1.50    30.0%  4.00        3      recurse b.py:9\n"
    )
    assert "6f1b3e0c  job   mail.mention  done     5.0 ms" in listed
    assert listed.endswith("1 profile, kept for 24 h\n")
    assert whole["sums"][0]["name"] == "SSLSocket.read"
    assert whole["nodes"] == PROFILE["nodes"]


def test_one_that_is_not_there_is_told(run: Run, profiles: Profiles) -> None:
    result = run("profiles", "show", "6f1b3e0c")
    assert result.exit_code == 1
    assert "there is no profile of 6f1b3e0c" in result.stderr


@pytest.mark.parametrize("words", [("profiles", "request", "/about"), ("jobs", "profile", PURGE.name)])
def test_off_is_told(run: Run, profiles: Profiles, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("microblog: profiling is off: set MICROBLOG_PROFILE_KEY")


def test_a_request_is_profiled_and_shown(run: Run, profiles: Profiles, site: WSGIServer) -> None:
    words = ("profiles", "request", "/api/v1/timelines/tag/caf%C3%A9?x=%C3%A9", "--bind", bind_of(site))
    shown = run(*words, changes=ON)
    # The log of the site that this very process is comes before it.
    *_, last = run(*words, "--json", "--method", "HEAD", "--times", "3", changes=ON).stdout.splitlines()
    whole = json.loads(last)

    assert shown.exit_code == 0, shown.stderr
    assert ": GET /api/v1/timelines/tag/<name>, 200" in shown.stdout
    assert whole["name"] == "HEAD /api/v1/timelines/tag/<name>"
    # Asked three times, the quickest is shown.
    took = [(profiles.read(one) or {})["wall_ns"] for one in profiles.list_ids()]
    assert len(took) == 4
    assert whole["wall_ns"] == min(took[:3])


def test_a_header_comes_by_standard_input(run: Run, profiles: Profiles, site: WSGIServer) -> None:
    words = ("profiles", "request", "/api/v1/accounts/verify_credentials", "--bind", bind_of(site))
    refused = run(*words, "--header-stdin", changes=ON, stdin="Authorization: Bearer nonsense\n")
    malformed = run(*words, "--header-stdin", changes=ON, stdin="Bearer nonsense\n")

    assert ", 401," in refused.stdout
    assert malformed.exit_code == 2
    assert "nonsense" not in refused.stdout + malformed.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"MICROBLOG_PROFILE_KEY": KEY[::-1]},
            "answered 200 and profiled nothing",
        ),
        (ON, "profiles another request (409)"),
    ],
)
def test_a_refusal_is_one_line(
    run: Run, profiles: Profiles, site: WSGIServer, changes: dict[str, str | None], message: str
) -> None:
    with TURN:
        result = run("profiles", "request", "/about", "--bind", bind_of(site), changes=changes)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_server_no_redis_and_no_path_are_told(run: Run, profiles: Profiles, tmp_path: Any) -> None:
    nobody = run("profiles", "request", "/about", "--bind", f"unix:{tmp_path}/none", changes=ON)
    away = {**ON, "MICROBLOG_CACHE_URL": f"unix://{tmp_path}/none?db=0"}
    no_redis = run("profiles", "list", changes=away)

    assert nobody.exit_code == 1
    assert "does the web server listen at unix:" in nobody.stderr
    assert no_redis.exit_code == 1
    assert "is MICROBLOG_CACHE_URL right?" in no_redis.stderr
    for words in (
        ("about",),
        ("/café",),
        ("/a b",),
        ("/about", "--bind", "nowhere"),
        ("/", "--method", "POST", "--times", "2"),
    ):
        assert run("profiles", "request", *words, changes=ON).exit_code == 2


def test_a_job_is_asked_for_by_name_or_id(run: Run, profiles: Profiles, database: Database) -> None:
    with database.unit_of_work() as session:
        enqueue(session, PURGE)
    job_id = run("jobs", "list").stdout.splitlines()[1].split()[0]

    by_name, by_id = (run("jobs", "profile", job, changes=ON) for job in (PURGE.name, job_id))

    assert "`microblog profiles list`" in by_name.stdout
    assert f"`microblog profiles show {job_id}`" in by_id.stdout
    for job in (PURGE.name, job_id):
        wish = profiles.take_wish(job)
        assert wish is not None
        read = profile_tickets.read(KEY, wish[1], profile_tickets.JOB, job.encode(), 0)
        assert read is None  # far too early
    for unknown in ("mail.nothing", "1"):
        assert run("jobs", "profile", unknown, changes=ON).exit_code == 1
