"""`microblog account`: what an operator does to accounts."""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from microblog.cli.connections import open_database
from microblog.cli.support import examples, read_settings
from microblog.services import accounts, credentials
from microblog.services.hashers import PasswordHasher, make_hasher
from microblog.settings import Settings

GENERATED_BYTES = 15
PASSWORD_OPTIONS = (
    click.option("--password-stdin", is_flag=True, help="Read the password from standard input."),
    click.option("--generate", is_flag=True, help="Make a password and print it."),
    click.option(
        "--password", help="The password itself. For demo data only: other users of the machine see it."
    ),
)


@click.group()
def command() -> None:
    """Create and manage accounts."""


def password_options(function: Callable[..., None]) -> Callable[..., None]:
    """The three ways to give a password; without one a person at a terminal is asked."""
    for option in reversed(PASSWORD_OPTIONS):
        function = option(function)
    return function


@command.command(
    epilog=examples(
        "microblog account create anna --email anna@example.org",
        "microblog account create anna --email anna@example.org --role admin --generate",
    )
)
@click.argument("username")
@click.option("--email", required=True, help="The address; it counts as confirmed.")
@click.option("--role", type=click.Choice(accounts.ROLES), default="user", show_default=True)
@password_options
def create(username: str, email: str, role: str, **given: Any) -> None:
    """Create an account whose e-mail address counts as confirmed: it may post at once."""
    with _operation() as (session, settings):
        password = _choose_password(**given)
        accounts.create_account(session, _hasher(settings), username=username, email=email, password=password)
        if role != "user":
            accounts.set_role(session, username=username, role=role)
    click.echo(f"Created @{username}" + (f" ({role})" if role != "user" else ""))
    _tell_generated(password, **given)


@command.command(epilog=examples("microblog account show anna"))
@click.argument("username")
def show(username: str) -> None:
    """Tell an account's id, by which it is found in logs, its role and its state."""
    with _operation() as (session, _):
        account = accounts.find_account(session, username=username)
        state = "suspended" if account.suspended_at else "active"
    since = f"since {account.created_at:%Y-%m-%d}"
    click.echo(f"@{account.username}  id {account.id}  {account.role}  {state}  {since}")


@command.command(epilog=examples("microblog account suspend spammer"))
@click.argument("username")
def suspend(username: str) -> None:
    """Hide an account and all its posts, and log it out everywhere."""
    with _operation() as (session, _):
        accounts.suspend_account(session, username=username)
    click.echo(f"Suspended @{username}")


@command.command(epilog=examples("microblog account unsuspend anna"))
@click.argument("username")
def unsuspend(username: str) -> None:
    """Take a suspension back."""
    with _operation() as (session, _):
        accounts.unsuspend_account(session, username=username)
    click.echo(f"@{username} is no longer suspended")


@command.command(
    epilog=examples("microblog account promote anna", "microblog account promote anna --role user")
)
@click.argument("username")
@click.option("--role", type=click.Choice(accounts.ROLES), default="admin", show_default=True)
def promote(username: str, role: str) -> None:
    """Make somebody an admin or a moderator, or a user again."""
    with _operation() as (session, _):
        accounts.set_role(session, username=username, role=role)
    click.echo(f"@{username} is {role} now")


@command.command(
    "reset-password",
    epilog=examples(
        "microblog account reset-password anna --generate",
        "pass show anna | microblog account reset-password anna --password-stdin",
    ),
)
@click.argument("username")
@password_options
def reset_password(username: str, **given: Any) -> None:
    """Set a new password, and log the account out everywhere."""
    with _operation() as (session, settings):
        password = _choose_password(**given)
        credentials.set_password(session, _hasher(settings), username=username, password=password)
    click.echo(f"@{username} has a new password and is logged out everywhere")
    _tell_generated(password, **given)


@contextmanager
def _operation() -> Iterator[tuple[Session, Settings]]:
    """One transaction with the application's role."""
    settings = read_settings()
    with (
        open_database(settings.database_url, "MICROBLOG_DATABASE_URL") as database,
        database.unit_of_work() as session,
    ):
        yield session, settings


def _hasher(settings: Settings) -> PasswordHasher:
    return make_hasher(settings)


def _choose_password(*, password_stdin: bool, generate: bool, password: str | None) -> str:
    if sum((password_stdin, generate, password is not None)) > 1:
        raise click.UsageError("Give only one of --password-stdin, --generate and --password.")
    if password is not None:
        return password
    if generate:
        return secrets.token_urlsafe(GENERATED_BYTES)
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not is_terminal():
        raise click.UsageError(
            "There is no terminal to ask for a password: use --password-stdin or --generate."
        )
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def _tell_generated(chosen: str, *, generate: bool, **_: Any) -> None:
    if generate:
        click.echo(f"Password: {chosen}")
