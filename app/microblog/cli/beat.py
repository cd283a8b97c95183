"""`microblog beat`: what time it is."""

import importlib

import click

from microblog.cli.starting import start_program
from microblog.cli.support import examples, read_settings


@click.command(epilog=examples("microblog beat"))
def command() -> None:
    """Write down the jobs of the schedule when their time has come.

    One on each worker host; several do no harm: a period's job is made once. TERM stops it.
    """
    settings = read_settings()
    start_program(settings, "beat")
    importlib.import_module("microblog.worker.schedule").run_beat(settings)
