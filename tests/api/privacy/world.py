"""Who wrote what for whom, so that each way of reading can be asked by each kind of reader.

Each post holds one word that no other holds: whoever finds it in an answer has seen the post.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.data.models import (
    Account,
    Block,
    Bookmark,
    Favourite,
    Follow,
    FollowRequest,
    Mute,
    Notification,
    Pin,
    Status,
    StatusEdit,
)
from microblog.domain.visibility import Visibility
from tests.api.conftest import Client, make_token
from tests.factories import make_account, make_status
from tests.site import Browser

AUTHOR, GONE, BOOSTER, HOST = "author", "gone", "booster", "host"
TAG = "matrix"

#: Plain posts, ones that somebody boosts, answers to a public post, and ones that a public post answers.
KINDS = ("plain", "shared", "answer", "asked")
#: What the author boosts, and an earlier version of each plain post.
OWN, FORMER = "ownprivate", "former"
#: Posts of somebody who was suspended afterwards: plain ones, and ones that somebody boosts.
SUSPENDED_KINDS = ("lost", "lostshared")


@dataclass(frozen=True)
class Reader:
    """Somebody who reads. `sees`: the visibilities that the author meant for them."""

    name: str
    sees: frozenset[Visibility]
    signs_in: bool = True
    # Rows between the reader and both authors; kept as they are, whatever the services would do about them.
    follows: bool = False
    mentioned: bool = False
    # What a reader is not told of people whom they mute or block, although they may look at it.
    averse: bool = False
    scopes: str = "read write follow"
    # Suspended after signing in.
    banned: bool = False


EVERYBODY = frozenset({Visibility.PUBLIC, Visibility.UNLISTED})
FOLLOWERS = EVERYBODY | {Visibility.PRIVATE}
ALL = frozenset(Visibility)
NONE: frozenset[Visibility] = frozenset()

READERS = [
    Reader("anonymous", EVERYBODY, signs_in=False),
    Reader("stranger", EVERYBODY),
    Reader("follower", FOLLOWERS, follows=True),
    Reader("mentioned", ALL, mentioned=True),
    # Was mentioned, and followed, before the author blocked them.
    Reader("blocked", NONE, follows=True, mentioned=True),
    Reader("blocking", ALL, follows=True, mentioned=True, averse=True),
    Reader("muting", ALL, follows=True, mentioned=True, averse=True),
    Reader("muted", FOLLOWERS, follows=True),
    Reader("requester", EVERYBODY),
    Reader(AUTHOR, ALL),
    # Their tokens reach less than they may see themselves.
    Reader("narrow", EVERYBODY, follows=True, mentioned=True, scopes="write follow"),
    Reader("banned", EVERYBODY, follows=True, mentioned=True, banned=True),
]
READER = {reader.name: reader for reader in READERS}


@dataclass
class World:
    """Ids by name and by word; `clients` and `browsers` by the reader's name."""

    app: Flask
    accounts: dict[str, int] = field(default_factory=dict)
    posts: dict[str, int] = field(default_factory=dict)
    boosts: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    notifications: dict[str, list[int]] = field(default_factory=dict)
    root: int = 0
    # Of a public post, by somebody who was suspended afterwards.
    lost_boost: int = 0
    words: dict[str, Visibility] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    def may_see(self, reader: Reader) -> set[str]:
        """The words that the reader may find at all."""
        return {
            word
            for word, visibility in self.words.items()
            if visibility in reader.sees and not word.startswith(SUSPENDED_KINDS)
        }

    def owner(self, word: str) -> str:
        return GONE if word.startswith(SUSPENDED_KINDS) else AUTHOR


def make_world(app: Flask, resources: Resources, secret: Callable[[str], str]) -> World:
    """The whole of it, committed."""
    world = World(app)
    with resources.database.unit_of_work() as session:
        people = [AUTHOR, GONE, BOOSTER, HOST, *(one.name for one in READERS if one.signs_in)]
        for name in dict.fromkeys(people):
            world.accounts[name] = make_account(session, name)
        _write(session, resources, world)
        _relate(session, world)
        _react(session, world)
        _sign_in(session, world, secret)
    for name, browser in world.browsers.items():
        # Scopes are the API's: with a session one is oneself.
        if READER[name].signs_in and name != "narrow":
            browser.log_in(name)
            secret(browser.cookie("session") or "")
    with resources.database.unit_of_work() as session:
        ids = [world.accounts[name] for name in (GONE, "banned")]
        session.execute(update(Account).where(Account.id.in_(ids)).values(suspended_at=func.now()))
    return world


