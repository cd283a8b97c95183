"""Timelines over the API."""

from collections.abc import Callable

import pytest

from tests.api.conftest import Client
from tests.api.test_statuses import follow, texts, write

Api = Callable[..., Client]


def test_home_has_followed_people_and_tags_and_oneself(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    follow(alice, bob)
    own, theirs = write(alice, "own"), write(bob, "theirs", visibility="private")
    write(eve, "nobody follows this")
    found = [one["id"] for one in alice.get("/api/v1/timelines/home").json]
    assert found == [theirs["id"], own["id"]]


def test_blocked_and_muted_people_are_out(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    follow(alice, bob)
    post = write(bob, "Hello from #bob")
    lists = ["/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/bob"]
    assert {path: len(texts(alice, path)) for path in lists} == dict.fromkeys(lists, 1)
    alice.post(f"/api/v1/accounts/{bob.account_id}/mute")
    assert {path: len(texts(alice, path)) for path in lists} == dict.fromkeys(lists, 0)
    assert alice.get(f"/api/v1/statuses/{post['id']}").status_code == 200
    alice.post(f"/api/v1/accounts/{bob.account_id}/unmute")
    assert {path: len(texts(alice, path)) for path in lists} == dict.fromkeys(lists, 1)
    eve.post(f"/api/v1/statuses/{post['id']}/reblog")
    follow(alice, eve)
    alice.post(f"/api/v1/accounts/{bob.account_id}/block")
    assert {path: len(texts(alice, path)) for path in lists} == dict.fromkeys(lists, 0)
    # Whom somebody blocks finds nothing of them anywhere.
    own = write(alice, "not for #bob")
    assert bob.get(f"/api/v1/statuses/{own['id']}").status_code == 404
    assert texts(bob, f"/api/v1/accounts/{alice.account_id}/statuses") == []
    assert texts(bob, "/api/v1/timelines/public") == [post["content"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"both", "red"}),
        ("?any[]=blue", {"both", "red", "blue"}),
        ("?all[]=blue", {"both"}),
        ("?none[]=blue", {"red"}),
        ("?any[]=blue&none[]=red", {"blue"}),
        ("?only_media=true", set()),
        ("?remote=true", set()),
        ("?local=1", {"both", "red"}),
    ],
)
def test_tags_are_combined(api: Api, query: str, found: set[str]) -> None:
    alice = api("alice")
    for name, text in (("both", "both #Red #blue"), ("red", "red #red"), ("blue", "blue #blue")):
        write(alice, text)
        write(alice, f"hidden {name} {text}", visibility="unlisted")
    shown = texts(api(), f"/api/v1/timelines/tag/RED{query}")
    assert {text.removeprefix("<p>").split()[0] for text in shown} == found
    assert len(shown) == len(found)


def test_paging_goes_both_ways_without_gaps(api: Api) -> None:
    alice = api("alice")
    ids = [write(alice, f"number {number}")["id"] for number in range(9)][::-1]
    for path in (
        "/api/v1/timelines/public",
        "/api/v1/timelines/home",
        f"/api/v1/accounts/{alice.account_id}/statuses",
    ):
        down, cursor = [], ""
        while page := [one["id"] for one in alice.get(f"{path}?limit=4{cursor}").json]:
            down += page
            cursor = f"&max_id={page[-1]}"
        assert down == ids, path
        up: list[str] = []
        last = "0"
        while page := [one["id"] for one in alice.get(f"{path}?limit=4&min_id={last}").json]:
            up = page + up
            last = page[0]
        assert up == ids, path
        assert [one["id"] for one in alice.get(f"{path}?limit=4&since_id={ids[-1]}").json] == ids[:4], path


def test_what_an_account_wrote_can_be_narrowed(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    other = write(bob, "by bob")
    root = write(alice, "root #one")
    write(alice, "to myself", in_reply_to_id=root["id"])
    write(alice, "to bob", in_reply_to_id=other["id"])
    alice.post(f"/api/v1/statuses/{other['id']}/reblog")
    path = f"/api/v1/accounts/{alice.account_id}/statuses"
    assert len(texts(api(), path)) == 4
    assert len(texts(api(), f"{path}?exclude_replies=true")) == 3
    assert len(texts(api(), f"{path}?exclude_reblogs=1")) == 3
    assert texts(api(), f"{path}?tagged=ONE") == [root["content"]]
    assert texts(api(), f"{path}?only_media=true") == []
    assert api().get("/api/v1/accounts/1/statuses").status_code == 404
