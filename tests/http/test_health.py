"""What a load balancer is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from microblog.bootstrap import Resources, bootstrap
from microblog.data import migrations
from microblog.factory import create_app
from microblog.settings import Settings
from tests.site import Browser

STEPS = migrations.steps()


def test_alive_asks_nobody(settings: Settings) -> None:
    app = away_site(settings, "/nowhere")
    answer = app.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "alive", "release": settings.release}


def test_ready(app: Flask, settings: Settings) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "release": settings.release,
        "schema": migrations.head(),
        "database": "up",
        "redis": "up",
    }


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/readyz%2F", "/healthz//"])
def test_health_has_one_address_each(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


def test_a_shared_part_that_is_away_is_only_reported(settings: Settings, tmp_path: Path) -> None:
    answer = away_site(settings, str(tmp_path)).get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() | {"release": ""} == {
        "status": "degraded", "release": "", "schema": None, "database": "away", "redis": "away"
    }  # fmt: skip


@pytest.mark.parametrize(("schema", "status"), [("", 503), ("0000", 503), ("9999", 200)])
def test_a_schema_behind_is_another_hosts_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch, schema: str, status: int
) -> None:
    monkeypatch.setattr(migrations, "current", lambda connection: schema)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == status
    assert answer.get_json()["status"] == ("behind" if status == 503 else "ready")


def test_a_contract_step_to_come_is_no_reason_to_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "steps", lambda: [*STEPS, migrations.Step("9999", "drop", "contract")])
    assert app.test_client().get("/readyz").status_code == 200
    monkeypatch.setattr(migrations, "steps", lambda: [*STEPS, migrations.Step("9999", "add", "expand")])
    assert app.test_client().get("/readyz").status_code == 503


def away_site(settings: Settings, folder: str) -> FlaskClient:
    """A site whose PostgreSQL and Redis can't be reached."""
    away = replace(
        settings,
        database_url=f"postgresql+psycopg2://nobody@/nothing?host={folder}",
        cache_url=f"unix://{folder}/nothing?db=0",
    )
    return create_app(away).test_client()


def test_without_database_pages_say_so(settings: Settings, tmp_path: Path) -> None:
    client = away_site(settings, str(tmp_path))
    client.set_cookie("session", "x")
    for page in ("/", "/home", "/@alice", "/avatars/7.svg"):
        answer = client.get(page)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "10"
        assert "Back in a moment" in answer.text
    assert client.get("/nowhere").status_code == 404
    client.delete_cookie("session")
    assert client.get("/about").status_code == 200
    assert client.get("/log-in").status_code == 200
    assert client.get("/nowhere").status_code == 404


def test_without_redis_everything_works(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    app = make_app(cache_url=f"unix://{tmp_path}/nothing?db=0", rate_limit_log_in="5 per hour")
    browser, good = Browser(app), "seven green lanterns above water"
    assert (
        browser.submit("/sign-up", username="anna", email="a@example.org", password=good).status_code == 303
    )
    assert browser.get("/home").status_code == 200
    assert browser.get("/").status_code == 303


def test_an_app_opens_nothing_when_made(settings: Settings) -> None:
    resources: Resources = bootstrap(settings, application="test")
    create_app(settings, resources)
    assert "Connections in pool: 0" in resources.database.engine.pool.status()
    resources.close()
