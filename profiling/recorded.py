"""The SQL of our own requests, recorded, so that the bare views run the same."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from profiling.measuring import MeasuringError

Statement = tuple[str, dict[str, Any]]


def record(requests: Mapping[str, Callable[[], TestResponse]]) -> dict[str, list[Statement]]:
    """The statements of each request with their parameters, besides BEGIN and COMMIT.

    Each is sent twice and the second one recorded: the first may fill a cache. Raises `MeasuringError` where
    one isn't answered by 200.
    """
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, {name: plain(value) for name, value in parameters.items()}))

    recorded = {}
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for name, send in requests.items():
            send()
            seen.clear()
            answer = send()
            if answer.status_code != 200:
                raise MeasuringError(f"{name} was answered by {answer.status_code}")
            recorded[name] = list(seen)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return recorded


def plain(value: Any) -> Any:
    """A parameter as JSON can hold it; None for bytes, which the bare views give themselves."""
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, bool | int | float | list | type(None)) else None
