"""All ways of reading that could show a post: endpoints of the API, and pages of the site."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from tests.api.privacy.world import AUTHOR, BOOSTER, GONE, HOST, TAG, Reader, World

Paths = Callable[[World, Reader], Iterable[str]]
Words = Callable[[World, Reader], set[str]]
BASE_URL = "http://localhost"
PAGES = 6


def every(world: World, _reader: Reader) -> set[str]:
    return set(world.words)


def none(_world: World, _reader: Reader) -> set[str]:
    return set()


def for_everybody(world: World, _reader: Reader) -> set[str]:
    """What may stand where anybody comes by: neither unlisted nor private posts."""
    return {word for word, visibility in world.words.items() if visibility == "public"}


def of_kinds(*kinds: str) -> Words:
    return lambda world, _reader: {word for word in world.words if word.startswith(kinds)}


def own(world: World, reader: Reader) -> set[str]:
    """What one wrote, as it is now."""
    return set(world.posts) if reader.name == AUTHOR else set()


def versions(world: World, reader: Reader) -> set[str]:
    """An earlier version of what is not for everybody is its author's: it may have named other people."""
    is_hidden = {"formerprivate", "formerdirect"} if reader.name != AUTHOR else set()
    return set(world.words) - is_hidden


def at_home(world: World, reader: Reader) -> set[str]:
    """A home has at least what those boost and write whom one follows."""
    if reader.follows or reader.name == AUTHOR:
        return {
            word for word in world.words if re.fullmatch(r"(plain|shared)(public|unlisted|private)", word)
        }
    return {"sharedpublic", "sharedunlisted"}


def told(world: World, reader: Reader) -> set[str]:
    return set() if reader.name == AUTHOR else of_kinds("plain", "asked")(world, reader)


@dataclass(frozen=True)
class Surface:
    """One rule of the application (`<>` for each argument), and the addresses to ask.

    `most`: what it may show of all that the reader may see; `least`: what it must show of that, or the test
    would prove nothing. `signed_in`: shows nothing to others. `wanted`: leaves out whom one blocks or mutes.
    """

    rule: str
    paths: Paths
    most: Words = every
    least: Words = none
    signed_in: bool = False
    wanted: bool = False

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/api/")

    def upper(self, world: World, reader: Reader) -> set[str]:
        """What the reader may find here."""
        is_nobody = not reader.signs_in or reader.name == "narrow" or reader.banned
        if (self.signed_in and is_nobody) or (self.is_api and reader.banned):
            return set()
        if self.wanted and reader.averse:
            return set()
        return world.may_see(reader) & self.most(world, reader)

    def lower(self, world: World, reader: Reader) -> set[str]:
        """What the reader must find here."""
        return self.upper(world, reader) & self.least(world, reader)


def fixed(*paths: str) -> Paths:
    return lambda _world, _reader: paths


def every_status(world: World, _reader: Reader) -> list[str]:
    return [f"/api/v1/statuses/{one}" for one in [*world.posts.values(), *world.boosts.values()]]


def some_statuses(end: str) -> Paths:
    return lambda world, reader: [f"/api/v1/statuses/{one}{end}" for _, one in some_posts(world, reader)]


def conversations(world: World, _reader: Reader) -> list[str]:
    threads = [one for word, one in world.posts.items() if word.startswith(("answer", "asked"))]
    ids = [world.root, *world.children.values(), *threads, *world.boosts.values()]
    return [f"/api/v1/statuses/{status_id}/context" for status_id in ids]


def each_account(*ends: str) -> Paths:
    def paths(world: World, _reader: Reader) -> list[str]:
        names = (AUTHOR, GONE, BOOSTER)
        return [f"/api/v1/accounts/{world.accounts[name]}{end}" for name in names for end in ends]

    return paths


def each_notification(world: World, reader: Reader) -> list[str]:
    # Of another person's, too.
    return [
        f"/api/v1/notifications/{one}"
        for one in [
            *world.notifications.get(reader.name, []),
            *world.notifications["mentioned"][:10],
        ]
    ]


