"""`microblog relay`: the way of jobs from the database to the broker."""

import importlib

import click

from microblog.cli.starting import start_program
from microblog.cli.support import examples, read_settings


@click.command(epilog=examples("microblog relay"))
def command() -> None:
    """Hand jobs from the database to the workers, as soon as they are committed.

    One on each worker host; several do no harm. It waits for a database or broker that is away.
    """
    settings = read_settings()
    start_program(settings, "relay")
    importlib.import_module("microblog.worker.relay").run_relay(settings)
