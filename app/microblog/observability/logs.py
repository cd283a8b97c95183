"""Logs: structlog and the standard library's records through one formatter, as JSON lines or readable.

Each line has `timestamp` (UTC, ISO 8601), `level`, `event` (constant, dotted), `logger`, `service`, `host`,
`release`, and what was bound: `request_id`, `task_id`, `account_id`. Values of known-secret keys are dropped,
mail addresses and passwords in URLs masked, control and bidi characters escaped: no line can be forged.
"""

import json
import logging
import re
import socket
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from microblog.settings import Settings

# A key is secret when it holds one of these words, be it of numbers; not so `token_id` and `tokens_count`.
SECRET_WORDS = re.compile(
    r"password|passwd|token|secret|authorization|cookie|csrf|e_?mail|address|credential"
)
SECRET_KEYS = frozenset({"text", "content", "note", "body", "query", "query_string", "form", "dsn"})
HARMLESS_ENDS = ("_id", "_count")
MAIL_ADDRESS = re.compile(r"[^\s<>\"'(),;:=@]{1,64}@[^\s<>\"'(),;:=@]{0,253}[A-Za-z0-9]")
URL_PASSWORD = re.compile(r"(?<=://)[^/\s@]*@")
DROPPED = "[dropped]"
# Records of the standard library travel along under these keys until the formatter drops them.
RECORD_KEYS = frozenset({"_record", "_from_structlog"})
NESTING = 4
OFFSET = "+00:00"
MESSAGE_CHARACTERS = 500
CHAIN_LENGTH = 5
# Programs that bring handlers of their own; their records go through ours.
FOREIGN_LOGGERS = (
    "alembic",
    "celery",
    "celery.beat",
    "celery.task",
    "gunicorn.access",
    "gunicorn.error",
    "kombu",
)


def configure_logs(settings: Settings, *, service: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (standard error by default). Call it again to change that."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.set_name("microblog")
    fill = _Filler(service=service, host=socket.gethostname(), release=settings.release)
    render = _renderer(settings, handler.stream)
    structlog.configure(
        processors=[fill, render],
        logger_factory=partial(_LineWriter, handler),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level]
        ),
        cache_logger_on_first_use=False,
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[fill],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    for former in [one for one in root.handlers if one.get_name() == "microblog"]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in FOREIGN_LOGGERS:
        adopt_logger(name)


class _LineWriter:
    """Writes the lines of structlog's loggers, rendered already: a record for each would cost too much."""

    __slots__ = ("handler", "name")

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str = "root") -> None:
        self.handler = handler
        self.name = name

    def write(self, line: str) -> None:
        """Write a line, never in the middle of another. One that can't be written breaks nothing else."""
        handler = self.handler
        handler.acquire()
        try:
            # In one piece: other processes may write to the same place.
            handler.stream.write(f"{line}\n")
            handler.stream.flush()
        except (OSError, ValueError, RuntimeError):  # a broken, closed or interrupted stream
            pass
        finally:
            handler.release()

    debug = info = warning = error = critical = write


def adopt_logger(name: str) -> None:
    """Take a program's own handlers away, so that its records reach ours."""
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = True


@contextmanager
def log_context(**values: Any) -> Iterator[None]:
    """Bind values to each line logged by this task or thread within the block; None values are left out."""
    with structlog.contextvars.bound_contextvars(**{k: v for k, v in values.items() if v is not None}):
        yield


def bind_context(**values: Any) -> None:
    """Bind values to each further line of this task or thread, such as `account_id` once it is known."""
    structlog.contextvars.bind_contextvars(
        **{key: value for key, value in values.items() if value is not None}
    )


def clear_context() -> None:
    """Forget what was bound: the first act of a request or task."""
    structlog.contextvars.clear_contextvars()


def get_request_id() -> str | None:
    """The request id bound to this task or thread."""
    return structlog.contextvars.get_contextvars().get("request_id")


def clean(event: EventDict) -> None:
    """Drop secrets and escape control characters, in every value of a line."""
    for key, value in event.items():
        kind = type(value)
        is_plain = kind is int or kind is float or (kind is str and _is_harmless(value))
        if is_plain and not is_secret_key(key):
            continue
        if key == "exception":
            event[key] = _clean_lines(value)
        elif key not in RECORD_KEYS:
            event[key] = _clean_value(key, value, NESTING)


def _is_harmless(text: str) -> bool:
    return text.isprintable() and "@" not in text


def _clean_value(key: str, value: Any, depth: int) -> Any:
    if isinstance(value, bool | None):
        return value
    if is_secret_key(key):
        return DROPPED
    if isinstance(value, str):
        return mask(value)
    if depth and isinstance(value, Mapping):
        return {mask(str(name)): _clean_value(str(name), one, depth - 1) for name, one in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_clean_value("", one, depth - 1) for one in value]
    return value if isinstance(value, int | float) else mask(str(value))


def _clean_lines(value: str) -> str:
    return "\n".join(mask(line) for line in value.split("\n"))


@lru_cache(maxsize=1000)
def is_secret_key(key: str) -> bool:
    """Whether a value under this key must not be logged, whatever it is."""
    name = key.lower().replace("-", "_")
    return name in SECRET_KEYS or (not name.endswith(HARMLESS_ENDS) and SECRET_WORDS.search(name) is not None)


def mask(text: str) -> str:
    """One line without mail addresses, passwords in URLs, control, bidi or line-breaking characters."""
    if "@" in text:
        text = MAIL_ADDRESS.sub(DROPPED, URL_PASSWORD.sub(f"{DROPPED}:", text))
    if not text.isprintable():
        text = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return text


def _exception_info(given: Any) -> ExcInfo | tuple[None, None, None] | None:
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple):
        return given
    return sys.exc_info() if given else None


def render_exception(error: BaseException) -> str:
    """A traceback, causes first, whose messages are cut to their first line.

    What follows the first line of a database error is the row: addresses and texts.
    """
    parts: list[str] = []
    current: BaseException | None = error
    while current and len(parts) < CHAIN_LENGTH:
        message = str(current).partition("\n")[0][:MESSAGE_CHARACTERS]
        frames = traceback.format_tb(current.__traceback__)
        parts.append("".join([*frames, f"{type(current).__qualname__}: {message}"]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nwhich led to:\n".join(reversed(parts))


class _Filler:
    """Makes an event, of structlog or of the standard library, a line's fields: what every line has, cleaned.

    One function for all, since each request logs a line.
    """

    def __init__(self, **fields: str) -> None:
        self.fields = fields

    def __call__(self, logger: Any, level: str, event: EventDict) -> EventDict:
        line = {**self.fields, **structlog.contextvars.get_contextvars(), **event}
        record = event.get("_record")
        line["level"] = level
        line["logger"] = logger.name if record is None else record.name
        line["timestamp"] = f"{datetime.now(UTC).isoformat()[: -len(OFFSET)]}Z"
        if "exc_info" in line:
            info = _exception_info(line.pop("exc_info"))
            if info and info[1]:
                line["exception"] = render_exception(info[1])
        clean(line)
        return line


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return _render_json


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    try:
        return orjson.dumps(event).decode()
    except TypeError:
        # Whole numbers above 64 bits.
        return json.dumps(event, default=str)
