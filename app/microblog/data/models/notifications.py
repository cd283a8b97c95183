"""Notifications, and the markers that say up to where a person has read."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class Notification(Base):
    """`account_id` is told that `from_account_id` did something (`kind`), perhaps with a status."""

    __tablename__ = "notifications"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    from_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    status_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("statuses.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(kind) BETWEEN 1 AND 30", name="kind_length"),
        CheckConstraint("account_id <> from_account_id", name="not_oneself"),
        # Following, unfollowing and following again tells once.
        Index(
            "uq_notifications_once",
            "account_id",
            "kind",
            "from_account_id",
            text("coalesce(status_id, 0)"),
            unique=True,
        ),
        Index("ix_notifications_account_id_id", "account_id", text("id DESC")),
        Index(None, "from_account_id"),
        Index(None, "status_id", postgresql_where=text("status_id IS NOT NULL")),
    )


class Marker(Base):
    """The last item that a person has read of a timeline (`notifications`, later also `home`)."""

    __tablename__ = "markers"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    timeline: Mapped[str] = mapped_column(primary_key=True)
    last_read_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("timeline IN ('home', 'notifications')", name="timeline_known"),)
