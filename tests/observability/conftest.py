import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from microblog.observability import logs
from microblog.settings import Settings


@pytest.fixture
def output(settings: Settings) -> Iterator[Callable[..., io.StringIO]]:
    """Configures logging for the test: `output(log_format="json")` answers the stream that lines go to."""
    root = logging.getLogger()
    level = root.level

    def configure(**changes: Any) -> io.StringIO:
        stream = io.StringIO()
        logs.configure_logs(replace(settings, log_level="INFO", **changes), service="tests", stream=stream)
        return stream

    logs.clear_context()
    yield configure
    logs.clear_context()
    for handler in [one for one in root.handlers if one.get_name() == "microblog"]:
        root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def lines(output: Callable[..., io.StringIO]) -> Callable[[], list[dict[str, Any]]]:
    """The JSON lines logged so far."""
    stream = output(log_format="json")
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
