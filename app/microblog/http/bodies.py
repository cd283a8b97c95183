"""How large a request's body may be. Above it, reading stops and the answer is 413."""

from collections.abc import Callable
from typing import IO, Any, TypeVar

from flask import Flask, Response, current_app, request

from microblog.settings import Settings

# A post of 500 characters of four bytes, each percent-encoded, with its longest links, fits several times.
FORM_BYTES = 128 * 1024
FORM_PARTS = 50
UPLOADS = "microblog_uploads"
# Larger bodies are cut off: their senders see a broken connection instead of the page that says why.
DRAINED_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

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
        if getattr(view, UPLOADS, False) and request.mimetype == "multipart/form-data":
            request.max_content_length = settings.upload_max_bytes + FORM_BYTES

    @app.after_request
    def let_the_page_arrive(response: Response) -> Response:
        if response.status_code == 413 and (request.content_length or 0) <= DRAINED_BYTES:
            drain(request.environ["wsgi.input"])
        return response


def drain(body: IO[bytes]) -> None:
    """Read what is left of a body and throw it away: browsers show no answer before they have sent all."""
    while body.read(CHUNK_BYTES):
        pass
