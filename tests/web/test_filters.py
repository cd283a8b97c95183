"""Times and numbers as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g, render_template_string
from flask_babel import Babel
from markupsafe import Markup

from microblog.web.filters import (
    Clock,
    clock_for,
    exact_time,
    page_direction,
    page_language,
    register_filters,
    relative_time,
    short_number,
    translate,
    whole_number,
    zone_named,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_app(locale: str = "en") -> Flask:
    app = Flask("pages")
    Babel(app, locale_selector=lambda: locale)
    register_filters(app)
    return app


@pytest.fixture
def page() -> Iterator[None]:
    with make_app().test_request_context():
        yield


def clock(locale: str = "en", zone: str = "UTC") -> Clock:
    return Clock(locale, zone_named(zone), NOW)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-60, "now"),
        (0, "now"),
        (59, "now"),
        (60, "1m"),
        (3_599, "59m"),
        (3_600, "1h"),
        (86_399, "23h"),
        (86_400, "1d"),
        (604_799, "6d"),
        (604_800, "Nov 14"),
        (86_400 * 365, "Nov 21, 2025"),
    ],
)
def test_age_is_told_shortly(seconds: int, text: str) -> None:
    assert clock().relative(NOW - timedelta(seconds=seconds)) == text


def test_age_follows_the_language() -> None:
    assert clock("de").relative(NOW - timedelta(minutes=5)) == "5 Min."
    assert clock("ja").relative(NOW - timedelta(days=7)) == "11月14日"


def test_exact_time_is_in_the_readers_zone_and_names_it() -> None:
    text = clock(zone="Europe/Berlin").exact(NOW)

    assert text.replace("\u202f", " ") == "November 21, 2026, 1:00 PM CET"


def test_exact_time_crosses_midnight_with_the_zone() -> None:
    late = NOW.replace(hour=23)

    assert clock("de", "Asia/Tokyo").exact(late) == "22. November 2026, 08:00 JST"
    assert clock(zone="Asia/Tokyo").relative(late - timedelta(days=30)) == "Oct 23"


def test_month() -> None:
    assert clock().month(NOW) == "November 2026"


@pytest.mark.parametrize("name", [None, "", "UTC", "Mars/Olympus", "../etc/passwd", "a\0b"])
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert zone_named(name) is UTC


def test_a_known_zone_is_found() -> None:
    assert zone_named("Europe/Lisbon") == ZoneInfo("Europe/Lisbon")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (9_999, "9,999"), (10_000, "10K"), (12_345, "12.3K"), (1_234_567, "1.2M")],
)
def test_numbers_are_shortened_above_9999(number: int, text: str) -> None:
    assert short_number(number, "en") == text


def test_whole_numbers_keep_their_digits() -> None:
    assert whole_number(12_345, "de") == "12.345"


@pytest.mark.usefixtures("page")
def test_filters_take_the_pages_language() -> None:
    assert relative_time(NOW - timedelta(hours=3), NOW) == "3h"
    assert exact_time(NOW, "UTC").endswith("UTC")
    assert short_number(12_345) == "12.3K"
    assert clock_for("Europe/Lisbon").locale == "en"


def test_language_and_direction_of_a_page() -> None:
    with make_app("ar").test_request_context():
        assert (page_language(), page_direction()) == ("ar", "rtl")
    with make_app("pt_BR").test_request_context():
        assert (page_language(), page_direction()) == ("pt-BR", "ltr")


def test_templates_have_the_filters() -> None:
    with make_app().test_request_context():
        assert render_template_string("{{ 12345|short_number }} {{ page_language() }}") == "12.3K en"


@pytest.mark.usefixtures("page")
def test_translations_escape_their_values() -> None:
    assert translate("Hello %(name)s", name="<b>") == "Hello &lt;b&gt;"
    assert translate("Hello %(name)s", name=Markup("<b>")) == "Hello <b>"


@pytest.mark.usefixtures("page")
def test_the_language_is_looked_up_once_a_page() -> None:
    translate("Home")
    texts = g.page_texts
    translate("Explore")

    assert g.page_texts is texts
    assert {"Home", "Explore"} <= texts.keys()
