"""`python -m profiling.unobserved`: the web server that observes nothing, to be compared with the real one.

The same server, worker class, pool and views as `microblog web`; but metrics are objects that do nothing, no
statement is counted or timed, nothing is bound to log lines, and none is written below a warning. The product
has no switch for that: what is left out is left out here.
"""

import os
from typing import Any

from microblog import factory
from microblog.cli.web import Site, make_options
from microblog.http import request_log
from microblog.observability import metrics
from microblog.observability.logs import configure_logs
from microblog.settings import load_settings


class NoMetric:
    """Takes what a metric takes, and forgets it."""

    def labels(self, *_values: Any, **_names: Any) -> "NoMetric":
        """Itself, whatever the labels."""
        return self

    def inc(self, *_amount: Any) -> None:
        """Do nothing."""

    dec = set = observe = set_to_current_time = inc


def leave_out_observing() -> list[str]:
    """Take metrics and the request's log line out of this process; the names of what was replaced."""
    replaced = []
    for name, value in list(vars(metrics).items()):
        if name.isupper() and hasattr(value, "_metrics"):
            setattr(metrics, name, NoMetric())
            replaced.append(name)
    nothing: dict[Any, tuple[str, ...]] = {
        factory: ("watch_statements",),
        request_log: ("bind_context", "clear_context"),
    }
    for module, names in nothing.items():
        for name in names:
            # A name that is no more would leave something in.
            getattr(module, name)
            setattr(module, name, lambda *_values, **_names: None)
            replaced.append(name)
    return replaced


def main() -> None:
    """Serve on MICROBLOG_WEB_BIND until TERM."""
    settings = load_settings({**os.environ, "MICROBLOG_LOG_LEVEL": "WARNING"})
    configure_logs(settings, service="web")
    leave_out_observing()
    Site(make_options(settings)).run()


if __name__ == "__main__":
    main()
