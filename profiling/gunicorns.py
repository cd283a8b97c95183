"""`python -m profiling.gunicorns CLASS`: `microblog web` with workers of another class, sync or gevent.

For gevent the process must be patched before anything else: `python -m gevent.monkey --module …` does.
"""

import os
import sys

from microblog.cli.starting import start_program
from microblog.cli.web import Site, make_options
from microblog.settings import load_settings


def main() -> int:
    """Serve on MICROBLOG_WEB_BIND until TERM."""
    settings = load_settings(os.environ)
    start_program(settings, "web")
    options = make_options(settings) | {
        "worker_class": sys.argv[1],
        # gunicorn turns a sync worker with threads into gthread; a gevent worker counts connections instead.
        "threads": 1,
        "worker_connections": settings.web_threads,
    }
    Site(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
