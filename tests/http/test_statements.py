"""Statements are counted for the request that sent them."""

from contextvars import Context

from sqlalchemy import text

from microblog.data.session import Database
from microblog.http.statements import start_tally, watch_statements


def test_counts_within_a_tally_only(worker_database: Database) -> None:
    watch_statements(worker_database.engine)
    watch_statements(worker_database.engine)

    def ask() -> None:
        with worker_database.unit_of_work() as session:
            session.execute(text("SELECT 1"))

    def ask_counted() -> tuple[int, float, int | None]:
        tally = start_tally()
        ask()
        ask()
        return tally.statements, tally.seconds, tally.backend_pid

    Context().run(ask)
    statements, seconds, backend_pid = Context().run(ask_counted)
    assert statements == 2
    assert seconds > 0
    assert backend_pid
