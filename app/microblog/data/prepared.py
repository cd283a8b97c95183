"""Statements that PostgreSQL plans once for a connection: planning the hot ones takes longer than all else.

psycopg2 has no prepared statements of the protocol, so these are SQL's: PREPARE when a connection first
meets a statement, EXECUTE from then on. Prepared is what has the execution option `prepared`, a name for
those who read PostgreSQL's own views. Its parameters must get their types from where they stand, and what
the plan hangs on must be literal: LIMITs, and the values of partial indexes.
"""

import re
from collections import OrderedDict
from typing import Any, Final

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Engine, event

#: For each connection. A plan takes PostgreSQL some 100 KB, and each LIMIT makes a statement of its own.
MOST: Final = 40
#: A migration changed a column's type, or somebody between discarded all: from the next one on all is
#: prepared anew, or each of them would fail once.
GONE: Final = {"0A000", "26000"}
_PARAMETER = re.compile(r"%\((\w+)\)s|%%")


class Prepared:
    """What a connection has prepared."""

    def __init__(self) -> None:
        #: The name and the EXECUTE of each statement, the one that rests longest first.
        self.kept: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self.made = 0
        #: Whether the server may hold what is not kept here.
        self.has_old = False

    def execute(self, cursor: Any, label: str, statement: str, parameters: Any) -> None:
        """Execute a statement in psycopg2's spelling with named parameters."""
        try:
            cursor.execute(self.prepare(cursor, label, statement), parameters)
        except psycopg2.Error as error:
            if error.pgcode in GONE:
                # Not deallocated here: the transaction takes nothing any more.
                self.kept.clear()
                self.has_old = True
            raise

    def prepare(self, cursor: Any, label: str, statement: str) -> str:
        """Prepare a statement if it isn't; the EXECUTE that takes its place, with the same parameters."""
        if statement in self.kept:
            self.kept.move_to_end(statement)
        else:
            self._prepare(cursor, label, statement)
        return self.kept[statement][1]

    def _prepare(self, cursor: Any, label: str, statement: str) -> None:
        # By a cursor that nobody counts: it is the connection's work, not the request's that came by first.
        with cursor.connection.cursor(cursor_factory=extensions.cursor) as uncounted:
            self._prepare_by(uncounted, label, statement)

    def _prepare_by(self, cursor: Any, label: str, statement: str) -> None:
        if self.has_old:
            cursor.execute("DEALLOCATE ALL")
            self.has_old = False
        if len(self.kept) >= MOST:
            former, (name, _) = next(iter(self.kept.items()))
            cursor.execute(f"DEALLOCATE {name}")
            del self.kept[former]
        numbers: dict[str, int] = {}

        def number(found: re.Match[str]) -> str:
            return f"${numbers.setdefault(found[1], len(numbers) + 1)}" if found[1] else "%"

        self.made += 1
        name = f"{label}_{self.made}"
        cursor.execute(f"PREPARE {name} AS {_PARAMETER.sub(number, statement)}")
        values = ", ".join(f"%({parameter})s" for parameter in numbers)
        self.kept[statement] = name, f"EXECUTE {name}({values})" if numbers else f"EXECUTE {name}"


def prepare_on(engine: Engine) -> None:
    """Prepare an engine's marked statements from now on. Once for an engine."""
    event.listen(engine, "connect", _open)
    event.listen(engine, "do_execute", _execute)


def _open(connection: Any, _record: Any) -> None:
    connection.prepared = Prepared()


def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    label = context.execution_options.get("prepared")
    if label is None:
        return False
    cursor.connection.prepared.execute(cursor, label, statement, parameters)
    return True
