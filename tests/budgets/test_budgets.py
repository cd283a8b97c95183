"""Every route stays within its budget of statements, and none of these reads a table from end to end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from devstack import postgres
from microblog.api.answers import Paged
from microblog.api.entities.statuses import Status
from microblog.api.routes import list_endpoints
from microblog.services import statuses
from profiling.explaining import Statement
from profiling.plan_trees import describe_tree
from tests.addresses import DatabaseUrls
from tests.budgets.asking import NOBODY, Ask, Asked, World, ask
from tests.budgets.table import BIG_ROWS, BOUNDED, BUDGETS, MOST_ROWS

pytestmark = pytest.mark.xdist_group("budgets")

#: The bars of the design.
AUTHENTICATION, LIST, PLAIN_POST = 1, 2, 6

Walk = Mapping[str, Sequence[tuple[Ask, Asked]]]
PUBLIC = "GET /api/v1/timelines/public"


@pytest.fixture(scope="module")
def walk(world: World) -> Walk:
    """Every route, asked all that the table has of it."""
    return {route: [(one, ask(world, route, one)) for one in asks] for route, asks in BUDGETS.items()}


def describe(statements: Sequence[Statement]) -> str:
    return "".join(f"\n    {one.runs} x {' '.join(one.sql.split())[:150]}" for one in statements)


def find_excess(walk: Walk) -> list[str]:
    """Requests that weren't answered as they should be, or cost something else than their budget."""
    problems = []
    for route, asked in walk.items():
        for one, found in asked:
            what = f"{route}?{one.query} by {one.by or 'nobody'}"
            if found.answer.status_code != one.status:
                problems.append(f"{what}: {found.answer.status_code}, not {one.status}")
            elif found.statements != one.statements:
                problems.append(
                    f"{what}: {found.statements} statements, the budget is {one.statements}"
                    + describe(found.explained)
                )
    return problems


def find_long_reads(walk: Walk, sizes: Mapping[str, int]) -> list[str]:
    """Statements that read a big table from end to end, or too many rows by an index."""
    problems = []
    for route, asked in walk.items():
        most, may_be_whole = BOUNDED.get(route, (MOST_ROWS, set()))
        for statement in (statement for _, found in asked for statement in found.explained):
            for plan in statement.plans:
                whole = {scan.table for scan in plan.sequential_scans if sizes[scan.table] >= BIG_ROWS}
                if plan.rows_read > most or whole - may_be_whole:
                    problems.append(f"{route} reads {plan.rows_read} rows, all of {whole}:")
                    problems += [statement.sql, *describe_tree(plan)]
            if statement.problem:
                problems.append(f"{route}: {statement.sql}: {statement.problem}")
    return problems


def test_every_route_has_a_budget(world: World) -> None:
    served = {
        f"{verb} {rule.rule}"
        for rule in world.app.url_map.iter_rules()
        for verb in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served - set(BUDGETS) == set(), "routes without a budget: tests/budgets/table.py"
    assert set(BUDGETS) - served == set()


def test_no_route_is_above_its_budget(walk: Walk) -> None:
    problems = find_excess(walk)
    assert not problems, "\n".join(problems)


def test_nothing_that_grows_is_read_from_end_to_end(walk: Walk, sizes: Mapping[str, int]) -> None:
    assert {name for name, rows in sizes.items() if rows >= BIG_ROWS} >= {
        "statuses",
        "follows",
        "notifications",
        "accounts",
        "favourites",
        "status_tags",
        "mentions",
        "sessions",
        "oauth_tokens",
    }
    problems = find_long_reads(walk, sizes)
    assert not problems, "\n".join(problems)


# --- The bars of the design --------------------------------------------------------------------------


def besides_authentication(one: Ask) -> int:
    return one.statements - (one.by != NOBODY and AUTHENTICATION)


def test_authentication_is_one_statement() -> None:
    for route in ("GET /api/v1/lists", "GET /about"):
        assert [one.statements for one in BUDGETS[route] if one.by] == [AUTHENTICATION]


def test_a_list_of_posts_is_two_statements() -> None:
    lists = [one for one in list_endpoints() if one.returns == Paged[Status]]
    assert len(lists) >= 6
    for one in lists:
        asks = BUDGETS[f"{one.method} {one.rule}"]
        assert max(besides_authentication(asked) for asked in asks) <= LIST, one.rule
    for route in ("GET /", "GET /home", "GET /tags/<name>"):
        assert max(besides_authentication(asked) for asked in BUDGETS[route]) <= LIST, route


def test_a_post_is_six_statements_and_one_for_each_thing_more() -> None:
    for route, text in (("POST /api/v1/statuses", "status"), ("POST /write", "text")):
        for one in BUDGETS[route]:
            if one.headers:
                continue
            body: Any = one.body
            answers = "in_reply_to_id" in body or "in_reply_to" in body
            # An answer to somebody else is addressed to them as a mention is.
            mentions = "@" in body[text] or body.get("in_reply_to_id") == "{post}"
            assert one.statements <= PLAIN_POST + answers + mentions + ("#" in body[text]), body


# --- What breaks a bar is found ------------------------------------------------------------------------


def test_a_statement_for_each_row_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    get_parts: Callable[..., Any] = statuses.get_parts

    def get_each(session: Any, rows: Sequence[Any]) -> Any:
        return {key: part for row in rows for key, part in get_parts(session, [row]).items()}

    monkeypatch.setattr(statuses, "get_parts", get_each)
    one = BUDGETS[PUBLIC][0]
    (problem,) = find_excess({PUBLIC: [(one, ask(world, PUBLIC, one))]})
    assert f"22 statements, the budget is {one.statements}" in problem
    assert "20 x SELECT mentions.status_id" in problem


@contextmanager
def without_index(owner_url: str, name: str) -> Iterator[None]:
    with postgres.autocommit_cursor(owner_url) as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", (name,))
        definition = (cursor.fetchone() or [""])[0]
        cursor.execute(f"DROP INDEX {name}")
        try:
            yield
        finally:
            cursor.execute(definition)


@pytest.mark.parametrize(
    ("route", "at", "index", "table"),
    [
        ("GET /api/v1/notifications", {}, "ix_notifications_account_id_id", "notifications"),
        (
            "GET /@<username:username>",
            {"username": "stranger_name"},
            "ix_statuses_account_id_id",
            "statuses",
        ),
        (
            "GET /api/v1/statuses/<id:status_id>/reblogged_by",
            {"status_id": "root"},
            "uq_statuses_reblog_of_id_account_id",
            "statuses",
        ),
        ("GET /api/v1/accounts/lookup", {}, "uq_accounts_username_lower", "accounts"),
    ],
    ids=lambda value: value if str(value).startswith(("ix_", "uq_")) else "",
)
def test_a_lost_index_is_found(
    route: str,
    at: Mapping[str, str],
    index: str,
    table: str,
    world: World,
    crowd_urls: DatabaseUrls,
    sizes: Mapping[str, int],
) -> None:
    one = replace(BUDGETS[route][0], at=at)
    assert find_long_reads({route: [(one, ask(world, route, one))]}, sizes) == []
    with without_index(crowd_urls.owner, index):
        problems = find_long_reads({route: [(one, ask(world, route, one))]}, sizes)
    assert any(line.startswith(f"{route} reads ") for line in problems), problems
    assert any(f" on {table}:" in line for line in problems)
