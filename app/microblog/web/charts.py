"""Small charts for the statistics page: the geometry is computed here, the template only writes it down.

Pictures use SVG attributes alone, since the Content-Security-Policy allows no inline style. Each chart
carries a sentence and a table that say the same (WCAG 2.2, 1.1.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from microblog.web.filters import page_language, short_date, short_number, whole_number
from microblog.web.presenters import DayView

WIDTH, HEIGHT = 560, 168
_PLOT = WIDTH - 48
_TOP, _BASE = 18, HEIGHT - 22
_DAY_LABELS = 4


@dataclass(slots=True)
class Bar:
    """One day's bar, or the invisible one that gives a line its hover text."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(slots=True)
class Tick:
    """A horizontal line at ``y`` with its value."""

    y: float
    label: str


@dataclass(slots=True)
class DayLabel:
    """A date under the chart; ``anchor`` is an SVG text-anchor."""

    x: float
    anchor: str
    text: str


@dataclass(slots=True)
class TableRow:
    """One day of the table: ISO date, readable date, readable value."""

    iso: str
    day: str
    value: str


@dataclass(slots=True)
class ChartView:
    """A chart of daily values. ``line`` and ``area`` are SVG point lists, empty for a bar chart."""

    name: str
    title: str
    total: str
    caption: str
    summary: str
    width: int
    height: int
    bars: list[Bar]
    line: str
    area: str
    ticks: list[Tick]
    days: list[DayLabel]
    rows: list[TableRow]


def build_charts(days: Sequence[DayView]) -> list[ChartView]:
    """Return the statistics page's charts for ``days`` (oldest first, UTC); none when there are no days."""
    if not days:
        return []
    return [
        daily_chart("statuses", gettext("Posts"), days, lambda day: day.statuses),
        daily_chart("active", gettext("Active people"), days, lambda day: day.active_accounts, is_line=True),
        daily_chart("sign-ups", gettext("New accounts"), days, lambda day: day.sign_ups),
        daily_chart("mails", gettext("Mails sent"), days, lambda day: day.mails, is_line=True),
    ]


def daily_chart(
    name: str,
    title: str,
    days: Sequence[DayView],
    value_of: Callable[[DayView], int],
    *,
    is_line: bool = False,
) -> ChartView:
    """Return a bar or line chart of ``value_of`` each day of ``days`` (at least one)."""
    locale = page_language()
    values = [value_of(day) for day in days]
    dates = [short_date(day.day, days[-1].day.year, locale) for day in days]
    texts = [whole_number(value, locale) for value in values]
    top = nice_ceiling(max(values))
    points = _points(values, top)
    headline, caption = _headline(values, locale, is_line=is_line)
    line = " ".join(f"{x:g},{y:g}" for x, y in points) if is_line else ""
    return ChartView(
        name=name,
        title=title,
        total=headline,
        caption=caption,
        summary=gettext(
            "%(title)s a day from %(first)s to %(last)s: at least %(least)s, at most %(most)s.",
            title=title,
            first=dates[0],
            last=dates[-1],
            least=whole_number(min(values), locale),
            most=whole_number(max(values), locale),
        ),
        width=WIDTH,
        height=HEIGHT,
        bars=_bars(
            points, [f"{day}: {text}" for day, text in zip(dates, texts, strict=True)], is_line=is_line
        ),
        line=line,
        area=f"{points[0][0]:g},{_BASE} {line} {points[-1][0]:g},{_BASE}" if is_line else "",
        ticks=[Tick(_height(value, top), short_number(value, locale)) for value in (top // 2, top)],
        days=_day_labels(dates, points),
        rows=[
            TableRow(day.day.isoformat(), date_text, text)
            for day, date_text, text in zip(reversed(days), reversed(dates), reversed(texts), strict=True)
        ],
    )


def nice_ceiling(value: int) -> int:
    """Return a round number not below ``value`` whose half is whole: 2, 4, ... 10, 20, 30 ..."""
    power = 1
    while value > 10 * power:
        power *= 10
    steps = (2, 4, 6, 8, 10) if power == 1 else (2, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if value <= step * power)


def _headline(values: Sequence[int], locale: str, *, is_line: bool) -> tuple[str, str]:
    if is_line:
        mean = round(sum(values) / len(values))
        return short_number(mean, locale), gettext("a day on average")
    return short_number(sum(values), locale), gettext("in %(count)d days", count=len(values))


def _points(values: Sequence[int], top: int) -> list[tuple[float, float]]:
    slot = _PLOT / len(values)
    return [(round(slot * (index + 0.5), 1), _height(value, top)) for index, value in enumerate(values)]


def _height(value: int, top: int) -> float:
    return round(_BASE - (_BASE - _TOP) * value / top, 1)


def _bars(points: Sequence[tuple[float, float]], labels: Sequence[str], *, is_line: bool) -> list[Bar]:
    slot = _PLOT / len(points)
    width = slot if is_line else min(slot * 0.72, 28)
    return [
        Bar(
            x=round(x - width / 2, 1),
            y=_TOP if is_line else y,
            width=round(width, 1),
            height=round(_BASE - (_TOP if is_line else y), 1),
            label=label,
        )
        for (x, y), label in zip(points, labels, strict=True)
    ]


def _day_labels(dates: Sequence[str], points: Sequence[tuple[float, float]]) -> list[DayLabel]:
    last = len(dates) - 1
    count = min(_DAY_LABELS, len(dates))
    shown = sorted({round(last * part / max(count - 1, 1)) for part in range(count)})
    return [DayLabel(_label_x(index, last, points), _anchor(index, last), dates[index]) for index in shown]


def _label_x(index: int, last: int, points: Sequence[tuple[float, float]]) -> float:
    if last and index in (0, last):
        return 0 if index == 0 else _PLOT
    return points[index][0]


def _anchor(index: int, last: int) -> str:
    if last and index in (0, last):
        return "start" if index == 0 else "end"
    return "middle"
