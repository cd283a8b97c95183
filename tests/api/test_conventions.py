"""What holds for every answer of the API: access, errors, paging, limits, other sites, caches."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import select

from microblog.api.entities.moments import format_day, format_moment
from microblog.data.models import Account
from microblog.data.session import Database
from tests.api.conftest import Client
from tests.api.probes import install_probes

INVALID = {"error": "The access token is invalid"}
OUT_OF_SCOPE = {"error": "This action is outside the authorized scopes"}
CURSOR = 2**63 - 1


@pytest.fixture
def probe(make_app: Callable[..., Flask]) -> Flask:
    app = make_app()
    install_probes(app)
    return app


def as_probe(app: Flask, client: Client) -> Client:
    return Client(app, client.token, client.account_id)


# --- Who may ----------------------------------------------------------------------------------------


def test_who_may_call_what(probe: Flask, api: Callable[..., Client]) -> None:
    alice = as_probe(probe, api("alice", scopes="read"))
    narrow = as_probe(probe, api("alice", scopes="write"))
    program = as_probe(probe, api(None, scopes="read"))
    anybody = Client(probe)
    assert alice.get("/api/mine").get_json() == ["alice", str(alice.account_id)]
    assert (narrow.get("/api/mine").status_code, narrow.get("/api/mine").get_json()) == (403, OUT_OF_SCOPE)
    answer = anybody.get("/api/mine")
    assert (answer.status_code, answer.get_json()) == (401, INVALID)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    answer = program.get("/api/mine")
    assert answer.status_code == 422
    assert answer.get_json() == {"error": "This method requires an authenticated user"}
    assert [client.get("/api/app").status_code for client in (alice, program, anybody)] == [200, 200, 401]
    unconfirmed = as_probe(probe, api("bob", is_confirmed=False))
    assert unconfirmed.get("/api/mine").status_code == 403


def test_at_public_endpoints_a_token_counts_where_it_may(probe: Flask, api: Callable[..., Client]) -> None:
    alice = as_probe(probe, api("alice", scopes="read:statuses"))
    assert alice.get("/api/probe").get_json()["viewer_id"] == alice.account_id
    assert as_probe(probe, api("alice", scopes="write")).get("/api/probe").get_json()["viewer_id"] is None
    assert as_probe(probe, api(None)).get("/api/probe").get_json()["viewer_id"] is None
    assert Client(probe).get("/api/probe").get_json()["viewer_id"] is None
    answer = Client(probe, "unknown").get("/api/probe")
    assert (answer.status_code, answer.get_json()) == (401, INVALID)


def test_a_token_anywhere_else_is_not_looked_at(probe: Flask, api: Callable[..., Client]) -> None:
    token = api("alice").token
    anybody = Client(probe)
    assert anybody.get(f"/api/mine?access_token={token}").status_code == 401
    assert anybody.post("/api/mine", data={"access_token": token}).status_code == 401
    assert anybody.get("/api/mine", headers={"Authorization": f"Basic {token}"}).status_code == 401


def test_what_a_refusal_wrote_is_taken_back(
    probe: Flask, api: Callable[..., Client], database: Database
) -> None:
    alice = as_probe(probe, api("alice"))
    assert alice.post("/api/mine").status_code == 422
    with database.unit_of_work() as session:
        assert session.scalars(select(Account.display_name)).one() == ""


# --- Paging -----------------------------------------------------------------------------------------


def test_the_link_header_names_next_first_and_keeps_what_was_asked(probe: Flask) -> None:
    client = Client(probe)
    link = client.get("/api/pages/?local=true&limit=3&any[]=a&any[]=b&max_id=99&access_token=x").headers[
        "Link"
    ]
    kept = "local=true&limit=3&any%5B%5D=a&any%5B%5D=b"
    assert link == (
        f'<http://localhost/api/pages/?{kept}&max_id=7>; rel="next",'
        f' <http://localhost/api/pages/?{kept}&min_id=9>; rel="prev"'
    )
    assert client.get("/api/long").headers["Link"] == '<http://localhost/api/long?min_id=9>; rel="prev"'
    assert "Link" not in client.get("/api/none").headers


def test_addresses_in_the_link_header_are_the_sites_own(make_app: Callable[..., Flask]) -> None:
    app = make_app(base_url="https://blog.example")
    install_probes(app)
    link = Client(app).get("/api/pages", headers={"Host": "evil.example"}).headers["Link"]
    assert link.startswith("<https://blog.example/api/pages?max_id=7>")


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", (None, None, None, 20)),
        ("max_id=5&since_id=3&min_id=4&limit=7", (5, 4, 3, 7)),
        ("limit=0", (None, None, None, 1)),
        ("limit=-5", (None, None, None, 1)),
        ("limit=1000000", (None, None, None, 40)),
        ("limit=" + "9" * 30, (None, None, None, 40)),
        ("limit=", (None, None, None, 20)),
        ("max_id=-5&min_id=-" + "9" * 30, (0, 0, None, 20)),
        ("max_id=" + "9" * 30, (CURSOR, None, None, 20)),
        ("max_id=abc&min_id=&since_id=1.5", (None, None, None, 20)),
        ("max_id=１２", (None, None, None, 20)),
    ],
)
def test_paging_is_answered_whatever_is_asked(
    probe: Flask, query: str, page: tuple[int | None, int | None, int | None, int]
) -> None:
    answer = Client(probe).get(f"/api/pages?{query}")
    max_id, min_id, since_id, limit = page
    told = f"PageRequest(max_id={max_id}, min_id={min_id}, since_id={since_id}, limit={limit})"
    assert (answer.status_code, answer.get_json()) == (200, [told])


def test_long_lists_have_other_limits(probe: Flask) -> None:
    client = Client(probe)
    assert client.get("/api/long").get_json() == ["40"]
    assert client.get("/api/long?limit=500").get_json() == ["80"]
    assert client.get("/api/long?limit=many").status_code == 422


# --- Limits -----------------------------------------------------------------------------------------


def test_every_answer_tells_the_limit(make_app: Callable[..., Flask], api: Callable[..., Client]) -> None:
    app = make_app(rate_limit_api="3 per hour")
    install_probes(app)
    alice, bob = as_probe(app, api("alice")), as_probe(app, api("bob"))
    left = [alice.get("/api/mine").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = alice.get("/api/mine")
    assert answer.status_code == 429
    assert answer.get_json() == {"error": "Too many tries. Please wait a little and try again."}
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    reset = datetime.strptime(answer.headers["X-RateLimit-Reset"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=UTC
    )
    assert timedelta(0) < reset - datetime.now(UTC) <= timedelta(hours=1)
    # By account, whichever token; and by address without one.
    assert as_probe(app, api("alice")).get("/api/mine").status_code == 429
    assert bob.get("/api/mine").status_code == 200
    anybody = Client(app)
    assert [anybody.get("/api/pages").status_code for _ in range(4)] == [200, 200, 200, 429]
    # Nor may tokens be guessed.
    assert Client(app, "guess").get("/api/pages").status_code == 429
    for path in ("/api/nothing", "/api/v1/instance/rules"):
        assert anybody.get(path).headers["X-RateLimit-Limit"] == "3"


def test_without_redis_there_is_no_limit(make_app: Callable[..., Flask]) -> None:
    app = make_app(rate_limit_api="1 per hour", cache_url="redis://127.0.0.1:1/0")
    install_probes(app)
    answers = [Client(app).get("/api/pages") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[2].headers["X-RateLimit-Remaining"] == "1"


def test_counting_is_one_round_trip(
    probe: Flask, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(probe)
    client.get("/api/pages")
    sent: list[Any] = []
    real: Any = redis.connection.AbstractConnection.send_packed_command

    def note(connection: Any, command: Any, *details: Any, **options: Any) -> Any:
        sent.append(command)
        return real(connection, command, *details, **options)

    monkeypatch.setattr(
        redis.connection.AbstractConnection,
        "send_packed_command",
        note,
    )
    client.get("/api/pages")
    assert len(sent) == 1
    # Neither an address nor an account's id can be read from the store.
    assert all(b"127.0.0.1" not in key for key in redis_client.scan_iter("*"))


# --- Other sites and caches -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/instance/rules",
        "/api/nothing",
        "/oauth/token",
        "/oauth/revoke",
        "/.well-known/x",
        "/nodeinfo/2.0",
    ],
)
def test_other_sites_pages_may_ask(probe: Flask, path: str) -> None:
    client = Client(probe)
    headers = {
        "Origin": "https://client.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key, content-type",
    }
    first = client.open("OPTIONS", path, headers=headers)
    assert first.status_code in (200, 204)
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(
        first.headers["Access-Control-Allow-Methods"].split(", ")
    )
    allowed = first.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "idempotency-key", "content-type"} <= set(allowed)
    answer = client.get(path, headers={"Origin": "https://client.example"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert {
        "Link",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "X-Request-ID",
    } <= exposed
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    for one in (first, answer):
        assert "Access-Control-Allow-Credentials" not in one.headers


@pytest.mark.parametrize("path", ["/", "/about", "/log-in", "/oauth/authorize", "/apiary", "/oauth/tokens"])
def test_pages_are_not_for_other_sites_scripts(probe: Flask, path: str) -> None:
    answer = Client(probe).get(path, headers={"Origin": "https://client.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pictures_may_be_shown_elsewhere(probe: Flask) -> None:
    for path in ("/avatars/1.svg", "/media/x/96.webp", "/headers/original/missing.png"):
        answer = Client(probe).get(path)
        assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]


def test_what_caches_may_keep(probe: Flask, api: Callable[..., Client]) -> None:
    anybody, alice = Client(probe), as_probe(probe, api("alice"))
    answer = anybody.get("/api/pages")
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=5"
    assert "Authorization" in answer.vary
    private = "private, no-store"
    assert alice.get("/api/pages").headers["Cache-Control"] == private
    assert Client(probe, "unknown").get("/api/pages").headers["Cache-Control"] == private
    assert anybody.get("/api/pages", headers={"Authorization": "Basic x"}).headers["Cache-Control"] == private
    assert anybody.post("/api/probe").headers["Cache-Control"] == private
    assert anybody.get("/api/mine").headers["Cache-Control"] == private
    assert "Set-Cookie" not in answer.headers


def test_head_answers_without_a_body(probe: Flask) -> None:
    answer = Client(probe).open("HEAD", "/api/pages")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "Link" in answer.headers


# --- Moments ----------------------------------------------------------------------------------------


def test_moments_have_three_digits_and_a_z() -> None:
    moment = datetime(2026, 11, 21, 8, 0, 0, 123999, tzinfo=UTC)
    assert format_moment(moment) == "2026-11-21T08:00:00.123Z"
    assert format_moment(moment.replace(microsecond=0)) == "2026-11-21T08:00:00.000Z"
    late = moment.astimezone(timezone(timedelta(hours=-9)))
    assert format_moment(late) == "2026-11-21T08:00:00.123Z"
    assert format_day(late) == "2026-11-21"
    assert format_day(moment.date()) == "2026-11-21"
