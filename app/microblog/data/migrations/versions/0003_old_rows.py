"""The old rows' look at the checks of 0002, which nobody waits for."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
PHASE = "expand"

CHECKS = (
    ("accounts", "fields_bounded"),
    ("users", "default_visibility_known"),
    ("users", "default_language_length"),
    ("media", "kind_known"),
)


def upgrade() -> None:
    for table, name in CHECKS:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")


def downgrade() -> None:
    """A check can't be made unsure again."""
