"""The fall-back of the rate limits on log-in and reset while Redis is away."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, Moment


class RateLimitWindow(Base):
    """How often a key was used in one fixed window. Keys are keyed hashes: no address is stored."""

    __tablename__ = "rate_limits"

    key: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[Moment] = mapped_column(primary_key=True)
    uses: Mapped[int]

    __table_args__ = (
        CheckConstraint("char_length(key) <= 100 AND uses > 0", name="bounded"),
        Index(None, "expires_at"),
    )
