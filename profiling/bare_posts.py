"""What the bare views show of a post: the JSON of the API's statuses, and HTML with the same facts."""

from calendar import month_abbr
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from msgspec import UNSET
from msgspec.structs import replace

from microblog.api.entities.accounts import Account, AccountRole, Field
from microblog.api.entities.statuses import Mention, Status, StatusApplication, StatusTag

Row = Any
Parts = dict[int, tuple[list[tuple[int, str]], list[str]]]

ROLES = {
    "user": [],
    "moderator": [AccountRole(id="1", name="Moderator", color="")],
    "admin": [AccountRole(id="2", name="Admin", color="")],
}
COLUMNS = (
    *("id", "username", "display_name", "note_html", "avatar_key", "header_key", "locked", "bot", "fields"),
    *("role", "created_at", "last_status_at", "statuses_count", "followers_count", "following_count"),
)


def avatar(account_id: int, key: str | None, pixels: int = 96) -> str:
    """The site-relative address of an account's picture."""
    return f"/media/{key}/{pixels}.webp" if key else f"/avatars/{account_id}.svg"


page = Environment(autoescape=True, loader=FileSystemLoader(Path(__file__).parent)).get_template("bare.html")
#: In the order in which the template takes them.
read_shown = attrgetter(
    *("shown_id", "author_username", "account_id", "author_display_name", "visibility", "edited_at"),
    *("in_reply_to_username", "in_reply_to_id", "spoiler_text", "content", "replies_count"),
)
MONTHS = dict(zip((f"{number:02}" for number in range(1, 13)), month_abbr[1:], strict=True))


def post(row: Row) -> tuple[Any, ...]:
    """What the template shows of a post: what it would look up and call itself takes longer."""
    picture, made = avatar(row.account_id, row.author_avatar_key), row.created_at
    minute = f"{made[8:10]} {MONTHS[made[5:7]]} {made[:4]}, {made[11:16]}"
    boosted = f"/@{row.booster_username}" if row.reblog_of_id else None
    name = row.booster_display_name if boosted else None
    return *read_shown(row), boosted, name, picture, f"{made[:10]}T{made[11:]}:00", minute


def moment(value: str) -> str:
    """PostgreSQL's text of a moment, in UTC, with milliseconds and a Z."""
    return f"{value[:10]}T{value[11:19]}.{value[20:-3][:3]:0<3}Z"


def read_account(prefix: str) -> Callable[[Row], tuple[Any, ...]]:
    """What reads an account's columns, which begin with `prefix`, out of a row, in the order of COLUMNS."""
    return attrgetter(*(prefix + name for name in COLUMNS))


read_author, read_booster = read_account("author_"), read_account("booster_")


def account(columns: tuple[Any, ...], base: str) -> Account:
    """An account's JSON."""
    id_, name, display_name, note, avatar_key, header_key, locked, bot, lines, role, made, last, *counts = (
        columns
    )
    url = f"{base}/@{name}"
    picture = base + avatar(id_, avatar_key, 400)
    header = base + (f"/media/{header_key}/1500.webp" if header_key else "/headers/original/missing.png")
    link = f'<a href="{base}/'
    return Account(
        id=str(id_),
        username=name,
        acct=name,
        uri=url,
        url=url,
        display_name=display_name,
        note=note.replace('<a href="/', link),
        avatar=picture,
        avatar_static=picture,
        header=header,
        header_static=header,
        locked=locked,
        bot=bot,
        discoverable=True,
        indexable=True,
        noindex=False,
        fields=[
            Field(name=one["name"], value=one["value_html"].replace('<a href="/', link)) for one in lines
        ],
        roles=ROLES[role],
        created_at=made[:10] + "T00:00:00.000Z",
        last_status_at=last and last[:10],
        statuses_count=counts[0],
        followers_count=counts[1],
        following_count=counts[2],
    )


def status(row: Row, parts: Parts, base: str, *, viewer_id: int | None) -> Status:
    """A post's JSON, or a boost's with what it repeats."""
    url = f"{base}/@{row.author_username}/{row.shown_id}"
    mentions, tags = parts.get(row.shown_id, ((), ()))
    answered, answered_id = row.in_reply_to_id, row.in_reply_to_account_id
    made = Status(
        id=str(row.shown_id),
        uri=url,
        url=url,
        created_at=moment(row.created_at),
        edited_at=moment(row.edited_at) if row.edited_at else None,
        account=account(read_author(row), base),
        content=row.content.replace('<a href="/', f'<a href="{base}/'),
        visibility=row.visibility,
        sensitive=row.sensitive,
        spoiler_text=row.spoiler_text,
        language=row.language,
        in_reply_to_id=answered and str(answered),
        in_reply_to_account_id=answered_id and str(answered_id),
        reblog=None,
        application=StatusApplication(name=row.application_name, website=row.application_website)
        if row.application_name
        else None,
        mentions=[
            Mention(id=str(id_), username=name, acct=name, url=f"{base}/@{name}") for id_, name in mentions
        ],
        tags=[StatusTag(name=name, url=f"{base}/tags/{quote(name)}") for name in tags],
        reblogs_count=row.reblogs_count,
        favourites_count=row.favourites_count,
        replies_count=row.replies_count,
        favourited=UNSET if viewer_id is None else row.favourited,
        reblogged=UNSET if viewer_id is None else row.reblogged,
        bookmarked=UNSET if viewer_id is None else row.bookmarked,
        muted=UNSET if viewer_id is None else row.muted,
        filtered=UNSET if viewer_id is None else [],
        pinned=row.pinned if row.account_id == viewer_id else UNSET,
    )
    return made if row.reblog_of_id is None else boost_of(row, made, base)


def boost_of(row: Row, made: Status, base: str) -> Status:
    """A boost's JSON, with what it repeats."""
    return replace(
        made,
        id=str(row.id),
        uri=f"{base}/@{row.booster_username}/{row.id}",
        created_at=moment(row.row_created_at),
        edited_at=None,
        visibility=row.row_visibility,
        account=account(read_booster(row), base),
        reblog=made,
        pinned=UNSET,
    )
