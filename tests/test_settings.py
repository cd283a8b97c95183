import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from limits import parse

from microblog import __version__
from microblog.environment import PREFIX, SettingsError
from microblog.settings import Settings, find_unknown, load_settings

MINIMAL = {
    "MICROBLOG_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "MICROBLOG_BASE_URL": "https://example.org",
    "MICROBLOG_DATABASE_URL": "postgresql://app:pw@db1/microblog",
    "MICROBLOG_BROKER_URL": "redis://redis1:6379/0",
    "MICROBLOG_CACHE_URL": "redis://redis1:6379/1",
    "MICROBLOG_MEDIA_DIR": "/var/lib/microblog/media",
    "MICROBLOG_MAIL_FROM": "Microblog <no-reply@example.org>",
}


def load(**changes: str) -> Settings:
    return load_settings({**MINIMAL, **{PREFIX + name: value for name, value in changes.items()}})


def test_defaults() -> None:
    settings = load()

    assert settings.env == "production"
    assert settings.site_name == "Microblog"
    assert settings.owner_database_url == settings.database_url
    assert settings.smtp_url == "smtp://localhost:25"
    assert settings.media_dir == Path("/var/lib/microblog/media")
    assert (settings.log_format, settings.log_level) == ("json", "INFO")
    assert settings.release == __version__
    assert settings.trusted_proxies == ()
    assert (settings.web_bind, settings.web_workers, settings.web_threads) == ("127.0.0.1:8000", 2, 4)
    assert (settings.metrics_bind, settings.metrics_dir) == ("127.0.0.1:8002", None)
    assert (settings.argon2_time_cost, settings.argon2_memory_kib, settings.argon2_parallelism) == (
        2,
        19_456,
        1,
    )
    assert (settings.session_days, settings.feed_length) == (30, 400)
    assert settings.relay_poll_seconds == 0.2


def test_other_variables_are_nobody_s_business() -> None:
    assert load_settings({**MINIMAL, "HOME": "/", "MICROBLOGGER": "x"}) == load()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        load().env = "test"  # type: ignore[misc]


def test_no_secret_shows_in_a_traceback() -> None:
    shown = repr(load(DATABASE_URL="postgresql://app:hunter2@db1/x", SMTP_URL="smtp://u:hunter2@mail"))

    assert "hunter2" not in shown
    assert MINIMAL["MICROBLOG_SECRET_KEY"] not in shown


@pytest.mark.parametrize("name", sorted(MINIMAL))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_setting_is_named(name: str, value: str | None) -> None:
    environ = {key: one for key, one in MINIMAL.items() if key != name}
    if value is not None:
        environ[name] = value

    with pytest.raises(SettingsError, match=rf"^{name}: is not set; set it"):
        load_settings(environ)


def test_all_that_is_wrong_is_told_at_once() -> None:
    environ = MINIMAL | {"MICROBLOG_WEB_WORKERS": "no", "MICROBLOG_LOG_LEVEL": "LOUD"}
    del environ["MICROBLOG_BASE_URL"], environ["MICROBLOG_DATABASE_URL"]

    with pytest.raises(SettingsError) as caught:
        load_settings(environ)

    assert [problem.partition(":")[0].removeprefix(PREFIX) for problem in caught.value.problems] == [
        "BASE_URL",
        "DATABASE_URL",
        "LOG_LEVEL",
        "WEB_WORKERS",
    ]
    assert caught.value.is_lacking


def test_nothing_at_all_names_what_is_required() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({})

    assert {problem.partition(":")[0] for problem in caught.value.problems} == set(MINIMAL)


