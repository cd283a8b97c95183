"""Each operation of the API answers with what the contract says, and there is none without a contract."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from microblog.bootstrap import Resources
from tests.addresses import DatabaseUrls
from tests.api.conftest import Client, make_token
from tests.api.contract.checking import check
from tests.api.contract.endpoints import ELSEWHERE, ENTITY_OF, Contract
from tests.api.standing import standing_data
from tests.factories import make_account

pytestmark = pytest.mark.xdist_group("contract")

World = tuple[dict[str, Client], dict[str, str]]
PEOPLE = ("alice", "bob", "carol", "dan", "erin", "frank", "locked")


@pytest.fixture(scope="module")
def world(
    site_app: Flask,
    site_resources: Resources,
    database_urls: DatabaseUrls,
    redis_urls: tuple[str, str],
    secret: Callable[[str], str],
) -> Iterator[World]:
    """Who calls, and the names of things; whatever a list may hold is there once at least."""
    with standing_data(database_urls.owner, redis_urls):
        clients = {"nobody": Client(site_app)}
        with site_resources.database.unit_of_work() as session:
            for name in PEOPLE:
                account_id = make_account(session, name)
                clients[name] = Client(site_app, secret(make_token(session, account_id)), account_id)
        yield clients, make_things(clients)


def make_things(clients: dict[str, Client]) -> dict[str, str]:
    things = {name: str(clients[name].account_id) for name in PEOPLE} | {
        "tag": "contract",
        "other_tag": "other",
    }

    def do(who: str, verb: str, path: str, **body: Any) -> Any:
        answer = clients[who].open(verb, f"/api/v1/{path}", json=body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.get_json()

    def post(who: str, text: str, **body: Any) -> str:
        return str(do(who, "POST", "statuses", status=text, **body)["id"])

    do("locked", "PATCH", "accounts/update_credentials", locked=True)
    do(
        "bob",
        "PATCH",
        "accounts/update_credentials",
        note="Likes #contract",
        fields_attributes=[{"name": "a", "value": "b"}],
    )
    for who, whom in [
        ("alice", "bob"),
        ("bob", "alice"),
        ("carol", "alice"),
        ("dan", "locked"),
        ("erin", "locked"),
    ]:
        do(who, "POST", f"accounts/{things[whom]}/follow")
    things["post"] = post(
        "bob", "@alice see https://example.org #contract", spoiler_text="Careful", language="de"
    )
    things["own"] = post("alice", "Mine #contract")
    things["reply"] = post("alice", "Really", in_reply_to_id=things["post"])
    post("bob", "@alice yes", in_reply_to_id=things["reply"])
    things["edited"] = post("bob", "Before")
    do("bob", "PUT", f"statuses/{things['edited']}", status="After")
    things["liked"] = post("bob", "Like it or not")
    post("frank", "Whom one might follow")
    things["doomed"] = post("alice", "Not for long")
    for action in ("favourite", "bookmark", "reblog"):
        do("alice", "POST", f"statuses/{things['post']}/{action}")
        do("bob", "POST", f"statuses/{things['own']}/{action}")
    for action in ("block", "mute"):
        do("alice", "POST", f"accounts/{things['erin']}/{action}")
    do("alice", "PATCH", "accounts/update_credentials", locked=True)
    do("frank", "POST", f"accounts/{things['alice']}/follow")
    do("alice", "POST", "tags/contract/follow")
    do("alice", "POST", "markers", home={"last_read_id": things["post"]})
    for name in ("alice", "bob"):
        things[f"notification_of_{name}"] = do(name, "GET", "notifications")[0]["id"]
    return things


def call(world: World, operation: str, contract: Contract, who: str) -> Any:
    clients, things = world

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        return things[value[1:-1]] if isinstance(value, str) and value.startswith("<") else value

    verb, path = operation.split()
    for name in contract.at:
        path = path.replace("{}", things[name], 1)
    body = {"json": named(contract.body)} if contract.body else {}
    return clients[who].open(verb, path, query_string=named(contract.query), **body)


@pytest.mark.parametrize("operation", ENTITY_OF)
def test_it_answers_with_its_entity(operation: str, world: World) -> None:
    contract = ENTITY_OF[operation]
    answer = call(world, operation, contract, contract.by)
    assert answer.status_code == contract.status, answer.text
    assert answer.mimetype in ("application/json", "application/jrd+json")
    data = answer.get_json()
    check(contract.entity, data)
    assert data or contract.entity in ("Empty", "Nothing")


@pytest.mark.parametrize("operation", ENTITY_OF)
def test_to_somebody_who_is_not_signed_in(operation: str, world: World) -> None:
    contract = ENTITY_OF[operation]
    answer = call(world, operation, contract, "nobody")
    if contract.to_nobody is None:
        assert answer.status_code == 401
        check("Error", answer.get_json())
        assert answer.get_json()["error"] == "The access token is invalid"
    else:
        assert answer.status_code == contract.status, answer.text
        check(contract.to_nobody, answer.get_json())


def test_no_operation_is_without_a_contract(world: World) -> None:
    document = world[0]["nobody"].get("/api/openapi.json").get_json()
    described = {
        f"{verb.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, operations in document["paths"].items()
        for verb in operations
    }
    assert described - set(ENTITY_OF) == set()
    assert set(ENTITY_OF) - set(ELSEWHERE) - described == set()
