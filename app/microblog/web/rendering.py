"""Pages: a template with what every template gets, and forms that come back with their errors."""

from typing import Any

from flask import Flask, render_template
from flask_babel import gettext

from microblog.domain.errors import Message
from microblog.http.auth import current_viewer
from microblog.http.cookies import read_theme
from microblog.settings import Settings

UNPROCESSABLE = 422


def render(template: str, **context: Any) -> str:
    """The page as HTML."""
    return render_template(template, **context)


def render_refused(template: str, **context: Any) -> tuple[str, int]:
    """A form's page with what the person typed and what is wrong with it (422)."""
    return render_template(template, **context), UNPROCESSABLE


def translate(message: Message) -> str:
    """A message of the floors below in the page's language."""
    return str(gettext(message.text, **message.params))


def install_page_context(app: Flask, settings: Settings) -> None:
    """Give every template the viewer, the theme and the site's name; needs no database."""

    @app.context_processor
    def page_context() -> dict[str, Any]:
        return {"viewer": current_viewer(), "theme": read_theme(), "site_name": settings.site_name}
