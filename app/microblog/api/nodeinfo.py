"""What the site is, in the forms that many kinds of sites share: NodeInfo, host-meta, WebFinger."""

from html import escape

from flask import Response
from msgspec import Struct

from microblog.api.answers import Reply
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, Endpoints
from microblog.api.entities.nodeinfo import (
    AccountLink,
    Link,
    NodeInfo,
    NodeInfoLinks,
    NodeUsage,
    NodeUsers,
    Software,
    WebFinger,
)
from microblog.domain.errors import NotFound
from microblog.services import account_search, statistics

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2.0"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
PICTURE = "http://webfinger.net/rel/avatar"
HOST_META = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
    '<Link rel="lrdd" template="{base_url}/.well-known/webfinger?resource={{uri}}"/></XRD>\n'
)

endpoints = Endpoints("nodeinfo")


class Resource(Struct, frozen=True):
    """What is asked about: `acct:` and a name at this site's host."""

    resource: str


@endpoints.get("/.well-known/nodeinfo", access=PUBLIC)
def index(context: ApiContext) -> NodeInfoLinks:
    """Where NodeInfo is."""
    return NodeInfoLinks(links=[Link(rel=SCHEMA, href=context.urls.absolute("/nodeinfo/2.0"))])


@endpoints.get("/nodeinfo/2.0", access=PUBLIC)
def show(context: ApiContext) -> NodeInfo:
    """The site as NodeInfo 2.0."""
    size = statistics.read_size(context.session)
    users = NodeUsers(total=size.users, active_month=size.active_month, active_halfyear=size.active_half_year)
    settings = context.resources.settings
    return NodeInfo(
        software=Software(name="microblog", version=settings.release),
        open_registrations=True,
        usage=NodeUsage(users=users, local_posts=size.statuses),
        # By the name of the software clients choose how to talk: as to the one whose API this is.
        metadata={"nodeName": settings.site_name, "upstream": {"name": "mastodon"}},
    )


@endpoints.get("/.well-known/host-meta", access=PUBLIC, is_listed=False)
def host_meta(context: ApiContext) -> Response:
    """Where WebFinger is, as XML (RFC 6415)."""
    text = HOST_META.format(base_url=escape(context.resources.settings.base_url))
    return Response(text, content_type="application/xrd+xml; charset=utf-8")


@endpoints.get("/.well-known/webfinger", access=PUBLIC)
def webfinger(context: ApiContext, params: Resource) -> Reply[WebFinger]:
    """Where an account is found (RFC 7033)."""
    settings = context.resources.settings
    scheme, _, address = params.resource.partition(":")
    if scheme.lower() != "acct" or "@" not in address.lstrip("@"):
        raise NotFound
    row = account_search.look_up_account(context.session, acct=address, host=settings.host)
    page = context.urls.account(row.username)
    picture = context.urls.avatar(row.id, row.avatar_key)
    answer = WebFinger(
        subject=f"acct:{row.username}@{settings.host}",
        aliases=[page],
        links=[
            AccountLink(rel=PROFILE_PAGE, type="text/html", href=page),
            AccountLink(rel=PICTURE, href=picture),
        ],
    )
    return Reply(answer, content_type="application/jrd+json; charset=utf-8")
