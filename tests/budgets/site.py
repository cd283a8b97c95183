"""The budgets of the site's pages and forms, and of what programs and browsers fetch."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.budgets.asking import NOBODY, Ask, World
from tests.factories import PASSWORD
from tests.oauth.conftest import CALLBACK

#: The cookie with its account and what the page's head shows of it.
SESSION = 1
OTHER_PASSWORD = "another horse, another battery"
QUESTION = {
    "response_type": "code",
    "client_id": "{client_id}",
    "redirect_uri": CALLBACK,
    "scope": "read",
}


def visitor(statements: int, **options: Any) -> Ask:
    """Asked by somebody who is signed out."""
    return Ask(statements, by=NOBODY, **options)


def member(statements: int, **options: Any) -> Ask:
    """Asked by somebody who is logged in."""
    return Ask(SESSION + statements, **options)


def both(statements: int, **options: Any) -> tuple[Ask, ...]:
    """What costs the same for everybody."""
    return visitor(statements, **options), member(statements, **options)


def form(statements: int, body: Mapping[str, Any] | None = None, **options: Any) -> Ask:
    """A form sent by somebody who is logged in; it sends them on to a page."""
    return member(statements, body=body or {}, **{"status": 303, **options})


def get_code(world: World) -> Mapping[str, str]:
    """A code that alice allowed."""
    page = "/oauth/authorize?" + urlencode(world.named(QUESTION))
    fields = next(one for one in world.browsers["alice"].forms(page) if "client_id" in one.fields).fields
    answer = world.browsers["alice"].post("/oauth/authorize", {**fields, "decision": "allow"})
    return {"code": answer.location.rpartition("code=")[2]}


CLIENT = {"client_id": "{client_id}", "client_secret": "{client_secret}"}

PAGES: dict[str, tuple[Ask, ...]] = {
    "GET /": (visitor(1), member(0, status=303)),
    # Posts, people, tags.
    "GET /explore": both(3),
    # The account, its posts; for somebody logged in also what is between the two.
    "GET /@<username:username>": (visitor(2), member(3)),
    "GET /@<username:username>/followers": both(2),
    "GET /@<username:username>/following": both(2),
    "GET /@<username:username>/<id:status_id>": both(1, at={"username": "alice_name", "status_id": "root"}),
    "GET /@<username:username>/<id:status_id>/delete": (
        member(1, at={"username": "alice_name", "status_id": "own"}),
    ),
    "GET /tags/<name>": both(1),
    "GET /statistics": both(2),
    "GET /home": (member(1), member(1, query="max_id={root}")),
    # Notifications, their posts, the read marker, and moving it.
    "GET /notifications": (member(4),),
    "GET /write": (member(0), member(1, query="in_reply_to={post}")),
    "GET /settings/": (member(0, status=303),),
    "GET /settings/profile": (member(1),),
    "GET /settings/account": (member(2),),
    "GET /settings/preferences": (member(1),),
    "GET /settings/sessions": (member(1),),
    "GET /settings/authorized": (member(1),),
    "GET /settings/applications": (member(1),),
    **{f"GET /{name}": both(0) for name in ("about", "terms", "privacy", "reset-password")},
    **{f"GET /{name}": (visitor(0),) for name in ("log-in", "sign-up", "sign-up/check-mail")},
    "GET /reset-password/new": (visitor(1, query="token={reset_token}"),),
    "GET /confirm-email": (visitor(1, query="token={confirm_token}"),),
    "GET /unsubscribe": (visitor(0, query="token={unsubscribe_token}"),),
    "GET /oauth/authorize": (member(2, query=urlencode(QUESTION, safe="{}")),),
    # --- For programs, and parts of pages
    "GET /healthz": (visitor(0),),
    "GET /readyz": (visitor(2),),
    "GET /.well-known/oauth-authorization-server": (visitor(0),),
    "GET /avatars/<id:account_id>.svg": (visitor(1),),
    "GET /headers/original/missing.png": (visitor(0),),
    "GET /media/<path:path>": (visitor(0, at={"path": "no_picture"}, status=404),),
    "GET /static/<version>/<path:path>": (visitor(0),),
}

FORMS: dict[str, tuple[Ask, ...]] = {
    # The post with the counters, the jobs.
    "POST /write": (
        form(2, {"text": "plain"}),
        form(3, {"text": "about #cats"}),
        form(4, {"text": "to @bob"}),
        form(5, {"text": "an answer", "in_reply_to_id": "{post}"}),
    ),
    "POST /@<username:username>/<id:status_id>/delete": (
        form(3, at={"username": "alice_name", "status_id": "doomed_too"}),
    ),
    "POST /@<username:username>/follow": (form(9, at={"username": "stranger_name"}),),
    "POST /@<username:username>/unfollow": (form(6, at={"username": "stranger_name"}),),
    "POST /settings/profile": (form(2, {"display_name": "Alice", "note": "Likes #cats and @bob"}),),
    "POST /settings/preferences": (form(1, {"time_zone": "Europe/Berlin", "mail_mentions": "y"}),),
    "POST /settings/applications": (
        form(2, {"name": "Mine", "redirect_uris": CALLBACK, "scopes": "read"}, status=200),
    ),
    "POST /settings/applications/<id:application_id>/token": (form(6, status=200),),
    "POST /settings/applications/<id:application_id>/delete": (form(1),),
    "POST /settings/authorized/<id:application_id>/revoke": (form(2, at={"application_id": "authorized"}),),
    "POST /oauth/authorize": (form(4, {**QUESTION, "decision": "allow"}),),
    "POST /oauth/token": (
        visitor(3, body={**CLIENT, "grant_type": "client_credentials", "scope": "read"}),
        visitor(
            5,
            body={**CLIENT, "grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": "{code}"},
            before=get_code,
        ),
    ),
    "POST /oauth/revoke": (visitor(3, body={**CLIENT, "token": "{token}"}),),
    "POST /theme": (visitor(0, body={"theme": "dark"}, status=303), form(0, {"theme": "dark"})),
    "POST /unsubscribe": (visitor(1, query="token={unsubscribe_token}"),),
    "POST /reset-password": (visitor(2, body={"email": "grace@example.org"}),),
    "POST /reset-password/new": (
        visitor(8, query="token={reset_token}", body={"password": OTHER_PASSWORD}, status=303),
    ),
    "POST /sign-up": (
        visitor(
            11,
            body={"username": "somebody", "email": "somebody@example.org", "password": OTHER_PASSWORD},
            status=303,
        ),
    ),
    "POST /log-in": (Ask(3, by="late", body={"identifier": "frank", "password": PASSWORD}, status=303),),
    "POST /confirm-email/resend": (form(5, by="newcomer"),),
    "POST /confirm-email": (visitor(7, query="token={confirm_token}", status=303),),
    "POST /settings/account": (
        form(
            7,
            {"change": "email", "email": "carol@example.net", "current_password": PASSWORD},
            by="carol",
        ),
        form(
            7,
            {"change": "password", "current_password": PASSWORD, "new_password": OTHER_PASSWORD},
            by="carol",
        ),
    ),
    "POST /settings/sessions/<id:session_id>/revoke": (form(1),),
    "POST /settings/sessions/revoke-others": (form(1),),
    "POST /log-out": (form(1),),
}
