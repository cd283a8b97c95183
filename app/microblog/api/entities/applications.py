"""Clients (docs.joinmastodon.org/entities/Application, CredentialApplication)."""

from msgspec import Struct

from microblog.api.entities.moments import Url


class Application(Struct, frozen=True, kw_only=True):
    """A registered client."""

    id: str
    name: str
    website: Url | None
    scopes: list[str]
    redirect_uri: str
    redirect_uris: list[str]
    vapid_key: str = ""


class CredentialApplication(Application, frozen=True, kw_only=True):
    """A client just registered, with what it proves itself by."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int = 0
