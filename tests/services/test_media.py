from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.models import Account, Job, MediaFile
from microblog.data.storage import DirectoryStorage
from microblog.domain.errors import TooLarge, Unavailable, UnsupportedMedia
from microblog.services import accounts, media
from tests.factories import make_account
from tests.services.pictures import make_picture


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(tmp_path / "media")


@pytest.fixture
def ann(session: Session) -> int:
    return make_account(session, "ann")


def upload(session: Session, storage: DirectoryStorage, account_id: int, data: bytes | None = None) -> Any:
    """Store an avatar; its row."""
    media.store_avatar(
        session,
        storage,
        account_id=account_id,
        data=data or make_picture(),
        max_bytes=5_000_000,
        max_pixels=25_000_000,
    )
    return session.execute(select(MediaFile.__table__).order_by(MediaFile.id.desc())).first()


def jobs(session: Session, name: str) -> list[dict[str, Any]]:
    return list(session.scalars(select(Job.arguments).where(Job.name == name).order_by(Job.id)))


def avatar_key(session: Session, account_id: int) -> str | None:
    return session.scalar(select(Account.avatar_key).where(Account.id == account_id))


def state(session: Session, media_id: int) -> str | None:
    return session.scalar(select(MediaFile.state).where(MediaFile.id == media_id))


def test_an_upload_waits_for_a_worker(session: Session, storage: DirectoryStorage, ann: int) -> None:
    data = make_picture("image/jpeg")
    row = upload(session, storage, ann, data)
    assert (row.account_id, row.kind, row.state, row.mime_type) == (ann, "avatar", "pending", "image/jpeg")
    assert (row.byte_size, row.width, row.height) == (len(data), 640, 480)
    assert storage.read(row.key, "original") == data
    assert jobs(session, "media.process_avatar") == [{"media_id": row.id}]
    assert avatar_key(session, ann) is None


def test_keys_can_not_be_guessed(session: Session, storage: DirectoryStorage, ann: int) -> None:
    keys = {upload(session, storage, ann).key for _ in range(5)}
    assert len(keys) == 5
    assert min(len(key) for key in keys) >= 24


def test_what_is_no_picture_leaves_nothing(session: Session, storage: DirectoryStorage, ann: int) -> None:
    with pytest.raises(UnsupportedMedia):
        upload(session, storage, ann, b"<svg/>")
    with pytest.raises(TooLarge):
        upload(session, storage, ann, b"x" * 5_000_001)
    assert session.scalars(select(MediaFile.id)).all() == []
    assert jobs(session, "media.process_avatar") == []


def test_a_processed_avatar_is_shown(session: Session, storage: DirectoryStorage, ann: int) -> None:
    row = upload(session, storage, ann)
    for _ in range(2):
        media.process_avatar(session, storage, media_id=row.id)
    assert avatar_key(session, ann) == row.key
    assert state(session, row.id) == "ready"
    assert storage.exists(row.key, "96.webp")
    assert storage.exists(row.key, "400.webp")
    assert not storage.exists(row.key, "original")
    assert jobs(session, "media.delete_files") == []


def test_the_former_avatar_goes(session: Session, storage: DirectoryStorage, ann: int) -> None:
    former = upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=former.id)
    new = upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=new.id)
    assert avatar_key(session, ann) == new.key
    assert state(session, former.id) == "discarded"
    assert jobs(session, "media.delete_files") == [{"key": former.key}]
    media.delete_files(session, storage, key=former.key)
    media.delete_files(session, storage, key=former.key)
    assert not storage.exists(former.key, "96.webp")
    assert state(session, former.id) is None
    assert storage.exists(new.key, "96.webp")


def test_of_two_uploads_the_later_one_wins_in_any_order(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    first, second = upload(session, storage, ann), upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=second.id)
    media.process_avatar(session, storage, media_id=first.id)
    assert avatar_key(session, ann) == second.key
    assert state(session, first.id) == "discarded"


def test_an_upload_overtaken_by_another_one_is_discarded(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    first, second = upload(session, storage, ann), upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=first.id)
    assert state(session, first.id) == "discarded"
    assert avatar_key(session, ann) is None
    assert jobs(session, "media.delete_files") == [{"key": first.key}]
    media.process_avatar(session, storage, media_id=second.id)
    assert avatar_key(session, ann) == second.key


