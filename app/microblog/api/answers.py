"""From what a handler returns to a response: encoded, with the headers that go with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from flask import Response

from microblog.api.pagination import make_link
from microblog.domain.pages import Page

T = TypeVar("T")
JSON = "application/json; charset=utf-8"

encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list: entities, and the `Page` of a service that they were made of."""

    items: list[T]
    page: Page[Any]


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """An entity with another status than 200, with headers or of a kind of its own."""

    entity: T
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def make_response(answer: Any, base_url: str) -> Response:
    """The response of what a handler returned."""
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Reply):
        return Response(
            encode(answer.entity),
            status=answer.status,
            headers=dict(answer.headers),
            content_type=answer.content_type,
        )
    if isinstance(answer, Paged):
        response = Response(encode(answer.items), content_type=JSON)
        if link := make_link(answer.page, base_url):
            response.headers["Link"] = link
        return response
    return Response(encode(answer), content_type=JSON)
