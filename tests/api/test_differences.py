"""What docs/api.md says of the differences from Mastodon is so: each row of its table has a check here."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from devstack.layout import ROOT
from microblog.data.queries.tags import NEWEST_USES
from microblog.domain.limits import SEARCH_MATCHES, SEARCH_POSTS, TAG_USES
from tests.api.conftest import Client
from tests.api.test_statuses import follow, texts, write

Api = Callable[..., Client]
Check = Callable[[Api], None]

TABLE = (ROOT / "docs" / "api.md").read_text().split("## What differs", 1)[1].split("## A promise", 1)[0]
ROWS = [row for row in re.findall(r"^\| (.+?) \|", TABLE, re.MULTILINE) if row not in ("what", "---")]
CHECKS: dict[str, Check] = {}


def row(beginning: str) -> Callable[[Check], Check]:
    """The row that a check is about, by how it begins."""

    def register(check: Check) -> Check:
        CHECKS[beginning] = check
        return check

    return register


@row("pictures on posts")
def not_offered(api: Api) -> None:
    alice = api("alice")
    for path in ("/api/v2/media", "/api/v1/push/subscription", "/api/v1/statuses/1/translate"):
        assert alice.post(path).status_code == 404
    for path in ("/api/v1/streaming/user", "/api/v1/polls/1", "/api/v1/admin/accounts"):
        assert alice.get(path).status_code == 404
    for part in ({"media_ids": ["1"]}, {"poll": {"options": ["a", "b"]}}, {"scheduled_at": "2030-01-01"}):
        assert alice.post("/api/v1/statuses", json={"status": "x", **part}).status_code == 422


@row("lists, filters")
def empty(api: Api) -> None:
    alice = api("alice")
    names = ("lists", "filters", "custom_emojis", "announcements", "featured_tags", "conversations")
    for name in (*names, "trends/tags", "trends/statuses", "trends/links"):
        assert alice.get(f"/api/v1/{name}").json == [], name
    assert alice.get("/api/v2/filters").json == []
    assert alice.post("/api/v1/lists", json={"title": "x"}).status_code == 405


@row("boosts, favourites")
def by_the_api_only(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice, "Boosted", spoiler_text="A warning", visibility="unlisted")
    bob.post(f"/api/v1/statuses/{post['id']}/reblog")
    page = api().http.get("/@bob").text
    assert "boosted" in page
    assert "<summary><bdi>A warning" in page
    assert "unlisted" in page


@row("pictures of accounts")
def initials(api: Api) -> None:
    assert write(api("alice"))["account"]["avatar"].endswith(".svg")


@row("`statuses_count`")
def counted_posts(api: Api) -> None:
    alice = api("alice")
    post = write(alice)
    write(alice, "secret", visibility="direct")
    alice.post(f"/api/v1/statuses/{post['id']}/reblog")
    assert api().get(f"/api/v1/accounts/{alice.account_id}").json["statuses_count"] == 1


@row("`replies_count`")
def counted_answers(api: Api) -> None:
    alice = api("alice")
    post = write(alice)
    for visibility in ("public", "private", "direct"):
        write(alice, "answer", in_reply_to_id=post["id"], visibility=visibility)
    assert api().get(f"/api/v1/statuses/{post['id']}").json["replies_count"] == 1


@row("who blocks somebody")
def blocks(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    own, theirs = write(alice), write(bob)
    alice.post(f"/api/v1/accounts/{bob.account_id}/block")
    assert bob.get(f"/api/v1/statuses/{own['id']}").status_code == 404
    assert alice.get(f"/api/v1/statuses/{theirs['id']}").status_code == 200


@row("posts that are edited")
def edits(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice, "@bob hello", visibility="direct", spoiler_text="Warning")
    path = f"/api/v1/statuses/{post['id']}"
    assert bob.get(path).status_code == 200
    assert alice.put(path, json={"status": "hello"}).json["spoiler_text"] == "Warning"
    assert bob.get(path).status_code == 404
    assert len(alice.get(f"{path}/history").json) == 2


@row("timelines of several tags")
def several_tags(api: Api) -> None:
    assert f"{TAG_USES:,}" in TABLE


@row("`history` of a hashtag")
def uses_of_a_tag(api: Api) -> None:
    write(api("alice"), "A #needle")
    assert api().get("/api/v1/tags/needle").json["history"][0]["uses"] == "1"
    assert f"newest {NEWEST_USES:,} uses" in TABLE


@row("searching posts")
def search(api: Api) -> None:
    assert f"than {SEARCH_MATCHES:,} posts" in TABLE
    assert f"newest {SEARCH_POSTS:,} posts" in TABLE
    alice = api("alice")
    write(alice, "a needle, unlisted", visibility="unlisted")
    post = write(alice, "a needle for all")
    found: list[dict[str, Any]] = alice.get('/api/v2/search?q="needle for" or nothing').json["statuses"]
    assert [one["id"] for one in found] == [post["id"]]


@row("home timeline")
def home(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    follow(alice, bob)
    post = write(bob, "@alice you", visibility="direct")
    own = write(alice, "own")
    answer = write(bob, "an answer", in_reply_to_id=own["id"])
    bob.post(f"/api/v1/statuses/{own['id']}/reblog")
    assert texts(alice, "/api/v1/timelines/home") == [
        own["content"],
        answer["content"],
        own["content"],
        post["content"],
    ]


@row("display names")
def lengths(api: Api) -> None:
    alice = api("alice")
    path = "/api/v1/accounts/update_credentials"
    field = {"name": "n" * 255, "value": "v" * 255}
    assert (
        alice.patch(path, json={"display_name": "d" * 50, "fields_attributes": [field] * 4}).status_code
        == 200
    )
    assert alice.patch(path, json={"display_name": "d" * 51}).status_code == 422
    assert alice.patch(path, json={"fields_attributes": [field] * 5}).status_code == 422
    assert alice.patch(path, json={"fields_attributes": [{**field, "name": "n" * 256}]}).status_code == 422


@pytest.mark.parametrize("name", ROWS)
def test_each_row_is_so(api: Api, name: str) -> None:
    (check,) = [check for beginning, check in CHECKS.items() if name.startswith(beginning)]
    check(api)


def test_no_check_lost_its_row() -> None:
    assert len(ROWS) == len(CHECKS)
