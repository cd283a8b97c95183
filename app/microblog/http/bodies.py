"""How large a request's body may be. Above it, reading stops and the answer is 413."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from microblog.settings import Settings

# A post of 500 characters of four bytes, each percent-encoded, with its longest links, fits several times.
FORM_BYTES = 128 * 1024
FORM_PARTS = 50
UPLOADS = "microblog_uploads"

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


def takes_upload(handler: HandlerT) -> HandlerT:
    """Mark a handler whose form may carry a picture; to be put above the decorator of http/auth.py."""
    setattr(handler, UPLOADS, True)
    return handler


def install_body_limits(app: Flask, settings: Settings) -> None:
    """Limit each request's body before anything reads it (the CSRF check is the first to do so)."""
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_BYTES, MAX_FORM_MEMORY_SIZE=FORM_BYTES, MAX_FORM_PARTS=FORM_PARTS
    )

    @app.before_request
    def widen_for_uploads() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, UPLOADS, False):
            request.max_content_length = settings.upload_max_bytes + FORM_BYTES
