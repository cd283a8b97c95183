"""Cross-site request forgery: every form carries a token bound to the visitor's signed cookie.

Exempt, each for a reason: one-click unsubscribing (the link's token is the proof; mail programs send no
cookie, RFC 8058), the theme (public pages are cached without a token; it changes a look, and
`refuse_other_sites` guards it), and what programs call with proofs of their own and no cookie: the API
(access tokens) and OAuth's token and revocation endpoints (client secrets and codes).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from microblog.domain.errors import Forbidden
from microblog.settings import Settings

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

csrf = CSRFProtect()


def csrf_exempt(handler: HandlerT) -> HandlerT:
    """Let a handler be called without the form's token. The reason belongs into this module's docstring."""
    csrf.exempt(handler)
    return handler


def install_csrf(app: Flask) -> None:
    """Check the token of each POST before its handler is called."""
    app.config.update(
        # It lives as long as the signed cookie, so that a page left open still posts.
        WTF_CSRF_TIME_LIMIT=None,
        # The __Host- cookie binds the token; privacy tools strip the Referer.
        WTF_CSRF_SSL_STRICT=False,
        # All messages of our forms are our own: its catalogue would be read anew for each form.
        WTF_I18N_ENABLED=False,
    )
    csrf.init_app(app)


def refuse_other_sites(settings: Settings) -> None:
    """Raise `Forbidden` for a form that another site sent. Browsers that tell nothing are let through."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", settings.base_url)
    if site not in ("same-origin", "none") or origin not in (settings.base_url, request.host_url.rstrip("/")):
        raise Forbidden
