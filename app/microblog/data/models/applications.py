"""OAuth 2: applications, authorization codes and access tokens. Of secrets only the SHA-256 is kept."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from microblog.data.base import Base, CreatedAt, Id, Moment


class Application(Base):
    """A client. `account_id`: who made it on the site; null for those that registered by the API."""

    __tablename__ = "oauth_applications"

    id: Mapped[Id]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(unique=True)
    client_secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str]
    website: Mapped[str | None]
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # What its tokens may have at most.
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("char_length(client_id) BETWEEN 16 AND 100", name="client_id_length"),
        CheckConstraint("octet_length(client_secret_hash) = 32", name="client_secret_hash_length"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("char_length(website) <= 2000", name="website_length"),
        CheckConstraint("cardinality(redirect_uris) BETWEEN 1 AND 20", name="redirect_uris_count"),
        CheckConstraint("cardinality(scopes) BETWEEN 1 AND 100", name="scopes_count"),
        Index(None, "account_id", postgresql_where=text("account_id IS NOT NULL")),
        # Registering is open to everybody: those that nobody ever used are swept.
        Index(None, "created_at"),
    )


class AuthorizationCode(Base):
    """A person's consent, on its way to the client. Kept after its use: a second one tells of theft."""

    __tablename__ = "oauth_codes"

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    application_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("oauth_applications.id", ondelete="CASCADE")
    )
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # RFC 7636, always S256; null: the client came without.
    code_challenge: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]

    __table_args__ = (
        CheckConstraint("octet_length(code_hash) = 32", name="code_hash_length"),
        CheckConstraint("char_length(redirect_uri) <= 2000", name="redirect_uri_length"),
        CheckConstraint("char_length(code_challenge) = 43", name="code_challenge_length"),
        Index(None, "application_id"),
        Index(None, "account_id"),
        Index(None, "expires_at"),
    )


class AccessToken(Base):
    """What a client may do: for `account_id`, or for itself where that is null (client credentials).

    Revoking deletes the row. `code_id`: the consent that it came from.
    """

    __tablename__ = "oauth_tokens"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    application_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("oauth_applications.id", ondelete="CASCADE")
    )
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    code_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("oauth_codes.id", ondelete="SET NULL"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
        Index(None, "account_id", "application_id", postgresql_where=text("account_id IS NOT NULL")),
        Index(None, "application_id"),
        Index(None, "code_id", postgresql_where=text("code_id IS NOT NULL")),
    )
