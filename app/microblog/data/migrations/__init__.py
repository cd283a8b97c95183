"""Alembic's migrations: expand/contract, so that release N's schema works with the code of N-1.

The chain is linear and numbered. A step is an expand step unless its module states `PHASE = "contract"`:
such a step takes away what N-1 uses, stands at the end of N's chain, and runs once every host runs N.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

# Importing the models fills the metadata.
from microblog.data import models  # noqa: F401
from microblog.data.base import Base

FOLDER = Path(__file__).parent
EXPAND, CONTRACT = PHASES = ("expand", "contract")
# What a contract step does to a schema: whatever else differs from the models, it isn't because of that.
TAKEN_AWAY = ("remove_", "modify_nullable")


class ContractFirst(Exception):
    """A contract step of an earlier release hasn't run, and an expand step of this one comes after it."""

    def __init__(self, contract: "Step", expand: "Step") -> None:
        super().__init__(f"the contract step {contract.name} has to run before {expand.name}")


@dataclass(frozen=True)
class Step:
    """A migration: `revision` is its number, such as `0002`, `phase` one of `PHASES`."""

    revision: str
    slug: str
    phase: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.revision}_{self.slug}"


def make_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this folder, bound to a connection where one is given."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    # Ids are numbers in order, so that "at or beyond mine" can be asked.
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def steps() -> list[Step]:
    """All steps that this release knows, in their order. Raises `ValueError` for a phase that is none."""
    return list(_read_steps(FOLDER, tuple(sorted(path.name for path in FOLDER.glob("versions/*.py")))))


@lru_cache(maxsize=1)
def _read_steps(_folder: Path, _names: tuple[str, ...]) -> tuple[Step, ...]:
    # Kept while the files are the same: reading them takes as long as a page, and readiness is asked often.
    found = [
        Step(
            script.revision,
            Path(script.path).stem.partition("_")[2],
            getattr(script.module, "PHASE", EXPAND),
        )
        for script in ScriptDirectory.from_config(make_config()).walk_revisions()
    ]
    for step in found:
        if step.phase not in PHASES:
            raise ValueError(f"{step.name}: PHASE is {step.phase!r}, not one of {', '.join(PHASES)}")
    return tuple(reversed(found))


def head() -> str:
    """The newest revision that this release knows, such as `0001`."""
    return ScriptDirectory.from_config(make_config()).get_current_head() or ""


def required() -> str:
    """The revision that this release needs: its newest but for contract steps at the end."""
    return next((step.revision for step in reversed(steps()) if step.phase == EXPAND), "")


def is_at_or_beyond(present: str, revision: str) -> bool:
    """Whether a database at `present` has what `revision` brings; an empty one has nothing."""
    return int(present or 0) >= int(revision or 0)


def pending(present: str) -> list[Step]:
    """The steps that a database at `present` lacks, in their order."""
    return [step for step in steps() if not is_at_or_beyond(present, step.revision)]


def find_target(present: str) -> str:
    """Where an upgrade without contract steps takes a database at `present`; an empty one gets all.

    Raises `ContractFirst` where a contract step is in the way.
    """
    if not present:
        return head()
    missing = pending(present)
    contracts = [step for step in missing if step.phase == CONTRACT]
    for step in missing:
        if contracts and step.phase == EXPAND and is_at_or_beyond(step.revision, contracts[0].revision):
            raise ContractFirst(contracts[0], step)
    return max(present, required())


def next_revision() -> str:
    """The id that a new migration gets."""
    return f"{int(head() or 0) + 1:04d}"


def current(connection: Connection) -> str:
    """The database's revision; empty where it holds no schema."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def upgrade(connection: Connection, target: str = "head") -> None:
    """Bring the schema to `target`, contract steps on the way included. Needs the owner's role.

    Each step commits by itself; what the connection had begun is rolled back.
    """
    connection.rollback()
    command.upgrade(make_config(connection), target)


def make_revision(connection: Connection, message: str) -> None:
    """Write a new migration from the difference between the models and the database."""
    command.revision(make_config(connection), message, autogenerate=True, rev_id=next_revision())


def find_differences(connection: Connection) -> list[Any]:
    """What alembic would change in the database to make it equal to the models.

    Where only contract steps are missing, what these take away is left out.
    """
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found: list[Any] = compare_metadata(context, Base.metadata)
    if all(step.phase == EXPAND for step in pending(current(connection))):
        return found
    # Changes of one column come as a list, all others as a tuple that begins with its kind.
    parts = [part for entry in found for part in (entry if isinstance(entry, list) else [entry])]
    return [part for part in parts if not part[0].startswith(TAKEN_AWAY)]
