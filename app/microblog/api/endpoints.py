"""The registry: each endpoint declares its address, who may call it with which scope, and what goes in and
out.

A handler takes the context, the parts of its address and, where it declares them, `params`; it returns an
entity. Its annotations are read twice: to validate and encode, and to write the OpenAPI document.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint, Response

from microblog.api.declarations import Access, Endpoint
from microblog.api.serving import serve
from microblog.domain.scopes import KNOWN
from microblog.http.auth import AUTHENTICATION
from microblog.http.bodies import takes_upload
from microblog.http.csrf import csrf

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

SCOPE = "microblog_scope"


PUBLIC, APP, USER = Access.PUBLIC, Access.APP, Access.USER


@dataclass
class Endpoints:
    """The endpoints of a noun: `@endpoints.get("/api/v1/…", access=PUBLIC, scope="read:statuses")`."""

    noun: str
    items: list[Endpoint] = field(default_factory=list)
    blueprint: Blueprint = field(init=False)

    def __post_init__(self) -> None:
        self.blueprint = Blueprint(self.noun, __name__)
        # Clients prove themselves by tokens, not by cookies.
        csrf.exempt(self.blueprint)

    def get(self, rule: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        """An endpoint that reads."""
        return self._add("GET", rule, **options)

    def post(self, rule: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        """An endpoint that makes or does something."""
        return self._add("POST", rule, **options)

    def put(self, rule: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        """An endpoint that replaces."""
        return self._add("PUT", rule, **options)

    def patch(self, rule: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        """An endpoint that changes."""
        return self._add("PATCH", rule, **options)

    def delete(self, rule: str, **options: Any) -> Callable[[HandlerT], HandlerT]:
        """An endpoint that deletes."""
        return self._add("DELETE", rule, **options)

    def _add(
        self, method: str, rule: str, *, access: Access, scope: str | None = None, is_listed: bool = True
    ) -> Callable[[HandlerT], HandlerT]:
        if scope is not None and scope not in KNOWN:
            raise ValueError(f"{rule}: there is no scope {scope!r}")

        def register(handler: HandlerT) -> HandlerT:
            hints = get_type_hints(handler)
            endpoint = Endpoint(
                method=method,
                rule=rule,
                access=access,
                scope=scope,
                noun=self.noun,
                handler=handler,
                params=hints.get("params"),
                returns=hints.get("return"),
                is_listed=is_listed,
            )
            self.items.append(endpoint)
            self.blueprint.add_url_rule(rule, endpoint.name, _make_view(endpoint), methods=[method])
            return handler

        return register


def _make_view(endpoint: Endpoint) -> Callable[..., Response]:
    def view(**url_arguments: Any) -> Response:
        return serve(endpoint, url_arguments)

    setattr(view, AUTHENTICATION, str(endpoint.access))
    setattr(view, SCOPE, endpoint.scope)
    return takes_upload(view) if endpoint.takes_upload else view
