"""schemathesis over our own OpenAPI document: nothing that it can think of is answered by 500, or by what the
document doesn't say.
"""

from collections.abc import Callable
from typing import Any

import hypothesis
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, strategies
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from microblog.data.session import Database
from tests.api.conftest import Client, make_token
from tests.factories import make_account

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Any]
PLENTY = "1000000 per minute"
#: A look at each operation in `make test`, the same one each time; a long one in `make test-full`.
IS_FULL = hypothesis.settings().max_examples > 1_000
SETTINGS = hypothesis.settings(
    max_examples=100 if IS_FULL else 6,
    derandomize=not IS_FULL,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def make_data(client: Client, other: Client) -> dict[str, list[str]]:
    """Something of each kind to ask for; ids by the names that arguments have in the document."""
    posts = []
    for writer, text in ((client, "Mine @bob #tag"), (other, "Yours @alice #tag"), (client, "Also mine")):
        answer = writer.post("/api/v1/statuses", json={"status": text}).get_json()
        posts.append(answer["id"])
    other.post(f"/api/v1/statuses/{posts[0]}/reblog")
    other.post(f"/api/v1/accounts/{client.account_id}/follow")
    told = client.get("/api/v1/notifications").get_json()
    return {
        "status_id": posts,
        "account_id": [str(client.account_id), str(other.account_id)],
        "notification_id": [one["id"] for one in told],
        "name": ["tag", "Tag", "täg"],
    }


def cases(operation: Operation, known: dict[str, list[str]]) -> strategies.SearchStrategy[AnyCase]:
    """What fits the document and what doesn't, half of it about things that exist."""
    takes_anything = bool(operation.body) or bool(operation.query) or bool(operation.path_parameters)
    kinds = [operation.as_strategy(GenerationMode.POSITIVE)]
    if takes_anything:
        kinds.append(operation.as_strategy(GenerationMode.NEGATIVE))

    def about(case: AnyCase, is_about: bool, number: int) -> AnyCase:
        for name in case.path_parameters or {}:
            if is_about and name in known:
                case.path_parameters[name] = known[name][number % len(known[name])]
        return case

    return strategies.builds(
        about, strategies.one_of(kinds), strategies.booleans(), strategies.integers(0, 5)
    )


def test_nothing_breaks_it(
    make_app: Callable[..., Flask], database: Database, secret: Callable[[str], str]
) -> None:
    # Without limits: 429 would answer for everything else.
    app = make_app(**{f"rate_limit_{name}": PLENTY for name in ("api", "app", "post")})
    with database.unit_of_work() as session:
        ids = [make_account(session, name) for name in ("alice", "bob")]
        clients = [Client(app, secret(make_token(session, one)), one) for one in ids]
    known = make_data(*clients)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) > 80

    for operation in found:

        @SETTINGS
        @given(case=cases(operation, known), signed_in=strategies.sampled_from([True, True, True, False]))
        def ask(case: AnyCase, signed_in: bool) -> None:
            headers = {"Authorization": f"Bearer {clients[0].token}"} if signed_in else {}
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
