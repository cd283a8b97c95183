"""What an attack on the API has found, each found once."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from microblog.bootstrap import Resources
from microblog.data.queries import reactions
from microblog.data.session import Database
from microblog.domain.visibility import Visibility
from microblog.services import accounts
from tests.api.conftest import Client
from tests.api.test_statuses import follow, texts, write
from tests.factories import make_status

Api = Callable[..., Client]


@pytest.mark.parametrize("body", [{"json": {"acct": "bob"}}, {"data": {"acct": "bob"}}])
def test_a_body_changes_no_answer_that_caches_know_by_its_address(api: Api, body: dict[str, Any]) -> None:
    for name in ("alice", "bob"):
        api(name)
    answer = api().get("/api/v1/accounts/lookup?acct=alice", **body)
    assert answer.json["acct"] == "alice"


def test_a_tag_tells_nothing_of_posts_that_few_may_read(api: Api) -> None:
    alice, path = api("alice"), "/api/v1/tags/secretplan"
    unused = api().get(path).json
    write(alice, "About #secretplan", visibility="direct")
    assert api().get(path).json == unused
    write(alice, "About #secretplan")
    assert api().get(path).json["id"] == unused["id"] != api().get("/api/v1/tags/another").json["id"]


def test_a_client_s_own_tokens_share_the_limit_of_their_address(api: Api) -> None:
    remaining = [
        int(client.get("/api/v1/instance").headers["X-RateLimit-Remaining"])
        for client in (api(), api(None), api())
    ]
    assert remaining[0] - remaining[2] == 2


@pytest.mark.parametrize("name", ["%00", "a%00b"])
@pytest.mark.parametrize("path", ["/api/v1/timelines/tag/{}", "/api/v1/tags/{}"])
def test_no_name_holds_a_nul(api: Api, path: str, name: str) -> None:
    assert api().get(path.format(name)).status_code == 404


def test_a_part_without_a_name_is_passed_over(api: Api) -> None:
    body = (
        b"--b\r\nContent-Disposition: form-data\r\n\r\nhello\r\n"
        b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nHello\r\n--b--\r\n'
    )
    answer = api("alice").post("/api/v1/statuses", data=body, content_type="multipart/form-data; boundary=b")
    assert answer.json["content"] == "<p>Hello</p>"


def test_long_tags_are_combined_as_short_ones(api: Api) -> None:
    long = "l" * 70
    post = write(api("alice"), f"About #big and #{long}")
    assert texts(api(), f"/api/v1/timelines/tag/big?all[]={long}") == [post["content"]]


def test_a_suspended_account_s_lists_are_gone(api: Api, database: Database) -> None:
    alice, bob = api("alice"), api("bob")
    follow(alice, bob)
    follow(bob, alice)
    with database.unit_of_work() as session:
        accounts.suspend_account(session, username="bob")
    for path in ("", "/statuses", "/followers", "/following"):
        assert api().get(f"/api/v1/accounts/{bob.account_id}{path}").status_code == 404, path


def test_hidden_answers_push_out_no_others(
    api: Api, database: Database, site_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("microblog.data.queries.threads.THREAD_DESCENDANTS", 3)
    alice, bob, mallory = api("alice"), api("bob"), api("mallory")
    root = write(alice, "Ask me")
    assert mallory.account_id is not None
    with database.unit_of_work() as session:
        for _ in range(4):
            make_status(
                session,
                site_resources.feeds,
                mallory.account_id,
                "hidden",
                in_reply_to_id=int(root["id"]),
                visibility=Visibility.DIRECT,
            )
    answer = write(bob, "A real one", in_reply_to_id=root["id"])
    path = f"/api/v1/statuses/{root['id']}/context"
    for reader in (api(), bob):
        assert [one["id"] for one in reader.get(path).json["descendants"]] == [answer["id"]]
    assert len(alice.get(path).json["descendants"]) == 3


def test_who_is_named_later_reads_no_former_version(api: Api) -> None:
    alice, bob, carol = api("alice"), api("bob"), api("carol")
    post = write(alice, "@bob carol is ill", visibility="direct")
    path = f"/api/v1/statuses/{post['id']}"
    alice.put(path, json={"status": "@bob @carol hello"})
    assert ["ill" in one["content"] for one in carol.get(f"{path}/history").json] == [False]
    assert ["ill" in one["content"] for one in alice.get(f"{path}/history").json] == [True, False]
    assert api().get(f"{path}/history").status_code == 404
    assert bob.get(path).status_code == 200


def test_what_is_gone_takes_the_place_of_what_caches_hold(api: Api) -> None:
    alice = api("alice")
    path = f"/api/v1/statuses/{write(alice)['id']}"
    assert "s-maxage" in api().get(path).headers["Cache-Control"]
    alice.delete(path)
    assert "s-maxage" in api().get(path).headers["Cache-Control"]
    assert "no-store" in alice.get(path).headers["Cache-Control"]


def test_deleted_in_the_same_moment_is_not_found(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = api("alice"), api("bob")
    post = write(alice)
    real = database.unit_of_work

    def delete_first(*arguments: Any, **options: Any) -> bool:
        with real() as session:
            session.execute(text("DELETE FROM statuses"))
        return bool(insert(*arguments, **options))

    insert = reactions.insert_favourite
    monkeypatch.setattr(reactions, "insert_favourite", delete_first)
    assert bob.post(f"/api/v1/statuses/{post['id']}/favourite").status_code == 404


def test_token_endpoints_are_counted_by_address(make_app: Callable[..., Flask]) -> None:
    http = make_app(rate_limit_api="3 per minute").test_client()
    codes = [http.post("/oauth/token", data={"grant_type": "x"}).status_code for _ in range(4)]
    assert codes[-1] == 429
    assert 429 not in codes[:3]
    assert http.post("/oauth/revoke").headers["Retry-After"]


def test_a_website_disguises_no_host(api: Api) -> None:
    values = {
        "client_name": "x",
        "redirect_uris": "https://app.example/",
        "website": "https://localhost@evil.example/",
    }
    answer = api().post("/api/v1/apps", json=values)
    assert answer.status_code == 422
    assert "website" in answer.json["error"]


def test_combined_tags_are_looked_for_among_the_last_uses(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = api("alice")
    old = write(alice, "#big and #rare")
    for number in range(3):
        write(alice, f"#big {number}")
    assert texts(api(), "/api/v1/timelines/tag/big?all[]=rare") == [old["content"]]
    assert texts(api(), "/api/v1/timelines/tag/rare?all[]=big") == [old["content"]]
    found = api().get(f"/api/v1/timelines/tag/big?none[]=rare&limit=1&max_id={old['id']}").json
    assert found == []
    monkeypatch.setattr("microblog.services.timelines.TAG_USES", 3)
    # Three newer posts with the common tag stand before the one that is looked for.
    assert texts(api(), "/api/v1/timelines/tag/big?all[]=rare") == []
    assert texts(api(), "/api/v1/timelines/tag/rare?all[]=big") == [old["content"]]
    above = api().get(f"/api/v1/timelines/tag/big?none[]=rare&limit=1&min_id={old['id']}").json
    assert "0" in above[0]["content"]
