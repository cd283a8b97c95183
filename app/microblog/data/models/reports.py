"""Reports: what people tell the moderators of."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class Report(Base):
    """`account_id` finds something wrong with `target_account_id`, perhaps with some of its statuses."""

    __tablename__ = "reports"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    target_account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    category: Mapped[str] = mapped_column(server_default="other")
    comment: Mapped[str] = mapped_column(server_default="")
    # No foreign keys: that a post is gone is worth knowing, too.
    status_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    rule_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]
    resolved_at: Mapped[Moment | None]

    __table_args__ = (
        CheckConstraint("account_id <> target_account_id", name="not_oneself"),
        CheckConstraint("category IN ('spam', 'legal', 'violation', 'other')", name="category_known"),
        CheckConstraint("char_length(comment) <= 1000", name="comment_length"),
        CheckConstraint("cardinality(status_ids) <= 100 AND cardinality(rule_ids) <= 100", name="bounded"),
        Index(None, "account_id"),
        Index(None, "target_account_id"),
        Index("ix_reports_open", "id", postgresql_where=text("resolved_at IS NULL")),
    )
