"""Who follows whom."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class Follow(Base):
    """`account_id` follows `target_account_id`. Lists of followers are paged by this row's id."""

    __tablename__ = "follows"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("account_id <> target_account_id", name="not_oneself"),
        UniqueConstraint("account_id", "target_account_id"),
        Index("ix_follows_account_id_id", "account_id", text("id DESC")),
        Index("ix_follows_target_account_id_id", "target_account_id", text("id DESC")),
    )
