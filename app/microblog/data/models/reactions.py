"""What people do with statuses besides answering: favourites, bookmarks, pins and muted conversations."""

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class Favourite(Base):
    """`account_id` likes a status. Lists are paged by this row's id."""

    __tablename__ = "favourites"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    status_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("account_id", "status_id"),
        Index("ix_favourites_account_id_id", "account_id", text("id DESC")),
        Index("ix_favourites_status_id_id", "status_id", text("id DESC")),
    )


class Bookmark(Base):
    """`account_id` keeps a status for later; nobody else sees that. Lists are paged by this row's id."""

    __tablename__ = "bookmarks"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    status_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("account_id", "status_id"),
        Index("ix_bookmarks_account_id_id", "account_id", text("id DESC")),
        Index(None, "status_id"),
    )


class Pin(Base):
    """A status of one's own that stands at the top of the profile."""

    __tablename__ = "pins"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    status_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"), unique=True
    )
    created_at: Mapped[CreatedAt]

    __table_args__ = (Index("ix_pins_account_id_id", "account_id", text("id DESC")),)


class ConversationMute(Base):
    """`account_id` wants to hear no more of a conversation (the id of its first post, which may be gone)."""

    __tablename__ = "conversation_mutes"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[CreatedAt]
