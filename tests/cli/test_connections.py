import psycopg2
import pytest
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError

from microblog.cli.connections import explain

URL = "postgresql+psycopg2://app:hunter2hunter2@/site?host=/run/postgresql"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            DataError("COPY", None, psycopg2.DataError("value too long\nDETAIL: hunter2hunter2")),
            "the database refused: value too long",
        ),
        (
            InterfaceError("SELECT", None, psycopg2.InterfaceError("connection already closed")),
            "can't use the database at /run/postgresql, database site (connection already closed):"  # noqa: ISC004
            " is it running, and is MICROBLOG_DATABASE_URL right?",
        ),
    ],
)
def test_what_the_database_said_and_the_fix(error: DBAPIError, words: str) -> None:
    assert explain(error, URL, "MICROBLOG_DATABASE_URL") == words
