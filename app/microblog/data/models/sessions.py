"""Log-in sessions: rows on the server, so that they can be listed and revoked."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class LogInSession(Base):
    """One log-in on one device. The cookie's token itself is stored nowhere, only its SHA-256."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]

    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
        CheckConstraint("char_length(user_agent) <= 255", name="user_agent_length"),
        Index(None, "account_id", "last_used_at"),
        Index(None, "expires_at"),
    )
