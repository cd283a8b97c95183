"""Profiling one request that has a ticket, and nobody else's."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from microblog.bootstrap import Resources
from microblog.data.cache import make_client
from microblog.data.profiles import INDEX, MOST, Profiles
from microblog.data.session import Database
from microblog.domain.profile_tickets import REQUEST_SECONDS, make_target, sign
from microblog.factory import create_app
from microblog.http.profiling import HEADER, ONE_AT_A_TIME, OneRequest
from microblog.observability.profiler import TURN
from microblog.settings import Settings

KEY = "a key of the tests to profile with"


@pytest.fixture(scope="session")
def warm_app(site_settings: Settings, site_resources: Resources) -> Flask:
    """A site with the key that has compiled its templates: by very many ways, and slowly."""
    app = create_app(replace(site_settings, profile_key=KEY), site_resources)
    app.test_client().get("/about")
    return app


@pytest.fixture
def profiled_app(warm_app: Flask, database: Database, redis_client: redis.Redis) -> Flask:
    return warm_app


@pytest.fixture
def client(profiled_app: Flask) -> FlaskClient:
    return profiled_app.test_client()


@pytest.fixture
def profiles(settings: Settings, redis_client: redis.Redis) -> Profiles:
    return Profiles(make_client(settings.cache_url))


def ticket(path: str = "/about", method: str = "GET", *, key: str = KEY, age: float = 0) -> dict[str, str]:
    return {HEADER: sign(key, method, make_target(path), time.time() - age)}


def names(profile: dict[str, Any]) -> set[str]:
    return {name for name, _, _ in profile["functions"]}


def read(profiles: Profiles, answer: TestResponse) -> dict[str, Any] | None:
    return profiles.read(answer.headers["X-Request-ID"])


def is_plain(profiles: Profiles, answer: TestResponse) -> bool:
    """Whether the answer tells nothing of profiling, and nothing was kept."""
    return HEADER not in answer.headers and not profiles.list_ids() and answer.status_code == 200


def test_off_by_default(settings: Settings, app: Flask, profiles: Profiles) -> None:
    assert settings.profile_key == ""
    wrapped = app.wsgi_app
    assert not isinstance(getattr(wrapped, "application", None), OneRequest)

    for key in (KEY, ""):
        assert is_plain(profiles, app.test_client().get("/about", headers=ticket(key=key)))


def test_a_request_with_a_ticket_is_kept_under_its_id(client: FlaskClient, profiles: Profiles) -> None:
    answer = client.get("/about?x=1", headers=ticket("/about?x=1"))
    profile = read(profiles, answer)

    assert (answer.status_code, answer.headers[HEADER]) == (200, "profiled")
    assert profile is not None
    assert (profile["kind"], profile["name"], profile["outcome"]) == ("request", "GET /about", "200")
    assert profile["id"] == answer.headers["X-Request-ID"]
    assert {"Flask.wsgi_app", "Flask.full_dispatch_request"} <= names(profile)
    assert isinstance(profile["db_statements"], int)
    assert not profile["is_cut"]


def test_another_request_is_not(client: FlaskClient, profiles: Profiles) -> None:
    assert is_plain(profiles, client.get("/about"))


def test_routes_and_no_names_of_people_are_kept(
    client: FlaskClient, profiles: Profiles, profiled_app: Flask
) -> None:
    answer = client.get("/@somebody?secret=x", headers=ticket("/@somebody?secret=x"))
    profile = read(profiles, answer)

    assert profile is not None
    assert (profile["name"], profile["outcome"]) == ("GET /@<username:username>", "404")
    assert "somebody" not in json.dumps(profile)
    assert "secret=x" not in json.dumps(profile)


@pytest.mark.parametrize(
    "headers",
    [
        ticket(key="another key of the same length...."),
        ticket("/explore"),
        ticket(method="POST"),
        ticket(age=REQUEST_SECONDS),
        {HEADER: "1"},
        {HEADER: "x" * 10_000},
    ],
    ids=["key", "path", "method", "expired", "short", "long"],
)
def test_a_bad_ticket_is_as_none(client: FlaskClient, profiles: Profiles, headers: dict[str, str]) -> None:
    assert is_plain(profiles, client.get("/about", headers=headers))


def test_a_ticket_is_good_once(client: FlaskClient, profiles: Profiles) -> None:
    headers = ticket()
    client.get("/about", headers=headers)

    again = client.get("/about", headers=headers)

    assert HEADER not in again.headers
    assert read(profiles, again) is None


def test_without_redis_nobody_has_a_ticket(make_app: Callable[..., Flask], tmp_path: Any) -> None:
    app = make_app(profile_key=KEY, cache_url=f"unix://{tmp_path}/none?db=0")

    answer = app.test_client().get("/about", headers=ticket())

    assert answer.status_code == 200
    assert HEADER not in answer.headers


@pytest.mark.parametrize(("path", "text"), [("/about", "Something"), ("/api/v2/instance", ONE_AT_A_TIME)])
def test_one_at_a_time(client: FlaskClient, profiles: Profiles, path: str, text: str) -> None:
    with TURN:
        busy = client.get(path, headers=ticket(path))
        bystander = client.get(path)
    after = client.get(path, headers=ticket(path))

    assert (busy.status_code, busy.headers[HEADER]) == (409, "busy")
    assert text in busy.text
    assert bystander.status_code == 200
    assert after.headers[HEADER] == "profiled"
    assert profiles.list_ids() == [after.headers["X-Request-ID"]]


def test_a_request_of_another_thread_is_not_in_the_result(
    make_app: Callable[..., Flask], profiles: Profiles
) -> None:
    """Both are inside the application at the same time, each waiting for the other."""
    met = threading.Barrier(2, timeout=20)

    def meet_first() -> None:
        met.wait()
        met.wait()

    def meet_second() -> str:
        met.wait()
        only_the_other_calls_this()
        met.wait()
        return "second"

    def only_the_other_calls_this() -> None:
        pass

    app = make_app(profile_key=KEY)

    @app.before_request
    def wait_for_the_other() -> None:
        if threading.current_thread().name == "profiled":
            meet_first()
        else:
            meet_second()

    answers: dict[str, TestResponse] = {}

    def ask(name: str, headers: dict[str, str]) -> None:
        answers[name] = app.test_client().get("/healthz", headers=headers)

    threads = [
        threading.Thread(target=ask, name="profiled", args=("profiled", ticket("/healthz"))),
        threading.Thread(target=ask, name="plain", args=("plain", {})),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    profile = read(profiles, answers["profiled"])
    assert profile is not None
    assert answers["plain"].status_code == 200
    assert any("meet_first" in name for name in names(profile))
    assert not any("meet_second" in name or "only_the_other" in name for name in names(profile))


def test_the_next_one_may_come_after_a_failure(client: FlaskClient, profiled_app: Flask) -> None:
    def fail(_environ: Any, _start_response: Any) -> Any:
        raise SystemExit

    middleware = profiled_app.wsgi_app
    one = getattr(middleware, "application", None)
    assert isinstance(one, OneRequest)
    former, one.application = one.application, fail
    with pytest.raises(SystemExit):
        client.get("/about", headers=ticket())
    one.application = former

    assert client.get("/about", headers=ticket()).headers[HEADER] == "profiled"


def test_as_many_are_kept(profiles: Profiles, redis_client: redis.Redis) -> None:
    for number in range(MOST + 3):
        profiles.keep(f"id{number}", {"number": number})

    assert len(profiles.list_ids()) == MOST
    assert profiles.read("id0") is None
    assert profiles.read(f"id{MOST + 2}") == {"number": MOST + 2}
    keys: Any = redis_client.keys("profile*")
    ends: list[Any] = [redis_client.ttl(key) for key in keys]
    assert len(ends) == MOST + 1
    assert all(0 < end <= 86_400 for end in ends)
    assert redis_client.zcard(INDEX) == MOST


def test_the_ticket_is_in_no_log(client: FlaskClient) -> None:
    headers = ticket()
    with capture_logs() as captured:
        client.get("/about", headers=headers)
        client.get("/about", headers=headers)

    assert {"profile.kept", "http.request"} <= {str(line["event"]) for line in captured}
    assert headers[HEADER] not in str(captured)
    assert headers[HEADER].split(".")[2] not in str(captured)


def test_the_key_shows_nowhere(settings: Settings) -> None:
    assert KEY not in repr(replace(settings, profile_key=KEY))