def searches(world: World, _reader: Reader) -> list[str]:
    words = [word for word in world.words if not word.startswith(("shared", "asked", "lostshared"))]
    words += [TAG, f"#{TAG}", AUTHOR]
    return [f"/api/v2/search?q={quote(word)}&limit=40" for word in words]


def addresses(world: World, _reader: Reader) -> list[str]:
    """Searching for the address of a post, whose form is the site's page."""
    pages = [f"/@{world.owner(word)}/{one}" for word, one in some_posts(world, _reader)]
    pages += [f"/@{BOOSTER}/{one}" for one in world.boosts.values()]
    return [f"/api/v2/search?q={quote(BASE_URL + page, safe='')}&resolve=true" for page in pages]


def post_pages(world: World, _reader: Reader) -> list[str]:
    return [f"/@{world.owner(word)}/{status_id}" for word, status_id in world.posts.items()]


def some_posts(world: World, _reader: Reader) -> list[tuple[str, int]]:
    """Pages of one post that differ in nothing but the post: its word and id."""
    return [item for item in world.posts.items() if item[0].startswith(("plain", "own", "lost"))]


def thread_pages(world: World, reader: Reader) -> list[str]:
    ids = [world.root, *world.children.values()]
    boosts = [f"/@{BOOSTER}/{status_id}" for status_id in world.boosts.values()]
    return [*post_pages(world, reader), *boosts, *(f"/@{HOST}/{status_id}" for status_id in ids)]


LONG = "limit=40"
PROFILE = of_kinds("plain", "shared", "answer", "asked", "own")

API = [
    Surface("/api/v1/statuses/<>", every_status, least=of_kinds("plain", "shared", "answer", "asked", "own")),
    Surface("/api/v1/statuses/<>/context", conversations, least=of_kinds("answer", "asked"), wanted=True),
    Surface(
        "/api/v1/statuses/<>/history",
        some_statuses("/history"),
        most=versions,
        least=of_kinds("plain", "former"),
    ),
    Surface(
        "/api/v1/statuses/<>/source",
        some_statuses("/source"),
        most=own,
        least=of_kinds("plain", "ownprivate"),
        signed_in=True,
    ),
    Surface(
        "/api/v1/accounts/<>/statuses",
        each_account(
            f"/statuses?{LONG}",
            f"/statuses?pinned=true&{LONG}",
            f"/statuses?tagged={TAG}&{LONG}",
            f"/statuses?exclude_replies=1&{LONG}",
            f"/statuses?exclude_reblogs=1&{LONG}",
            "/statuses?only_media=1",
        ),
        least=PROFILE,
    ),
    Surface(
        "/api/v1/timelines/home",
        fixed(f"/api/v1/timelines/home?{LONG}"),
        least=at_home,
        signed_in=True,
        wanted=True,
    ),
    Surface(
        "/api/v1/timelines/public",
        fixed(f"/api/v1/timelines/public?{LONG}", f"/api/v1/timelines/public?local=true&{LONG}"),
        most=for_everybody,
        least=of_kinds("plainpublic", "sharedpublic", "askedpublic"),
        wanted=True,
    ),
    Surface(
        "/api/v1/timelines/tag/<>",
        fixed(f"/api/v1/timelines/tag/{TAG}?{LONG}", f"/api/v1/timelines/tag/other?any[]={TAG}&{LONG}"),
        most=for_everybody,
        least=of_kinds("plainpublic", "sharedpublic", "askedpublic"),
        wanted=True,
    ),
    Surface(
        "/api/v1/favourites", fixed(f"/api/v1/favourites?{LONG}"), least=of_kinds("plain"), signed_in=True
    ),
    Surface("/api/v1/bookmarks", fixed(f"/api/v1/bookmarks?{LONG}"), least=of_kinds("plain"), signed_in=True),
    Surface(
        "/api/v1/notifications",
        fixed("/api/v1/notifications?limit=80", "/api/v1/notifications?types[]=mention"),
        least=told,
        signed_in=True,
        wanted=True,
    ),
    Surface("/api/v1/notifications/<>", each_notification, least=none, signed_in=True),
    Surface(
        "/api/v2/search",
        searches,
        most=for_everybody,
        least=of_kinds("plainpublic", "answerpublic"),
        wanted=True,
    ),
    Surface("/api/v2/search", addresses, least=none),
]

