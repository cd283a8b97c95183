"""Clients, registered by themselves through the API or by a person on the site, and what they may do."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import applications as queries
from microblog.data.queries import tokens as token_queries
from microblog.domain import scopes as scope_rules
from microblog.domain.errors import N_, Message, NotFound, ValidationError
from microblog.domain.redirect_uris import REDIRECT_URIS, find_problem, split_list
from microblog.domain.text import clean_line
from microblog.domain.usernames import is_seen
from microblog.services.tokens import NewToken, hash_secret, issue_token

NAME_CHARACTERS = 100
WEBSITE_CHARACTERS = 2_000
OWNED = 50
AUTHORIZED_LISTED = 200
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{16,100}")
GONE = N_("This application doesn't exist any more.")


@dataclass(frozen=True, slots=True)
class NewApplication:
    """A client just registered; `client_secret` exists nowhere else. `row`: as `find_client` gives it."""

    row: AnyRow
    client_secret: str


def register_application(
    session: Session,
    *,
    name: str,
    redirect_uris: str | Sequence[str],
    scopes: str = "",
    website: str = "",
    is_secure: bool,
    owner_id: int | None = None,
) -> NewApplication:
    """Register a client; its id and secret are random.

    `redirect_uris`: a list, or text with one a line or between spaces. `scopes`: between spaces, `read` where
    there are none. `is_secure`: whether the site is under TLS. `owner_id`: the person who makes it on the
    site. Raises ValidationError by field.
    """
    name, website = clean_line(name), clean_line(website)
    uris = split_list(redirect_uris) if isinstance(redirect_uris, str) else list(dict.fromkeys(redirect_uris))
    wanted = scope_rules.parse(scopes) or (scope_rules.DEFAULT,)
    problems = {
        "name": _find_name_problem(name),
        "website": _find_website_problem(website),
        "redirect_uris": _find_redirect_problem(uris, is_secure=is_secure),
        "scopes": _find_scope_problem(wanted),
    }
    if errors := {field: message for field, message in problems.items() if message}:
        raise ValidationError(errors)
    if owner_id is not None and queries.count_owned(session, owner_id) >= OWNED:
        raise ValidationError(
            {"name": Message(N_("You have %(count)s applications already."), {"count": OWNED})}
        )
    secret = secrets.token_urlsafe(32)
    row = queries.insert_application(
        session,
        account_id=owner_id,
        client_id=secrets.token_urlsafe(32),
        client_secret_hash=hash_secret(secret),
        name=name,
        website=website or None,
        redirect_uris=uris,
        scopes=wanted,
    )
    return NewApplication(row, secret)


def _find_name_problem(name: str) -> Message | None:
    if not is_seen(name):
        return Message(N_("Give the application a name."))
    if len(name) > NAME_CHARACTERS:
        return Message(N_("Use at most %(count)s characters."), {"count": NAME_CHARACTERS})
    return None


def _find_website_problem(website: str) -> Message | None:
    if not website:
        return None
    try:
        parts = urlsplit(website)
        # A name before the host serves to disguise whose site it is.
        is_host = bool(parts.hostname) and "@" not in parts.netloc
        is_good = parts.scheme in ("http", "https") and is_host and " " not in website
    except ValueError:
        is_good = False
    if not is_good or len(website) > WEBSITE_CHARACTERS:
        return Message(N_("Give a website such as https://app.example."))
    return None


def _find_redirect_problem(uris: Sequence[str], *, is_secure: bool) -> Message | None:
    if not uris:
        return Message(N_("Give at least one redirect URI."))
    if len(uris) > REDIRECT_URIS:
        return Message(N_("Give at most %(count)s redirect URIs."), {"count": REDIRECT_URIS})
    return next((problem for uri in uris if (problem := find_problem(uri, is_secure=is_secure))), None)


def _find_scope_problem(wanted: Sequence[str]) -> Message | None:
    if scope_rules.find_unknown(wanted):
        # What is unknown is not repeated: it may be anything.
        return Message(N_("There are scopes in it that don't exist here."))
    return None


def find_client(session: Session, *, client_id: str) -> AnyRow | None:
    """The client of that id: `id`, `account_id` (who made it on the site), `client_id`, `name`, `website`,
    `redirect_uris`, `scopes`, `created_at`; None where there is none.
    """
    return queries.get_client(session, client_id) if CLIENT_ID.fullmatch(client_id) else None


def is_secret_right(client: AnyRow, secret: str) -> bool:
    """Whether the secret is the client's."""
    return hmac.compare_digest(client.client_secret_hash, hash_secret(secret))


def get_application(session: Session, *, application_id: int) -> AnyRow:
    """The client that a token belongs to. Raises NotFound."""
    row = queries.get_application(session, application_id)
    if row is None:
        raise NotFound(GONE)
    return row


def list_owned(session: Session, *, account_id: int) -> list[AnyRow]:
    """The clients that a person made on the site, the newest first, with `has_token` (a personal one)."""
    return queries.list_owned(session, account_id, OWNED)


def delete_application(session: Session, *, account_id: int, application_id: int) -> None:
    """Delete a client that this person made; everybody's tokens for it are revoked. Raises NotFound."""
    if not queries.delete_owned(session, application_id, account_id):
        raise NotFound(GONE)


def make_personal_token(
    session: Session, *, account_id: int, session_id: int, application_id: int
) -> NewToken:
    """A token of one's own application for oneself, in the place of the one before.

    Raises NotFound, also for other people's, and where the log-in ended meanwhile.
    """
    is_logged_in = token_queries.hold_log_in(session, session_id, account_id)
    row = queries.lock_owned(session, application_id, account_id)
    if row is None or not is_logged_in:
        raise NotFound(GONE)
    token_queries.delete_personal_tokens(session, application_id, account_id)
    return issue_token(session, application_id=row.id, account_id=account_id, scopes=row.scopes)


def list_authorized(session: Session, *, account_id: int) -> list[AnyRow]:
    """The clients that hold tokens of a person, the last used first: `id`, `name`, `website`, `created_at`
    (since when), `last_used_at`, `scopes`.
    """
    return queries.list_authorized(session, account_id, AUTHORIZED_LISTED)


def revoke_authorized(session: Session, *, account_id: int, application_id: int) -> None:
    """Take back what a person allowed a client, on all devices. Raises NotFound where it was nothing."""
    if not token_queries.delete_access(session, account_id, application_id):
        raise NotFound(N_("This application has no access to your account any more."))
