"""Keyset paging in addresses: `?max_id=` for older, `?min_id=` for newer."""

from typing import Any, TypedDict
from urllib.parse import quote

from flask import request

from microblog.domain.ids import parse_id
from microblog.domain.pages import Page, PageRequest


class PageLinks(TypedDict):
    """The addresses of the neighbouring pages; None where there is none."""

    older_url: str | None
    newer_url: str | None


def read_page_request(limit: int) -> PageRequest:
    """Which page the address asks for; what is no id is left out."""
    return PageRequest(
        max_id=parse_id(request.args.get("max_id")), min_id=parse_id(request.args.get("min_id")), limit=limit
    )


def page_links(page: Page[Any]) -> PageLinks:
    """The addresses of the neighbours of a page."""
    path = quote(request.path, safe="/@")
    return {
        "older_url": f"{path}?max_id={page.older}" if page.older is not None else None,
        "newer_url": f"{path}?min_id={page.newer}" if page.newer is not None else None,
    }
