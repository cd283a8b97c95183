"""Endpoints made for the tests of the framework: they answer with what they understood."""

from typing import Annotated, Any, Literal

import msgspec
from flask import Blueprint, Flask
from sqlalchemy import update

from microblog.api.answers import Paged, Reply
from microblog.api.context import ApiContext
from microblog.api.endpoints import APP, PUBLIC, USER, Endpoints
from microblog.api.errors import register_api_errors
from microblog.api.pagination import LongPaging, Paging
from microblog.api.types import Id, Upload
from microblog.data.models import Account
from microblog.domain.pages import Page


class Inner(msgspec.Struct):
    privacy: Literal["public", "private"] = "public"
    sensitive: bool | None = None


class Line(msgspec.Struct):
    name: str = ""
    value: str = ""


class Probe(msgspec.Struct):
    """One field of each kind."""

    text: str = ""
    short: Annotated[str, msgspec.Meta(max_length=5)] = ""
    maybe_text: str | None = None
    given: str | msgspec.UnsetType = msgspec.UNSET
    number: int | None = None
    small: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    fraction: float | None = None
    flag: bool = False
    maybe_flag: bool | None = None
    choice: Literal["a", "b"] | None = None
    id: Id | None = None
    ids: list[Id] = []
    words: list[str] = []
    kinds: list[Literal["a", "b"]] | None = None
    inner: Inner | None = None
    lines: list[Line] | None = None
    file: Upload | None = None


class Needy(msgspec.Struct):
    text: str


endpoints = Endpoints("probe")


@endpoints.get("/api/probe", access=PUBLIC, scope="read:statuses")
def show(context: ApiContext, params: Probe) -> dict[str, Any]:
    """What was understood."""
    return {**describe(params), "viewer_id": context.viewer_id}


@endpoints.post("/api/probe", access=PUBLIC)
def send(context: ApiContext, params: Probe) -> dict[str, Any]:
    """What was understood."""
    return describe(params)


@endpoints.post("/api/needy", access=PUBLIC)
def need(context: ApiContext, params: Needy) -> Needy:
    """Something that needs a text."""
    return params


@endpoints.get("/api/probe/<id:status_id>", access=PUBLIC)
def number(context: ApiContext, status_id: int) -> list[str]:
    """The id."""
    return [str(status_id)]


@endpoints.get("/api/mine", access=USER, scope="read:accounts")
def mine(context: ApiContext) -> list[str]:
    """Whose token this is."""
    return [context.person.username, str(context.account_id)]


@endpoints.post("/api/mine", access=USER, scope="write:accounts")
def refuse(context: ApiContext) -> Reply[list[str]]:
    """Writes, and then answers that it could not."""
    context.session.execute(update(Account).values(display_name="Changed"))
    return Reply([], status=422)


@endpoints.get("/api/app", access=APP)
def app_only(context: ApiContext) -> list[str]:
    """For any token."""
    return [str(context.viewer_id)]


@endpoints.get("/api/pages", access=PUBLIC)
def pages(context: ApiContext, params: Paging) -> Paged[str]:
    """The page that was asked for, as its only item."""
    return Paged([str(params.page_request())], Page([1], older=7, newest=9))


@endpoints.get("/api/long", access=PUBLIC)
def long(context: ApiContext, params: LongPaging) -> Paged[str]:
    """A last page."""
    return Paged([str(params.page_request().limit)], Page([1], newest=9))


@endpoints.get("/api/none", access=PUBLIC)
def none(context: ApiContext, params: Paging) -> Paged[str]:
    """An empty page."""
    return Paged([], Page([]))


def describe(params: Probe) -> dict[str, Any]:
    told = msgspec.structs.asdict(params)
    told["ids"] = [int(one) for one in params.ids]
    told["id"] = None if params.id is None else int(params.id)
    told["file"] = params.file.read().decode() if params.file else None
    return {name: value for name, value in told.items() if value is not msgspec.UNSET}


def install_probes(app: Flask) -> None:
    blueprint = Blueprint("probes", __name__)
    register_api_errors(blueprint)
    blueprint.register_blueprint(endpoints.blueprint)
    app.register_blueprint(blueprint)
