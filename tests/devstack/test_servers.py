"""The servers that the fixtures start, and what each test finds there."""

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from devstack import postgres
from microblog.data.session import Database
from tests.addresses import DatabaseUrls


def test_the_application_role_reads_and_writes_but_changes_no_schema(session: Session) -> None:
    assert session.scalar(text("SELECT current_user")) == postgres.APP_ROLE
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("CREATE TABLE mine (id int)"))


def test_text_sorts_and_compares_by_code_point_whatever_the_machines_locale(session: Session) -> None:
    assert session.scalar(text("SELECT current_setting('server_encoding')")) == "UTF8"
    assert session.scalars(
        text("SELECT x FROM (VALUES ('b'), ('B'), ('ä'), ('a')) t(x) ORDER BY x")
    ).all() == [
        "B",
        "a",
        "b",
        "ä",
    ]
    assert session.scalar(text("SELECT lower('ÄÖÜ')")) == "äöü"


def test_what_a_test_commits_is_gone_for_the_next(database: Database, database_urls: DatabaseUrls) -> None:
    with database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM accounts")) == 0
    assert database_urls.app != database_urls.owner


def test_redis_is_empty_for_each_test(redis_client: redis.Redis) -> None:
    assert redis_client.keys() == []
    redis_client.set("left", "over")
