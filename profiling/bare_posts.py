"""What the bare views show of a post: the JSON of the API's statuses, and HTML with the same facts."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

Row = Any
Parts = dict[int, tuple[list[tuple[int, str]], list[str]]]

ROLES = {"user": [], "moderator": [("1", "Moderator")], "admin": [("2", "Admin")]}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body>
<h1>{{ title }}</h1>
{% if account %}<p>{{ account.note_html|safe }}</p><p>{{ account.statuses_count }} {{ account.followers_count }}
{{ account.following_count }}</p>{% endif %}
{% if token %}<form action="/write" method="post"><input type="hidden" name="csrf_token" value="{{ token }}">
<textarea name="text"></textarea><button>Post</button></form>{% endif %}
{% for row in rows %}<article id="post-{{ row.shown_id }}">
<a href="/@{{ row.author_username }}"><img src="{{ avatar(row.account_id, row.author_avatar_key) }}" width="44" height="44" alt="">
{{ row.author_display_name or row.author_username }} @{{ row.author_username }}</a>
<a href="/@{{ row.author_username }}/{{ row.shown_id }}"><time datetime="{{ row.created_at.isoformat() }}">
{{ row.created_at.strftime("%d %b %Y, %H:%M") }}</time>{% if row.visibility != "public" %} {{ row.visibility }}{% endif %}
{% if row.edited_at %} edited{% endif %}</a>
{% if row.reblog_of_id %}<p><a href="/@{{ row.booster_username }}">{{ row.booster_display_name }}</a> boosted</p>{% endif %}
{% if row.in_reply_to_username %}<a href="/@{{ row.in_reply_to_username }}/{{ row.in_reply_to_id }}">In reply to
@{{ row.in_reply_to_username }}</a>{% endif %}
{% if row.spoiler_text %}<details><summary>{{ row.spoiler_text }}</summary>{{ row.content|safe }}</details>
{% else %}<div>{{ row.content|safe }}</div>{% endif %}
<a href="/write?in_reply_to={{ row.shown_id }}">Reply {{ row.replies_count or "" }}</a>
{% if row.account_id == viewer_id %}<a href="/@{{ row.author_username }}/{{ row.shown_id }}/delete">Delete</a>{% endif %}
</article>{% endfor %}
{% if older %}<a href="?max_id={{ older }}">Older</a>{% endif %}</body></html>"""


def avatar(account_id: int, key: str | None, pixels: int = 96) -> str:
    """The site-relative address of an account's picture."""
    return f"/media/{key}/{pixels}.webp" if key else f"/avatars/{account_id}.svg"


environment = Environment(autoescape=True)
environment.globals["avatar"] = avatar
page = environment.from_string(PAGE)


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
            {"id": str(id_), "username": name, "acct": name, "url": f"{base}/@{name}"} for id_, name in mentions
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
    if row.reblog_of_id is None:
        return made
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