def test_a_picture_that_turns_out_broken_is_discarded(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    good = upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=good.id)
    whole = make_picture("image/jpeg")
    broken = upload(session, storage, ann, whole[: len(whole) // 2])
    media.process_avatar(session, storage, media_id=broken.id)
    assert state(session, broken.id) == "discarded"
    assert avatar_key(session, ann) == good.key
    assert jobs(session, "media.delete_files") == [{"key": broken.key}]


def test_a_run_whose_commit_failed_is_finished_by_the_next(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    row = upload(session, storage, ann)
    savepoint = session.begin_nested()
    media.process_avatar(session, storage, media_id=row.id)
    savepoint.rollback()
    assert state(session, row.id) == "pending"
    media.process_avatar(session, storage, media_id=row.id)
    assert avatar_key(session, ann) == row.key


def test_a_picture_whose_file_is_lost_is_discarded(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    row = upload(session, storage, ann)
    storage.delete(row.key)
    media.process_avatar(session, storage, media_id=row.id)
    assert state(session, row.id) == "discarded"


def test_removing_an_avatar_takes_those_that_wait_too(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    shown = upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=shown.id)
    waiting = upload(session, storage, ann)
    media.remove_avatar(session, account_id=ann)
    media.process_avatar(session, storage, media_id=waiting.id)
    assert avatar_key(session, ann) is None
    assert {job["key"] for job in jobs(session, "media.delete_files")} == {shown.key, waiting.key}


def test_files_of_a_picture_in_use_are_never_deleted(
    session: Session, storage: DirectoryStorage, ann: int
) -> None:
    row = upload(session, storage, ann)
    session.execute(update(MediaFile).values(state="ready"))
    media.delete_files(session, storage, key=row.key)
    assert state(session, row.id) == "ready"
    assert storage.exists(row.key, "original")


def test_a_store_that_cannot_be_written_is_away(session: Session, tmp_path: Path, ann: int) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with pytest.raises(Unavailable):
        upload(session, DirectoryStorage(tmp_path / "media"), ann)


@pytest.fixture
def shown(session: Session, storage: DirectoryStorage, ann: int) -> str:
    """The key of an avatar that everybody sees."""
    row = upload(session, storage, ann)
    media.process_avatar(session, storage, media_id=row.id)
    return str(row.key)


def test_a_suspended_person_s_avatar_is_gone_from_where_it_was(
    session: Session, storage: DirectoryStorage, ann: int, shown: str
) -> None:
    picture = storage.read(shown, "96.webp")
    accounts.suspend_account(session, username="ann")
    assert jobs(session, "media.conceal_avatar") == [{"account_id": ann}]
    media.conceal_avatar(session, storage, account_id=ann)
    assert jobs(session, "media.delete_files")[-1] == {"key": shown}
    media.delete_files(session, storage, key=shown)
    assert not storage.exists(shown, "96.webp")
    accounts.unsuspend_account(session, username="ann")
    key = avatar_key(session, ann)
    assert key is not None
    assert key != shown
    assert storage.read(key, "96.webp") == picture
    assert storage.exists(key, "400.webp")
    # It is a picture in use as before, which nothing tidies up.
    assert session.scalars(select(MediaFile.key).where(MediaFile.state == "ready")).all() == [key]


def test_a_suspension_that_was_taken_back_conceals_nothing(
    session: Session, storage: DirectoryStorage, ann: int, shown: str
) -> None:
    media.conceal_avatar(session, storage, account_id=ann)
    assert avatar_key(session, ann) == shown
    assert storage.exists(shown, "96.webp")


def test_a_lost_size_does_not_keep_the_other_in_sight(
    session: Session, storage: DirectoryStorage, ann: int, shown: str
) -> None:
    storage.delete_file(shown, "400.webp")
    accounts.suspend_account(session, username="ann")
    media.conceal_avatar(session, storage, account_id=ann)
    media.delete_files(session, storage, key=shown)
    assert not storage.exists(shown, "96.webp")


def test_a_suspended_person_without_an_avatar(session: Session, storage: DirectoryStorage, ann: int) -> None:
    accounts.suspend_account(session, username="ann")
    media.conceal_avatar(session, storage, account_id=ann)
    assert avatar_key(session, ann) is None


def header_key(session: Session, account_id: int) -> str | None:
    return session.scalar(select(Account.header_key).where(Account.id == account_id))


def upload_header(session: Session, storage: DirectoryStorage, account_id: int) -> Any:
    """Store a header picture and make its sizes; its row."""
    limits = {"max_bytes": 5_000_000, "max_pixels": 25_000_000}
    media.store_header(session, storage, account_id=account_id, data=make_picture(), **limits)
    row = session.execute(select(MediaFile.__table__).order_by(MediaFile.id.desc())).first()
    assert row is not None
    assert jobs(session, "media.process_header")[-1] == {"media_id": row.id}
    media.process_header(session, storage, media_id=row.id)
    return row


def test_header_and_avatar_are_two_pictures(
    session: Session, storage: DirectoryStorage, ann: int, shown: str
) -> None:
    former, row = (upload_header(session, storage, ann) for _ in range(2))
    assert (row.kind, state(session, row.id)) == ("header", "ready")
    assert (avatar_key(session, ann), header_key(session, ann)) == (shown, row.key)
    for name in ("600.webp", "1500.webp"):
        assert storage.exists(row.key, name)
    assert not storage.exists(row.key, "original")
    assert jobs(session, "media.delete_files") == [{"key": former.key}]
    media.remove_header(session, account_id=ann)
    assert (avatar_key(session, ann), header_key(session, ann)) == (shown, None)
    assert jobs(session, "media.delete_files")[-1] == {"key": row.key}
    assert state(session, row.id) == "discarded"


def test_a_suspended_person_s_header_moves_like_the_avatar(
    session: Session, storage: DirectoryStorage, ann: int, shown: str
) -> None:
    row = upload_header(session, storage, ann)
    accounts.suspend_account(session, username="ann")
    assert jobs(session, "media.conceal_header") == [{"account_id": ann}]
    media.conceal_header(session, storage, account_id=ann)
    assert jobs(session, "media.delete_files") == [{"key": row.key}]
    key = header_key(session, ann)
    assert key not in (None, row.key)
    assert storage.exists(str(key), "1500.webp")
    assert avatar_key(session, ann) == shown
