"""`microblog config`: the effective settings, secrets hidden."""

import os
import re
from dataclasses import fields

import click

from microblog.cli.support import examples, read_settings
from microblog.environment import PREFIX, SettingsError
from microblog.settings import find_unknown

# Greedy up to the last @: a password that isn't percent-encoded must not show its second half.
URL_PASSWORD = re.compile(r"^([a-z0-9+]+://[^:/@]*):.*@", re.IGNORECASE | re.DOTALL)
QUERY_PASSWORD = re.compile(r"([?&][^=&]*(?:password|secret|key)[^=&]*=)[^&]*", re.IGNORECASE)
SECRETS = ("secret_key", "profile_key")
NO_SUCH_SETTING = "no such setting; see docs/settings.md for all names, or unset it"


@click.group()
def command() -> None:
    """Look at the settings."""


@command.command(epilog=examples("microblog config check", "microblog config check --allow-unknown"))
@click.option("--allow-unknown", is_flag=True, help="Name unknown ones only: they may be a newer release's.")
def check(*, allow_unknown: bool) -> None:
    """Read all settings, refuse what is missing, malformed or unknown, and print the effective ones."""
    unknown = find_unknown(os.environ)
    refused = [] if allow_unknown else [f"{name}: {NO_SUCH_SETTING}" for name in unknown]
    try:
        settings = read_settings()
    except SettingsError as error:
        raise SettingsError([*error.problems, *refused], is_lacking=error.is_lacking) from error
    if refused:
        raise SettingsError(refused)
    for name in unknown:
        click.echo(f"microblog: {name}: unknown to this release, left alone", err=True)
    for item in fields(settings):
        click.echo(f"{PREFIX}{item.name.upper()}={_shown(item.name, getattr(settings, item.name))}")


def _shown(name: str, value: object) -> str:
    if name in SECRETS and value:
        return f"(hidden, {len(str(value))} characters)"
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return hide_passwords(str(value))


def hide_passwords(url: str) -> str:
    """The URL without the passwords in its user part and its query."""
    return QUERY_PASSWORD.sub(r"\1***", URL_PASSWORD.sub(r"\1:***@", url))
