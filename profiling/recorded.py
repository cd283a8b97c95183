"""The SQL of our own requests, recorded, so that the bare views run the same."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from profiling.measuring import MeasuringError

#: SQL, its parameters, and the name under which ours has it prepared, or None.
Statement = tuple[str, dict[str, Any], str | None]


def record(requests: Mapping[str, Callable[[], TestResponse]]) -> dict[str, list[Statement]]:
    """The statements of each request with their parameters, besides BEGIN and COMMIT.

    Each is sent twice and the second one recorded: the first may fill a cache. Raises `MeasuringError` where
    one isn't answered by 200.
    """
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, context: Any, _many: Any) -> None:
        values = {name: plain(value) for name, value in parameters.items()}
        seen.append((sql, values, context.execution_options.get("prepared")))

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


def unprepared(recorded: Mapping[str, list[Statement]]) -> dict[str, list[Statement]]:
    """The same with no statement prepared."""
    return {
        name: [(sql, values, None) for sql, values, _ in statements] for name, statements in recorded.items()
    }


def plain(value: Any) -> Any:
    """A parameter as JSON can hold it; None for bytes, which the bare views give themselves."""
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, bool | int | float | list | type(None)) else None
