"""The three cookies: log-in, signed state (CSRF token and flash messages), and theme.

Under TLS the first two are Secure and named `__Host-…`, so that no subdomain can plant them (RFC 6265bis,
4.1.3.2). Over plain HTTP they lose exactly that. A site on a port of its own has names of its own: browsers
keep cookies by host, and two checkouts on one machine would log each other out.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from microblog.http.headers import keep_private
from microblog.settings import Settings

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
YEAR_SECONDS = 365 * 24 * 3600


class StateCookie(SecureCookieSessionInterface):
    """Flask's signed cookie. A page that looked at it holds a form token or a message: no cache keeps it."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where it changed, and keep such answers out of shared caches."""
        if session.accessed or session.modified:
            keep_private(response)
        super().save_session(app, session, response)


def configure_cookies(app: Flask, settings: Settings) -> None:
    """Set the names and attributes that follow from the site's scheme."""
    app.session_interface = StateCookie()
    app.config.update(
        SESSION_COOKIE_NAME=_name("state", settings),
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )


def log_in_cookie_name(settings: Settings) -> str:
    """The name of the cookie that holds the log-in session's token."""
    return _name("session", settings)


def _name(name: str, settings: Settings) -> str:
    if settings.is_secure:
        return f"__Host-{name}"
    port = urlsplit(settings.base_url).port
    return f"{name}-{port}" if port else name


def set_log_in_cookie(response: Response, settings: Settings, token: str) -> None:
    """Keep a log-in session's token in the browser for as long as the session lasts."""
    seconds = settings.session_days * 24 * 3600
    response.set_cookie(log_in_cookie_name(settings), token, max_age=seconds, **_attributes(settings))


def delete_log_in_cookie(response: Response, settings: Settings) -> None:
    """Take a log-in session's token out of the browser."""
    response.delete_cookie(log_in_cookie_name(settings), **_attributes(settings))


def read_theme() -> str:
    """The theme that the visitor chose; `system` where none was chosen or the cookie holds something else."""
    theme = request.cookies.get(THEME_COOKIE, "system")
    return theme if theme in THEMES else "system"


def set_theme_cookie(response: Response, settings: Settings, theme: str) -> None:
    """Keep the theme for a year. The name has no prefix: caches pick their variant by it."""
    response.set_cookie(
        THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.is_secure, path="/"
    )


def _attributes(settings: Settings) -> dict[str, Any]:
    return {"httponly": True, "samesite": "Lax", "secure": settings.is_secure, "path": "/"}
