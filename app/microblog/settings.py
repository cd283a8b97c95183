"""Floor 0: every setting, read and typed once from the environment.

`load_settings` is the only reader of `MICROBLOG_*` variables. A missing or malformed one raises
`SettingsError` with
one line that names the variable and the fix, so that a process stops at boot instead of failing later.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from microblog import __version__

PREFIX = "MICROBLOG_"
ENVIRONMENTS = ("production", "development", "test")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
BIND = re.compile(r"unix:/[^\r\n]+|(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):\d{1,5}")
# Most often because of a password.
NO_URL = "is no URL (in a password, write / ? # @ : as %2F %3F %23 %40 %3A)"
# One line: it becomes a header of mails.
MAIL_FROM = re.compile(r"([^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)")
RATE = re.compile(r"^[1-9][0-9]* per ([1-9][0-9]* )?(second|minute|hour|day)s?$")


class SettingsError(Exception):
    """A setting is missing or malformed; the message is one line that names the variable and the fix."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a process. Sizes are bytes or pixels, times seconds unless the name says otherwise."""

    env: str
    secret_key: str = field(repr=False)
    base_url: str
    site_name: str
    database_url: str = field(repr=False)
    owner_database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    cache_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    mail_from: str
    media_dir: Path
    log_format: str
    log_level: str
    release: str
    trusted_proxies: tuple[str, ...]
    web_bind: str
    web_workers: int
    web_threads: int
    metrics_bind: str
    metrics_dir: Path | None
    password_hasher: str
    argon2_time_cost: int
    argon2_memory_kib: int
    argon2_parallelism: int
    session_days: int
    feed_length: int
    job_time_limit_seconds: int
    job_visibility_seconds: int
    job_handover_seconds: int
    job_max_attempts: int
    relay_poll_seconds: float
    upload_max_bytes: int
    upload_max_pixels: int
    rate_limit_log_in: str
    rate_limit_sign_up: str
    rate_limit_post: str
    rate_limit_reset: str

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over TLS, so that cookies can be Secure and carry `__Host-`."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The public host name, with the port where it isn't the scheme's own."""
        return urlsplit(self.base_url).netloc

    @property
    def celery_broker_url(self) -> str:
        """The broker's URL in kombu's spelling (`redis+socket://` for a Unix socket)."""
        return _respell_unix_socket(self.broker_url, "redis+socket", "virtual_host")

    @property
    def limits_storage_url(self) -> str:
        """The cache's URL in the spelling of the `limits` package (`redis+unix://` for a Unix socket)."""
        return _respell_unix_socket(self.cache_url, "redis+unix", "db")


