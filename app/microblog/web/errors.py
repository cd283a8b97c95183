"""Errors as friendly pages, with the usual navigation for a viewer who is known.

They need no database, no Redis and no viewer.
"""

from flask import Flask, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from microblog.domain.errors import N_
from microblog.http.auth import current_viewer, look_up_viewer
from microblog.http.errors import Problem, register_errors
from microblog.http.headers import GONE, share
from microblog.web.rendering import render, translate

# Status → title and text; the text gives way to the domain's own message where there is one.
TEXTS = {
    400: (N_("That didn't work"), N_("The browser sent something that we can't read. Please try again.")),
    403: (N_("Not allowed"), N_("You are not allowed to do this.")),
    404: (N_("Not found"), N_("This page doesn't exist, or it was deleted.")),
    405: (N_("That doesn't work this way"), N_("This address doesn't take that kind of request.")),
    409: (N_("Something came in between"), N_("This was changed in the meantime. Please try again.")),
    413: (
        N_("Too large"),
        N_("What you sent is larger than we take. Please shorten it, or use a smaller file."),
    ),
    415: (N_("Unknown kind of file"), N_("We can't read this kind of file.")),
    422: (N_("That can't be done"), N_("Please check what you entered.")),
    429: (N_("A little slower, please"), N_("There were too many tries in a short time.")),
    500: (
        N_("Something went wrong"),
        N_("The error is ours, and it has been noted. Please try again later."),
    ),
    503: (N_("Back in a moment"), N_("The site isn't available just now. Please try again in a minute.")),
}
FORM_TITLE = N_("This form is too old")
FORM_TEXT = N_(
    "Please go back, load the page again and send the form once more. Cookies must be allowed for it."
)
MINUTE_SECONDS = 60


def register_site_errors(app: Flask) -> None:
    """Answer every exception that no other surface answers with a page."""
    register_errors(app, show_error)


def show_error(problem: Problem) -> ResponseReturnValue:
    """The error's page."""
    if request.routing_exception is not None:
        # No handler has looked who it is.
        look_up_viewer()
    title, text = TEXTS.get(problem.status, TEXTS[400 if problem.status < 500 else 500])
    if problem.is_csrf:
        title, text = FORM_TITLE, FORM_TEXT
    message = translate(problem.message) if problem.message else gettext(text)
    if problem.status == 429 and problem.retry_after:
        # In place of the domain's own message, which asks to wait as well.
        message = f"{gettext(text)} {_waiting_time(problem.retry_after)}"
    page = render(
        "error.html",
        code=problem.status,
        title=gettext(title),
        message=message,
        next_steps=[(gettext("Go to the front page"), url_for("public.front"))],
    )
    response = make_response(page)
    if problem.status in GONE and current_viewer() is None:
        share(response)
    return response


def _waiting_time(seconds: int) -> str:
    if seconds < MINUTE_SECONDS:
        return str(ngettext("Please wait %(num)s second.", "Please wait %(num)s seconds.", seconds))
    minutes = -(-seconds // MINUTE_SECONDS)
    return str(ngettext("Please wait %(num)s minute.", "Please wait %(num)s minutes.", minutes))
