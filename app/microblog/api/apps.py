"""Clients register themselves (docs.joinmastodon.org/methods/apps)."""

from typing import Annotated

from msgspec import Meta, Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import APP, PUBLIC, Endpoints
from microblog.api.entities.applications import Application, CredentialApplication
from microblog.data.base import AnyRow
from microblog.http.context import get_limiter
from microblog.http.ratelimit import client_subject
from microblog.services import applications

endpoints = Endpoints("apps")


class NewApplication(Struct, frozen=True, kw_only=True):
    """A client to be."""

    client_name: Annotated[str, Meta(description="What people are told that it is called.")]
    redirect_uris: Annotated[
        str | list[str],
        Meta(description="Where it is answered: a list, or text with one a line or between spaces."),
    ]
    scopes: Annotated[str, Meta(description="What it may ask for at most, between spaces.")] = "read"
    website: str | None = None


@endpoints.post("/api/v1/apps", access=PUBLIC)
def create(context: ApiContext, params: NewApplication) -> CredentialApplication:
    """Register a client. Its secret is told this once."""
    get_limiter().use("app", address=client_subject())
    new = applications.register_application(
        context.session,
        name=params.client_name,
        redirect_uris=params.redirect_uris,
        scopes=params.scopes,
        website=params.website or "",
        is_secure=context.resources.settings.is_secure,
    )
    row = new.row
    return CredentialApplication(
        id=str(row.id),
        name=row.name,
        website=row.website,
        scopes=row.scopes,
        redirect_uri="\n".join(row.redirect_uris),
        redirect_uris=row.redirect_uris,
        client_id=row.client_id,
        client_secret=new.client_secret,
    )


@endpoints.get("/api/v1/apps/verify_credentials", access=APP)
def verify_credentials(context: ApiContext) -> Application:
    """The client that the token belongs to."""
    application_id = context.person.application_id
    return present_application(applications.get_application(context.session, application_id=application_id))


def present_application(row: AnyRow) -> Application:
    """A client's public part."""
    return Application(
        id=str(row.id),
        name=row.name,
        website=row.website,
        scopes=row.scopes,
        redirect_uri="\n".join(row.redirect_uris),
        redirect_uris=row.redirect_uris,
    )
