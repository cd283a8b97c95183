"""`microblog config`: the effective settings, secrets hidden."""

import re
from dataclasses import fields

import click

from microblog.cli.support import examples, read_settings
from microblog.environment import PREFIX

# Greedy up to the last @: a password that isn't percent-encoded must not show its second half.
URL_PASSWORD = re.compile(r"^([a-z0-9+]+://[^:/@]*):.*@", re.IGNORECASE | re.DOTALL)
QUERY_PASSWORD = re.compile(r"([?&][^=&]*(?:password|secret|key)[^=&]*=)[^&]*", re.IGNORECASE)


@click.group()
def command() -> None:
    """Look at the settings."""


@command.command(epilog=examples("microblog config check"))
def check() -> None:
    """Read all settings, refuse what is missing or malformed, and print the effective ones."""
    settings = read_settings()
    for item in fields(settings):
        click.echo(f"{PREFIX}{item.name.upper()}={_shown(item.name, getattr(settings, item.name))}")


def _shown(name: str, value: object) -> str:
    if name == "secret_key":
        return f"(hidden, {len(str(value))} characters)"
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return hide_passwords(str(value))


def hide_passwords(url: str) -> str:
    """The URL without the passwords in its user part and its query."""
    return QUERY_PASSWORD.sub(r"\1***", URL_PASSWORD.sub(r"\1:***@", url))