def _write(session: Session, resources: Resources, world: World) -> None:
    names = " ".join(f"@{reader.name}" for reader in READERS if reader.mentioned)
    ids = world.accounts
    world.root = make_status(session, resources.feeds, ids[HOST], "Ask me anything")
    for kind in (*KINDS, *SUSPENDED_KINDS):
        for visibility in Visibility:
            word = f"{kind}{visibility}"
            writer = ids[GONE if kind in SUSPENDED_KINDS else AUTHOR]
            world.words[word] = visibility
            world.posts[word] = make_status(
                session,
                resources.feeds,
                writer,
                f"{word} @{HOST} {names} #{TAG}",
                visibility=visibility,
                in_reply_to_id=world.root if kind == "answer" else None,
            )
            if kind == "asked":
                world.children[word] = make_status(
                    session, resources.feeds, ids[HOST], "So be it", in_reply_to_id=world.posts[word]
                )
            if kind in ("shared", "lostshared"):
                world.boosts[word] = _boost(session, ids[BOOSTER], world.posts[word], Visibility.PUBLIC)
    world.lost_boost = _boost(session, ids[GONE], world.posts["plainpublic"], Visibility.PUBLIC)
    world.words[OWN] = Visibility.PRIVATE
    world.posts[OWN] = make_status(
        session, resources.feeds, ids[AUTHOR], f"{OWN} {names}", visibility=Visibility.PRIVATE
    )
    world.boosts[OWN] = _boost(session, ids[AUTHOR], world.posts[OWN], Visibility.PRIVATE)
    for visibility in Visibility:
        _edit(session, world, f"plain{visibility}", f"{FORMER}{visibility}", visibility)


def _boost(session: Session, account_id: int, status_id: int, visibility: Visibility) -> int:
    """A boost as an older release, or a race, might have left it: wider than what it boosts."""
    values = {"account_id": account_id, "reblog_of_id": status_id, "visibility": visibility}
    return session.scalars(insert(Status).values(**values).returning(Status.id)).one()


def _edit(session: Session, world: World, word: str, former: str, visibility: Visibility) -> None:
    world.words[former] = visibility
    values = {
        "status_id": world.posts[word],
        "text": former,
        "content": f"<p>{former}</p>",
        "spoiler_text": "",
    }
    session.execute(insert(StatusEdit).values(**values, sensitive=False, created_at=func.now()))
    edited = update(Status).where(Status.id == world.posts[word])
    session.execute(edited.values(edited_at=func.now()))


def _relate(session: Session, world: World) -> None:
    def between(model: type[Follow | FollowRequest | Block | Mute], one: str, other: str) -> None:
        values = {"account_id": world.accounts[one], "target_account_id": world.accounts[other]}
        session.execute(insert(model).values(**values))

    for reader in READERS:
        if not reader.signs_in:
            continue
        followed = [BOOSTER, HOST, GONE, *([AUTHOR] if reader.follows else [])]
        for name in followed:
            between(Follow, reader.name, name)
    between(Block, AUTHOR, "blocked")
    between(Block, "blocking", AUTHOR)
    between(Mute, "muting", AUTHOR)
    between(Mute, AUTHOR, "muted")
    between(FollowRequest, "requester", AUTHOR)
    session.execute(update(Account).where(Account.id == world.accounts[AUTHOR]).values(locked=True))


def _react(session: Session, world: World) -> None:
    """Everybody did with each post all that they could have done while they still saw it."""
    session.execute(Notification.__table__.delete())  # type: ignore[attr-defined]
    shown = {**world.posts, **{f"boost of {word}": status_id for word, status_id in world.boosts.items()}}
    for reader in READERS:
        if not reader.signs_in:
            continue
        me = world.accounts[reader.name]
        for status_id in world.posts.values():
            for model in (Favourite, Bookmark):
                session.execute(insert(model).values(account_id=me, status_id=status_id))
        if reader.name == AUTHOR:
            continue
        told = [
            {
                "account_id": me,
                "from_account_id": world.accounts[world.owner(word.removeprefix("boost of "))],
                "kind": "mention",
                "status_id": status_id,
            }
            for word, status_id in shown.items()
        ]
        made = session.scalars(insert(Notification).returning(Notification.id), told)
        world.notifications[reader.name] = list(made)
    for word, status_id in world.posts.items():
        values = {"account_id": world.accounts[world.owner(word)], "status_id": status_id}
        session.execute(insert(Pin).values(**values))


def _sign_in(session: Session, world: World, secret: Callable[[str], str]) -> None:
    for reader in READERS:
        world.browsers[reader.name] = Browser(world.app)
        token = None
        if reader.signs_in:
            token = secret(make_token(session, world.accounts[reader.name], reader.scopes))
        world.clients[reader.name] = Client(world.app, token, world.accounts.get(reader.name))
