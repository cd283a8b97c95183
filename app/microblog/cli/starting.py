"""What programs do first: their metrics, their logs, and a word about settings that they don't know."""

import os

import structlog

from microblog.cli.measuring import prepare_metrics
from microblog.observability.logs import configure_logs
from microblog.settings import Settings, find_unknown


def start_program(settings: Settings, service: str, *, group: str = "") -> None:
    """Prepare a process for running `service`; `group` names its folder of metrics where that differs."""
    configure_logs(settings, service=service)
    # Starts the process anew at times: nothing but the logs, which it may need, comes before it.
    prepare_metrics(settings, group or service)
    unknown = find_unknown(os.environ)
    if unknown:
        # After a rollback these are the newer release's: no reason to stay away.
        structlog.get_logger(__name__).warning("settings.unknown", names=unknown)
