"""Rows for tests, made through the services that make them in life."""

from itertools import count

from sqlalchemy import update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Status
from microblog.domain.visibility import Visibility
from microblog.services import accounts, relationships, statuses
from microblog.services.passwords import Argon2Hasher

PASSWORD = "correct horse battery staple"
HASHER = Argon2Hasher(time_cost=1, memory_kib=64, parallelism=1)
_numbers = count(1)


def make_account(session: Session, username: str | None = None, *, is_confirmed: bool = True) -> int:
    """An account that may post; its id."""
    name = username or f"person{next(_numbers)}"
    return accounts.create_account(
        session,
        HASHER,
        username=name,
        email=f"{name}@example.org",
        password=PASSWORD,
        is_confirmed=is_confirmed,
    )


def make_status(
    session: Session,
    feeds: Feeds,
    author_id: int,
    text: str = "Hello",
    *,
    in_reply_to_id: int | None = None,
    visibility: Visibility = Visibility.PUBLIC,
) -> int:
    """A post of the account; its id."""
    status_id = statuses.post_status(
        session, feeds, author_id=author_id, feed_version=0, text=text, in_reply_to_id=in_reply_to_id
    )
    session.execute(update(Status).where(Status.id == status_id).values(visibility=visibility))
    return status_id


def make_follow(session: Session, account_id: int, target_username: str) -> None:
    """`account_id` follows the name."""
    relationships.follow(session, account_id=account_id, target_username=target_username)
