"""Floor 0: every setting, read and typed once from the environment.

`load_settings` is the only reader of `MICROBLOG_*` variables. A missing or malformed one raises
`SettingsError`, so that a process stops at boot instead of failing later. docs/settings.md lists them all.
An unknown one doesn't: after a rollback the environment is still that of the newer release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from microblog import __version__
from microblog.environment import (
    PREFIX,
    Reader,
    SettingsError,
    parse_bind,
    parse_database_url,
    parse_mail_from,
    parse_media_urls,
    parse_optional_path,
    parse_optional_secret,
    parse_positive,
    parse_proxies,
    parse_redis_url,
    parse_secret,
    parse_site_url,
    parse_smtp_url,
)

ENVIRONMENTS = ("production", "development", "test")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a process. Sizes are bytes or pixels, times seconds unless the name says otherwise."""

    env: str
    secret_key: str = field(repr=False)
    base_url: str
    site_name: str
    database_url: str = field(repr=False)
    owner_database_url: str = field(repr=False)
    prepare_statements: bool
    broker_url: str = field(repr=False)
    cache_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    mail_from: str
    media_dir: Path | None
    media_urls: tuple[str, ...]
    log_format: str
    log_level: str
    release: str
    revision: str
    trusted_proxies: tuple[str, ...]
    web_bind: str
    web_workers: int
    web_threads: int
    metrics_bind: str
    metrics_dir: Path | None
    profile_key: str = field(repr=False)
    password_hasher: str
    argon2_time_cost: int
    argon2_memory_kib: int
    argon2_parallelism: int
    session_days: int
    feed_length: int
    feed_followers: int
    job_time_limit_seconds: int
    job_visibility_seconds: int
    job_handover_seconds: int
    job_max_attempts: int
    relay_poll_seconds: float
    upload_max_bytes: int
    upload_max_pixels: int
    rate_limit_log_in: str
    rate_limit_log_in_total: str
    rate_limit_sign_up: str
    rate_limit_post: str
    rate_limit_api: str
    rate_limit_app: str
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
        parts = urlsplit(self.broker_url)
        if parts.scheme != "unix":
            return self.broker_url
        return f"redis+socket://{parts.path}?virtual_host={parse_qs(parts.query).get('db', ['0'])[0]}"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises `SettingsError` with a line for each variable that is missing or malformed.
    """
    read = Reader(environ)
    env = read.choice("ENV", ENVIRONMENTS, "production")
    base_url = read.parsed(
        "BASE_URL", parse_site_url, "give the site's public address, such as https://example.org"
    )
    host = urlsplit(base_url or "").hostname
    default_from = f"Microblog <no-reply@{host}>" if env != "production" else None
    database_url = read.parsed(
        "DATABASE_URL", parse_database_url, "give postgresql://user:password@host:5432/name"
    )
    settings = Settings(
        env=env,
        secret_key=read.parsed("SECRET_KEY", parse_secret, "give at least 32 random characters"),
        base_url=base_url,
        site_name=read.text("SITE_NAME", "Microblog"),
        database_url=database_url,
        owner_database_url=read.parsed(
            "OWNER_DATABASE_URL",
            parse_database_url,
            "give postgresql://owner:password@host:5432/name",
            # That a database is missing is told once.
            database_url or "postgresql:///missing",
        ),
        prepare_statements=read.choice("PREPARE_STATEMENTS", ("on", "off"), "on") == "on",
        broker_url=read.parsed(
            "BROKER_URL", parse_redis_url, "give redis://host:6379/0 or unix:///path?db=0"
        ),
        cache_url=read.parsed("CACHE_URL", parse_redis_url, "give redis://host:6379/1 or unix:///path?db=1"),
        smtp_url=read.parsed(
            "SMTP_URL",
            parse_smtp_url,
            "give smtp://, smtps:// or smtp+starttls://host:port",
            "smtp://localhost:25",
        ),
        mail_from=read.parsed(
            "MAIL_FROM", parse_mail_from, "give one such as Microblog <no-reply@example.org>", default_from
        ),
        # The media hosts take the directory's place.
        media_dir=read.parsed(
            "MEDIA_DIR", parse_optional_path, "give a directory", "" if read.text("MEDIA_URLS", "") else None
        ),
        media_urls=read.parsed(
            "MEDIA_URLS", parse_media_urls, "give http://host:port, more of them between commas", ""
        ),
        log_format=read.choice(
            "LOG_FORMAT", ("json", "console"), "json" if env == "production" else "console"
        ),
        log_level=read.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
        release=read.text("RELEASE", __version__),
        revision=read.text("REVISION", ""),
        trusted_proxies=read.parsed(
            "TRUSTED_PROXIES",
            parse_proxies,
            "give networks such as 10.0.0.0/24, or the word unix, between commas",
            "",
        ),
        web_bind=read.parsed("WEB_BIND", parse_bind, "give host:port or unix:/path", "127.0.0.1:8000"),
        web_workers=read.whole("WEB_WORKERS", 2),
        web_threads=read.whole("WEB_THREADS", 4),
        metrics_bind=read.parsed("METRICS_BIND", parse_bind, "give host:port", "127.0.0.1:8002"),
        metrics_dir=read.parsed("METRICS_DIR", parse_optional_path, "give a directory", ""),
        profile_key=read.parsed(
            "PROFILE_KEY", parse_optional_secret, "give at least 32 random characters, or nothing", ""
        ),
        password_hasher=read.choice("PASSWORD_HASHER", ("argon2",), "argon2"),
        argon2_time_cost=read.whole("ARGON2_TIME_COST", 2),
        argon2_memory_kib=read.whole("ARGON2_MEMORY_KIB", 19_456),
        argon2_parallelism=read.whole("ARGON2_PARALLELISM", 1),
        session_days=read.whole("SESSION_DAYS", 30),
        feed_length=read.whole("FEED_LENGTH", 400),
        feed_followers=read.whole("FEED_FOLLOWERS", 25_000),
        job_time_limit_seconds=read.whole("JOB_TIME_LIMIT_SECONDS", 60),
        job_visibility_seconds=read.whole("JOB_VISIBILITY_SECONDS", 90),
        job_handover_seconds=read.whole("JOB_HANDOVER_SECONDS", 120),
        job_max_attempts=read.whole("JOB_MAX_ATTEMPTS", 3),
        relay_poll_seconds=read.parsed(
            "RELAY_POLL_SECONDS", parse_positive, "give seconds above 0, such as 0.2", "0.2"
        ),
        upload_max_bytes=read.whole("UPLOAD_MAX_BYTES", 5_000_000),
        upload_max_pixels=read.whole("UPLOAD_MAX_PIXELS", 25_000_000),
        rate_limit_log_in=read.rate("RATE_LIMIT_LOG_IN", "10 per 15 minutes"),
        rate_limit_log_in_total=read.rate("RATE_LIMIT_LOG_IN_TOTAL", "100 per hour"),
        rate_limit_sign_up=read.rate("RATE_LIMIT_SIGN_UP", "20 per hour"),
        rate_limit_post=read.rate("RATE_LIMIT_POST", "30 per 5 minutes"),
        rate_limit_api=read.rate("RATE_LIMIT_API", "300 per 5 minutes"),
        rate_limit_app=read.rate("RATE_LIMIT_APP", "30 per 10 minutes"),
        rate_limit_reset=read.rate("RATE_LIMIT_RESET", "5 per hour"),
    )
    problems = read.problems or _find_conflicts(settings)
    if problems:
        raise SettingsError(problems, is_lacking=read.is_lacking)
    return settings


def _find_conflicts(settings: Settings) -> list[str]:
    """Combinations that would break a promise."""
    limit = settings.job_time_limit_seconds
    if limit < settings.job_visibility_seconds:
        return []
    name, than = f"{PREFIX}JOB_VISIBILITY_SECONDS", f"{PREFIX}JOB_TIME_LIMIT_SECONDS ({limit})"
    return [f"{name}: must be above {than}, or a slow job would be delivered twice; raise it"]


def find_unknown(environ: Mapping[str, str]) -> list[str]:
    """Names that nobody reads: misspelt, or a newer release's."""
    known = {PREFIX + item.name.upper() for item in fields(Settings)}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
