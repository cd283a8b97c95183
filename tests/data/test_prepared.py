"""What is marked is planned once for a connection, and answers as if it weren't."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from sqlalchemy import BigInteger, Text, bindparam, cast, column, func, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from devstack import postgres
from microblog.bootstrap import bootstrap
from microblog.data.prepared import MOST
from microblog.data.session import Database
from microblog.settings import load_settings
from tests.conftest import DatabaseUrls

KEPT = text("SELECT name, statement FROM pg_prepared_statements ORDER BY prepare_time, name")
SUM = select((cast(bindparam("one"), BigInteger) + cast(bindparam("two"), BigInteger)).label("sum"))


@pytest.fixture
def single(database_urls: DatabaseUrls) -> Iterator[Database]:
    """A database with one connection, that prepares."""
    made = Database(database_urls.app, application="tests", pool_size=1, prepares=True)
    yield made
    made.close()


@pytest.fixture
def table(database_urls: DatabaseUrls) -> Iterator[Any]:
    """A cursor of the owner, and a table for a test to change."""
    with postgres.autocommit_cursor(database_urls.owner) as cursor:
        cursor.execute("CREATE TABLE changing (id bigint)")
        cursor.execute("INSERT INTO changing VALUES (1), (2)")
        cursor.execute("GRANT SELECT ON changing TO PUBLIC")
        yield cursor
        cursor.execute("DROP TABLE changing")


def kept(session: Session) -> list[tuple[str, str]]:
    return [tuple(row) for row in session.execute(KEPT)]


def test_a_marked_statement_is_prepared_once(single: Database) -> None:
    marked = SUM.execution_options(prepared="sum")
    with single.unit_of_work() as session:
        sums = [session.scalar(marked, {"one": one, "two": 2}) for one in (1, 5)]
    with single.unit_of_work() as session:
        sums.append(session.scalar(marked, {"one": 7, "two": 2}))
        [(name, statement)] = kept(session)

    assert sums == [3, 7, 9]
    assert name == "sum_1"
    assert statement.startswith("PREPARE sum_1 AS SELECT CAST($1 AS BIGINT)")


def test_no_other_statement_is(single: Database) -> None:
    with single.unit_of_work() as session:
        assert session.scalar(SUM, {"one": 1, "two": 2}) == 3
        assert kept(session) == []


def test_values_are_never_part_of_it(single: Database) -> None:
    given = bindparam("given", type_=Text)
    marked = select(cast(given, Text), func.length(given), literal_column("'100 %'")).execution_options(
        prepared="given"
    )
    with single.unit_of_work() as session:
        for value in ("it's", "$1 %s %(given)s", "\\"):
            assert tuple(session.execute(marked, {"given": value}).one()) == (value, len(value), "100 %")
        assert len(kept(session)) == 1


def test_the_longest_unused_makes_room(single: Database) -> None:
    numbers = (
        func.generate_series(literal_column("1"), literal_column("100"))
        .table_valued("number")
        .render_derived()
    )
    marked = (
        select(numbers.c.number)
        .limit(bindparam("limit", type_=BigInteger, literal_execute=True))
        .execution_options(prepared="numbers")
    )
    with single.unit_of_work() as session:
        for limit in range(1, MOST + 3):
            assert len(session.scalars(marked, {"limit": 1}).all()) == 1
            assert len(session.scalars(marked, {"limit": limit}).all()) == limit
        names = [name for name, _ in kept(session)]

    assert len(names) == MOST
    assert "numbers_1" in names
    assert "numbers_2" not in names


def test_an_error_leaves_it_prepared(single: Database) -> None:
    marked = select((10 / bindparam("by", type_=BigInteger)).label("part")).execution_options(prepared="part")
    with pytest.raises(DBAPIError), single.unit_of_work() as session:
        session.scalar(marked, {"by": 0})
    with single.unit_of_work() as session:
        assert session.scalar(marked, {"by": 5}) == 2
        assert [name for name, _ in kept(session)] == ["part_1"]


def test_a_new_connection_begins_anew(single: Database) -> None:
    marked = SUM.execution_options(prepared="sum")
    for _ in range(2):
        with single.unit_of_work() as session:
            assert session.scalar(marked, {"one": 1, "two": 2}) == 3
            assert [name for name, _ in kept(session)] == ["sum_1"]
        single.close()


@pytest.mark.parametrize(
    ("change", "code"),
    [("ALTER TABLE changing ALTER id TYPE text", "0A000"), ("DISCARD", "26000")],
)
def test_what_the_server_no_longer_takes_is_prepared_again(
    single: Database, table: Any, change: str, code: str
) -> None:
    marked: Any = (
        select(func.max(column("id"))).select_from(text("changing")).execution_options(prepared="last")
    )
    other = SUM.execution_options(prepared="sum")
    with single.unit_of_work() as session:
        assert session.scalar(marked) == 2
        assert session.scalar(other, {"one": 1, "two": 2}) == 3
    if change == "DISCARD":
        with single.unit_of_work() as session:
            session.execute(text("DEALLOCATE ALL"))
    else:
        table.execute(change)

    with pytest.raises(DBAPIError) as caught, single.unit_of_work() as session:
        session.scalar(marked)
    # All others are prepared anew as well: one request fails, not one for each. None is left over.
    with single.unit_of_work() as session:
        assert session.scalar(other, {"one": 1, "two": 2}) == 3
        assert str(session.scalar(marked)) == "2"
        assert sorted(name for name, _ in kept(session)) == ["last_4", "sum_3"]

    assert isinstance(caught.value.orig, psycopg2.Error)
    assert caught.value.orig.pgcode == code


@pytest.mark.parametrize(("value", "count"), [("on", 1), ("off", 0)])
def test_the_setting_decides(environment: dict[str, str], value: str, count: int) -> None:
    settings = load_settings(environment | {"MICROBLOG_PREPARE_STATEMENTS": value})
    database = bootstrap(settings, application="tests", pool_size=1).database
    with database.unit_of_work() as session:
        assert session.scalar(SUM.execution_options(prepared="sum"), {"one": 1, "two": 2}) == 3
        assert len(kept(session)) == count
    database.close()
