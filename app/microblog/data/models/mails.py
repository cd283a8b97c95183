"""Mails that were handed to the mail server."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id


class Mail(Base):
    """One mail: what it was about and its Message-ID; never its text or its address."""

    __tablename__ = "mails"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    # What it tells of: a status for mentions, an account for follows.
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[str]
    sent_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(kind) BETWEEN 1 AND 30", name="kind_length"),
        # One mail for a person and subject, however often a post is edited or a follow repeated.
        Index(
            "uq_mails_once",
            "account_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("subject_id IS NOT NULL"),
        ),
        Index(None, "sent_at"),
    )
