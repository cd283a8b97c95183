"""Following, blocking, muting and notes over the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Client
from tests.api.test_statuses import write

Api = Callable[..., Client]


def act(client: Client, other: Client, verb: str, **values: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/accounts/{other.account_id}/{verb}", json=values)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def names(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [account["acct"] for account in answer.json]


def test_following(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    made = act(alice, bob, "follow", reblogs=False, notify=True)
    assert made["id"] == str(bob.account_id)
    assert (made["following"], made["showing_reblogs"], made["notifying"]) == (True, False, True)
    assert bob.get(f"/api/v1/accounts/relationships?id[]={alice.account_id}").json[0]["followed_by"] is True
    assert names(api(), f"/api/v1/accounts/{bob.account_id}/followers") == ["alice"]
    assert names(api(), f"/api/v1/accounts/{alice.account_id}/following") == ["bob"]
    assert api().get(f"/api/v1/accounts/{bob.account_id}").json["followers_count"] == 1
    assert act(bob, alice, "remove_from_followers")["followed_by"] is False
    assert names(api(), f"/api/v1/accounts/{bob.account_id}/followers") == []
    act(alice, bob, "follow")
    assert act(alice, bob, "unfollow")["following"] is False


def test_a_locked_account_decides_who_follows(api: Api) -> None:
    alice, bob, eve = api("alice"), api("bob"), api("eve")
    alice.patch("/api/v1/accounts/update_credentials", json={"locked": True})
    private = write(alice, "For followers", visibility="private")
    for client in (bob, eve):
        asked = act(client, alice, "follow")
        assert (asked["following"], asked["requested"]) == (False, True)
        assert client.get(f"/api/v1/statuses/{private['id']}").status_code == 404
    assert names(alice, "/api/v1/follow_requests") == ["eve", "bob"]
    assert alice.get("/api/v1/accounts/verify_credentials").json["source"]["follow_requests_count"] == 2
    assert [one["type"] for one in alice.get("/api/v1/notifications").json] == ["follow_request"] * 2

    let_in = alice.post(f"/api/v1/follow_requests/{bob.account_id}/authorize").json
    assert (let_in["followed_by"], let_in["requested_by"]) == (True, False)
    assert alice.post(f"/api/v1/follow_requests/{eve.account_id}/reject").json["requested_by"] is False
    assert names(alice, "/api/v1/follow_requests") == []
    assert bob.get(f"/api/v1/statuses/{private['id']}").status_code == 200
    assert eve.get(f"/api/v1/statuses/{private['id']}").status_code == 404
    assert alice.post(f"/api/v1/follow_requests/{eve.account_id}/authorize").status_code == 404


def test_blocking(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    act(alice, bob, "follow")
    act(bob, alice, "follow")
    blocked = act(alice, bob, "block")
    assert (blocked["blocking"], blocked["following"], blocked["followed_by"]) == (True, False, False)
    assert names(alice, "/api/v1/blocks") == ["bob"]
    assert bob.post(f"/api/v1/accounts/{alice.account_id}/follow").status_code == 403
    write(bob, "@alice hear me")
    assert alice.get("/api/v1/notifications").json == []
    assert act(alice, bob, "unblock")["blocking"] is False


def test_muting(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    muted = act(alice, bob, "mute", notifications=False, duration=3600)
    assert (muted["muting"], muted["muting_notifications"]) == (True, False)
    (row,) = alice.get("/api/v1/mutes").json
    assert row["acct"] == "bob"
    assert row["mute_expires_at"] is not None
    write(bob, "@alice still heard")
    assert len(alice.get("/api/v1/notifications").json) == 1
    assert act(alice, bob, "mute")["muting_notifications"] is True
    assert alice.get("/api/v1/notifications").json == []
    assert alice.get("/api/v1/mutes").json[0]["mute_expires_at"] is None
    assert act(alice, bob, "unmute")["muting"] is False


def test_notes_are_ones_own(api: Api) -> None:
    alice, bob = api("alice"), api("bob")
    assert act(alice, bob, "note", comment="Met in Ghent")["note"] == "Met in Ghent"
    found = bob.get("/api/v1/accounts/relationships", query_string={"id": alice.account_id}).json
    assert found[0]["note"] == ""
    assert act(alice, bob, "note", comment="")["note"] == ""


@pytest.mark.parametrize("verb", ["follow", "block", "mute"])
def test_oneself_is_refused(api: Api, verb: str) -> None:
    alice = api("alice")
    answer = alice.post(f"/api/v1/accounts/{alice.account_id}/{verb}")
    assert answer.status_code == 422
    assert "yourself" in answer.json["error"]


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "unblock", "mute", "unmute", "note"])
def test_nobody_is_not_found(api: Api, verb: str) -> None:
    assert api("alice").post(f"/api/v1/accounts/1/{verb}", json={"comment": "x"}).status_code == 404
