"""Every route declares who may call it, and takes one verb."""

from flask import Flask

from microblog.api.endpoints import PUBLIC, SCOPE, USER
from microblog.api.routes import list_endpoints
from microblog.factory import create_app
from microblog.http.auth import AUTHENTICATION
from microblog.settings import Settings

KINDS = {"public", "signed_in", "confirmed", "machine", "api_public", "api_app", "api_user"}
# Machines' answers hold nothing that belongs to anybody, but what OAuth's clients prove to be theirs.
MACHINE = {
    "assets.file", "media.file", "media.initials", "media.plain_header", "health.alive", "health.ready",
    "oauth_tokens.create", "oauth_tokens.revoke", "oauth_tokens.metadata",
}  # fmt: skip
# Whoever writes here must have proven that mail reaches them.
CONFIRMED = {"relationships.follow", "statuses.create", "applications.create", "applications.make_token"}
# What everybody may send: registering a client is how one gets a token.
OPEN_TO_ALL = {"api.apps.create"}
UNSCOPED: set[str] = set()


def make(settings: Settings) -> Flask:
    return create_app(settings)


def test_each_declares_its_authentication(settings: Settings) -> None:
    app = make(settings)
    kinds = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], AUTHENTICATION, None)
        for rule in app.url_map.iter_rules()
    }
    assert len(kinds) > 30
    assert {endpoint for endpoint, kind in kinds.items() if kind not in KINDS} == set()
    assert {endpoint for endpoint, kind in kinds.items() if kind == "machine"} == MACHINE
    assert {endpoint for endpoint, kind in kinds.items() if kind == "confirmed"} == CONFIRMED
    private = {
        endpoint
        for endpoint in kinds
        if endpoint.split(".")[0] in ("settings", "applications", "relationships", "notifications")
    }
    assert {kinds[endpoint] for endpoint in private - CONFIRMED} == {"signed_in"}


def test_a_handler_answers_one_verb(settings: Settings) -> None:
    verbs = {
        rule.endpoint: (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for rule in make(settings).url_map.iter_rules()
    }
    assert {endpoint for endpoint, methods in verbs.items() if len(methods) != 1} == set()


def test_each_endpoint_of_the_api_declares_access_and_scope(settings: Settings) -> None:
    app = make(settings)
    endpoints = {f"api.{endpoint.noun}.{endpoint.name}": endpoint for endpoint in list_endpoints()}
    served = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert served == set(endpoints)
    for name, endpoint in endpoints.items():
        view = app.view_functions[name]
        assert getattr(view, AUTHENTICATION) == endpoint.access, name
        assert getattr(view, SCOPE) == endpoint.scope, name
        # Whoever acts for a person says what for.
        assert endpoint.scope or endpoint.access is not USER or name in UNSCOPED, name
        assert endpoint.access is not PUBLIC or endpoint.method == "GET" or name in OPEN_TO_ALL, name
        assert endpoint.summary.endswith("."), name


def test_no_secret_stands_in_a_path(settings: Settings) -> None:
    arguments = {name for rule in make(settings).url_map.iter_rules() for name in rule.arguments}
    assert arguments == {
        "username",
        "status_id",
        "session_id",
        "account_id",
        "application_id",
        "notification_id",
        "name",
        "path",
        "version",
    }
