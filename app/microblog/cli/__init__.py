"""Floor 8: the command `microblog`, a composition root.

Each command is a module of this package, imported only when it is asked for: a process loads nothing but what
it runs, and `microblog --help` answers at once. Exit codes: 0 fine, 1 failed, 2 wrong usage or settings.
"""

import importlib
from typing import Any

import click

from microblog import __version__
from microblog.cli.support import BadSettings, Failed
from microblog.domain.errors import DomainError, ValidationError
from microblog.environment import SettingsError

IN_A_CHECKOUT = "in a checkout, `make run` writes them: set -a; . var/environment; set +a"
# The module of the same name holds the command under the name `command`.
COMMANDS = {
    "web": "Serve the site by gunicorn.",
    "worker": "Run jobs.",
    "relay": "Hand jobs from the database to the workers.",
    "beat": "Write down the jobs of the schedule when their time has come.",
    "exporter": "Serve the metrics of all processes of this host.",
    "db": "Manage the database's schema.",
    "account": "Create and manage accounts.",
    "seed": "Fill an empty site with believable data.",
    "stats": "Manage the daily statistics.",
    "counters": "Mend the counters of accounts and posts.",
    "jobs": "Look at jobs, and bring dead ones back.",
    "profiles": "Find out where the time of one request or job went.",
    "metrics": "List the metrics with what each says.",
    "config": "Look at the settings.",
    "assets": "Hand the static files to a web server.",
    "smoke": "Play a person on the running site.",
}


class Commands(click.Group):
    """A group that imports a command's module when the command is called, and words expected errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of a system's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what can be expected to go wrong becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise BadSettings(str(error), hint=IN_A_CHECKOUT if error.is_lacking else "") from error
        except ValidationError as error:
            lines = (f"{field}: {message}" for field, message in error.errors.items())
            raise Failed("; ".join(lines)) from error
        except DomainError as error:
            raise Failed(str(error)) from error


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are read from MICROBLOG_* variables: `microblog config check` lists them.",
)
@click.version_option(__version__, "-V", "--version", prog_name="microblog")
def main() -> None:
    """Run and manage a Microblog."""
