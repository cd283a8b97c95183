from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from microblog.data.models import (
    Account,
    Application,
    AuthorizationCode,
    IdempotencyKey,
    Job,
    LogInSession,
    MediaFile,
    Mute,
    OneTimeToken,
    RateLimitWindow,
    User,
)
from microblog.data.storage import DirectoryStorage
from microblog.jobs import names
from microblog.jobs.outbox import enqueue
from microblog.services import housekeeping, media, mutes
from microblog.services.applications import register_application
from microblog.services.housekeeping import purge_expired
from microblog.services.tokens import issue_token
from tests.factories import make_account, make_follow
from tests.services.pictures import make_picture

NOW = datetime.now(UTC)
PAST, FUTURE = NOW - timedelta(minutes=1), NOW + timedelta(days=1)


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(tmp_path / "media")


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def add_expiring(session: Session, account_id: int, number: int, expires_at: datetime) -> None:
    session.add(
        LogInSession(account_id=account_id, token_hash=number.to_bytes(32, "big"), expires_at=expires_at)
    )
    session.add(
        OneTimeToken(
            account_id=account_id, purpose="confirm_email", email="a@b.example", expires_at=expires_at
        )
    )
    session.add(RateLimitWindow(key=f"key{number}", expires_at=expires_at, uses=1))
    session.flush()


def add_application(session: Session, owner_id: int | None = None) -> int:
    new = register_application(
        session, name="A client", redirect_uris="app://", is_secure=True, owner_id=owner_id
    )
    return int(new.row.id)


def add_code(
    session: Session, application_id: int, account_id: int, number: int, expires_at: datetime
) -> int:
    code = AuthorizationCode(
        code_hash=number.to_bytes(32, "big"),
        application_id=application_id,
        account_id=account_id,
        redirect_uri="app://",
        scopes=["read"],
        expires_at=expires_at,
    )
    session.add(code)
    session.flush()
    return code.id


def test_what_has_expired_goes_and_the_rest_stays(session: Session, storage: DirectoryStorage) -> None:
    account_id = make_account(session)
    add_expiring(session, account_id, 1, PAST)
    add_expiring(session, account_id, 2, FUTURE)
    counts = purge_expired(session, storage)
    assert counts == {
        "sessions": 1,
        "one_time_tokens": 1,
        "rate_limits": 1,
        "oauth_codes": 0,
        "oauth_applications": 0,
        "idempotency_keys": 0,
        "mutes": 0,
        "jobs": 0,
        "media": 0,
        "accounts": 0,
    }
    for model in (LogInSession, OneTimeToken, RateLimitWindow):
        assert session.scalars(select(model.expires_at)).all() == [FUTURE]
    assert purge_expired(session, storage)["sessions"] == 0


def test_mutes_whose_time_is_up_go(session: Session, storage: DirectoryStorage) -> None:
    ann, bob, cy, dan = (make_account(session) for _ in range(4))
    for target_id, duration in ((bob, 0), (cy, 60), (dan, 3_600)):
        mutes.mute(session, account_id=ann, target_id=target_id, duration=duration)
    session.execute(update(Mute).where(Mute.target_account_id == cy).values(expires_at=PAST))
    assert purge_expired(session, storage)["mutes"] == 1
    assert set(session.scalars(select(Mute.target_account_id))) == {bob, dan}


def test_codes_go_when_they_expire_unless_their_token_lives(
    session: Session, storage: DirectoryStorage
) -> None:
    ann = make_account(session)
    application_id = add_application(session)
    ids = [
        add_code(session, application_id, ann, number, expires_at)
        for number, expires_at in enumerate((PAST, PAST, FUTURE))
    ]
    issue_token(session, application_id=application_id, account_id=ann, scopes=["read"], code_id=ids[0])
    assert purge_expired(session, storage)["oauth_codes"] == 1
    assert set(session.scalars(select(AuthorizationCode.id))) == {ids[0], ids[2]}


