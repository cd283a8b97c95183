"""What releases made for tests differ in: small edits of the product's source that must find their place."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from ops.releases import MANIFEST, read_manifest
from ops.wheelhouses import hash_tree

Edit = Callable[[Path], None]


def change(source: Path, name: str, before: str, after: str) -> None:
    """Replace what stands once in a file of the package."""
    path = source / "app" / "microblog" / name
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{name} has {before!r} {text.count(before)} times"
    path.write_text(text.replace(before, after), encoding="utf-8")


def add(source: Path, name: str, text: str) -> None:
    """Add a file to the package."""
    path = source / "app" / "microblog" / name
    assert not path.exists(), f"{name} is there already"
    path.write_text(text, encoding="utf-8")


# --- Pages -------------------------------------------------------------------------------------

HOOKS = '''\
"""How this release, made for a test, misbehaves."""

import itertools
import time

from flask import Flask, Response, g, request

numbers = itertools.count(1)


def misbehave(app: Flask) -> None:
    """Hooks within the time that the request log measures."""

{hooks}
'''
#: All but what edge and gate ask for readiness.
IS_PAGE = 'request.path not in ("/readyz", "/healthz")'

SLOW = f"""\
    @app.before_request
    def wait() -> None:
        if {IS_PAGE} and next(numbers) % 50 == 0:
            time.sleep(2)
"""
UNREADY = """\
    @app.before_request
    def refuse() -> tuple[str, int] | None:
        return ("not ready\\n", 503) if request.path == "/readyz" else None
"""
#: The first 20 requests of a process are well: what a smoke test asks for.
FAILING = f"""\
    @app.before_request
    def fail() -> tuple[str, int] | None:
        number = next(numbers) if request.method == "GET" and {IS_PAGE} else 0
        return ("made to fail\\n", 500) if number > 20 and number % 3 == 0 else None
"""
#: No gate sees it: by then all hosts serve it.
FAULTY = f"""\
    @app.before_request
    def fail() -> tuple[str, int] | None:
        number = next(numbers) if request.method == "GET" and {IS_PAGE} else 0
        return ("made to fail\\n", 500) if number > 150 and number % 20 == 0 else None
"""
#: By work, not by sleep: a process serves half as many.
SLUGGISH = f"""\
    @app.after_request
    def work(response: Response) -> Response:
        now = time.perf_counter()
        while {IS_PAGE} and time.perf_counter() - now < now - g.started:
            pass
        return response
"""


def plain(_source: Path) -> None:
    """Nothing beside what each of these releases has."""


def restyle(source: Path, number: int) -> None:
    """A style sheet of its own, so that the static files have addresses of their own."""
    change(
        source, "web/static/css/site.css", "--size-display: 2.1rem;", f"--size-display: 2.1{number:03}rem;"
    )


def hooked(hooks: str) -> Edit:
    """Hooks beside the request log's."""

    def edit(source: Path) -> None:
        begin = "    install_request_log(app)\n"
        change(source, "factory.py", begin, f"{begin}    misbehave(app)\n")
        settings = "from microblog.settings import Settings\n"
        change(source, "factory.py", settings, f"from microblog.made import misbehave\n{settings}")
        add(source, "made.py", HOOKS.format(hooks=hooks))

    return edit


# --- Workers -----------------------------------------------------------------------------------


def crash_workers(source: Path) -> None:
    """A worker ends by itself two seconds after its start, before it takes a job in hand."""
    change(source, "worker/app.py", "    worker.start()\n", "    time.sleep(2)\n    return 1\n")
    change(source, "worker/app.py", "import os\n", "import os\nimport time\n")


# --- Schema ------------------------------------------------------------------------------------

MIGRATION = '''\
"""{what}."""

import sqlalchemy as sa
from alembic import op

{phase}revision = "{number:04d}"
down_revision = "{former:04d}"
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}

def downgrade() -> None:
{downgrade}'''
ADD_ECHOES = """\
    op.create_table(
        "status_echoes",
        sa.Column("status_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("status_id", name=op.f("pk_status_echoes")),
    )
    op.add_column("statuses", sa.Column("echo", sa.Text(), nullable=True))
"""
DROP_ECHOES = """\
    op.drop_column("statuses", "echo")
    op.drop_table("status_echoes")
"""
#: Fails on a server only, after its first half: no lint can see it.
FAIL_HALF_WAY = """\
    op.add_column("statuses", sa.Column("half", sa.Text(), nullable=True))
    op.execute("SELECT 1 / count(*) FROM pg_class WHERE false")
"""
#: A lint's business: what runs would fail for as long as the column is filled.
STOP_THE_SITE = """\
    op.alter_column("statuses", "text", type_=sa.String(10))
"""
#: Nothing reads it, so that a site goes on with the former release where a test ends.
TAG = "    name: Mapped[str] = mapped_column(unique=True)\n    created_at: Mapped[CreatedAt]\n"
DROP_TAG_TIMES = '    op.drop_column("tags", "created_at")\n'
ADD_TAG_TIMES = """\
    now = sa.text("now()")
    op.add_column(
        "tags", sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False)
    )
"""
ECHO_MODEL = '''

class StatusEcho(Base):
    """Made for a test: what the job `statuses.echo` left of a status."""

    __tablename__ = "status_echoes"

    status_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[CreatedAt]
'''
#: No "on conflict": a second run of the effect fails, and ends among the dead letters.
ECHO_TASK = '''

def echo(session: Session, _resources: Resources, _run: Run, *, status_id: int) -> None:
    """Made for a test: leave a row of a status."""
    session.execute(insert(StatusEcho).values(status_id=status_id))
'''


