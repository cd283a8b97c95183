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
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.run_migrations()
