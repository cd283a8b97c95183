"""Limits on tries: in Redis, and while it is away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from flask import Flask
from sqlalchemy import text

from microblog.data.cache import make_client
from microblog.data.session import Database
from microblog.domain.errors import RateLimited
from microblog.http.ratelimit import RateLimiter
from microblog.observability import metrics
from microblog.settings import Settings
from tests.factories import PASSWORD, make_account
from tests.site import Browser

GOOD = "seven green lanterns above water"


@pytest.fixture
def limiter(settings: Settings, database: Database, redis_client: redis.Redis) -> Iterator[RateLimiter]:
    with make_client(settings.cache_url) as cache:
        yield RateLimiter(replace(settings, rate_limit_log_in="3 per hour"), database, cache)


@pytest.fixture
def lonely(settings: Settings, database: Database, tmp_path: Path) -> RateLimiter:
    """A limiter whose Redis is away."""
    away = make_client(f"unix://{tmp_path}/nothing?db=0")
    return RateLimiter(replace(settings, rate_limit_log_in="3 per hour"), database, away)


@pytest.mark.parametrize("kind", ["limiter", "lonely"])
def test_counts_each_subject_by_itself(kind: str, request: pytest.FixtureRequest) -> None:
    limits: RateLimiter = request.getfixturevalue(kind)
    for _ in range(3):
        limits.use("log_in", address="192.0.2.1", identifier="alice")
    with pytest.raises(RateLimited) as error:
        limits.use("log_in", address="192.0.2.1", identifier="bob")
    assert 0 < error.value.retry_after <= 3600
    with pytest.raises(RateLimited):
        limits.use("log_in", address="192.0.2.2", identifier="alice")
    limits.use("log_in", address="192.0.2.3", identifier="carol")
    limits.use("reset", address="192.0.2.1")


def test_keys_hold_no_address(limiter: RateLimiter, redis_client: redis.Redis) -> None:
    limiter.use("log_in", address="192.0.2.1", identifier="alice@example.org")
    keys = str(redis_client.keys())
    assert "limits" in keys
    assert "192.0.2.1" not in keys
    assert "alice" not in keys


def test_without_redis_posting_goes_unlimited_with_a_metric(lonely: RateLimiter) -> None:
    away = metrics.RATE_LIMITER_AWAY.labels("post")
    before = away._value.get()
    for _ in range(40):
        lonely.use("post", account="1")
    assert away._value.get() == before + 40


def test_without_redis_tries_are_rows_that_survive_the_refusal(
    lonely: RateLimiter, database: Database
) -> None:
    for _ in range(3):
        lonely.use("log_in", address="192.0.2.1")
    with pytest.raises(RateLimited):
        lonely.use("log_in", address="192.0.2.1")
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT max(uses) FROM rate_limits")) == 4


def test_log_in_answers_429(make_app: Callable[..., Flask], database: Database) -> None:
    browser = Browser(make_app(rate_limit_log_in="2 per hour"))
    with database.unit_of_work() as session:
        make_account(session, "alice")
    for _ in range(2):
        assert browser.submit("/log-in", identifier="alice", password="wrong").status_code == 422
    answer = browser.submit("/log-in", identifier="alice", password="correct horse battery staple")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "Please wait" in answer.text
    assert browser.cookie("session") is None
    headers = {"X-Forwarded-For": "203.0.113.77"}
    fields = browser.forms("/log-in")[0].fields
    again = browser.post("/log-in/", {**fields, "identifier": "alice", "password": "x"}, headers=headers)
    for spelling in ("@alice", "ALICE", "al\u200bice", " alice\u2060 ", "@@alice", "@ alice", "@ @alice"):
        answer = browser.submit("/log-in", identifier=spelling, password=PASSWORD)
        assert answer.status_code == 429, "no other spelling gets around it"
    assert again.status_code == 429, "neither a header nor a trailing slash gets around it"


def at(app: Flask, address: str) -> Browser:
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def guess(browser: Browser, *names: str) -> list[int]:
    return [browser.submit("/log-in", identifier=name, password="wrong").status_code for name in names]


def test_only_refused_log_ins_count(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_log_in="1 per hour", rate_limit_log_in_total="3 per hour")
    with database.unit_of_work() as session:
        make_account(session, "alice")
    for number in range(4):
        at(app, f"192.0.2.{number}").log_in("alice")
    at(app, "192.0.2.1").log_in("alice")
    assert guess(at(app, "192.0.2.1"), "alice") == [422]


def test_one_address_has_not_everything_hashed(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_log_in_total="2 per hour")
    with database.unit_of_work() as session:
        make_account(session, "alice")
    for _ in range(2):
        at(app, "192.0.2.1").log_in("alice")
    third = at(app, "192.0.2.1").submit("/log-in", identifier="alice", password=PASSWORD)
    assert third.status_code == 429


@pytest.mark.parametrize("cache", ["", "unix:///nowhere/at-all?db=0"], ids=["Redis", "PostgreSQL"])
def test_nobody_is_locked_out_by_guesses_from_elsewhere(
    make_app: Callable[..., Flask], database: Database, settings: Settings, cache: str
) -> None:
    app = make_app(rate_limit_log_in="2 per hour", cache_url=cache or settings.cache_url)
    with database.unit_of_work() as session:
        make_account(session, "alice")
        make_account(session, "bob")
    attacker = at(app, "192.0.2.1")
    assert guess(attacker, "alice", "alice", "alice") == [422, 422, 429]
    at(app, "198.51.100.7").log_in("alice")
    attacker.log_in("bob")


def test_a_name_is_guessed_from_few_addresses(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_log_in_total="3 per hour")
    tries = [guess(at(app, f"192.0.2.{number}"), "alice")[0] for number in range(4)]
    assert tries == [422, 422, 422, 429]
    assert guess(at(app, "192.0.2.1"), "bob") == [422]


def test_an_address_guesses_few_names(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_log_in_total="3 per hour")
    assert guess(at(app, "192.0.2.1"), "ann", "bob", "carol", "dora") == [422, 422, 422, 429]
    assert guess(at(app, "192.0.2.2"), "dora") == [422]
    assert guess(at(app, "2001:db8::1"), "ann", "bob") == [422, 422]
    assert guess(at(app, "2001:db8::2"), "carol", "dora") == [422, 429], "one network, one count"


def test_only_accounts_made_count_as_sign_ups(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_sign_up="1 per hour")
    browser = Browser(app)
    for _ in range(3):
        refused = browser.submit("/sign-up", username="a b", email="a@example.org", password=GOOD)
        assert refused.status_code == 422
    assert (
        browser.submit("/sign-up", username="anna", email="a@example.org", password=GOOD).status_code == 303
    )
    other = Browser(app)
    answer = other.submit("/sign-up", username="berta", email="b@example.org", password=GOOD)
    assert answer.status_code == 429
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM accounts")) == 1


def sign_up(browser: Browser, username: str, email: str) -> int:
    return browser.submit("/sign-up", username=username, email=email, password=GOOD).status_code


def count_jobs(database: Database, name: str) -> int:
    with database.unit_of_work() as session:
        return session.scalar(text("SELECT count(*) FROM jobs WHERE name = :name"), {"name": name}) or 0


def test_a_refused_sign_up_costs_no_hash(
    make_app: Callable[..., Flask], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(rate_limit_sign_up="1 per hour")
    assert sign_up(Browser(app), "anna", "a@example.org") == 303
    hashed: list[str] = []
    monkeypatch.setattr(app.extensions["microblog"].resources.hasher, "hash", hashed.append)
    assert sign_up(Browser(app), "berta", "b@example.org") == 429
    assert hashed == []


def test_sign_ups_mail_an_address_seldom(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_reset="2 per hour", rate_limit_sign_up="3 per hour")
    here, elsewhere = "192.0.2.1", "198.51.100.7"
    assert [sign_up(at(app, here), f"eve{n}", "Vic@example.org") for n in range(3)] == [303, 303, 429]
    assert sign_up(at(app, here), "eve4", " vic@Example.org") == 429, "no other spelling gets around it"
    assert sign_up(at(app, elsewhere), "vic", "vic@example.org") == 303, "one address alone keeps nobody out"
    assert sign_up(at(app, elsewhere), "eve5", "vic@example.org") == 429, "all addresses together mail few"
    assert count_jobs(database, "mail.confirmation") == 3


def test_asking_again_mails_an_address_seldom(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_reset="3 per hour")
    first, second = Browser(app), Browser(app)
    assert sign_up(first, "eve1", "vic@example.org") == sign_up(second, "eve2", "vic@example.org") == 303
    answers = [one.submit("/home", "/confirm-email/resend").status_code for one in (first, second)]
    assert answers == [303, 429]
    change = {"change": "email", "current_password": GOOD, "email": "vic@example.org"}
    assert second.submit("/settings/account", **change).status_code == 429
    assert count_jobs(database, "mail.confirmation") == 3


@pytest.mark.parametrize("cache", ["", "unix:///nowhere/at-all?db=0"], ids=["Redis", "PostgreSQL"])
def test_nobody_keeps_an_owner_from_a_new_password(
    make_app: Callable[..., Flask], database: Database, settings: Settings, cache: str
) -> None:
    app = make_app(rate_limit_reset="2 per hour", cache_url=cache or settings.cache_url)
    with database.unit_of_work() as session:
        make_account(session, "vic")
    spellings = ("vic@example.org", "VIC@example.org", "vic@example.org ", "vic@example.org")
    browsers = [at(app, f"192.0.2.{number}") for number in range(4)]
    answers = [
        one.submit("/reset-password", email=email) for one, email in zip(browsers, spellings, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    with database.unit_of_work() as session:
        mailed = text(
            "SELECT arguments ->> 'token_id' FROM jobs WHERE name = 'mail.reset_password' ORDER BY id"
        )
        tokens = list(session.scalars(mailed))
        assert len(tokens) == 2
        good = session.scalars(text("SELECT id::text FROM one_time_tokens")).all()
    assert good == tokens[1:], "the link mailed last stays good"


def test_posting_and_reset_answer_429(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(rate_limit_post="2 per hour", rate_limit_reset="2 per hour")
    with database.unit_of_work() as session:
        make_account(session, "alice")
    browser = Browser(app)
    browser.log_in("alice")
    answers = [browser.submit("/write", text="hello").status_code for _ in range(3)]
    assert answers == [303, 303, 429]
    answers = [browser.submit("/reset-password", email="a@example.org").status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_short_waits_are_told_in_seconds(make_app: Callable[..., Flask], database: Database) -> None:
    browser = Browser(make_app(rate_limit_reset="1 per 20 seconds"))
    browser.submit("/reset-password", email="a@example.org")
    assert " seconds." in browser.submit("/reset-password", email="a@example.org").text
