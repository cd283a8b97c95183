"""Puts the API together on an application: its nouns, and what it answers where there is none."""

from flask import Blueprint, Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

from microblog.api import (
    accounts,
    apps,
    documents,
    empty,
    instance,
    markers,
    nodeinfo,
    notifications,
    preferences,
    reactions,
    relationships,
    reports,
    search,
    statuses,
    suggestions,
    tags,
    timelines,
)
from microblog.api.declarations import Endpoint
from microblog.api.errors import refuse_unrouted, register_api_errors
from microblog.api.limits import tell_limits
from microblog.http.cors import is_below

NOUNS = (
    accounts, apps, documents, empty, instance, markers, nodeinfo, notifications, preferences,
    reactions, relationships, reports, search, statuses, suggestions, tags, timelines,
)  # fmt: skip
API = ("/api",)

blueprint = Blueprint("api", __name__)
register_api_errors(blueprint)
for noun in NOUNS:
    blueprint.register_blueprint(noun.endpoints.blueprint)


def list_endpoints() -> list[Endpoint]:
    """Every endpoint, noun by noun."""
    return [endpoint for noun in NOUNS for endpoint in noun.endpoints.items]


def install_api(app: Flask) -> None:
    """Register the endpoints, and answer as an API wherever its addresses begin."""

    @app.before_request
    def refuse() -> AnyResponse | None:
        return refuse_unrouted() if is_below(request.path, API) else None

    @app.after_request
    def tell(response: Response) -> Response:
        if is_below(request.path, API) and request.method != "OPTIONS":
            tell_limits(response)
        return response

    documents.install_document(app, list_endpoints())
    app.register_blueprint(blueprint)