def test_development_needs_no_sender() -> None:
    environ = {key: one for key, one in MINIMAL.items() if key != "MICROBLOG_MAIL_FROM"}
    environ["MICROBLOG_ENV"] = "development"

    settings = load_settings(environ)

    assert settings.mail_from == "Microblog <no-reply@example.org>"
    assert settings.log_format == "console"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "staging"), ("SECRET_KEY", "short"), ("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"),
        ("PREPARE_STATEMENTS", "maybe"),
        ("BASE_URL", "example.org"), ("BASE_URL", "ftp://example.org"), ("BASE_URL", "https://example.org/blog"),
        ("BASE_URL", "https://"), ("BASE_URL", "https://example.org?x"), ("BASE_URL", "https://example.org:x"),
        ("DATABASE_URL", "mysql://u:hunter2@h/d"), ("DATABASE_URL", "postgresql+psycopg://u:hunter2@h/d"),
        ("DATABASE_URL", "postgresql://u:hunter2@h"), ("DATABASE_URL", "postgresql://u:hun/ter2@h/d"),
        ("DATABASE_URL", "postgresql://u:hunter2#x@h/d"), ("DATABASE_URL", "postgresql://u:hunter2?x@h/d"),
        ("DATABASE_URL", "postgresql://u:123/hunter2@h/d"),
        ("DATABASE_URL", "postgresql://u:hunter2[@h/d"), ("DATABASE_URL", "postgresql://u:hunter2℀@h/d"),
        ("OWNER_DATABASE_URL", "nonsense"), ("BROKER_URL", "amqp://u:hunter2@h"), ("BROKER_URL", "redis://h:99999"),
        ("CACHE_URL", "unix:relative"), ("CACHE_URL", "unix://u:hunter2@/run/redis.sock"),
        ("SMTP_URL", "mail.example.org"), ("SMTP_URL", "smtp://"), ("SMTP_URL", "smtp://u:hunter2@h:smtp"),
        ("MAIL_FROM", "Microblog"), ("MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("MAIL_FROM", "<a@b> <c@d>"),
        ("MEDIA_URLS", ","), ("MEDIA_URLS", "worker1:8003"), ("MEDIA_URLS", "ftp://worker1"),
        ("MEDIA_URLS", "http://worker1,http://worker2/media"), ("MEDIA_URLS", "http://u:hunter2@worker1"),
        ("MEDIA_URLS", "http://worker1,http://worker1/"),
        ("WEB_BIND", "8000"), ("WEB_BIND", "unix:"), ("WEB_BIND", "localhost:http"),
        ("METRICS_BIND", "127.0.0.1"),
        ("WEB_WORKERS", "0"), ("WEB_WORKERS", "-1"), ("WEB_WORKERS", "1.5"), ("WEB_WORKERS", "two"),
        ("WEB_WORKERS", "9" * 5_000), ("RELAY_POLL_SECONDS", "0"), ("RELAY_POLL_SECONDS", "nan"),
        ("RELAY_POLL_SECONDS", "soon"), ("TRUSTED_PROXIES", "10.0.0.1/8"), ("TRUSTED_PROXIES", "edge"),
        ("PASSWORD_HASHER", "md5"), ("RATE_LIMIT_LOG_IN", "10"), ("RATE_LIMIT_POST", "0 per hour"),
        ("JOB_VISIBILITY_SECONDS", "60"),
    ],
)  # fmt: skip
def test_a_malformed_setting_is_one_line_that_names_it_and_hides_its_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{name: value})

    message = str(caught.value)
    assert message.startswith(f"MICROBLOG_{name}: ")
    assert "\n" not in message
    assert not re.search("hunter2|hun|ter2", message)


def test_a_setting_that_nobody_reads_stops_nothing() -> None:
    assert load(WEB_THREAD="4") == load()


