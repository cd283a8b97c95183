"""Rows of uploaded pictures."""

from collections.abc import Collection

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import Account, MediaFile

# What a row that remembers another one's former key takes over from it.
SHARED_COLUMNS = ("account_id", "kind", "mime_type", "byte_size", "width", "height")
# Where an account says which picture of a kind it shows.
SHOWN_KEYS = {"avatar": Account.avatar_key, "header": Account.header_key}


def insert_media(
    session: Session,
    *,
    account_id: int,
    kind: str,
    key: str,
    mime_type: str,
    byte_size: int,
    width: int,
    height: int,
) -> int:
    """Add a pending picture; its id. Sizes are bytes and pixels."""
    statement = insert(MediaFile).values(
        account_id=account_id,
        kind=kind,
        key=key,
        mime_type=mime_type,
        byte_size=byte_size,
        width=width,
        height=height,
    )
    return int(session.execute(statement.returning(MediaFile.id)).scalar_one())


def lock_pending(session: Session, *, media_id: int) -> AnyRow | None:
    """A picture that waits to be processed, locked: id, account_id, key; None where it doesn't."""
    statement = select(MediaFile.id, MediaFile.account_id, MediaFile.key).where(
        MediaFile.id == media_id, MediaFile.state == "pending"
    )
    return session.execute(statement.with_for_update()).first()


def lock_account(session: Session, *, account_id: int) -> None:
    """Keep two pictures of one account from being put in place at once."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))


def is_newest(session: Session, *, account_id: int, kind: str, media_id: int) -> bool:
    """Whether the account has no later picture of this kind that is good or may become so."""
    statement = select(func.max(MediaFile.id)).where(
        MediaFile.account_id == account_id, MediaFile.kind == kind, MediaFile.state != "discarded"
    )
    return session.scalar(statement) == media_id


def set_state(session: Session, *, media_id: int, state: str) -> None:
    """Make a picture `ready` or `discarded`."""
    session.execute(update(MediaFile).where(MediaFile.id == media_id).values(state=state))


def show(session: Session, *, account_id: int, kind: str, key: str | None) -> None:
    """Have the account show this picture of a kind, or none."""
    column = SHOWN_KEYS[kind].key
    session.execute(update(Account).where(Account.id == account_id).values({column: key}))


def find_key_of_suspended(session: Session, *, account_id: int, kind: str) -> str | None:
    """The key of the picture of a kind that a suspended account showed."""
    return session.scalar(
        select(SHOWN_KEYS[kind]).where(Account.id == account_id, Account.suspended_at.is_not(None))
    )


def change_key(session: Session, *, key: str, new_key: str) -> None:
    """Note that a picture's files lie under another key; a discarded row says that those of the former go."""
    session.execute(update(MediaFile).where(MediaFile.key == key).values(key=new_key))
    columns = [getattr(MediaFile, name) for name in SHARED_COLUMNS]
    former = select(literal(key), literal("discarded"), *columns).where(MediaFile.key == new_key)
    session.execute(insert(MediaFile).from_select(["key", "state", *SHARED_COLUMNS], former))


def discard_others(session: Session, *, account_id: int, kind: str, but_media_id: int | None) -> list[str]:
    """Discard the account's other pictures of a kind; the keys of those that were in use or waiting."""
    statement = update(MediaFile).where(
        MediaFile.account_id == account_id, MediaFile.kind == kind, MediaFile.state != "discarded"
    )
    if but_media_id is not None:
        statement = statement.where(MediaFile.id != but_media_id)
    return list(session.scalars(statement.values(state="discarded").returning(MediaFile.key)))


def is_ready(session: Session, *, key: str) -> bool:
    """Whether a picture is shown, or may be."""
    statement = select(MediaFile.id).where(MediaFile.key == key, MediaFile.state == "ready")
    return session.scalar(statement) is not None


def find_states(session: Session, *, keys: Collection[str]) -> dict[str, str]:
    """The states of the pictures that exist under these keys, as they are committed now."""
    if not keys:
        return {}
    statement = select(MediaFile.key, MediaFile.state).where(MediaFile.key.in_(keys))
    return {row.key: row.state for row in session.execute(statement)}


def delete_by_key(session: Session, *, key: str) -> None:
    """Forget a discarded picture whose files are gone."""
    session.execute(delete(MediaFile).where(MediaFile.key == key, MediaFile.state == "discarded"))
