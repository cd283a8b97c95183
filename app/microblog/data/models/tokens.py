"""One-time tokens: what the links in mails stand for, and what notices of a change need."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class OneTimeToken(Base):
    """One link of a mail. The link carries this row's signed id; using it deletes the row, so it works once.

    `email`: the address that using the link proves (the present one or a new one).
    Notices have no link: they tell `email` about `other_email`, and nothing but time deletes them.
    """

    __tablename__ = "one_time_tokens"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    email: Mapped[str]
    other_email: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]

    __table_args__ = (
        CheckConstraint(
            "purpose IN ('confirm_email', 'change_email', 'reset_password',"
            " 'notice_changing', 'notice_changed')",
            name="purpose_known",
        ),
        CheckConstraint("char_length(email) BETWEEN 3 AND 254", name="email_length"),
        CheckConstraint("char_length(other_email) BETWEEN 3 AND 254", name="other_email_length"),
        CheckConstraint(
            "(other_email IS NOT NULL) = (purpose IN ('notice_changing', 'notice_changed'))",
            name="other_email_of_notices",
        ),
        Index(None, "account_id", "purpose"),
        Index(None, "expires_at"),
    )
