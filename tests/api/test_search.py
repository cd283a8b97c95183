"""Searching and hashtags over the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Client
from tests.api.test_statuses import texts, write

Api = Callable[..., Client]


def find(client: Client, query: str, **options: Any) -> dict[str, list[str]]:
    answer = client.get("/api/v2/search", query_string={"q": query, **options})
    assert answer.status_code == 200, answer.text
    names = {"accounts": "acct", "hashtags": "name", "statuses": "id"}
    return {kind: [one[name] for one in answer.json[kind]] for kind, name in names.items()}


def test_words_names_and_tags(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice, "The quick brown fox, with #Foxes")
    hidden = write(alice, "A fox that few see", visibility="private")
    assert find(bob, "fox") == {"accounts": [], "hashtags": ["foxes"], "statuses": [post["id"]]}
    assert find(api(), "quick fox")["statuses"] == [post["id"]]
    assert find(bob, "quick -brown")["statuses"] == []
    assert find(bob, "ali")["accounts"] == ["alice"]
    assert find(bob, "@alice")["accounts"] == ["alice"]
    assert find(bob, "#fox")["hashtags"] == ["foxes"]
    assert find(bob, "fox", type="accounts") == {"accounts": [], "hashtags": [], "statuses": []}
    assert hidden["id"] not in find(alice, "fox")["statuses"]


def test_an_address_finds_exactly_one(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice, "Found by its address", visibility="unlisted")
    private = write(alice, "Not by everybody", visibility="private")
    assert find(bob, post["url"], resolve=True) == {"accounts": [], "hashtags": [], "statuses": [post["id"]]}
    assert find(bob, private["url"])["statuses"] == []
    assert find(alice, private["url"])["statuses"] == [private["id"]]
    assert find(bob, post["account"]["url"])["accounts"] == ["alice"]
    host = post["account"]["url"].split("/")[2]
    assert find(bob, f"@alice@{host}") == {"accounts": ["alice"], "hashtags": [], "statuses": []}
    assert find(bob, f"alice@{host}", type="accounts")["accounts"] == ["alice"]
    assert find(bob, "alice@elsewhere.example")["accounts"] == []


def test_what_is_found_is_paged(api: Api) -> None:
    alice = api("alice")
    ids = [write(alice, f"needle {number}")["id"] for number in range(5)][::-1]
    pages = [
        find(alice, "needle", type="statuses", limit=2, offset=offset)["statuses"] for offset in (0, 2, 4)
    ]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert find(alice, "needle", type="statuses", max_id=ids[2])["statuses"] == ids[3:]


@pytest.mark.parametrize("query", ["", "   ", "'", "\\", ":*", "!!!", "(", "a" * 5000, "%", "\x00", "🦊"])
def test_odd_queries_are_answered(api: Api, query: str) -> None:
    assert api("alice").get("/api/v2/search", query_string={"q": query}).status_code in (200, 400, 422)


def test_followed_tags_are_at_home(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(bob, "About #Gardens")
    write(bob, "Also #gardens", visibility="unlisted")
    tag = alice.post("/api/v1/tags/GARDENS/follow").json
    assert (tag["name"], tag["following"]) == ("gardens", True)
    alice.post("/api/v1/tags/unused/follow")
    assert find(alice, "unused")["hashtags"] == ["unused"]
    assert find(bob, "unused")["hashtags"] == []
    alice.post("/api/v1/tags/unused/unfollow")
    assert len(tag["history"]) == 7
    assert tag["history"][0]["uses"] == "1"
    assert texts(alice, "/api/v1/timelines/home") == [post["content"]]
    assert [one["name"] for one in alice.get("/api/v1/followed_tags").json] == ["gardens"]
    assert alice.post("/api/v1/tags/gardens/unfollow").json["following"] is False
    assert texts(alice, "/api/v1/timelines/home") == []
    assert api().get("/api/v1/tags/neverused").json["history"][0]["uses"] == "0"
    assert "following" not in api().get("/api/v1/tags/gardens").json
    assert api().get("/api/v1/tags/no%20tag").status_code == 404
