"""What is between two accounts: follows and requests for them, blocks, mutes, private notes."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from microblog.data.base import Base, CreatedAt, Id, Moment


def _between(table: str) -> tuple[SchemaItem, ...]:
    """Rows from one account to another: once for each pair, listed by id from both sides."""
    return (
        CheckConstraint("account_id <> target_account_id", name="not_oneself"),
        UniqueConstraint("account_id", "target_account_id"),
        Index(f"ix_{table}_account_id_id", "account_id", text("id DESC")),
        Index(f"ix_{table}_target_account_id_id", "target_account_id", text("id DESC")),
    )


class Follow(Base):
    """`account_id` follows `target_account_id`. Lists of followers are paged by this row's id."""

    __tablename__ = "follows"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    # Whether the home timeline has what they boost, and whether each of their posts is a notification.
    shows_reblogs: Mapped[bool] = mapped_column(server_default=text("true"))
    notifies: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]

    __table_args__ = _between("follows")


class FollowRequest(Base):
    """`account_id` would like to follow `target_account_id`, who is locked and hasn't decided yet."""

    __tablename__ = "follow_requests"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    shows_reblogs: Mapped[bool] = mapped_column(server_default=text("true"))
    notifies: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[CreatedAt]

    __table_args__ = _between("follow_requests")


class Block(Base):
    """Neither of the two sees, follows or reaches the other."""

    __tablename__ = "blocks"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = _between("blocks")


class Mute(Base):
    """`account_id` doesn't want to read `target_account_id` in timelines, who isn't told."""

    __tablename__ = "mutes"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    hides_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    # Null: for good.
    expires_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = _between("mutes")


class AccountNote(Base):
    """What somebody noted about another account, for themselves."""

    __tablename__ = "account_notes"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    target_account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    comment: Mapped[str]

    __table_args__ = (
        CheckConstraint("char_length(comment) BETWEEN 1 AND 2000", name="comment_length"),
        Index(None, "target_account_id"),
    )
