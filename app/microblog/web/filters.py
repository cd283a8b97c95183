"""Times and numbers as people read them, in their language and time zone.

Timelines format forty times a page, so everything that Babel computes slowly is kept by its few distinct
inputs (a day, a minute of the day, a count), never by the exact moment.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta, get_datetime_format
from babel.numbers import format_compact_decimal, format_decimal
from flask import Flask, g
from flask_babel import get_locale, gettext
from markupsafe import Markup

from microblog.domain.limits import STATUS_CHARACTERS
from microblog.domain.pictures import avatar_url

DEFAULT_LOCALE = "en"
SHORTENED_FROM = 10_000
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800
# Language → message → translation, filled as pages ask. Messages are literals of templates: it stays small.
_texts: defaultdict[str, dict[str, Markup]] = defaultdict(dict)


class Clock:
    """How one page shows time: a language, a time zone, and the moment the page is made.

    Attributes: ``locale`` a CLDR identifier such as ``en``; ``zone`` a time zone; ``now`` an aware datetime.
    """

    __slots__ = ("_now_text", "locale", "now", "zone")

    def __init__(self, locale: str, zone: tzinfo, now: datetime, now_text: str = "now") -> None:
        self.locale = locale
        self.zone = zone
        self.now = now
        self._now_text = now_text

    def relative(self, moment: datetime) -> str:
        """Return the age of ``moment`` shortly: now, 5m, 3h, 2d, and from a week on the date."""
        seconds = int((self.now - moment).total_seconds())
        if seconds < _MINUTE:
            return self._now_text
        if seconds < _WEEK:
            return _age(seconds // _unit(seconds), _unit(seconds), self.locale)
        return short_date(moment.astimezone(self.zone).date(), self.now.year, self.locale)

    def exact(self, moment: datetime) -> str:
        """Return date, time and zone of ``moment``, such as ``November 21, 2026, 8:00 AM CET``."""
        local = moment.astimezone(self.zone)
        return (
            _datetime_pattern(self.locale)
            .replace("{1}", long_date(local.date(), self.locale))
            .replace("{0}", f"{_minute(local.hour, local.minute, self.locale)} {local.tzname()}")
        )

    def month(self, moment: datetime) -> str:
        """Return the month of ``moment``, such as ``November 2026``."""
        return _month(moment.astimezone(self.zone).date().replace(day=1), self.locale)


def clock_for(time_zone: str | None, now: datetime | None = None) -> Clock:
    """Return the clock of the page being made; an unknown or missing ``time_zone`` is UTC."""
    return Clock(page_language(), zone_named(time_zone), now or datetime.now(UTC), gettext("now"))


@lru_cache(maxsize=1024)
def zone_named(name: str | None) -> tzinfo:
    """Return the IANA time zone ``name``, or UTC when there is none of that name."""
    try:
        return ZoneInfo(name) if name and name != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def relative_time(moment: datetime, now: datetime | None = None) -> str:
    """Return the age of the aware datetime ``moment`` in the page's language."""
    return clock_for(None, now).relative(moment)


def exact_time(moment: datetime, time_zone: str | None = None) -> str:
    """Return date and time of the aware datetime ``moment`` in ``time_zone`` and the page's language."""
    return clock_for(time_zone).exact(moment)


def short_number(number: int, locale: str | None = None) -> str:
    """Return ``number`` for reading: grouped up to 9,999, shortened above it (12.3K)."""
    return _short_number(number, locale or page_language())


def whole_number(number: int, locale: str) -> str:
    """Return ``number`` for reading with all its digits, grouped (12,345)."""
    return str(format_decimal(number, locale=_locale(locale)))


def page_language() -> str:
    """Return the language of the page being made as a BCP 47 tag, such as ``en`` or ``pt-BR``."""
    locale = get_locale()
    return str(locale).replace("_", "-") if locale else DEFAULT_LOCALE


def page_direction() -> str:
    """Return the writing direction of the page's language: ``ltr`` or ``rtl``."""
    return _direction(page_language())


def translate(message: str, /, **values: object) -> Markup:
    """Return ``message`` in the page's language, with ``%(name)s`` replaced by the escaped ``values``.

    It is the templates' ``_``: Flask-Babel finds language and catalogue anew for each string, which takes
    longer than anything else on a page. Here that happens once a page, and a string is looked up once.
    """
    texts: dict[str, Markup] | None = g.get("page_texts")
    if texts is None:
        texts = g.page_texts = _texts[page_language()]
    text = texts.get(message)
    if text is None:
        text = texts[message] = Markup(gettext(message))  # noqa: S704 - catalogues are ours
    return text % values


def register_filters(app: Flask) -> None:
    """Give the templates of ``app`` the filters of this module, ``_``, and what the base template asks for.

    Call it after Flask-Babel's ``init_app``, which installs a slower ``_``.
    """
    filters: dict[str, Any] = {
        "relative_time": relative_time,
        "exact_time": exact_time,
        "short_number": short_number,
    }
    app.jinja_env.filters.update(filters)
    # The templates are written for this; it also keeps a page of twenty posts a tenth smaller.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        page_language=page_language,
        page_direction=page_direction,
        avatar_url=avatar_url,
        status_characters=STATUS_CHARACTERS,
        _=translate,
        gettext=translate,
    )


@lru_cache(maxsize=4096)
def short_date(day: date, current_year: int, locale: str) -> str:
    """Return ``day`` shortly, with its year only when that is not ``current_year``."""
    skeleton = "MMMd" if day.year == current_year else "yMMMd"
    return format_skeleton(skeleton, day, locale=_locale(locale))


@lru_cache(maxsize=4096)
def long_date(day: date, locale: str) -> str:
    """Return ``day`` in full, such as ``November 21, 2026``."""
    return format_date(day, "long", locale=_locale(locale))


def _unit(seconds: int) -> int:
    if seconds < _HOUR:
        return _MINUTE
    return _HOUR if seconds < _DAY else _DAY


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    return Locale.parse(name, sep="-")


@lru_cache(maxsize=64)
def _direction(name: str) -> str:
    return _locale(name).text_direction


@lru_cache(maxsize=1024)
def _age(count: int, unit: int, locale: str) -> str:
    return format_timedelta(
        timedelta(seconds=count * unit),
        format="narrow",
        threshold=10_000,
        granularity=_GRANULARITY[unit],
        locale=_locale(locale),
    )


_GRANULARITY: dict[int, Any] = {_MINUTE: "minute", _HOUR: "hour", _DAY: "day"}


@lru_cache(maxsize=8192)
def _minute(hour: int, minute: int, locale: str) -> str:
    return format_time(time(hour, minute), "short", locale=_locale(locale))


@lru_cache(maxsize=1024)
def _month(day: date, locale: str) -> str:
    return format_skeleton("yMMMM", day, locale=_locale(locale))


@lru_cache(maxsize=64)
def _datetime_pattern(locale: str) -> str:
    return str(get_datetime_format("long", locale=_locale(locale))).replace("'", "")


@lru_cache(maxsize=16_384)
def _short_number(number: int, locale: str) -> str:
    if abs(number) < SHORTENED_FROM:
        return str(format_decimal(number, locale=_locale(locale)))
    return format_compact_decimal(number, format_type="short", fraction_digits=1, locale=_locale(locale))
