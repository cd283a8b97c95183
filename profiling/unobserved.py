"""`python -m profiling.unobserved`: the web server that observes nothing, to be compared with the real one.

The same server, worker class, pool and views as `microblog web`; but metrics are objects that do nothing, no
statement is counted or timed, nothing is bound to log lines, and none is written below a warning. The product
has no switch for that: what is left out is left out here.
"""

import os
from importlib import import_module
from typing import Any

from microblog.observability import metrics

#: What observing does besides metrics, by module: replaced by nothing.
HOOKS = {
    "microblog.observability.statements": ("watch",),
    "microblog.http.request_log": ("bind_context", "clear_context"),
}


class NoMetric:
    """Takes what a metric takes, and forgets it."""

    def labels(self, *_values: Any, **_names: Any) -> "NoMetric":
        """Itself, whatever the labels."""
        return self

    def inc(self, *_amount: Any) -> None:
        """Do nothing."""

    dec = set = observe = set_to_current_time = inc


def leave_out_observing() -> list[str]:
    """Take metrics and the request's log line out of this process; the names of what was replaced.

    Call it before anything of the site is imported: some keep a metric with its labels.
    """
    replaced = []
    for name, value in list(vars(metrics).items()):
        if name.isupper() and hasattr(value, "_metrics"):
            setattr(metrics, name, NoMetric())
            replaced.append(name)
    for module, names in HOOKS.items():
        for name in names:
            loaded = import_module(module)
            # A name that is no more would leave something in.
            getattr(loaded, name)
            setattr(loaded, name, lambda *_values, **_names: None)
            replaced.append(name)
    return replaced


def main() -> None:
    """Serve on MICROBLOG_WEB_BIND until TERM."""
    leave_out_observing()
    settings = import_module("microblog.settings").load_settings(
        {**os.environ, "MICROBLOG_LOG_LEVEL": "WARNING"}
    )
    import_module("microblog.observability.logs").configure_logs(settings, service="web")
    web = import_module("microblog.cli.web")
    web.Site(web.make_options(settings)).run()


if __name__ == "__main__":
    main()
