"""What programs that count sites read (nodeinfo.diaspora.software/schema.html, 2.0; RFC 7033)."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from microblog.api.entities.moments import Url


class Link(Struct, frozen=True, kw_only=True):
    """An address and what it is."""

    rel: str
    href: Url


class NodeInfoLinks(Struct, frozen=True, kw_only=True):
    """Where the description is."""

    links: list[Link]


class Software(Struct, frozen=True, kw_only=True):
    """What runs here."""

    name: str
    version: str


class Services(Struct, frozen=True, kw_only=True):
    """Other networks that posts come from or go to: none."""

    inbound: list[str] = []
    outbound: list[str] = []


class NodeUsers(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many people there are, and how many of them posted."""

    total: int
    active_month: int
    active_halfyear: int


class NodeUsage(Struct, frozen=True, kw_only=True, rename="camel"):
    """How the site is used."""

    users: NodeUsers
    local_posts: int


class NodeInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """The site, in the form that many kinds of sites share."""

    version: str = "2.0"
    software: Software
    protocols: list[str] = []
    services: Services = Services()
    open_registrations: bool
    usage: NodeUsage
    metadata: dict[str, Any]


class AccountLink(Struct, frozen=True, kw_only=True):
    """An address that belongs to an account."""

    rel: str
    type: str | UnsetType = UNSET
    href: Url


class WebFinger(Struct, frozen=True, kw_only=True):
    """Where an account is found."""

    subject: str
    aliases: list[Url]
    links: list[AccountLink]
