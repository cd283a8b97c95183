"""A new password ends all that the former one began, also what had just verified it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from microblog.data.models import LogInSession, OneTimeToken, User
from microblog.data.session import Database
from microblog.domain.errors import InvalidCredentials, ValidationError
from microblog.services import accounts, credentials, sessions
from microblog.services.hashers import Argon2Hasher
from tests.factories import HASHER, PASSWORD, make_account

NEW_PASSWORD = "quite another long sentence"
Meanwhile = Callable[[Session], None]


class InterruptedHasher(Argon2Hasher):
    """Does something in a transaction of its own when a password was verified for the first time."""

    def __init__(self, database: Database, meanwhile: Meanwhile, *, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_kib=64, parallelism=1)
        self.database = database
        self.meanwhile: Meanwhile | None = meanwhile

    def verify(self, password_hash: str, password: str) -> bool:
        is_right = super().verify(password_hash, password)
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            with self.database.unit_of_work() as session:
                meanwhile(session)
        return is_right


def reset(session: Session) -> None:
    credentials.set_password(session, HASHER, username="ada", password=NEW_PASSWORD)


def suspend(session: Session) -> None:
    accounts.suspend_account(session, username="ada")


def hash_again(session: Session) -> None:
    session.execute(update(User).values(password_hash=HASHER.hash(PASSWORD)))


def log_in(session: Session, hasher: Argon2Hasher, password: str = PASSWORD) -> sessions.NewSession:
    return sessions.log_in(
        session, hasher, identifier="ada", password=password, user_agent="", lifetime_days=1
    )


@pytest.fixture
def account_id(database: Database) -> int:
    with database.unit_of_work() as session:
        return make_account(session, "ada")


def count(session: Session, model: type) -> int:
    return session.scalars(select(func.count()).select_from(model)).one()


@pytest.mark.parametrize("time_cost", [1, 2], ids=["same parameters", "to be hashed again"])
@pytest.mark.parametrize("meanwhile", [reset, suspend])
@pytest.mark.usefixtures("account_id")
def test_a_log_in_on_its_way_ends(database: Database, meanwhile: Meanwhile, time_cost: int) -> None:
    hasher = InterruptedHasher(database, meanwhile, time_cost=time_cost)
    with pytest.raises(InvalidCredentials), database.unit_of_work() as session:
        log_in(session, hasher)
    with database.unit_of_work() as session:
        assert count(session, LogInSession) == 0
        password = NEW_PASSWORD if meanwhile is reset else PASSWORD
        assert HASHER.verify(session.scalars(select(User.password_hash)).one(), password)


@pytest.mark.usefixtures("account_id")
def test_two_log_ins_at_once_may_both_hash_again(database: Database) -> None:
    with database.unit_of_work() as session:
        log_in(session, InterruptedHasher(database, hash_again, time_cost=2))
        assert count(session, LogInSession) == 1


@pytest.mark.usefixtures("account_id")
def test_the_password_stays_until_the_log_in_is_committed(database: Database) -> None:
    with database.unit_of_work() as session:
        log_in(session, HASHER)
        for table in ("users", "accounts"):
            with (
                pytest.raises(OperationalError, match="could not obtain lock"),
                database.unit_of_work() as other,
            ):
                other.execute(text(f"SELECT 1 FROM {table} FOR NO KEY UPDATE NOWAIT"))


def test_the_former_password_sets_no_other_one(database: Database, account_id: int) -> None:
    with pytest.raises(ValidationError) as caught, database.unit_of_work() as session:
        credentials.change_password(
            session,
            InterruptedHasher(database, reset),
            account_id=account_id,
            current_password=PASSWORD,
            new_password="the thief's own long sentence",
            keep_session_id=0,
        )
    assert set(caught.value.errors) == {"current_password"}
    with database.unit_of_work() as session:
        log_in(session, HASHER, NEW_PASSWORD)


def test_the_former_password_begins_no_change_of_address(database: Database, account_id: int) -> None:
    with pytest.raises(ValidationError), database.unit_of_work() as session:
        credentials.request_email_change(
            session,
            InterruptedHasher(database, reset),
            account_id=account_id,
            current_password=PASSWORD,
            email="evil@example.org",
        )
    with database.unit_of_work() as session:
        assert count(session, OneTimeToken) == 0
