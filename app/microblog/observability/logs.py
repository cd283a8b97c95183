"""Logs: structlog and the standard library's records through one formatter, as JSON lines or readable.

Each line has `timestamp` (UTC, ISO 8601), `level`, `event` (constant, dotted), `logger`, `service`, `host`,
`release`, and what was bound: `request_id`, `task_id`, `account_id`. Values of known-secret keys are dropped,
mail addresses and passwords in URLs masked, control and bidi characters escaped: no line can be forged.
"""

import logging
import re
import socket
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from microblog.settings import Settings

# A key is secret when it holds one of these words; `token_id` and its like are only ids.
SECRET_WORDS = re.compile(
    r"password|passwd|token|secret|authorization|cookie|csrf|e_?mail|address|credential"
)
SECRET_KEYS = frozenset({"text", "content", "note", "body", "query", "query_string", "form", "dsn"})
MAIL_ADDRESS = re.compile(r"[^\s<>\"'(),;:=@]{1,64}@[^\s<>\"'(),;:=@]{0,253}[A-Za-z0-9]")
URL_PASSWORD = re.compile(r"(?<=://)[^/\s@]*@")
DROPPED = "[dropped]"
NESTING = 4
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
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _FixedFields(service=service, host=socket.gethostname(), release=settings.release),
        format_exception,
        clean,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level]
        ),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(settings, handler.stream),
            ],
        )
    )
    handler.set_name("microblog")
    root = logging.getLogger()
    for former in [one for one in root.handlers if one.get_name() == "microblog"]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in FOREIGN_LOGGERS:
        adopt_logger(name)


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


def clean(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop secrets and escape control characters, in every value of a line."""
    for key, value in event.items():
        # Records of the standard library travel along under these keys until the formatter drops them.
        if not key.startswith("_"):
            event[key] = _clean_lines(value) if key == "exception" else _clean_value(key, value, NESTING)
    return event


def _clean_value(key: str, value: Any, depth: int) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    if is_secret_key(key):
        return DROPPED
    if isinstance(value, str):
        return mask(value)
    if depth and isinstance(value, Mapping):
        return {mask(str(name)): _clean_value(str(name), one, depth - 1) for name, one in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_clean_value("", one, depth - 1) for one in value]
    return mask(str(value))


def _clean_lines(value: str) -> str:
    return "\n".join(mask(line) for line in value.split("\n"))


def is_secret_key(key: str) -> bool:
    """Whether a value under this key must not be logged, whatever it is."""
    name = key.lower().replace("-", "_")
    return name in SECRET_KEYS or (not name.endswith("_id") and SECRET_WORDS.search(name) is not None)


def mask(text: str) -> str:
    """One line without mail addresses, passwords in URLs, control, bidi or line-breaking characters."""
    if "@" in text:
        text = MAIL_ADDRESS.sub(DROPPED, URL_PASSWORD.sub(f"{DROPPED}:", text))
    if not text.isprintable():
        text = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return text


def format_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into `exception`: the frames and each message's first line, without parameters."""
    info = _exception_info(event.pop("exc_info", None))
    if info and info[1]:
        event["exception"] = render_exception(info[1])
    return event


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


class _FixedFields:
    """Adds the same fields to each line."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        return {**self.fields, **event}


def _renderer(settings: Settings, stream: TextIO) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return _render_json


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str).decode()
