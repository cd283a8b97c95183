"""Accounts (what everybody may see) and users (who logs in, and what only they may see)."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
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
    header_key: Mapped[str | None]
    # What the profile tells in a table: up to four `{"name": str, "value": str, "value_html": str}`.
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
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
        CheckConstraint(
            "jsonb_typeof(fields) = 'array' AND jsonb_array_length(fields) <= 4", name="fields_bounded"
        ),
        Index("uq_accounts_username_lower", func.lower(text("username")), unique=True),
        # Searching by the beginnings of words.
        Index(
            "ix_accounts_words",
            text("to_tsvector('simple'::regconfig, (username || ' '::text) || display_name)"),
            postgresql_using="gin",
        ),
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
    # What a new post has where its client says nothing.
    default_visibility: Mapped[str] = mapped_column(server_default="public")
    default_sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    default_language: Mapped[str | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(email) BETWEEN 3 AND 254", name="email_length"),
        CheckConstraint("char_length(password_hash) <= 500", name="password_hash_length"),
        CheckConstraint("char_length(time_zone) <= 64", name="time_zone_length"),
        CheckConstraint(
            "default_visibility IN ('public', 'unlisted', 'private')", name="default_visibility_known"
        ),
        CheckConstraint("char_length(default_language) <= 35", name="default_language_length"),
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
