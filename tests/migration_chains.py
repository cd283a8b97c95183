"""Chains of migrations made for a test: this release's own, and steps after them."""

import shutil
from pathlib import Path

from microblog.data import migrations

STEP = """
from alembic import op

revision = {revision!r}
down_revision = {before!r}
PHASE = {phase!r}


def upgrade():
    op.execute({sql!r})
"""
#: What release N-1 uses comes and goes; none of it is in the models.
OLD_WAY, DROP_OLD_WAY = "CREATE TABLE old_way (id bigint PRIMARY KEY)", "DROP TABLE old_way"


def copy_migrations(folder: Path) -> Path:
    """A copy of the migrations below `folder`."""
    return shutil.copytree(
        migrations.FOLDER, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__")
    )


def add_step(folder: Path, slug: str, phase: str, sql: str) -> str:
    """Write a step that runs `sql` to the end of the chain in a copy of the migrations; its revision."""
    versions = folder / "versions"
    before = max(path.name for path in versions.glob("*.py"))[:4]
    revision = f"{int(before) + 1:04d}"
    step = STEP.format(revision=revision, before=before, phase=phase, sql=sql)
    (versions / f"{revision}_{slug}.py").write_text(step)
    return revision
