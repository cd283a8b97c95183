"""Alembic's entry: runs migrations on the connection that data/migrations/__init__.py hands over.

Each migration has a transaction of its own, so that one may build an index without locking its table
(`op.get_context().autocommit_block()`). One that fails is undone; those before it
stay, as every expand step may.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, text

# Importing the models fills the metadata.
from microblog.data import models  # noqa: F401
from microblog.data.base import Base

# One migration at a time, whoever starts them: the number is arbitrary and only has to stay the same.
MIGRATION_LOCK = 7_211_003


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Hold the lock, and set the timeouts that are right for migrations."""
    # Another upgrade may take its time; a table that is in use must not be queued for long, or all that
    # comes after waits too. The connection may bring a shorter limit on statements: an index takes time.
    connection.execute(text("SET lock_timeout = '10min'"))
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()


def run(connection: Connection | None) -> None:
    """Run the migrations, or write their SQL where there is no connection."""
    context.configure(
        connection=connection,
        dialect_name=None if connection else "postgresql",
        target_metadata=Base.metadata,
        compare_type=True,
        literal_binds=connection is None,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


database = context.config.attributes.get("connection")
if database is None:
    # `alembic upgrade --sql`: the migrations lint reads the SQL, no database is there.
    run(None)
else:
    with alone(database):
        run(database)