def add_migration(source: Path, slug: str, upgrade: str, downgrade: str, phase: str = "") -> None:
    """Add a step to the end of the chain."""
    folder = "data/migrations/versions"
    former = max(int(path.name[:4]) for path in (source / "app" / "microblog" / folder).glob("[0-9]*.py"))
    text = MIGRATION.format(
        what=f"Made for a test: {slug.replace('_', ' ')}",
        phase=f'PHASE = "{phase}"\n' if phase else "",
        number=former + 1,
        former=former,
        upgrade=upgrade,
        downgrade=downgrade,
    )
    add(source, f"{folder}/{former + 1:04d}_{slug}.py", text)


def fail_migration(source: Path) -> None:
    """A migration that fails half-way, with the model that it is for."""
    add_migration(source, "half", FAIL_HALF_WAY, '    op.drop_column("statuses", "half")\n')
    language = "    language: Mapped[str | None]\n"
    change(source, "data/models/statuses.py", language, f"{language}    half: Mapped[str | None]\n")


def unsafe_migration(source: Path) -> None:
    """A migration that rewrites a big table while nobody can read it."""
    add_migration(source, "unsafe", STOP_THE_SITE, "    pass\n")


def next_schema(source: Path) -> None:
    """A column and a table that the former release doesn't know, and a job for each post that fills it."""
    add_migration(source, "status_echoes", ADD_ECHOES, DROP_ECHOES)
    language = "    language: Mapped[str | None]\n"
    change(source, "data/models/statuses.py", language, f"{language}    echo: Mapped[str | None]\n")
    append(source, "data/models/statuses.py", ECHO_MODEL)
    fan_out = '(names.FAN_OUT, {"status_id": status_id})'
    change(source, "services/posting.py", fan_out, f"{fan_out}, {fan_out.replace('FAN_OUT', 'STATUS_ECHO')}")
    constant = 'MENTION_MAIL: Final = JobType("mail.mention"'
    echo = 'STATUS_ECHO: Final = JobType("statuses.echo", FEEDS, frozenset({"status_id"}))\n'
    change(source, "jobs/names.py", constant, f"{echo}{constant}")
    change(source, "jobs/names.py", "    FAN_OUT,\n", "    FAN_OUT,\n    STATUS_ECHO,\n")
    bound = "        names.FAN_OUT: statuses.fan_out,\n"
    change(
        source,
        "worker/bindings.py",
        bound,
        f"{bound}{bound.replace('FAN_OUT', 'STATUS_ECHO').replace('fan_out', 'echo')}",
    )
    session = "from sqlalchemy.orm import Session\n"
    change(
        source,
        "worker/statuses.py",
        session,
        f"from sqlalchemy import insert\n{session}\nfrom microblog.data.models.statuses import StatusEcho\n",
    )
    append(source, "worker/statuses.py", ECHO_TASK)


def append(source: Path, name: str, text: str) -> None:
    """Add to the end of a file of the package."""
    with (source / "app" / "microblog" / name).open("a", encoding="utf-8") as file:
        file.write(text)


def next_contract(source: Path) -> None:
    """As `next_schema`, and a contract step that drops a column which the former release's model has."""
    next_schema(source)
    change(source, "data/models/tags.py", TAG, TAG.replace("    created_at: Mapped[CreatedAt]\n", ""))
    add_migration(source, "no_tag_times", DROP_TAG_TIMES, ADD_TAG_TIMES, phase="contract")


# --- Wheels ------------------------------------------------------------------------------------


def tamper(release: Path) -> None:
    """Change a wheel that the release needs."""
    wheel = next(path for path in sorted((release / "wheelhouse").iterdir()) if "microblog" not in path.name)
    content = wheel.read_bytes()
    # Other releases share it by hard links.
    wheel.unlink()
    wheel.write_bytes(content)
    with zipfile.ZipFile(wheel, "a") as packed:
        packed.writestr("changed.py", "")


def forge(release: Path) -> None:
    """As `tamper`, with a manifest that fits: only the requirements' hashes still tell."""
    tamper(release)
    manifest = read_manifest(release)
    manifest["files"] = hash_tree(release, [release / name for name in manifest["files"]])
    (release / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
