"""Accounts (what everybody may see) and users (who logs in, and what only they may see)."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class Account(Base):
    """A public identity. Counters are kept by the writer's transaction
    (`microblog counters recount` mends them).
    """

    __tablename__ = "accounts"

    id: Mapped[Id]
    username: Mapped[str]
    display_name: Mapped[str] = mapped_column(server_default="")
    # The source as typed, and its HTML with site-relative links.
    note: Mapped[str] = mapped_column(server_default="")
    note_html: Mapped[str] = mapped_column(server_default="")
    # Where the sizes of a ready picture lie in the store; none: initials are drawn.
    avatar_key: Mapped[str | None]
    locked: Mapped[bool] = mapped_column(server_default=text("false"))
    bot: Mapped[bool] = mapped_column(server_default=text("false"))
    role: Mapped[str] = mapped_column(server_default="user")
    created_at: Mapped[CreatedAt]
    suspended_at: Mapped[Moment | None]
    statuses_count: Mapped[int] = mapped_column(server_default="0")
    followers_count: Mapped[int] = mapped_column(server_default="0")
    following_count: Mapped[int] = mapped_column(server_default="0")
    last_status_at: Mapped[Moment | None]
    # Part of the name of this account's feed in Redis: raised with each follow or unfollow, so that a feed
    # built from other follows is never read again, whatever Redis missed.
    feed_version: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint("username ~ '^[A-Za-z0-9_]{1,30}$'", name="username_form"),
        CheckConstraint("char_length(display_name) <= 50", name="display_name_length"),
        CheckConstraint("char_length(note) <= 5000", name="note_length"),
        CheckConstraint("role IN ('user', 'moderator', 'admin')", name="role_known"),
        CheckConstraint(
            "statuses_count >= 0 AND followers_count >= 0 AND following_count >= 0", name="counts_positive"
        ),
        Index("uq_accounts_username_lower", func.lower(text("username")), unique=True),
    )


class User(Base):
    """The person behind an account: credentials and preferences. No public page reads this table."""

    __tablename__ = "users"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    email: Mapped[str]
    password_hash: Mapped[str]
    confirmed_at: Mapped[Moment | None]
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    locale: Mapped[str] = mapped_column(server_default="en")
    mail_mentions: Mapped[bool] = mapped_column(server_default=text("true"))
    mail_follows: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(email) BETWEEN 3 AND 254", name="email_length"),
        CheckConstraint("char_length(password_hash) <= 500", name="password_hash_length"),
        CheckConstraint("char_length(time_zone) <= 64", name="time_zone_length"),
        # Only a confirmed address is somebody's: unconfirmed sign-ups may share one, so that signing up with
        # an address neither tells whether it has an account nor keeps its owner out. Unconfirmed
        # ones are purged.
        Index(
            "uq_users_email_lower_confirmed",
            func.lower(text("email")),
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_users_unconfirmed", "created_at", postgresql_where=text("confirmed_at IS NULL")),
    )