SITE = [
    Surface("/", fixed("/"), most=for_everybody),
    Surface("/explore", fixed("/explore"), most=for_everybody, least=of_kinds("plainpublic"), wanted=True),
    Surface(
        "/@<>", fixed(f"/@{AUTHOR}", f"/@{GONE}", f"/@{BOOSTER}"), least=of_kinds("plain", "answer", "asked")
    ),
    Surface("/@<>/<>", thread_pages, least=of_kinds("plain", "shared", "answer", "asked", "own")),
    Surface("/home", fixed("/home"), least=of_kinds(), signed_in=True, wanted=True),
    Surface(
        "/tags/<>", fixed(f"/tags/{TAG}"), most=for_everybody, least=of_kinds("plainpublic"), wanted=True
    ),
    Surface("/notifications", fixed("/notifications"), least=told, signed_in=True, wanted=True),
    Surface(
        "/write",
        lambda world, reader: [f"/write?in_reply_to={one}" for _, one in some_posts(world, reader)],
        least=of_kinds("plain", "own"),
        signed_in=True,
    ),
    Surface(
        "/@<>/<>/delete",
        lambda world, reader: [
            f"/@{world.owner(word)}/{one}/delete" for word, one in some_posts(world, reader)
        ],
        most=own,
        least=of_kinds("plain", "ownprivate"),
        signed_in=True,
    ),
]

SURFACES = [*API, *SITE]

#: Pages of the site that show no posts.
POSTLESS = {
    "/.well-known/host-meta", "/.well-known/nodeinfo", "/.well-known/oauth-authorization-server",
    "/.well-known/webfinger", "/@<>/followers", "/@<>/following", "/about", "/avatars/<>.svg",
    "/confirm-email", "/headers/original/missing.png", "/healthz", "/log-in", "/media/<>", "/nodeinfo/2.0",
    "/oauth/authorize", "/privacy", "/readyz", "/reset-password", "/reset-password/new", "/settings/",
    "/settings/account", "/settings/applications", "/settings/authorized", "/settings/preferences",
    "/settings/profile", "/settings/sessions", "/sign-up", "/sign-up/check-mail", "/static/<>/<>",
    "/statistics", "/terms", "/unsubscribe",
}  # fmt: skip


def plain_rule(rule: str) -> str:
    """A rule whatever its arguments are called."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "<>", rule)


def read(world: World, reader: Reader, surface: Surface) -> set[str]:
    """All words that the reader finds; of a list on all its pages."""
    text = ""
    for path in surface.paths(world, reader):
        text += read_pages(world, reader, path, is_api=surface.is_api)
    return {word for word in world.words if re.search(rf"\b{word}\b", text)}


def read_pages(world: World, reader: Reader, path: str, *, is_api: bool) -> str:
    text, seen = "", {path}
    while True:
        answer = world.clients[reader.name].get(path) if is_api else world.browsers[reader.name].get(path)
        assert answer.status_code < 500, (path, answer.status_code, answer.text[:500])
        text += answer.text
        link = answer.headers.get("Link", "") if is_api else answer.text
        found = re.search(r'(?:<|href=")([^">]*max_id=[^">]*)', link)
        path = found[1].replace("&amp;", "&").removeprefix(BASE_URL) if found else ""
        if not path or path in seen or len(seen) > PAGES:
            return text
        seen.add(path)
