"""Alembic's entry: runs migrations on the connection that data/migrations/__init__.py hands over."""

from alembic import context
from sqlalchemy import text

# Importing the models fills the metadata.
from microblog.data import models  # noqa: F401
from microblog.data.base import Base

# One migration at a time, whoever starts them: the number is arbitrary and only has to stay the same.
MIGRATION_LOCK = 7_211_003

connection = context.config.attributes.get("connection")
if connection is None:
    # `alembic upgrade --sql`: the migrations lint reads the SQL, no database is there.
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        # Another upgrade may take its time; a table that is in use must not be queued for long, or all that
        # comes after waits too. The connection may bring a shorter limit on statements: an index takes time.
        connection.execute(text("SET LOCAL lock_timeout = '10min'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()
