"""The OpenAPI document and its page say what is served, all of it, and hold to their own standard."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask

from microblog.api.routes import list_endpoints
from tests.api.conftest import Client
from tests.api.contract.checking import ENTITIES
from tests.site import Browser

# What the contract names by who asks, and the document by one name.
SAME = {"FollowableTag": "Tag"}


@pytest.fixture(scope="module")
def document(site_app: Flask) -> dict[str, Any]:
    answer = site_app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def test_it_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert "description" in schema, name


def test_it_holds_every_endpoint(document: dict[str, Any]) -> None:
    listed = {
        (endpoint.method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", endpoint.rule))
        for endpoint in list_endpoints()
        if endpoint.is_listed
    }
    told = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert told == listed
    assert len(told) > 80


def test_each_operation_is_named_and_says_who_may(document: dict[str, Any]) -> None:
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]["scopes"]
    for operation in operations:
        assert operation["summary"].endswith("."), operation["operationId"]
        assert operation["tags"]
        assert {"200", "401", "429", "503"} <= set(operation["responses"])
        assert "X-RateLimit-Reset" in operation["responses"]["200"]["headers"]
        for one in operation["security"]:
            assert set(one.get("oauth2", ())) <= set(scopes)


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    found = set(re.findall(r"'\$ref': '#/components/(\w+)/([\w-]+)'", str(document)))
    assert len(found) > 50
    for kind, name in found:
        assert name in document["components"][kind], (kind, name)


def test_entities_hold_the_fields_of_the_contract(document: dict[str, Any]) -> None:
    """The contract was written from the reference: what it requires, the document requires too."""
    schemas = document["components"]["schemas"]
    compared = 0
    for name, contract in ENTITIES.items():
        entity = schemas.get(SAME.get(name, name))
        if entity is None or "properties" not in contract:
            continue
        compared += 1
        assert set(contract["required"]) <= set(entity["properties"]), name
        assert set(entity["required"]) <= set(contract["properties"]), name
    assert compared > 12
    # What is always sent is always there, also where it is always the same.
    always = set(schemas["Account"]["properties"])
    assert set(schemas["Account"]["required"]) == always
    assert {"emojis", "roles", "group"} <= always
    status = schemas["Status"]
    assert {"poll", "card", "emojis"} <= set(status["required"])
    assert set(status["properties"]) - set(status["required"]) == {
        "favourited", "reblogged", "bookmarked", "muted", "pinned", "filtered", "text",
    }  # fmt: skip


def test_input_is_described_as_it_is_taken(document: dict[str, Any]) -> None:
    paths = document["paths"]
    listed = {
        one["name"]: one for one in paths["/api/v1/accounts/{account_id}/statuses"]["get"]["parameters"]
    }
    assert listed["account_id"]["in"] == "path"
    assert listed["limit"]["schema"] == {"type": "integer"}
    assert listed["pinned"]["schema"]["type"] == "boolean"
    timeline = paths["/api/v1/markers"]["get"]["parameters"][0]
    assert (timeline["name"], timeline["schema"]["type"]) == ("timeline[]", "array")
    content = paths["/api/v1/accounts/update_credentials"]["patch"]["requestBody"]["content"]
    assert set(content) == {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
    assert "avatar" not in content["application/json"]["schema"]["properties"]
    whole = document["components"]["schemas"]["ChangedProfile"]["properties"]
    assert {"type": "string", "format": "binary"} in whole["avatar"]["anyOf"]
    assert "Link" in paths["/api/v1/timelines/public"]["get"]["responses"]["200"]["headers"]


def test_it_may_be_read_from_elsewhere(visitor: Client) -> None:
    answer = visitor.get("/api/openapi.json")
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=5"


class Anchors(HTMLParser):
    """The addresses, anchors and elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append((tag, values))
        self.links += [str(values["href"])] if tag == "a" else []
        self.ids += [str(values["id"])] if "id" in values else []


def test_the_page(browser: Browser, document: dict[str, Any]) -> None:
    answer = browser.get("/api/docs")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    page = Anchors()
    page.feed(answer.text)
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for path, operations in document["paths"].items():
        assert path in answer.text
        assert {operation["operationId"] for operation in operations.values()} <= set(page.ids)
    # It works offline and under the site's policy: nothing from elsewhere, nothing inline.
    for tag, values in page.elements:
        assert "style" not in values
        assert tag != "style"
        for name in ("src", "href"):
            assert not str(values.get(name, "")).startswith(("http:", "https:", "//")), values
        assert tag != "script" or values.get("src")


def test_the_page_follows_the_theme(make_app: Callable[..., Flask]) -> None:
    browser = Browser(make_app())
    browser.client.set_cookie("theme", "dark")
    answer = browser.get("/api/docs")
    assert 'data-theme="dark"' in answer.text
    assert "Cookie" in answer.vary
