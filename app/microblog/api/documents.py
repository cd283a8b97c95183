"""The API's own description, for programs and for people."""

from typing import Any

from flask import Flask, Response, current_app, render_template

from microblog.api.answers import JSON, encode
from microblog.api.context import ApiContext
from microblog.api.declarations import Endpoint
from microblog.api.docs import present_document
from microblog.api.endpoints import PUBLIC, Endpoints
from microblog.api.openapi import build_document
from microblog.http.headers import share
from microblog.settings import Settings

endpoints = Endpoints("documents")

EXTENSION = "microblog.openapi"


def install_document(app: Flask, listed: list[Endpoint]) -> None:
    """Give an application what its document is made of; it is made when it is first asked for."""
    app.extensions[EXTENSION] = {"endpoints": listed}


@endpoints.get("/api/openapi.json", access=PUBLIC, is_listed=False)
def openapi(context: ApiContext) -> Response:
    """This API as an OpenAPI 3.1 document."""
    return Response(encode(_document(context.resources.settings)), content_type=JSON)


@endpoints.get("/api/docs", access=PUBLIC, is_listed=False)
def docs(context: ApiContext) -> Response:
    """This API as a page."""
    page = present_document(_document(context.resources.settings))
    response = Response(render_template("api_docs.html", api=page))
    # It depends on the theme's cookie, as the site's pages do.
    share(response)
    return response


def _document(settings: Settings) -> dict[str, Any]:
    kept: dict[str, Any] = current_app.extensions[EXTENSION]
    if "document" not in kept:
        kept["document"] = build_document(kept["endpoints"], settings)
    document: dict[str, Any] = kept["document"]
    return document
