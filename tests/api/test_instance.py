"""What the site tells of itself, in each form."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api.conftest import Client
from tests.api.contract.checking import check


def test_the_first_form(api: Callable[..., Client], visitor: Client) -> None:
    api("alice")
    told = visitor.get("/api/v1/instance").get_json()
    check("V1Instance", told)
    # As clients ask at their start.
    assert visitor.get("/api/v1/instance/").get_json() == told
    assert told["version"] == "4.2.0 (compatible; Microblog 0.1.0)"
    assert told["uri"] == "localhost"
    assert told["urls"] == {"streaming_api": "ws://localhost"}
    assert told["stats"] == {"user_count": 1, "status_count": 0, "domain_count": 1}
    assert told["configuration"]["statuses"]["max_characters"] == 500
    assert visitor.get(told["thumbnail"]).mimetype == "image/png"


def test_the_second_form(visitor: Client) -> None:
    told = visitor.get("/api/v2/instance").get_json()
    check("Instance", told)
    assert told["api_versions"] == {"mastodon": 1}
    assert told["configuration"]["urls"]["streaming"] == "ws://localhost"
    assert told["rules"] == visitor.get("/api/v1/instance/rules").get_json()
    assert [rule["id"] for rule in told["rules"]] == ["1", "2", "3", "4"]


def test_addresses_under_tls(make_app: Callable[..., Flask]) -> None:
    client = Client(make_app(base_url="https://blog.example", release="7.8.9"))
    told = client.get("/api/v1/instance").get_json()
    check("V1Instance", told)
    assert told["urls"]["streaming_api"] == "wss://blog.example"
    assert told["version"].endswith("Microblog 7.8.9)")
    assert client.get("/nodeinfo/2.0").get_json()["software"] == {"name": "microblog", "version": "7.8.9"}


def test_what_there_is_none_of(visitor: Client) -> None:
    for name in ("peers", "activity", "domain_blocks"):
        check("Nothing", visitor.get(f"/api/v1/instance/{name}").get_json())
    assert visitor.get("/api/v1/instance/translation_languages").get_json() == {}
    assert visitor.get("/api/v1/instance/extended_description").get_json()["content"].startswith("<p>")


def test_nodeinfo(visitor: Client) -> None:
    links = visitor.get("/.well-known/nodeinfo").get_json()
    check("NodeInfoLinks", links)
    told = visitor.get(links["links"][0]["href"]).get_json()
    check("NodeInfo", told)
    assert told["metadata"]["upstream"] == {"name": "mastodon"}


def test_webfinger(api: Callable[..., Client], visitor: Client) -> None:
    alice = api("Alice")
    meta = visitor.get("/.well-known/host-meta")
    assert meta.mimetype == "application/xrd+xml"
    assert 'template="http://localhost/.well-known/webfinger?resource={uri}"' in meta.text
    for resource in ("acct:alice@localhost", "acct:@ALICE@localhost"):
        answer = visitor.get("/.well-known/webfinger", query_string={"resource": resource})
        assert answer.mimetype == "application/jrd+json"
        told = answer.get_json()
        assert told["subject"] == "acct:Alice@localhost"
        assert told["aliases"] == ["http://localhost/@Alice"]
        assert told["links"][1]["href"] == f"http://localhost/avatars/{alice.account_id}.svg"


@pytest.mark.parametrize(
    "resource",
    [
        "acct:nobody@localhost",
        "acct:alice@elsewhere.example",
        "acct:alice",
        "https://localhost/@alice",
        "x",
        "\0",
    ],
)
def test_whom_webfinger_does_not_find(api: Callable[..., Client], visitor: Client, resource: str) -> None:
    api("alice")
    answer = visitor.get("/.well-known/webfinger", query_string={"resource": resource})
    assert answer.status_code == 404
    assert set(answer.get_json()) == {"error"}


def test_webfinger_needs_a_resource(visitor: Client) -> None:
    answer = visitor.get("/.well-known/webfinger")
    assert answer.get_json() == {"error": "Validation failed: resource can't be blank"}
