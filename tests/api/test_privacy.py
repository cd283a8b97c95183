"""Visibility by reader by all that could show a post: nobody sees what its author did not show them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from microblog.bootstrap import Resources
from tests.addresses import DatabaseUrls
from tests.api.privacy.surfaces import API, POSTLESS, SITE, SURFACES, Surface, plain_rule, read
from tests.api.privacy.world import AUTHOR, GONE, READERS, Reader, World, make_world
from tests.api.standing import standing_data

pytestmark = pytest.mark.xdist_group("privacy")


@pytest.fixture(scope="module")
def world(
    site_app: Flask,
    site_resources: Resources,
    database_urls: DatabaseUrls,
    redis_urls: tuple[str, str],
    secret: Callable[[str], str],
) -> Iterator[World]:
    """One for all tests of this file, which change nothing that they look at."""
    with standing_data(database_urls.owner, redis_urls):
        yield make_world(site_app, site_resources, secret)


def served_rules(app: Flask) -> set[str]:
    return {plain_rule(rule.rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize("surfaces", [API, SITE], ids=["api", "site"])
def test_each_reader_finds_what_is_meant_for_them(
    reader: Reader, surfaces: list[Surface], world: World
) -> None:
    served = served_rules(world.app)
    problems = []
    for surface in surfaces:
        if surface.rule not in served:
            continue
        found = read(world, reader, surface)
        if leaked := found - surface.upper(world, reader):
            problems.append(f"{surface.rule} shows {reader.name} {sorted(leaked)}")
        if lacking := surface.lower(world, reader) - found:
            problems.append(f"{surface.rule} lacks for {reader.name} {sorted(lacking)}")
    assert not problems, "\n".join(problems)


# --- The list of surfaces is whole ----------------------------------------------------------------


def shows_a_status(schema: Any, document: dict[str, Any], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a schema of the OpenAPI document holds a status, at whatever depth."""
    if isinstance(schema, list):
        return any(shows_a_status(one, document, seen) for one in schema)
    if not isinstance(schema, dict):
        return False
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name:
        if name == "Status":
            return True
        inner = document["components"]["schemas"].get(name)
        return name not in seen and shows_a_status(inner, document, seen | {name})
    return any(shows_a_status(one, document, seen) for one in schema.values())


def test_each_endpoint_that_answers_with_statuses_is_a_surface(world: World) -> None:
    document = world.app.test_client().get("/api/openapi.json").get_json()
    showing = {
        plain_rule(path)
        for path, operations in document["paths"].items()
        if "get" in operations and shows_a_status(operations["get"]["responses"], document)
    }
    assert "/api/v1/timelines/home" in showing
    assert showing - {surface.rule for surface in API} == set()


def test_each_page_is_a_surface_or_shows_no_posts(world: World) -> None:
    pages = {rule for rule in served_rules(world.app) if not rule.startswith("/api/")}
    listed = {surface.rule for surface in SITE}
    assert pages - listed - POSTLESS == set()
    assert POSTLESS - pages == set()


def test_each_surface_is_served(world: World) -> None:
    assert {surface.rule for surface in SURFACES} - served_rules(world.app) == set()


@pytest.mark.parametrize("name", ["anonymous", "mentioned", AUTHOR])
def test_pages_without_posts_show_none(name: str, world: World) -> None:
    for rule in sorted(POSTLESS):
        answer = world.browsers[name].get(rule.replace("<>", AUTHOR, 1))
        assert [word for word in world.words if word.encode() in answer.data] == [], rule


# --- What exists is not told, and nothing is done to what one can't see ----------------------------


def typical(world: World) -> dict[str, int]:
    """A post of each visibility, one of somebody suspended, and boosts of what is not for everybody."""
    posts = {
        word: one for word, one in world.posts.items() if word.startswith("plain") or word == "lostpublic"
    }
    return posts | {
        word: world.boosts[word] for word in ("sharedprivate", "shareddirect", "lostsharedpublic")
    }


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@pytest.mark.parametrize("end", ["", "/context", "/history", "/reblogged_by", "/favourited_by"])
def test_a_hidden_post_is_not_there(end: str, reader: Reader, world: World) -> None:
    may_see = world.may_see(reader)
    codes = {
        word: world.clients[reader.name].get(f"/api/v1/statuses/{status_id}{end}").status_code
        for word, status_id in typical(world).items()
    }
    wanted = {word: 401 if reader.banned else 200 if word in may_see else 404 for word in codes}
    assert codes == wanted


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_boost_of_somebody_suspended_is_not_there(reader: Reader, world: World) -> None:
    client, path = world.clients[reader.name], f"/api/v1/statuses/{world.lost_boost}"
    wanted = 401 if reader.banned else 404
    assert {client.get(f"{path}{end}").status_code for end in ("", "/context", "/history")} == {wanted}
    boosters = client.get(f"/api/v1/statuses/{world.posts['plainpublic']}/reblogged_by").text
    assert f'"{GONE}"' not in boosters


ACTIONS = [
    "favourite",
    "unfavourite",
    "bookmark",
    "unbookmark",
    "reblog",
    "unreblog",
    "mute",
    "unmute",
    "pin",
    "unpin",
]
ACTORS = [reader for reader in READERS if reader.signs_in and reader.name != "narrow"]


@pytest.mark.parametrize("reader", ACTORS, ids=lambda reader: reader.name)
def test_nobody_acts_on_what_they_cannot_see(reader: Reader, world: World) -> None:
    client, may_see = world.clients[reader.name], world.may_see(reader)
    for word, status_id in typical(world).items():
        if word in may_see and not reader.banned:
            continue
        path = f"/api/v1/statuses/{status_id}"
        answers = [client.post(f"{path}/{action}") for action in ACTIONS]
        answers += [client.put(path, json={"status": "mine"}), client.delete(path)]
        wanted = 401 if reader.banned else 404
        assert {answer.status_code for answer in answers} == {wanted}, word
        reply = client.post("/api/v1/statuses", json={"status": "Really?", "in_reply_to_id": str(status_id)})
        assert reply.status_code in ({401} if reader.banned else {404, 422}), word
        assert word not in "".join(answer.text for answer in [*answers, reply])


@pytest.mark.parametrize("reader", ACTORS, ids=lambda reader: reader.name)
def test_what_is_not_for_everybody_is_boosted_by_its_author_alone(reader: Reader, world: World) -> None:
    client = world.clients[reader.name]
    for word in ("plainprivate", "plaindirect"):
        answer = client.post(f"/api/v1/statuses/{world.posts[word]}/reblog", json={"visibility": "public"})
        if reader.name == AUTHOR and word == "plainprivate":
            assert answer.status_code == 200
            assert answer.get_json()["visibility"] == "private"
            assert client.post(f"/api/v1/statuses/{world.posts[word]}/unreblog").status_code == 200
        else:
            assert answer.status_code in (401, 403, 404, 422), word
