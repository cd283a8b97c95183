from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from microblog.data.base import Base
from microblog.data.feeds import Feeds
from microblog.data.models import Account, Job, MediaFile, Status
from microblog.data.storage import DirectoryStorage
from microblog.services import blocks, media, mutes, reactions, relationships
from microblog.services.counters import recount_accounts, recount_statuses
from microblog.services.removal import remove_accounts
from tests.factories import make_account, make_follow, make_status
from tests.services.pictures import make_picture


def counters(session: Session, account_id: int) -> Any:
    statement = select(Account.statuses_count, Account.followers_count, Account.following_count)
    return session.execute(statement.where(Account.id == account_id)).one()


def rows_of(session: Session, account_id: int) -> dict[str, int]:
    """How many rows of each table name the account."""
    found = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            targets = {key.column.table.name for key in column.foreign_keys}
            if "accounts" in targets or (table.name, column.name) == ("accounts", "id"):
                count = select(func.count()).select_from(table).where(column == account_id)
                found[f"{table.name}.{column.name}"] = session.scalar(count) or 0
    return {name: count for name, count in found.items() if count}


def test_nothing_of_an_account_stays(session: Session, feeds: Feeds, tmp_path: Path) -> None:
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    asked = make_status(session, feeds, bob, "Who is there?")
    answer = make_status(session, feeds, ann, "Me, @bob #here", in_reply_to_id=asked)
    make_status(session, feeds, bob, "Hello @ann", in_reply_to_id=answer)
    make_follow(session, ann, "bob")
    make_follow(session, bob, "ann")
    blocks.block(session, account_id=make_account(session), target_id=ann)
    mutes.mute(session, account_id=ann, target_id=bob)
    relationships.set_note(session, account_id=bob, target_id=ann, comment="moves")
    reactions.favourite(session, account_id=ann, status_id=asked)
    picture = make_picture(size=(8, 8))
    storage = DirectoryStorage(tmp_path)
    media.store_avatar(session, storage, account_id=ann, data=picture, max_bytes=9_999, max_pixels=99)
    key = session.scalars(select(MediaFile.key)).one()
    assert counters(session, bob) == (2, 1, 1)

    remove_accounts(session, account_ids=[ann])

    assert rows_of(session, ann) == {}
    assert counters(session, bob) == (2, 0, 0)
    counted = select(Status.replies_count, Status.favourites_count).where(Status.id == asked)
    assert tuple(session.execute(counted).one()) == (0, 0)
    assert recount_accounts(session, after_id=0).mended == recount_statuses(session, after_id=0).mended == 0
    assert session.scalars(select(Status.account_id)).all() == [bob, bob]
    jobs = session.scalars(select(Job.arguments).where(Job.name == "media.delete_files")).all()
    assert jobs == [{"key": key}]
    media.delete_files(session, storage, key=key)
    assert not storage.exists(key, "original")
