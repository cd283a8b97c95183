import importlib
import subprocess
import sys

import click
import pytest

from microblog.cli import COMMANDS, main
from tests.cli.conftest import Run


def walk(command: click.Command, *path: str) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        found += walk(child, *path, name)
    return found


ALL = walk(main)
# The first has a complaint of its own, the others read none.
WITHOUT_SETTINGS = {("exporter",), ("assets", "export"), ("metrics",)}


def test_all_commands_of_the_contract_are_there() -> None:
    assert {" ".join(path) for path, _ in ALL} == {
        *("web", "worker", "relay", "beat", "exporter", "seed"),
        *("db upgrade", "db plan", "db check", "db revision"),
        *(
            "account create",
            "account show",
            "account suspend",
            "account unsuspend",
            "account promote",
            "account reset-password",
        ),
        *("stats recompute", "counters recount", "config check"),
        *(
            "jobs list",
            "jobs queues",
            "jobs dead",
            "jobs drop",
            "jobs profile",
            "jobs requeue",
            "jobs retried",
            "jobs running",
        ),
        *("profiles list", "profiles show", "profiles request"),
        *("assets export", "metrics", "smoke"),
    }


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_each_command_has_help_with_an_example_and_needs_no_settings_for_it(
    path: tuple[str, ...], command: click.Command, run: Run
) -> None:
    result = run(*path, "--help", changes={"MICROBLOG_SECRET_KEY": None})

    assert result.exit_code == 0
    assert command.help
    assert f"    microblog {' '.join(path)}" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_is(name: str) -> None:
    command = importlib.import_module(f"microblog.cli.{name}").command

    assert command.help
    assert len(COMMANDS[name]) < 80


def test_help_lists_all_commands(run: Run) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert all(name in result.stdout and text in result.stdout for name, text in COMMANDS.items())


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith("microblog, version ")


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    result = run("nonsense")

    assert result.exit_code == 2
    assert "nonsense" in result.stderr


@pytest.mark.parametrize("path", [path for path, _ in ALL if path not in WITHOUT_SETTINGS], ids=" ".join)
def test_a_missing_setting_is_a_line_with_a_hint_and_exit_code_2(path: tuple[str, ...], run: Run) -> None:
    arguments: dict[tuple[str, ...], tuple[str, ...]] = {
        ("account", "create"): ("anna", "--email", "anna@example.org", "--generate"),
        ("account", "reset-password"): ("anna", "--generate"),
        ("db", "revision"): ("--message", "x"),
        ("jobs", "drop"): ("5",),
        ("jobs", "profile"): ("mail.mention",),
        ("jobs", "requeue"): ("--all",),
        ("profiles", "request"): ("/about",),
        ("profiles", "show"): ("6f1b3e0c",),
    }
    more = arguments.get(path, ("anna",) if path[0] == "account" else ())

    result = run(*path, *more, changes={"MICROBLOG_SECRET_KEY": None})

    assert result.exit_code == 2
    assert result.stderr.startswith("microblog: MICROBLOG_SECRET_KEY: is not set; ")
    assert result.stderr.count("\n") == 2


@pytest.mark.parametrize(
    "path",
    [
        ("db", "upgrade"),
        ("db", "plan"),
        ("smoke",),
        ("db", "check"),
        ("seed",),
        ("jobs", "list"),
        ("counters", "recount"),
        ("stats", "recompute"),
    ],
    ids=" ".join,
)
def test_a_database_that_is_away_is_one_line_and_exit_code_1(path: tuple[str, ...], run: Run) -> None:
    url = "postgresql://somebody:hunter2hunter2@127.0.0.1:1/nowhere"

    result = run(*path, changes={"MICROBLOG_DATABASE_URL": url, "MICROBLOG_OWNER_DATABASE_URL": None})

    assert result.exit_code == 1
    assert "can't use the database at 127.0.0.1, database nowhere" in result.stderr
    assert "is it running" in result.stderr
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("main(['--help'], standalone_mode=False)", {"sqlalchemy", "flask", "celery", "faker", "gunicorn"}),
        ("main(['worker', '--help'], standalone_mode=False)", {"flask", "celery", "sqlalchemy", "gunicorn"}),
        (
            "import microblog.worker.app, microblog.worker.relay, microblog.worker.schedule",
            {"flask", "gunicorn"},
        ),
        ("main(['exporter', '--help'], standalone_mode=False)", {"flask", "celery", "sqlalchemy"}),
        ("main(['web', '--help'], standalone_mode=False)", {"flask", "celery", "prometheus_client"}),
    ],
)
def test_each_process_imports_only_its_own_rooms(code: str, never: set[str]) -> None:
    program = f"import sys\nfrom microblog.cli import main\n{code}\nprint(*sys.modules, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert never.isdisjoint(done.stderr.split())
