"""Accounts as entities, from rows with the columns of data/queries/accounts.py: ACCOUNT_COLUMNS."""

from datetime import datetime
from typing import Any

from microblog.api.entities.accounts import (
    Account,
    AccountRole,
    CredentialAccount,
    Field,
    MutedAccount,
    Role,
    Source,
    SourceField,
    Suggestion,
)
from microblog.api.entities.moments import format_day, format_moment
from microblog.api.urls import Urls

# Core rows carry no static type per column.
Row = Any

# Permissions as Mastodon's flags would have them: none is given by the API yet.
ROLES = {"user": ("", "0"), "moderator": ("Moderator", "0"), "admin": ("Admin", "0")}
ROLE_IDS = {"user": "-99", "moderator": "1", "admin": "2"}


def present_account(row: Row, urls: Urls) -> Account:
    """Somebody, as everybody may see them."""
    return Account(**_common(row, urls))


def present_accounts(rows: list[Row], urls: Urls) -> list[Account]:
    """The same for a list."""
    return [present_account(row, urls) for row in rows]


def present_muted_account(row: Row, urls: Urls, expires_at: datetime | None) -> MutedAccount:
    """Somebody whom the viewer has muted, and until when."""
    ends = format_moment(expires_at) if expires_at is not None else None
    return MutedAccount(**_common(row, urls), mute_expires_at=ends)


def present_own_account(row: Row, urls: Urls) -> CredentialAccount:
    """One's own account, from a row of `get_own_account`: with its sources and the defaults of posts."""
    fields = [SourceField(name=field["name"], value=field["value"]) for field in row.fields]
    return CredentialAccount(
        **_common(row, urls),
        source=Source(
            note=row.note,
            fields=fields,
            privacy=row.default_visibility,
            sensitive=row.default_sensitive,
            language=row.default_language,
            follow_requests_count=row.follow_requests_count,
        ),
        role=_present_role(row.role),
    )


def present_suggestion(row: Row, urls: Urls) -> Suggestion:
    """Somebody to follow."""
    return Suggestion(source="global", sources=["most_followed"], account=present_account(row, urls))


def _present_role(role: str) -> Role:
    name, permissions = ROLES[role]
    return Role(id=ROLE_IDS[role], name=name, permissions=permissions, color="", highlighted=role != "user")


def _common(row: Row, urls: Urls) -> dict[str, Any]:
    url = urls.account(row.username)
    avatar = urls.avatar(row.id, row.avatar_key)
    header = urls.header(row.header_key)
    return {
        "id": str(row.id),
        "username": row.username,
        "acct": row.username,
        "uri": url,
        "url": url,
        "display_name": row.display_name,
        "note": urls.html(row.note_html),
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        "locked": row.locked,
        "bot": row.bot,
        "discoverable": True,
        "indexable": True,
        "noindex": False,
        "fields": [Field(name=field["name"], value=urls.html(field["value_html"])) for field in row.fields],
        "roles": _present_roles(row.role),
        "created_at": f"{format_day(row.created_at)}T00:00:00.000Z",
        "last_status_at": format_day(row.last_status_at) if row.last_status_at is not None else None,
        "statuses_count": row.statuses_count,
        "followers_count": row.followers_count,
        "following_count": row.following_count,
    }


def _present_roles(role: str) -> list[AccountRole]:
    return [] if role == "user" else [AccountRole(id=ROLE_IDS[role], name=ROLES[role][0], color="")]
