"""The site for tests: the application on the worker's PostgreSQL and Redis, and a browser without scripts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from microblog.bootstrap import Resources, bootstrap
from microblog.data.models import OneTimeToken, User
from microblog.data.session import Database
from microblog.factory import create_app
from microblog.settings import Settings
from tests.factories import PASSWORD, make_account

# No test but those of the limits should meet one.
PLENTY = "1000 per minute"


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with the values they came with."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class FormReader(HTMLParser):
    """Collects the forms of a page as a browser would send them."""

    def __init__(self, page_url: str) -> None:
        super().__init__()
        self.page_url = page_url
        self.forms: list[Form] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(
                Form(values.get("action") or self.page_url, values.get("method", "get").lower())
            )
        elif self.forms:
            self._read_control(tag, values)

    def _read_control(self, tag: str, values: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], values.get("name", ""), values.get("type", "text")
        if tag == "button" and name:
            form.buttons.append((name, values.get("value", "")))
        elif tag == "textarea":
            self._area, form.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in values:
            form.fields[self._select] = values["value"]
        elif tag == "input" and kind == "file":
            form.files.append(name)
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in values):
            form.fields[name] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            fields = self.forms[-1].fields
            # A browser drops the line break that follows the tag.
            fields[self._area] = fields[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None


def read_forms(html: str, page_url: str) -> list[Form]:
    reader = FormReader(page_url)
    reader.feed(html)
    return reader.forms


class Browser:
    """Follows links and sends forms, with the fields that the page really has."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(path, data=data or {}, **options)

    def forms(self, path: str) -> list[Form]:
        response = self.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return read_forms(response.text, path)

    def submit(self, page: str, action: str | None = None, **values: Any) -> TestResponse:
        """Load a page, fill the form that goes to `action` (default: the page itself), and send it."""
        wanted = urlsplit(action or page).path
        candidates = [form for form in self.forms(page) if urlsplit(form.action).path == wanted]
        names = set(values) - {"change"}
        form = next(form for form in candidates if names <= {*form.fields, *form.files, *checkboxes(values)})
        assert form.method == "post"
        data = {**form.fields, **{name: value for name, value in values.items() if value is not None}}
        return self.post(form.action, data)

    def log_in(self, username: str, password: str = PASSWORD) -> TestResponse:
        response = self.submit("/log-in", identifier=username, password=password)
        assert response.status_code == 303, response.text
        return response

    def follow_redirect(self, response: TestResponse) -> TestResponse:
        assert response.status_code in (301, 303), response.status_code
        return self.get(response.location)

    def cookie(self, name: str) -> str | None:
        cookie = self.client.get_cookie(name)
        return cookie.value if cookie else None


def checkboxes(values: dict[str, Any]) -> set[str]:
    """Fields that a page leaves out when they are not ticked."""
    return {name for name in values if values[name] in ("y", None)}


@pytest.fixture(scope="session")
def site_settings(settings: Settings) -> Settings:
    return replace(
        settings,
        rate_limit_log_in=PLENTY,
        rate_limit_log_in_total=PLENTY,
        rate_limit_sign_up=PLENTY,
        rate_limit_post=PLENTY,
        rate_limit_api=PLENTY,
        rate_limit_app=PLENTY,
        rate_limit_reset=PLENTY,
    )


@pytest.fixture(scope="session")
def site_resources(site_settings: Settings) -> Iterator[Resources]:
    resources = bootstrap(site_settings, application="tests of the site")
    yield resources
    resources.close()


@pytest.fixture(scope="session")
def site_app(site_settings: Settings, site_resources: Resources) -> Flask:
    return create_app(site_settings, site_resources)


@pytest.fixture
def app(site_app: Flask, database: Database, redis_client: redis.Redis) -> Flask:
    """The site; database and Redis are empty before and after the test."""
    return site_app


@pytest.fixture
def make_app(
    site_settings: Settings, database: Database, redis_client: redis.Redis
) -> Iterator[Callable[..., Flask]]:
    """Makes a site with other settings (`make_app(base_url="https://blog.example")`)."""
    made: list[Resources] = []

    def make(**changes: Any) -> Flask:
        settings = replace(site_settings, **changes)
        made.append(bootstrap(settings, application="tests of the site"))
        return create_app(settings, made[-1])

    yield make
    for resources in made:
        resources.close()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A visitor who is signed out."""
    return Browser(app)


@pytest.fixture
def people(app: Flask, database: Database, secret: Callable[[str], str]) -> Callable[..., Browser]:
    """Makes somebody with a confirmed account who is logged in (`people("alice")`)."""
    secret(PASSWORD)

    def make(username: str, *, is_confirmed: bool = True) -> Browser:
        with database.unit_of_work() as session:
            make_account(session, username, is_confirmed=is_confirmed)
        browser = Browser(app)
        browser.log_in(username)
        secret(browser.cookie("session") or "")
        return browser

    return make


def mailed_token(database: Database, resources: Resources, username: str, purpose: str) -> str:
    """The token of the link that the worker would mail."""
    with database.unit_of_work() as session:
        statement = (
            select(OneTimeToken.id)
            .join(User, User.account_id == OneTimeToken.account_id)
            .where(OneTimeToken.purpose == purpose)
            .order_by(OneTimeToken.id.desc())
        )
        return resources.links.sign_token(session.scalars(statement).first() or 0, purpose)
