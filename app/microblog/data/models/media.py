"""Uploaded pictures: avatars and headers now, attachments of statuses later."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class MediaFile(Base):
    """One upload. Its files lie in the picture store under the unguessable `key` and never
    change once written.
    """

    __tablename__ = "media"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default="pending")
    mime_type: Mapped[str]
    byte_size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("kind IN ('avatar', 'header')", name="kind_known"),
        CheckConstraint("state IN ('pending', 'ready', 'discarded')", name="state_known"),
        CheckConstraint("key ~ '^[A-Za-z0-9_-]{16,64}$'", name="key_form"),
        CheckConstraint("byte_size > 0 AND width > 0 AND height > 0", name="sizes_positive"),
        Index(None, "account_id", "kind"),
        Index("ix_media_unfinished", "created_at", postgresql_where=text("state <> 'ready'")),
    )
