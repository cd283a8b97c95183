"""Which language and time zone a page is in: the viewer's own, else what the browser asks for among what
there is.
"""

from functools import partial
from pathlib import Path

from flask import Flask, request
from flask_babel import Babel

from microblog.http.auth import current_viewer

DEFAULT_LOCALE = "en"


def install_translations(app: Flask) -> None:
    """Translate pages from `translations/` inside the package; English is the language of the message ids."""
    locales = find_locales(Path(app.root_path) / "translations")
    Babel(
        app,
        default_locale=DEFAULT_LOCALE,
        default_translation_directories="translations",
        locale_selector=partial(choose_locale, locales),
        timezone_selector=choose_time_zone,
    )


def find_locales(folder: Path) -> list[str]:
    """The languages with a compiled catalogue, and English."""
    compiled = {path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/messages.mo")}
    return sorted(compiled | {DEFAULT_LOCALE})


def choose_locale(locales: list[str]) -> str:
    """The viewer's language where there is a catalogue of it, else the best that the browser asks for."""
    viewer = current_viewer()
    if viewer and viewer.locale in locales:
        return viewer.locale
    return request.accept_languages.best_match(locales, DEFAULT_LOCALE) or DEFAULT_LOCALE


def choose_time_zone() -> str:
    """The viewer's time zone, as an IANA name."""
    viewer = current_viewer()
    return viewer.time_zone if viewer else "UTC"
