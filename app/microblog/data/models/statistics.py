"""Daily figures."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt


class DailyStatistic(Base):
    """The figures of one UTC day, computed from the other tables and computable again.

    `top_tags`: up to ten `{"name": str, "uses": int}`, most used first.
    """

    __tablename__ = "daily_statistics"

    day: Mapped[date] = mapped_column(primary_key=True)
    statuses: Mapped[int]
    active_accounts: Mapped[int]
    sign_ups: Mapped[int]
    mails: Mapped[int]
    top_tags: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    computed_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint(
            "statuses >= 0 AND active_accounts >= 0 AND sign_ups >= 0 AND mails >= 0", name="figures_positive"
        ),
    )
