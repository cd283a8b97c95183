"""Lists that are asked for by what is no page: answered or refused by name, and nothing of others leaks."""

from collections.abc import Callable

import pytest

from tests.api.conftest import Client
from tests.api.test_statuses import follow, texts, write

Api = Callable[..., Client]

PATHS = [
    "/api/v1/timelines/home",
    "/api/v1/timelines/public",
    "/api/v1/timelines/tag/cats",
    "/api/v1/timelines/tag/cats?any[]=dogs",
    "/api/v1/accounts/{alice}/statuses",
    "/api/v1/accounts/{alice}/statuses?exclude_reblogs=1",
    "/api/v1/favourites",
    "/api/v1/bookmarks",
    "/api/v1/notifications",
    "/api/v1/accounts/{alice}/followers",
    "/api/v1/accounts/{alice}/following",
    "/api/v1/blocks",
    "/api/v1/mutes",
    "/api/v1/follow_requests",
    "/api/v1/followed_tags",
    "/api/v1/statuses/{post}/favourited_by",
    "/api/v1/statuses/{post}/reblogged_by",
    "/api/v1/accounts/search?q=person",
    "/api/v2/search?q=cats",
]


def ask(client: Client, path: str, query: str) -> int:
    return client.get(f"{path}{'&' if '?' in path else '?'}{query}").status_code


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("limit=0", {200}),
        ("limit=-1", {200}),
        ("limit=99999999999999999999999", {200}),
        ("limit=many", {422}),
        ("max_id=-1", {200}),
        ("min_id=-99999999999999999999999999", {200}),
        ("since_id=99999999999999999999999999", {200}),
        ("max_id=abc", {200}),
        ("max_id=", {200}),
        ("max_id[]=1&max_id[]=2", {200, 422}),
        ("limit[a]=1", {422}),
        ("limit=%FF", {400}),
    ],
)
def test_pages_that_are_none(api: Api, query: str, statuses: set[int]) -> None:
    alice = api("alice")
    ids = {"alice": alice.account_id, "post": write(alice, "About #cats")["id"]}
    found = {path: ask(alice, path.format(**ids), query) for path in PATHS}
    assert {path: status for path, status in found.items() if status not in statuses} == {}


def test_other_people_s_items_are_as_good_as_any_number(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    follow(bob, alice)
    before = write(bob, "before")
    private = write(alice, "Not for eve", visibility="private")
    after = write(bob, "after")
    for path in ("/api/v1/timelines/public", f"/api/v1/accounts/{bob.account_id}/statuses"):
        assert texts(eve, f"{path}?max_id={private['id']}") == [before["content"]]
        assert texts(eve, f"{path}?min_id={private['id']}") == [after["content"]]
    told = bob.get("/api/v1/notifications").json
    alice.post(f"/api/v1/statuses/{before['id']}/favourite")
    cursor = bob.get("/api/v1/notifications").json[0]["id"]
    assert told == []
    assert eve.get(f"/api/v1/notifications?max_id={cursor}").json == []
    assert eve.get(f"/api/v1/notifications/{cursor}").status_code == 404