def test_applications_that_nobody_uses_go_after_a_day(session: Session, storage: DirectoryStorage) -> None:
    ann = make_account(session)
    abandoned, asked, used, own, fresh = (
        add_application(session, owner_id=owner_id) for owner_id in (None, None, None, ann, None)
    )
    old = NOW - timedelta(days=1, minutes=1)
    session.execute(update(Application).where(Application.id != fresh).values(created_at=old))
    add_code(session, asked, ann, 1, FUTURE)
    issue_token(session, application_id=used, account_id=None, scopes=["read"])
    assert purge_expired(session, storage)["oauth_applications"] == 1
    assert abandoned not in session.scalars(select(Application.id)).all()
    assert set(session.scalars(select(Application.id))) == {asked, used, own, fresh}


def test_idempotency_keys_last_an_hour(session: Session, storage: DirectoryStorage) -> None:
    ann = make_account(session)
    # NOW was when the run began: far enough from the hour for a long one.
    for number, minutes in ((1, 61), (2, 20)):
        created_at = NOW - timedelta(minutes=minutes)
        key_hash = number.to_bytes(32, "big")
        session.add(IdempotencyKey(account_id=ann, key_hash=key_hash, created_at=created_at))
    session.flush()
    assert purge_expired(session, storage)["idempotency_keys"] == 1
    assert session.scalars(select(IdempotencyKey.key_hash)).all() == [(2).to_bytes(32, "big")]


def test_done_jobs_stay_a_week(session: Session, storage: DirectoryStorage) -> None:
    for status_id in range(3):
        enqueue(session, names.FAN_OUT, status_id=status_id)
    old, young, _waiting = session.scalars(select(Job.id).order_by(Job.id))
    week = timedelta(days=7)
    session.execute(update(Job).where(Job.id == old).values(state="done", finished_at=NOW - week))
    session.execute(
        update(Job).where(Job.id == young).values(state="done", finished_at=NOW - week + timedelta(hours=1))
    )
    assert purge_expired(session, storage)["jobs"] == 1
    assert old not in session.scalars(select(Job.id)).all()
    assert count(session, Job) == 2


def test_batches_are_bounded(
    session: Session, storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "BATCHES", 3)
    account_id = make_account(session)
    for number in range(7):
        add_expiring(session, account_id, number, PAST)
    assert purge_expired(session, storage)["sessions"] == 6
    assert purge_expired(session, storage)["sessions"] == 1


def upload(session: Session, storage: DirectoryStorage, account_id: int) -> Any:
    media.store_avatar(
        session,
        storage,
        account_id=account_id,
        data=make_picture(size=(8, 8)),
        max_bytes=10_000,
        max_pixels=10_000,
    )
    return session.execute(select(MediaFile.__table__).order_by(MediaFile.id.desc())).first()


def age(session: Session, media_id: int, **values: Any) -> None:
    session.execute(
        update(MediaFile)
        .where(MediaFile.id == media_id)
        .values(created_at=NOW - timedelta(days=1, hours=1), **values)
    )


def test_uploads_that_came_to_nothing_go_after_a_day(session: Session, storage: DirectoryStorage) -> None:
    ann = make_account(session)
    stuck, discarded, shown, fresh = (upload(session, storage, ann) for _ in range(4))
    age(session, stuck.id)
    age(session, discarded.id, state="discarded")
    age(session, shown.id, state="ready")
    assert purge_expired(session, storage)["media"] == 2
    kept = {row.key for row in (shown, fresh)}
    assert set(session.scalars(select(MediaFile.key))) == kept
    for row in (stuck, discarded, shown, fresh):
        assert storage.exists(row.key, "original") == (row.key in kept)


def test_accounts_that_nobody_confirmed_go_after_a_week(session: Session, storage: DirectoryStorage) -> None:
    bob = make_account(session, "bob")
    ann = make_account(session, "ann", is_confirmed=False)
    make_account(session, "cy", is_confirmed=False)
    make_follow(session, ann, "bob")
    row = upload(session, storage, ann)
    session.execute(
        update(User).where(User.account_id.in_([ann, bob])).values(created_at=NOW - timedelta(days=8))
    )
    assert purge_expired(session, storage)["accounts"] == 1
    assert set(session.scalars(select(Account.username))) == {"bob", "cy"}
    assert session.scalar(select(Account.followers_count).where(Account.id == bob)) == 0
    arguments = session.scalars(select(Job.arguments).where(Job.name == "media.delete_files")).all()
    assert arguments == [{"key": row.key}]
