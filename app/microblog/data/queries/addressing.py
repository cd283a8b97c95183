"""Whom a post reaches by name, and who wants to be told of what somebody does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Session

from microblog.data.models import Account, ConversationMute, User
from microblog.data.queries.visibility import blocks, is_silenced

_NAMES: Any = ARRAY(TEXT)
_account = Account.__table__.c
_SENDER = bindparam("sender_id", type_=BigInteger)
_CONVERSATION = bindparam("conversation_id", type_=BigInteger)


def hears(recipient_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an account wants to be told of what the sender does (in the conversation): parameters
    `sender_id` and `conversation_id`.
    """
    mutes_conversation = exists().where(
        ConversationMute.account_id == recipient_id, ConversationMute.conversation_id == _CONVERSATION
    )
    return and_(~is_silenced(recipient_id, _SENDER), ~mutes_conversation)


_KNOWN_ACCOUNTS = (
    select(Account.id, func.lower(Account.username).label("name"))
    .join(User, User.account_id == Account.id)
    .where(
        func.lower(Account.username) == any_(bindparam("names", type_=_NAMES)),
        Account.suspended_at.is_(None),
        User.confirmed_at.is_not(None),
    )
)
_ADDRESSED = (
    select(
        Account.id,
        func.lower(Account.username).label("name"),
        hears(_account.id).label("hears"),
        blocks(_account.id, _SENDER).label("blocks"),
    )
    .join(User, User.account_id == Account.id)
    .where(
        or_(
            func.lower(Account.username) == any_(bindparam("names", type_=_NAMES)),
            Account.id == bindparam("answered_id", type_=BigInteger),
        ),
        Account.suspended_at.is_(None),
        User.confirmed_at.is_not(None),
    )
)


@dataclass(frozen=True, slots=True)
class Addressed:
    """Somebody whom a post names or answers. `hears`: wants to be told of it."""

    id: int
    name: str
    hears: bool


def find_accounts_by_name(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The ids of the accounts with these lower-cased names that can be mentioned."""
    return {row.name: row.id for row in session.execute(_KNOWN_ACCOUNTS, {"names": list(names)})}


def find_addressed(
    session: Session,
    *,
    sender_id: int,
    names: Sequence[str],
    answered_id: int | None,
    conversation_id: int | None,
) -> list[Addressed]:
    """The accounts with these lower-cased names, and the one that is answered; not who blocks the sender."""
    parameters = {
        "sender_id": sender_id,
        "names": list(names),
        "answered_id": answered_id,
        "conversation_id": conversation_id,
    }
    rows = session.execute(_ADDRESSED, parameters)
    return [Addressed(row.id, row.name, row.hears) for row in rows if not row.blocks]


def wants_to_hear(
    session: Session, recipient_id: int, *, sender_id: int, conversation_id: int | None
) -> bool:
    """Whether an account wants to be told of what the sender does with its post."""
    parameters = {"recipient_id": recipient_id, "sender_id": sender_id, "conversation_id": conversation_id}
    return bool(session.scalar(select(hears(bindparam("recipient_id", type_=BigInteger))), parameters))
