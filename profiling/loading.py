"""The application as `microblog web` has it in a worker, for servers that import it themselves."""

import os
from typing import Any

from microblog.cli.starting import start_program
from microblog.cli.web import Site
from microblog.settings import load_settings


def load() -> Any:
    """The WSGI application with its logs and its metrics, ready for its first visitor."""
    start_program(load_settings(os.environ), "web")
    return Site({}).load()


application = load()
