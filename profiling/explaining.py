"""The plan of each SQL statement, taken where it runs: in its own transaction, just before it, and undone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Connection, Engine, event

from profiling.plan_trees import Plan

#: Others (SET, SAVEPOINT, LOCK) have no plan.
PLANNED = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|VALUES|TABLE|EXECUTE)\b", re.IGNORECASE)
#: A statement's further runs are counted only: a fan-out would be explained for each batch.
EXPLAINED_RUNS = 5


@dataclass
class Statement:
    """One text of SQL: how often it ran, and the plans of its first runs. `problem`: why there is none."""

    sql: str
    runs: int = 0
    plans: list[Plan] = field(default_factory=list)
    problem: str = ""

    @property
    def slowest(self) -> Plan | None:
        """The run that took longest; None where nothing was explained."""
        return max(self.plans, key=lambda plan: plan.milliseconds, default=None)


@contextmanager
def explained(engine: Engine, *, analyze: bool = True) -> Iterator[dict[str, Statement]]:
    """Explain what the engine is asked until the block ends: statements by their text, in their order.

    `analyze`: the statement is also run for its plan, in a savepoint that is rolled back; then it runs as
    it would without us, so that those after it find what it wrote. Statements that can't be explained get a
    `problem` and run all the same.
    """
    found: dict[str, Statement] = {}

    def explain(
        connection: Connection, _cursor: Any, sql: str, parameters: Any, context: Any, is_many: Any
    ) -> None:
        statement = found.setdefault(sql, Statement(sql))
        statement.runs += 1
        if PLANNED.match(sql) and len(statement.plans) < EXPLAINED_RUNS:
            # Of many rows the first stands for all.
            values = parameters[0] if is_many else parameters
            label = context and context.execution_options.get("prepared")
            _explain(connection, statement, values, label=label, analyze=analyze)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _explain(
    connection: Connection, statement: Statement, parameters: Any, *, label: str | None, analyze: bool
) -> None:
    driver: Any = connection.connection.dbapi_connection
    begin, end = ("BEGIN", "ROLLBACK") if driver.autocommit else ("SAVEPOINT plan", "ROLLBACK TO plan")
    options = "ANALYZE, BUFFERS, FORMAT JSON" if analyze else "FORMAT JSON"
    # psycopg2's own cursor: ours counts for the request's budget.
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        cursor.execute(begin)
        try:
            sql = statement.sql
            prepared = getattr(driver, "prepared", None)
            if label and prepared:
                # The plan for all values, which it gets sooner or later.
                cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                sql = prepared.prepare(cursor, label, sql)
            cursor.execute(f"EXPLAIN ({options}) {sql}", parameters)
            statement.plans.append(Plan(cursor.fetchone()[0][0]))
        except psycopg2.Error as error:
            statement.problem = str(error).strip().partition("\n")[0]
        if not driver.closed:
            cursor.execute(end)


def read_sizes(engine: Engine) -> dict[str, int]:
    """Rows of each table as the last VACUUM or ANALYZE counted them."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT c.relname, greatest(c.reltuples, 0)::bigint FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'"
        )
        return {name: int(count) for name, count in rows}
