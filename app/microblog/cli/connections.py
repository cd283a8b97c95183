"""Database connections of commands that run once, and the wording of what goes wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from microblog.cli.support import Failed
from microblog.data.session import Database

# SQLSTATE codes, https://www.postgresql.org/docs/current/errcodes-appendix.html
NO_SCHEMA = {"42P01", "42703", "42883"}
NO_RIGHT = {"42501"}
TOO_SLOW = {"55P03", "57014"}


@contextmanager
def open_database(
    url: str, variable: str, *, statement_timeout_seconds: float | None = None
) -> Iterator[Database]:
    """A database for a command; `variable` is the setting that its URL came from, for the error's fix.

    Raises `Failed` when the database is away, holds no schema, or refuses the role.
    """
    database = Database(
        url, application="microblog cli", pool_size=2, statement_timeout_seconds=statement_timeout_seconds
    )
    try:
        yield database
    except DBAPIError as error:
        raise Failed(explain(error, url, variable)) from error
    finally:
        database.close()


def explain(error: DBAPIError, url: str, variable: str) -> str:
    """One line: what the database said, and what to do about it. Repeats no parameter of a statement."""
    said = str(error.orig).strip().partition("\n")[0]
    code = getattr(error.orig, "pgcode", None)
    if code in NO_SCHEMA:
        return f"the database's schema is not this release's ({said}): run `microblog db upgrade`"
    if code in NO_RIGHT:
        return f"the database refused ({said}): check the role in {variable}"
    if code in TOO_SLOW:
        return f"the database is busy ({said}): a migration or a long transaction holds a lock; try again"
    if isinstance(error, OperationalError | InterfaceError):
        return f"can't use the database at {_place_of(url)} ({said}): is it running, and is {variable} right?"
    return f"the database refused: {said}"


def _place_of(url: str) -> str:
    """Where the database is, without user and password."""
    parts = make_url(url)
    host = parts.host or parts.query.get("host", "the local socket")
    return f"{host}, database {parts.database}"
