import pytest

from microblog.cli.config import hide_passwords
from tests.cli.conftest import Run


def test_all_settings_are_shown_and_secrets_are_hidden(run: Run) -> None:
    result = run(
        "config",
        "check",
        changes={
            "MICROBLOG_SECRET_KEY": "s3cret" * 10,
            "MICROBLOG_DATABASE_URL": "postgresql://app:hunter2hunter2@db1:5432/site",
            "MICROBLOG_OWNER_DATABASE_URL": "postgresql://owner:hunter2hunter2@db1/site?sslmode=require",
            "MICROBLOG_BROKER_URL": "redis://:hunter2hunter2@redis1:6379/0",
            "MICROBLOG_CACHE_URL": "rediss://cache:hunter2hunter2@redis1:6379/1",
            "MICROBLOG_SMTP_URL": "smtps://mailer:hunter2hunter2@mail:465",
            "MICROBLOG_TRUSTED_PROXIES": "10.0.0.0/24,unix",
        },
    )

    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert "s3cret" not in result.output
    lines = result.stdout.splitlines()
    assert "MICROBLOG_SECRET_KEY=(hidden, 60 characters)" in lines
    assert "MICROBLOG_DATABASE_URL=postgresql+psycopg2://app:***@db1:5432/site" in lines
    assert "MICROBLOG_OWNER_DATABASE_URL=postgresql+psycopg2://owner:***@db1/site?sslmode=require" in lines
    assert "MICROBLOG_BROKER_URL=redis://:***@redis1:6379/0" in lines
    assert "MICROBLOG_CACHE_URL=rediss://cache:***@redis1:6379/1" in lines
    assert "MICROBLOG_SMTP_URL=smtps://mailer:***@mail:465" in lines
    assert "MICROBLOG_TRUSTED_PROXIES=10.0.0.0/24,unix" in lines
    assert "MICROBLOG_METRICS_DIR=" in lines
    assert "MICROBLOG_WEB_WORKERS=2" in lines


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p/q@r@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u@/d?host=/run&password=p", "postgresql://u@/d?host=/run&password=***"),
        ("redis://h/0?Password=p&db=1", "redis://h/0?Password=***&db=1"),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock?db=0"),
        ("Microblog <no-reply@example.org>", "Microblog <no-reply@example.org>"),
    ],
)
def test_passwords_in_urls_are_hidden(url: str, shown: str) -> None:
    assert hide_passwords(url) == shown


def test_each_problem_is_a_line_and_the_way_to_an_environment_another(run: Run) -> None:
    result = run(
        "config", "check", changes={"MICROBLOG_SECRET_KEY": None, "MICROBLOG_CACHE_URL": "amqp://u:hunter2@h"}
    )

    assert result.exit_code == 2
    first, second, hint = result.stderr.splitlines()
    assert first.startswith("microblog: MICROBLOG_SECRET_KEY: is not set; ")
    assert second.startswith("microblog: MICROBLOG_CACHE_URL: starts with 'amqp'")
    assert hint == "microblog: in a checkout, `make run` writes them: set -a; . var/environment; set +a"
    assert "hunter2" not in result.output


def test_a_misspelt_setting_is_named(run: Run) -> None:
    result = run("config", "check", changes={"MICROBLOG_WEB_WORKER": "4"})

    assert result.exit_code == 2
    assert "MICROBLOG_WEB_WORKER: no such setting" in result.stderr
    assert "in a checkout" not in result.stderr


def test_all_that_is_wrong_is_told_at_once(run: Run) -> None:
    result = run("config", "check", changes={"MICROBLOG_WEB_WORKER": "4", "MICROBLOG_WEB_WORKERS": "no"})

    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("microblog: MICROBLOG_WEB_WORKERS: 'no' is no whole number")
    assert second.startswith("microblog: MICROBLOG_WEB_WORKER: no such setting")


def test_a_newer_release_s_setting_can_be_allowed(run: Run) -> None:
    result = run("config", "check", "--allow-unknown", changes={"MICROBLOG_NEWER": "s3cret"})

    assert result.exit_code == 0
    assert result.stderr == "microblog: MICROBLOG_NEWER: unknown to this release, left alone\n"
    assert "MICROBLOG_WEB_WORKERS=" in result.stdout
    assert "s3cret" not in result.output
