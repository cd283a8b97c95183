"""Notifications over the API."""

from collections.abc import Callable
from typing import Any

from tests.api.conftest import Client
from tests.api.test_statuses import follow, write

Api = Callable[..., Client]


def told(client: Client, **options: Any) -> list[tuple[str, str]]:
    answer = client.get("/api/v1/notifications", query_string=options)
    assert answer.status_code == 200, answer.text
    return [(one["type"], one["account"]["acct"]) for one in answer.json]


def make_all(alice: Client, bob: Client, eve: Client) -> dict[str, Any]:
    """One notification of each kind for alice."""
    follow(bob, alice)
    post = write(alice, "Like me")
    bob.post(f"/api/v1/statuses/{post['id']}/favourite")
    bob.post(f"/api/v1/statuses/{post['id']}/reblog")
    write(eve, "Hello @alice")
    theirs = write(eve, "Boost me")
    alice.post(f"/api/v1/statuses/{theirs['id']}/reblog")
    eve.put(f"/api/v1/statuses/{theirs['id']}", json={"status": "Something else"})
    return post


ALL = [("update", "eve"), ("mention", "eve"), ("reblog", "bob"), ("favourite", "bob"), ("follow", "bob")]


def test_each_kind_with_its_status(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    post = make_all(alice, bob, eve)
    assert told(alice) == ALL
    shown = alice.get("/api/v1/notifications").json
    assert [one.get("status", {}).get("id") for one in shown][2:] == [post["id"], post["id"], None]
    one = alice.get(f"/api/v1/notifications/{shown[0]['id']}").json
    assert one == shown[0]
    assert bob.get(f"/api/v1/notifications/{shown[0]['id']}").status_code == 404


def test_they_can_be_chosen(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    make_all(alice, bob, eve)
    assert told(alice, **{"types[]": ["follow", "mention"]}) == [("mention", "eve"), ("follow", "bob")]
    assert told(alice, **{"exclude_types[]": ["update", "follow", "mention"]}) == ALL[2:4]
    assert told(alice, account_id=eve.account_id) == ALL[:2]
    assert told(alice, **{"types[]": ["poll"]}) == []
    assert told(alice, limit=2) == ALL[:2]


def test_what_is_taken_back_is_told_no_more(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    post = make_all(alice, bob, eve)
    bob.post(f"/api/v1/statuses/{post['id']}/unfavourite")
    bob.post(f"/api/v1/statuses/{post['id']}/unreblog")
    assert told(alice) == [ALL[0], ALL[1], ALL[4]]


def test_dismissed_and_cleared(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    make_all(alice, bob, eve)
    first = alice.get("/api/v1/notifications").json[0]["id"]
    assert bob.post(f"/api/v1/notifications/{first}/dismiss").status_code == 404
    assert alice.post(f"/api/v1/notifications/{first}/dismiss").json == {}
    assert told(alice) == ALL[1:]
    assert alice.post("/api/v1/notifications/clear").json == {}
    assert told(alice) == []


def test_a_muted_conversation_is_quiet(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    root = write(alice, "A long discussion")
    alice.post(f"/api/v1/statuses/{root['id']}/mute")
    reply = write(bob, "@alice and so on", in_reply_to_id=root["id"])
    bob.post(f"/api/v1/statuses/{root['id']}/favourite")
    assert told(alice) == []
    alice.post(f"/api/v1/statuses/{reply['id']}/unmute")
    write(bob, "@alice once more", in_reply_to_id=root["id"])
    assert told(alice) == [("mention", "bob")]


def test_nobody_is_told_of_what_they_may_not_see(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    post = write(bob, "Hello @alice and @eve")
    assert (told(alice), told(eve)) == ([("mention", "bob")], [("mention", "bob")])
    bob.put(f"/api/v1/statuses/{post['id']}", json={"status": "Hello @eve"})
    bob.post(f"/api/v1/accounts/{alice.account_id}/block")
    assert told(alice) == []
    bob.delete(f"/api/v1/statuses/{post['id']}")
    assert told(eve) == []
