"""Languages and time zones."""

from pathlib import Path
from types import SimpleNamespace

from flask import Flask, g
from flask_babel import get_timezone

from microblog.web.i18n import choose_locale, find_locales
from tests.site import Browser


def test_languages_are_those_with_a_catalogue(tmp_path: Path) -> None:
    for name, file in (("de", "messages.mo"), ("fr", "messages.po")):
        folder = tmp_path / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / file).touch()
    assert find_locales(tmp_path) == ["de", "en"]
    assert find_locales(tmp_path / "missing") == ["en"]


def test_the_browser_may_ask(site_app: Flask) -> None:
    def ask(header: str) -> str:
        with site_app.test_request_context(headers={"Accept-Language": header}):
            return choose_locale(["de", "en"])

    assert ask("de-AT,de;q=0.9") == "de"
    assert ask("fr, en;q=0.5") == "en"
    assert ask("zz") == "en"
    assert ask("") == "en"
    assert ask("x" * 1000 + ";q=nonsense") == "en"


def test_the_viewers_own_language_goes_first(site_app: Flask) -> None:
    with site_app.test_request_context(headers={"Accept-Language": "en"}):
        g.viewer = SimpleNamespace(locale="de", time_zone="Asia/Tokyo")
        assert choose_locale(["de", "en"]) == "de"
        assert str(get_timezone()) == "Asia/Tokyo"
        g.viewer = SimpleNamespace(locale="gone", time_zone="UTC")
        assert choose_locale(["de", "en"]) == "en"


def test_visitors_see_utc(site_app: Flask, browser: Browser) -> None:
    with site_app.test_request_context():
        assert str(get_timezone()) == "UTC"
    assert '<html lang="en" dir="ltr"' in browser.get("/about").text
