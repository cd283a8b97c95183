"""What all commands share: reading the settings, and errors that are one line and an exit code."""

import os
from collections.abc import Sequence
from typing import IO, Any

import click

from microblog.settings import Settings, load_settings

SHORT_HELP = {"help_option_names": ["-h", "--help"]}


class Failed(click.ClickException):
    """It failed at run time: one line on standard error that says what and the fix; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the one line."""
        message = " ".join(self.message.split())
        click.echo(f"microblog: {message}", file=file, err=file is None)


class BadSettings(Failed):
    """Settings are missing or wrong, a line for each: exit code 2, so that a supervisor needn't try again."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the lines, and the hint as the last."""
        for line in (*self.message.splitlines(), *([self.hint] if self.hint else [])):
            click.echo(f"microblog: {line}", file=file, err=file is None)


def read_settings() -> Settings:
    """The settings of this process's environment. Raises `SettingsError`."""
    return load_settings(os.environ)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A figure with its noun: `1 day`, `2 days`; `plural` where an s is not enough."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def examples(*lines: str) -> str:
    """An epilog for --help that shows how a command is used."""
    # \b keeps click from folding the lines into a paragraph.
    return "\b\n" + "\n".join(("Examples:", *(f"  {line}" for line in lines)))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows below their columns' names; nothing where there are none."""
    if not rows:
        return
    lines = [columns, *(tuple(_shown(value) for value in row) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="seconds"))
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in sorted(value.items()))
    return " ".join(str(value).split())
