"""Hashtags, where they are used, and who follows them."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class Tag(Base):
    """A hashtag by its normalised name (domain/text.py, `normalise_tag`)."""

    __tablename__ = "tags"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        # For what begins with …, whatever the database's collation.
        Index("ix_tags_name_prefix", "name", postgresql_ops={"name": "text_pattern_ops"}),
    )


class StatusTag(Base):
    """A tag used in a status."""

    __tablename__ = "status_tags"

    status_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True
    )

    __table_args__ = (Index("ix_status_tags_tag_id_status_id", "tag_id", sql("status_id DESC")),)


class TagFollow(Base):
    """`account_id` has public posts with a tag in the home timeline. Lists are paged by this row's id."""

    __tablename__ = "tag_follows"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    tag_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tags.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("account_id", "tag_id"),
        Index("ix_tag_follows_account_id_id", "account_id", sql("id DESC")),
        Index("ix_tag_follows_tag_id_id", "tag_id", sql("id DESC")),
    )