def test_what_nobody_reads_is_found() -> None:
    environ = MINIMAL | {
        "MICROBLOG_WEB_THREAD": "4",
        "MICROBLOG_NEWER": "x",
        "HOME": "/",
        "MICROBLOGGER": "x",
    }

    assert find_unknown(environ) == ["MICROBLOG_NEWER", "MICROBLOG_WEB_THREAD"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_the_driver_is_always_named(scheme: str) -> None:
    settings = load(DATABASE_URL=f"{scheme}://app:p%2Fw@db1:5432/site?sslmode=require")

    assert settings.database_url == "postgresql+psycopg2://app:p%2Fw@db1:5432/site?sslmode=require"


def test_a_database_on_a_unix_socket() -> None:
    url = "postgresql+psycopg2://app@/site?host=/run/postgresql"

    assert load(DATABASE_URL=url).database_url == url


def test_the_brokers_url_in_kombus_spelling() -> None:
    socket, tcp = load(BROKER_URL="unix:///run/r.sock?db=3"), load()

    assert socket.celery_broker_url == "redis+socket:///run/r.sock?virtual_host=3"
    assert tcp.celery_broker_url == "redis://redis1:6379/0"


@pytest.mark.parametrize(
    ("given", "kept", "host", "is_secure"),
    [
        ("https://example.org/", "https://example.org", "example.org", True),
        ("http://localhost:8000", "http://localhost:8000", "localhost:8000", False),
    ],
)
def test_the_public_address(given: str, kept: str, host: str, is_secure: bool) -> None:
    settings = load(BASE_URL=given)

    assert (settings.base_url, settings.host, settings.is_secure) == (kept, host, is_secure)


def test_proxies() -> None:
    assert load(TRUSTED_PROXIES=" 10.0.0.0/24, unix,::1 ,").trusted_proxies == (
        "10.0.0.0/24",
        "unix",
        "::1/128",
    )


def test_media_hosts_take_the_directory_s_place() -> None:
    environ = {name: value for name, value in MINIMAL.items() if name != "MICROBLOG_MEDIA_DIR"}
    settings = load_settings(
        environ | {"MICROBLOG_MEDIA_URLS": " http://10.0.0.1:8003/, https://worker2.example.org "}
    )
    assert settings.media_urls == ("http://10.0.0.1:8003", "https://worker2.example.org")
    assert settings.media_dir is None
    assert load().media_urls == ()


@pytest.mark.parametrize("bind", ["unix:/run/web.sock", "0.0.0.0:80", "localhost:8000", "[::1]:8000"])
def test_addresses_to_listen_on(bind: str) -> None:
    assert load(WEB_BIND=bind).web_bind == bind


@pytest.mark.parametrize(
    "sender", ["no-reply@example.org", "Bob & Co <bob@example.org>", "<bob@example.org>"]
)
def test_senders(sender: str) -> None:
    assert load(MAIL_FROM=sender).mail_from == sender


@pytest.mark.parametrize("rate", ["10 per 5 minutes", "1 per hour", "3 per 2 days", "100 per second"])
def test_rates_are_those_that_the_limiter_reads(rate: str) -> None:
    assert parse(load(RATE_LIMIT_RESET=rate).rate_limit_reset).amount > 0


def test_every_field_can_be_set_by_its_variable() -> None:
    values = {
        "OWNER_DATABASE_URL": "postgresql://owner@db1/site", "METRICS_DIR": "/run/metrics",
        "RELEASE": "2026.11",
        "REVISION": "0f3c",
        "SESSION_DAYS": "7", "FEED_LENGTH": "10", "JOB_TIME_LIMIT_SECONDS": "5", "JOB_HANDOVER_SECONDS": "9",
        "JOB_MAX_ATTEMPTS": "4", "UPLOAD_MAX_BYTES": "1", "UPLOAD_MAX_PIXELS": "2", "LOG_LEVEL": "DEBUG",
    }  # fmt: skip
    settings = load(**values)

    for name, value in values.items():
        assert str(getattr(settings, name.lower())).removeprefix("postgresql+psycopg2") == value.removeprefix(
            "postgresql"
        )
    assert {item.name for item in fields(Settings)} >= {name.lower() for name in values}


def test_the_document_lists_every_setting() -> None:
    text = (Path(__file__).parents[1] / "docs/settings.md").read_text()
    listed = re.findall(r"^\| `(MICROBLOG_\w+)` \|", text, re.MULTILINE)
    assert listed == [PREFIX + item.name.upper() for item in fields(Settings)]
