"""Floor 0: how a setting's text becomes a value; each failure is one line that names variable and fix."""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PREFIX = "MICROBLOG_"
RATE = re.compile(r"^[1-9][0-9]* per ([1-9][0-9]* )?(second|minute|hour|day)s?$")
BIND = re.compile(r"unix:/[^\r\n]+|(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):\d{1,5}")
# One line: it becomes a header of mails.
MAIL_FROM = re.compile(r"([^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)")
# Most often because of a password.
NO_URL = "is no URL (in a password, write / ? # @ : as %2F %3F %23 %40 %3A)"


class SettingsError(Exception):
    """Settings are missing or malformed: each of `problems` is a line that names the variable and the fix.

    `is_lacking`: whether some are missing.
    """

    def __init__(self, problems: Sequence[str], *, is_lacking: bool = False) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.is_lacking = is_lacking


class Reader:
    """Takes variables from an environment, and keeps what is wrong with them, so that all is told at once.

    What is wrong gives an empty value, which nobody gets to see: `load_settings` raises in the end.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []
        self.is_lacking = False

    def text(self, name: str, default: str | None) -> str:
        """The text of a variable; None as default makes it required."""
        value = self.environ.get(PREFIX + name, "").strip() or default
        if value is None:
            self.is_lacking = True
            self._note(name, "is not set; set it in the environment (docs/settings.md lists all)")
        return value or ""

    def parsed(self, name: str, parse: Callable[[str], Any], fix: str, default: str | None = None) -> Any:
        """The value that `parse` (raising ValueError) makes of a variable; `fix` ends the message."""
        count = len(self.problems)
        value = self.text(name, default)
        if len(self.problems) > count:
            return None
        try:
            return parse(value)
        except ValueError as error:
            self._note(name, f"{error}; {fix}")
            return None

    def _note(self, name: str, problem: str) -> None:
        self.problems.append(f"{PREFIX}{name}: {problem}")

    def whole(self, name: str, default: int) -> int:
        """A whole number above 0."""
        number: int = self.parsed(name, parse_whole, "give a whole number above 0", str(default))
        return number

    def rate(self, name: str, default: str) -> str:
        """A rate such as `10 per 5 minutes`."""
        rate: str = self.parsed(name, parse_rate, "give a rate such as '10 per 5 minutes'", default)
        return rate

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of `choices`."""
        value = self.text(name, default)
        if value not in choices:
            self._note(name, f"{value!r} is unknown; use one of {', '.join(choices)}")
        return value


# The parsers never repeat a value that may hold a secret.
def parse_secret(value: str) -> str:
    """A secret of at least 32 characters."""
    if len(value) < 32:
        raise ValueError(f"has {len(value)} characters")
    return value


def parse_optional_secret(value: str) -> str:
    """A secret of at least 32 characters, or none."""
    return parse_secret(value) if value else ""


def _split(value: str, schemes: tuple[str, ...]) -> SplitResult:
    # Python's own words would repeat a part of the value.
    try:
        parts = urlsplit(value)
        is_whole = parts.port != 0
    except ValueError:
        raise ValueError(NO_URL) from None
    if not is_whole or (parts.netloc and "@" in parts.path + parts.query + parts.fragment):
        raise ValueError(NO_URL)
    if parts.scheme not in schemes:
        raise ValueError(f"starts with {parts.scheme or 'no scheme'!r}, not with one of {', '.join(schemes)}")
    return parts


def parse_site_url(value: str) -> str:
    """A site's address: a scheme and a host."""
    parts = _split(value, ("http", "https"))
    if not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("must be a scheme and a host only")
    return f"{parts.scheme}://{parts.netloc}"


def parse_database_url(value: str) -> str:
    """A PostgreSQL URL, with the driver named."""
    parts = _split(value, ("postgresql", "postgres", "postgresql+psycopg2"))
    if not parts.path.strip("/"):
        raise ValueError("names no database")
    # Plain postgresql:// would select psycopg 3 on SQLAlchemy 2.1.
    return f"postgresql+psycopg2{value[len(parts.scheme) :]}"


def parse_redis_url(value: str) -> str:
    """A Redis URL, over TCP, TLS or a Unix socket."""
    parts = _split(value, ("redis", "rediss", "unix"))
    if parts.scheme == "unix" and (parts.netloc or not parts.path.startswith("/")):
        raise ValueError("must be unix:///path without user and password")
    return value


def parse_bind(value: str) -> str:
    """An address to listen on."""
    if not BIND.fullmatch(value):
        raise ValueError(f"{value!r} is no address")
    return value


def parse_mail_from(value: str) -> str:
    """The sender of mails."""
    if not MAIL_FROM.fullmatch(value):
        raise ValueError("is no address")
    return value


def parse_smtp_url(value: str) -> str:
    """A mail server's URL."""
    if not _split(value, ("smtp", "smtps", "smtp+starttls")).hostname:
        raise ValueError("names no host")
    return value


def parse_proxies(value: str) -> tuple[str, ...]:
    """Networks between commas, or the word `unix`."""
    names = tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(name if name == "unix" else str(ip_network(name)) for name in names)


def parse_optional_path(value: str) -> Path | None:
    """A path, or None for nothing."""
    return Path(value) if value else None


def parse_media_urls(value: str) -> tuple[str, ...]:
    """Addresses of media hosts between commas, none twice."""
    urls = tuple(parse_site_url(part.strip()) for part in value.split(",") if part.strip())
    if value and not urls:
        raise ValueError("names no host")
    if any("@" in url for url in urls):
        raise ValueError("names a user; media hosts know none")
    if len(set(urls)) < len(urls):
        raise ValueError("names a host twice")
    return urls


def parse_whole(value: str) -> int:
    """A whole number above 0."""
    number = int(value) if value.isdecimal() else 0
    if number <= 0:
        raise ValueError(f"{value!r} is no whole number above 0")
    return number


def parse_positive(value: str) -> float:
    """Seconds above 0, under an hour."""
    number = float(value)
    if not 0 < number < 3600:
        raise ValueError(f"{value!r} is not between 0 and 3600")
    return number


def parse_rate(value: str) -> str:
    """A rate such as `10 per 5 minutes`."""
    if not RATE.match(value):
        raise ValueError(f"{value!r} is no rate")
    return value
