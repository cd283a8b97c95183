"""What a handler gets: the open unit of work, who is asking, and the process's resources."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import Flask, current_app
from sqlalchemy.orm import Session

from microblog.bootstrap import Resources
from microblog.http.ratelimit import RateLimiter
from microblog.services.sessions import Viewer

ViewerT = TypeVar("ViewerT", Viewer, Viewer | None)


@dataclass(frozen=True)
class RequestContext(Generic[ViewerT]):
    """One request's surroundings. `viewer` is None only in handlers that are `@public`."""

    session: Session
    viewer: ViewerT
    resources: Resources


@dataclass(frozen=True)
class Attachment:
    """What `create_app` hangs on the application for the handlers."""

    resources: Resources
    limiter: RateLimiter


def attach(app: Flask, resources: Resources, limiter: RateLimiter) -> None:
    """Give an application its resources, once, when it is made."""
    app.extensions["microblog"] = Attachment(resources, limiter)


def get_resources() -> Resources:
    """The resources of the application that answers this request."""
    return _attachment().resources


def get_limiter() -> RateLimiter:
    """The rate limits of the application that answers this request."""
    return _attachment().limiter


def _attachment() -> Attachment:
    attachment: Attachment = current_app.extensions["microblog"]
    return attachment
