"""Statuses (posts and boosts), their former versions, and whom they mention."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class Status(Base):
    """A post, or a boost of one (`reblog_of_id`, no text of its own): one time-ordered sequence of
    ids for both.
    """

    __tablename__ = "statuses"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    # The source as typed, and its HTML with site-relative links (domain/text.py).
    text: Mapped[str] = mapped_column(server_default="")
    content: Mapped[str] = mapped_column(server_default="")
    spoiler_text: Mapped[str] = mapped_column(server_default="")
    sensitive: Mapped[bool] = mapped_column(server_default=sql("false"))
    visibility: Mapped[str] = mapped_column(server_default="public")
    language: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[Moment | None]
    in_reply_to_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("statuses.id", ondelete="SET NULL")
    )
    # Stays when the answered post is deleted: readers still see that this was a reply, and to whom.
    in_reply_to_account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="SET NULL")
    )
    reblog_of_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("statuses.id", ondelete="CASCADE")
    )
    # The id of the thread's first post, also when that post is gone; null: this post is the first.
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    # The client that wrote it, named while it is registered.
    application_id: Mapped[int | None] = mapped_column(BigInteger)
    replies_count: Mapped[int] = mapped_column(server_default="0")
    reblogs_count: Mapped[int] = mapped_column(server_default="0")
    favourites_count: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint("char_length(text) <= 5000", name="text_length"),
        CheckConstraint("char_length(content) <= 50000", name="content_length"),
        CheckConstraint("char_length(spoiler_text) <= 500", name="spoiler_text_length"),
        CheckConstraint("visibility IN ('public', 'unlisted', 'private', 'direct')", name="visibility_known"),
        CheckConstraint(
            "reblog_of_id IS NULL OR (text = '' AND in_reply_to_id IS NULL)", name="reblog_is_bare"
        ),
        CheckConstraint(
            "replies_count >= 0 AND reblogs_count >= 0 AND favourites_count >= 0", name="counts_positive"
        ),
        Index("ix_statuses_account_id_id", "account_id", sql("id DESC")),
        Index(
            "ix_statuses_public",
            sql("id DESC"),
            postgresql_where=sql(
                "visibility = 'public' AND reblog_of_id IS NULL AND in_reply_to_account_id IS NULL"
            ),
        ),
        Index(None, "in_reply_to_id", postgresql_where=sql("in_reply_to_id IS NOT NULL")),
        Index(None, "in_reply_to_account_id", postgresql_where=sql("in_reply_to_account_id IS NOT NULL")),
        Index(
            "ix_statuses_conversation_id_id",
            "conversation_id",
            "id",
            postgresql_where=sql("conversation_id IS NOT NULL"),
        ),
        Index(
            "uq_statuses_reblog_of_id_account_id",
            "reblog_of_id",
            "account_id",
            unique=True,
            postgresql_where=sql("reblog_of_id IS NOT NULL"),
        ),
        # Searching by words: what everybody may read, and nothing else.
        Index(
            "ix_statuses_public_words",
            sql("to_tsvector('simple'::regconfig, (spoiler_text || ' '::text) || text)"),
            postgresql_using="gin",
            postgresql_where=sql("visibility = 'public' AND reblog_of_id IS NULL"),
        ),
    )


class Mention(Base):
    """An account named in a status."""

    __tablename__ = "mentions"

    status_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )

    __table_args__ = (Index("ix_mentions_account_id_status_id", "account_id", sql("status_id DESC")),)


class StatusEdit(Base):
    """A former version of a status; `created_at`: when it became the present one."""

    __tablename__ = "status_edits"

    id: Mapped[Id]
    status_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"))
    text: Mapped[str]
    content: Mapped[str]
    spoiler_text: Mapped[str]
    sensitive: Mapped[bool]
    created_at: Mapped[Moment]

    __table_args__ = (Index(None, "status_id", "id"),)


class IdempotencyKey(Base):
    """A key that a client sent with a post: sent again within the hour, it is answered by the same post."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    # Null only inside the transaction that writes the post.
    status_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("octet_length(key_hash) = 32", name="key_hash_length"),
        Index(None, "status_id"),
        Index(None, "created_at"),
    )
