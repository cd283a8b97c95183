"""Posts over the API: written, read, changed, deleted, and what people do with them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Client

Api = Callable[..., Client]


def write(client: Client, text: str = "Hello", **values: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/statuses", json={"status": text, **values})
    assert answer.status_code == 200, answer.text
    written: dict[str, Any] = answer.json
    return written


def follow(client: Client, other: Client) -> None:
    assert client.post(f"/api/v1/accounts/{other.account_id}/follow").status_code == 200


def texts(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [status["content"] for status in answer.json]


def test_the_life_of_a_post(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice, "Hi @bob: #Cats at https://example.org/x", spoiler_text="Cats", language="en")
    assert post["content"].startswith('<p>Hi <a href="http')
    assert [mention["acct"] for mention in post["mentions"]] == ["bob"]
    assert [tag["name"] for tag in post["tags"]] == ["cats"]
    assert (post["sensitive"], post["spoiler_text"], post["language"]) == (True, "Cats", "en")
    assert post["application"]["name"] == "A client"
    path = f"/api/v1/statuses/{post['id']}"

    reply = write(bob, "Nice", in_reply_to_id=post["id"])
    assert reply["in_reply_to_id"] == post["id"]
    assert reply["in_reply_to_account_id"] == str(alice.account_id)
    context = api().get(f"{path}/context").json
    assert [one["id"] for one in context["descendants"]] == [reply["id"]]
    above = api().get(f"/api/v1/statuses/{reply['id']}/context").json["ancestors"]
    assert [one["id"] for one in above] == [post["id"]]

    edited = alice.put(path, json={"status": "Hi @bob: #Dogs"}).json
    assert [tag["name"] for tag in edited["tags"]] == ["dogs"]
    assert edited["edited_at"] is not None
    assert (edited["spoiler_text"], edited["replies_count"]) == ("Cats", 1)
    versions = api().get(f"{path}/history").json
    assert ["#Cats" in version["content"] for version in versions] == [True, False]
    assert [version["created_at"] for version in versions] == [post["created_at"], edited["edited_at"]]
    assert alice.get(f"{path}/source").json == {
        "id": post["id"], "text": "Hi @bob: #Dogs", "spoiler_text": "Cats",
    }  # fmt: skip
    assert bob.get(f"{path}/source").status_code == 404

    assert bob.delete(path).status_code == 404
    gone = alice.delete(path).json
    assert gone["text"] == "Hi @bob: #Dogs"
    assert api().get(path).status_code == 404


@pytest.mark.parametrize(
    ("do", "undo", "mark", "counter"),
    [
        ("favourite", "unfavourite", "favourited", "favourites_count"),
        ("bookmark", "unbookmark", "bookmarked", None),
        ("mute", "unmute", "muted", None),
    ],
)
def test_reactions(api: Api, do: str, undo: str, mark: str, counter: str | None) -> None:
    alice, bob = api("alice"), api("bob")
    path = f"/api/v1/statuses/{write(alice)['id']}"
    for _ in range(2):
        answer = bob.post(f"{path}/{do}").json
        assert answer[mark] is True
        assert alice.get(path).json[mark] is False
        assert counter is None or answer[counter] == 1
    for _ in range(2):
        answer = bob.post(f"{path}/{undo}").json
        assert answer[mark] is False
        assert counter is None or answer[counter] == 0


def test_a_boost_reaches_followers_and_can_be_taken_back(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    follow(eve, bob)
    post = write(alice, "Boost me")
    path = f"/api/v1/statuses/{post['id']}"
    boost = bob.post(f"{path}/reblog").json
    assert boost["id"] != post["id"]
    assert boost["account"]["acct"] == "bob"
    assert (boost["reblog"]["id"], boost["reblog"]["account"]["acct"]) == (post["id"], "alice")
    assert boost["reblog"]["reblogged"] is True
    assert bob.post(f"{path}/reblog").json["id"] == boost["id"]
    assert bob.post(f"/api/v1/statuses/{boost['id']}/favourite").json["reblog"]["favourites_count"] == 1

    home = eve.get("/api/v1/timelines/home").json
    assert [(one["id"], one["reblog"]["id"]) for one in home] == [(boost["id"], post["id"])]
    assert [who["acct"] for who in eve.get(f"{path}/reblogged_by").json] == ["bob"]
    assert api().get(path).json["reblogs_count"] == 1
    assert texts(api(), "/api/v1/timelines/public") == [post["content"]]

    assert eve.post(f"/api/v1/accounts/{bob.account_id}/follow", json={"reblogs": False}).json[
        "showing_reblogs"
    ] is False  # fmt: skip
    assert eve.get("/api/v1/timelines/home").json == []

    assert bob.post(f"{path}/unreblog").json["reblogged"] is False
    assert api().get(path).json["reblogs_count"] == 0
    assert api().get(f"/api/v1/statuses/{boost['id']}").status_code == 404


def test_a_boost_never_widens(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    follow(bob, alice)
    private = write(alice, "For followers", visibility="private")
    direct = write(alice, "For @bob", visibility="direct")
    for post in (private, direct):
        assert bob.post(f"/api/v1/statuses/{post['id']}/reblog").status_code == 403
    own = alice.post(f"/api/v1/statuses/{private['id']}/reblog", json={"visibility": "public"}).json
    assert own["visibility"] == "private"
    assert api().get(f"/api/v1/statuses/{own['id']}").status_code == 404
    stranger = api("stranger")
    assert stranger.get(f"/api/v1/statuses/{own['id']}").status_code == 404


def test_pins(api: Api) -> None:
    alice = api("alice")
    posts = [write(alice, f"number {number}") for number in range(6)]
    for post in posts[:5]:
        assert alice.post(f"/api/v1/statuses/{post['id']}/pin").json["pinned"] is True
    refused = alice.post(f"/api/v1/statuses/{posts[5]['id']}/pin")
    assert refused.status_code == 422
    assert "maximum" in refused.json["error"]
    pinned = api().get(f"/api/v1/accounts/{alice.account_id}/statuses?pinned=true").json
    assert [one["id"] for one in pinned] == [post["id"] for post in reversed(posts[:5])]
    assert alice.post(f"/api/v1/statuses/{posts[0]['id']}/unpin").json["pinned"] is False
    assert alice.post(f"/api/v1/statuses/{posts[5]['id']}/pin").json["pinned"] is True
    assert api("bob").post(f"/api/v1/statuses/{posts[1]['id']}/pin").status_code == 422


def test_a_key_makes_sending_again_safe(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    headers = {"Idempotency-Key": "one and the same"}
    ids = [
        client.post("/api/v1/statuses", json={"status": "Once"}, headers=headers).json["id"]
        for client in (alice, alice, bob)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert api().get(f"/api/v1/accounts/{alice.account_id}").json["statuses_count"] == 1
    alice.delete(f"/api/v1/statuses/{ids[0]}")
    again = alice.post("/api/v1/statuses", json={"status": "Once"}, headers=headers)
    assert again.json["id"] not in ids


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "Write something first"),
        ({"status": "  \n "}, "Write something first"),
        ({"status": "x" * 501}, "the limit is 500"),
        ({"status": "x" * 300, "spoiler_text": "y" * 201}, "the limit is 500"),
        ({"status": "x", "visibility": "limited"}, "visibility"),
        ({"status": "x", "language": "klingon!"}, "language"),
        ({"status": "x", "in_reply_to_id": "1"}, "was deleted"),
        ({"status": "x", "in_reply_to_id": "first"}, "in_reply_to_id is not an id"),
        ({"status": "x", "media_ids": ["1"]}, "media_ids"),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 60}}, "poll is not offered"),
        ({"status": "x", "scheduled_at": "2027-01-01T00:00:00Z"}, "scheduled_at"),
    ],
)
def test_what_is_refused(api: Api, values: dict[str, Any], says: str) -> None:
    alice = api("alice")
    answer = alice.post("/api/v1/statuses", json=values)
    assert answer.status_code == 422
    assert answer.json["error"].startswith("Validation failed: ")
    assert says in answer.json["error"]
    assert api().get(f"/api/v1/accounts/{alice.account_id}").json["statuses_count"] == 0


def test_ten_thousand_mentions_reach_twenty(api: Api) -> None:
    alice = api("alice")
    answer = alice.post(
        "/api/v1/statuses", json={"status": " ".join(f"@u{number}" for number in range(10_000))}
    )
    assert answer.status_code == 422


def test_what_a_profile_counts_tells_of_no_secret(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    root = write(alice, "Ask me")
    write(bob, "@alice between us", visibility="direct", in_reply_to_id=root["id"])
    write(bob, "@alice for all", in_reply_to_id=root["id"])
    assert api().get(f"/api/v1/statuses/{root['id']}").json["replies_count"] == 1
    assert api().get(f"/api/v1/accounts/{bob.account_id}").json["statuses_count"] == 1


def test_the_defaults_of_new_posts_are_their_authors(api: Api) -> None:
    alice = api("alice")
    changed = alice.patch(
        "/api/v1/accounts/update_credentials",
        json={"source": {"privacy": "private", "sensitive": True, "language": "de"}},
    )
    assert changed.json["source"]["privacy"] == "private"
    post = write(alice)
    assert (post["visibility"], post["sensitive"], post["language"]) == ("private", True, "de")


def test_pages_of_what_one_likes(api: Api) -> None:
    alice = api("alice")
    ids = [write(alice, f"number {number}")["id"] for number in range(5)]
    for status_id in ids:
        alice.post(f"/api/v1/statuses/{status_id}/favourite")
    first = alice.get("/api/v1/favourites?limit=2")
    assert [one["id"] for one in first.json] == ids[:2:-1]
    older = first.headers["Link"].split("; ")[0].strip("<>").split("/api", 1)[1]
    assert [one["id"] for one in alice.get(f"/api{older}").json] == ids[2:0:-1]
    newer = first.headers["Link"].split("<")[2].split(">")[0].split("/api", 1)[1]
    assert alice.get(f"/api{newer}").json == []


def test_an_answer_is_no_wider_than_what_it_answers_unless_that_was_chosen(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    direct = write(alice, "@bob between us", visibility="direct")
    assert write(bob, "yes", in_reply_to_id=direct["id"])["visibility"] == "direct"
    assert write(bob, "yes", in_reply_to_id=direct["id"], visibility="public")["visibility"] == "public"
    bob.patch("/api/v1/accounts/update_credentials", json={"source": {"privacy": "private"}})
    public = write(alice, "for all")
    assert write(bob, "yes", in_reply_to_id=public["id"])["visibility"] == "private"
