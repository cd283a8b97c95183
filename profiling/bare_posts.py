"""What the bare views show of a post: the JSON of the API's statuses, and HTML with the same facts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

Row = Any
Parts = dict[int, tuple[list[tuple[int, str]], list[str]]]

ROLES = {"user": [], "moderator": [("1", "Moderator")], "admin": [("2", "Admin")]}


def avatar(account_id: int, key: str | None, pixels: int = 96) -> str:
    """The site-relative address of an account's picture."""
    return f"/media/{key}/{pixels}.webp" if key else f"/avatars/{account_id}.svg"


environment = Environment(autoescape=True, loader=FileSystemLoader(Path(__file__).parent))
environment.globals["avatar"] = avatar
page = environment.get_template("bare.html")


def moment(value: datetime) -> str:
    """UTC with milliseconds."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


def account(row: Row, prefix: str, base: str) -> dict[str, Any]:
    """An account's JSON, of a row's columns that begin with `prefix`."""
    get = row._asdict()
    name, key = get[prefix + "username"], get[prefix + "header_key"]
    url = f"{base}/@{name}"
    picture = base + avatar(get[prefix + "id"], get[prefix + "avatar_key"], 400)
    header = base + (f"/media/{key}/1500.webp" if key else "/headers/original/missing.png")
    last = get[prefix + "last_status_at"]
    return {
        "id": str(get[prefix + "id"]),
        "username": name,
        "acct": name,
        "uri": url,
        "url": url,
        "display_name": get[prefix + "display_name"],
        "note": get[prefix + "note_html"].replace('<a href="/', f'<a href="{base}/'),
        "avatar": picture,
        "avatar_static": picture,
        "header": header,
        "header_static": header,
        "locked": get[prefix + "locked"],
        "bot": get[prefix + "bot"],
        "group": False,
        "discoverable": True,
        "indexable": True,
        "noindex": False,
        "fields": [
            {
                "name": one["name"],
                "value": one["value_html"].replace('<a href="/', f'<a href="{base}/'),
                "verified_at": None,
            }
            for one in get[prefix + "fields"]
        ],
        "emojis": [],
        "roles": [{"id": id_, "name": name, "color": ""} for id_, name in ROLES[get[prefix + "role"]]],
        "created_at": get[prefix + "created_at"].strftime("%Y-%m-%dT00:00:00.000Z"),
        "last_status_at": last and last.strftime("%Y-%m-%d"),
        "statuses_count": get[prefix + "statuses_count"],
        "followers_count": get[prefix + "followers_count"],
        "following_count": get[prefix + "following_count"],
    }


def status(row: Row, parts: Parts, base: str, *, viewer_id: int | None) -> dict[str, Any]:
    """A post's JSON, or a boost's with what it repeats."""
    url = f"{base}/@{row.author_username}/{row.shown_id}"
    mentions, tags = parts.get(row.shown_id, ((), ()))
    made: dict[str, Any] = {
        "id": str(row.shown_id),
        "uri": url,
        "url": url,
        "created_at": moment(row.created_at),
        "edited_at": moment(row.edited_at) if row.edited_at else None,
        "account": account(row, "author_", base),
        "content": row.content.replace('<a href="/', f'<a href="{base}/'),
        "visibility": row.visibility,
        "sensitive": row.sensitive,
        "spoiler_text": row.spoiler_text,
        "language": row.language,
        "in_reply_to_id": row.in_reply_to_id and str(row.in_reply_to_id),
        "in_reply_to_account_id": row.in_reply_to_account_id and str(row.in_reply_to_account_id),
        "reblog": None,
        "application": {"name": row.application_name, "website": row.application_website}
        if row.application_name
        else None,
        "media_attachments": [],
        "mentions": [
            {"id": str(id_), "username": name, "acct": name, "url": f"{base}/@{name}"}
            for id_, name in mentions
        ],
        "tags": [{"name": name, "url": f"{base}/tags/{quote(name)}"} for name in tags],
        "emojis": [],
        "poll": None,
        "card": None,
        "reblogs_count": row.reblogs_count,
        "favourites_count": row.favourites_count,
        "replies_count": row.replies_count,
    }
    if viewer_id is not None:
        made["favourited"], made["reblogged"] = row.favourited, row.reblogged
        made["bookmarked"], made["muted"], made["filtered"] = row.bookmarked, row.muted, []
        if row.account_id == viewer_id:
            made["pinned"] = row.pinned
    return made if row.reblog_of_id is None else boost_of(row, made, base)


def boost_of(row: Row, made: dict[str, Any], base: str) -> dict[str, Any]:
    """A boost's JSON, with what it repeats."""
    boost = made | {
        "id": str(row.id),
        "uri": f"{base}/@{row.booster_username}/{row.id}",
        "created_at": moment(row.row_created_at),
        "edited_at": None,
        "visibility": row.row_visibility,
        "account": account(row, "booster_", base),
        "reblog": made,
    }
    boost.pop("pinned", None)
    return boost
