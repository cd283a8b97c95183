"""Rows for tests, made through the services that make them in life."""

from itertools import count

from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.domain.visibility import Visibility
from microblog.services import accounts, posting, relationships
from microblog.services.hashers import Argon2Hasher
from microblog.services.posting import Draft

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
    return posting.post_status(
        session,
        feeds,
        author_id=author_id,
        feed_version=0,
        draft=Draft(text=text),
        visibility=visibility,
        in_reply_to_id=in_reply_to_id,
    )


def make_follow(session: Session, account_id: int, target_username: str) -> None:
    """`account_id` follows the name."""
    target = accounts.get_account(session, username=target_username)
    relationships.follow(session, account_id=account_id, target_id=target.id)
