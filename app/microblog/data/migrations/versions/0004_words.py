"""Indexes for searching, built while their tables are in use."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
PHASE = "expand"

INDEXES = ("ix_accounts_words", "ix_statuses_public_words", "ix_tags_name_prefix")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # A build that was cut off leaves an index that is none.
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            "ix_accounts_words",
            "accounts",
            [sa.literal_column("to_tsvector('simple', username || ' ' || display_name)")],
            postgresql_using="gin",
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_statuses_public_words",
            "statuses",
            [sa.literal_column("to_tsvector('simple', spoiler_text || ' ' || text)")],
            postgresql_using="gin",
            postgresql_where=sa.text("visibility = 'public' AND reblog_of_id IS NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_tags_name_prefix",
            "tags",
            ["name"],
            postgresql_ops={"name": "text_pattern_ops"},
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