def _respell_unix_socket(url: str, scheme: str, database_parameter: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"{scheme}://{parts.path}?{database_parameter}={database}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises `SettingsError` for the first variable that is missing or malformed.
    """
    read = _Reader(environ)
    env = read.choice("ENV", ENVIRONMENTS, "production")
    base_url = read.parsed(
        "BASE_URL", _site_url, "give the site's public address, such as https://example.org"
    )
    default_from = f"Microblog <no-reply@{urlsplit(base_url).hostname}>" if env != "production" else None
    database_url = read.parsed(
        "DATABASE_URL", _database_url, "give postgresql://user:password@host:5432/name"
    )
    settings = Settings(
        env=env,
        secret_key=read.parsed("SECRET_KEY", _secret, "give at least 32 random characters"),
        base_url=base_url,
        site_name=read.text("SITE_NAME", "Microblog"),
        database_url=database_url,
        owner_database_url=read.parsed(
            "OWNER_DATABASE_URL",
            _database_url,
            "give postgresql://owner:password@host:5432/name",
            database_url,
        ),
        broker_url=read.parsed("BROKER_URL", _redis_url, "give redis://host:6379/0 or unix:///path?db=0"),
        cache_url=read.parsed("CACHE_URL", _redis_url, "give redis://host:6379/1 or unix:///path?db=1"),
        smtp_url=read.parsed(
            "SMTP_URL",
            _smtp_url,
            "give smtp://, smtps:// or smtp+starttls://host:port",
            "smtp://localhost:25",
        ),
        mail_from=read.parsed(
            "MAIL_FROM", _mail_from, "give one such as Microblog <no-reply@example.org>", default_from
        ),
        media_dir=Path(read.text("MEDIA_DIR", None)),
        log_format=read.choice(
            "LOG_FORMAT", ("json", "console"), "json" if env == "production" else "console"
        ),
        log_level=read.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
        release=read.text("RELEASE", __version__),
        trusted_proxies=read.parsed(
            "TRUSTED_PROXIES",
            _proxies,
            "give networks such as 10.0.0.0/24, or the word unix, between commas",
            "",
        ),
        web_bind=read.parsed("WEB_BIND", _bind, "give host:port or unix:/path", "127.0.0.1:8000"),
        web_workers=read.whole("WEB_WORKERS", 2),
        web_threads=read.whole("WEB_THREADS", 4),
        metrics_bind=read.parsed("METRICS_BIND", _bind, "give host:port", "127.0.0.1:8002"),
        metrics_dir=read.parsed("METRICS_DIR", _optional_path, "give a directory", ""),
        password_hasher=read.choice("PASSWORD_HASHER", ("argon2",), "argon2"),
        argon2_time_cost=read.whole("ARGON2_TIME_COST", 2),
        argon2_memory_kib=read.whole("ARGON2_MEMORY_KIB", 19_456),
        argon2_parallelism=read.whole("ARGON2_PARALLELISM", 1),
        session_days=read.whole("SESSION_DAYS", 30),
        feed_length=read.whole("FEED_LENGTH", 400),
        job_time_limit_seconds=read.whole("JOB_TIME_LIMIT_SECONDS", 60),
        job_visibility_seconds=read.whole("JOB_VISIBILITY_SECONDS", 90),
        job_handover_seconds=read.whole("JOB_HANDOVER_SECONDS", 120),
        job_max_attempts=read.whole("JOB_MAX_ATTEMPTS", 3),
        relay_poll_seconds=read.parsed(
            "RELAY_POLL_SECONDS", _positive, "give seconds above 0, such as 0.2", "0.2"
        ),
        upload_max_bytes=read.whole("UPLOAD_MAX_BYTES", 5_000_000),
        upload_max_pixels=read.whole("UPLOAD_MAX_PIXELS", 25_000_000),
        rate_limit_log_in=read.rate("RATE_LIMIT_LOG_IN", "10 per 5 minutes"),
        rate_limit_sign_up=read.rate("RATE_LIMIT_SIGN_UP", "5 per hour"),
        rate_limit_post=read.rate("RATE_LIMIT_POST", "30 per 5 minutes"),
        rate_limit_reset=read.rate("RATE_LIMIT_RESET", "5 per hour"),
    )
    _check_together(settings, environ)
    return settings


def _check_together(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse combinations that would break a promise, and names that nobody reads (most likely misspelt)."""
    if settings.job_time_limit_seconds >= settings.job_visibility_seconds:
        raise SettingsError(
            f"{PREFIX}JOB_VISIBILITY_SECONDS: must be above {PREFIX}JOB_TIME_LIMIT_SECONDS "
            f"({settings.job_time_limit_seconds}), or a slow job would be delivered twice; raise it"
        )
    known = {PREFIX + item.name.upper() for item in fields(Settings)}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(
            f"{unknown[0]}: no such setting; see `microblog config check` for all names, or unset it"
        )


class _Reader:
    """Takes variables from an environment; every failure names the variable and the fix."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str | None) -> str:
        value = self.environ.get(PREFIX + name, "").strip() or default
        if value is None:
            raise SettingsError(
                f"{PREFIX}{name}: is not set; set it in the environment (docs/operations.md lists all)"
            )
        return value

    def parsed(self, name: str, parse: Callable[[str], Any], fix: str, default: str | None = None) -> Any:
        if default == "" and not self.environ.get(PREFIX + name, "").strip():
            return parse("")
        value = self.text(name, default)
        try:
            return parse(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}: {error}; {fix}") from None

    def whole(self, name: str, default: int) -> int:
        number: int = self.parsed(name, _whole, "give a whole number above 0", str(default))
        return number

    def rate(self, name: str, default: str) -> str:
        rate: str = self.parsed(name, _rate, "give a rate such as '10 per 5 minutes'", default)
        return rate

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise SettingsError(f"{PREFIX}{name}: {value!r} is unknown; use one of {', '.join(choices)}")
        return value


# The parsers never repeat a value that may hold a secret.
def _secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError(f"has {len(value)} characters")
    return value


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


def _site_url(value: str) -> str:
    parts = _split(value, ("http", "https"))
    if not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("must be a scheme and a host only")
    return f"{parts.scheme}://{parts.netloc}"


def _database_url(value: str) -> str:
    parts = _split(value, ("postgresql", "postgres", "postgresql+psycopg2"))
    if not parts.path.strip("/"):
        raise ValueError("names no database")
    # Plain postgresql:// would select psycopg 3 on SQLAlchemy 2.1.
    return f"postgresql+psycopg2{value[len(parts.scheme) :]}"


def _redis_url(value: str) -> str:
    parts = _split(value, ("redis", "rediss", "unix"))
    if parts.scheme == "unix" and (parts.netloc or not parts.path.startswith("/")):
        raise ValueError("must be unix:///path without user and password")
    return value


def _bind(value: str) -> str:
    if not BIND.fullmatch(value):
        raise ValueError(f"{value!r} is no address")
    return value


def _mail_from(value: str) -> str:
    if not MAIL_FROM.fullmatch(value):
        raise ValueError("is no address")
    return value


def _smtp_url(value: str) -> str:
    if not _split(value, ("smtp", "smtps", "smtp+starttls")).hostname:
        raise ValueError("names no host")
    return value


def _proxies(value: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(name if name == "unix" else str(ip_network(name)) for name in names)


def _optional_path(value: str) -> Path | None:
    return Path(value) if value else None


def _whole(value: str) -> int:
    number = int(value) if value.isdecimal() else 0
    if number <= 0:
        raise ValueError(f"{value!r} is no whole number above 0")
    return number


def _positive(value: str) -> float:
    number = float(value)
    if not 0 < number < 3600:
        raise ValueError(f"{value!r} is not between 0 and 3600")
    return number


def _rate(value: str) -> str:
    if not RATE.match(value):
        raise ValueError(f"{value!r} is no rate")
    return value
