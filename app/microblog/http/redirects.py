"""Where people go next: only ever to a page of this site."""

from flask import Response, redirect, request, url_for

NEXT_CHARACTERS = 2_000


def safe_next(target: str | None) -> str | None:
    """The target where it is an address within this site, as path and query; else None.

    Browsers read a backslash as a slash and drop control characters: both could lead off the site.
    """
    if not target or len(target) > NEXT_CHARACTERS or not target.startswith("/") or target.startswith("//"):
        return None
    has_controls = any(ord(letter) <= 32 or ord(letter) == 127 for letter in target)
    return None if "\\" in target or has_controls else target


def go(target: str) -> Response:
    """Send the browser on with GET (303), also after a POST: never 307, which would send the form again."""
    return redirect(target, 303)  # type: ignore[return-value]


def go_to_log_in() -> Response:
    """Send somebody who is signed out to the log-in page, and back to this page after it."""
    here = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
    target = safe_next(here)
    return go(url_for("auth.log_in", next=target) if target else url_for("auth.log_in"))
