"""Charts: geometry, text and table agree."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from microblog.web.charts import HEIGHT, WIDTH, build_charts, daily_chart, nice_ceiling
from microblog.web.presenters import DayView

FIRST = date(2026, 10, 22)


@pytest.fixture(autouse=True)
def page() -> Iterator[None]:
    app = Flask("charts")
    Babel(app)
    with app.test_request_context():
        yield


def days(*values: int) -> list[DayView]:
    return [DayView(FIRST + timedelta(days=index), value, 1, 2, 3) for index, value in enumerate(values)]


def test_no_days_no_charts() -> None:
    assert build_charts([]) == []


def test_a_chart_for_each_figure() -> None:
    charts = build_charts(days(1, 2))

    assert [chart.name for chart in charts] == ["statuses", "active", "sign-ups", "mails"]
    assert [bool(chart.line) for chart in charts] == [False, True, False, True]


def test_a_bar_chart_says_the_same_in_picture_sentence_and_table() -> None:
    chart = build_charts(days(0, 4_000, 10_000))[0]

    assert (chart.total, chart.caption) == ("14K", "in 3 days")
    assert chart.summary == "Posts a day from Oct 22 to Oct 24: at least 0, at most 10,000."
    assert [bar.label for bar in chart.bars] == ["Oct 22: 0", "Oct 23: 4,000", "Oct 24: 10,000"]
    assert chart.bars[0].height == 0
    assert chart.bars[2].height > chart.bars[1].height > 0
    assert [tick.label for tick in chart.ticks] == ["5,000", "10K"]
    assert [(row.iso, row.value) for row in chart.rows] == [
        ("2026-10-24", "10,000"),
        ("2026-10-23", "4,000"),
        ("2026-10-22", "0"),
    ]


def test_a_line_chart_tells_the_average_and_closes_its_area() -> None:
    chart = daily_chart("active", "People", days(2, 4), lambda day: day.statuses, is_line=True)

    assert (chart.total, chart.caption) == ("3", "a day on average")
    assert len(chart.line.split()) == 2
    assert len(chart.area.split()) == 4


def test_one_day_is_a_chart_too() -> None:
    chart = build_charts(days(0))[0]

    assert [label.text for label in chart.days] == ["Oct 22"]
    assert chart.days[0].anchor == "middle"


def test_a_month_has_four_dates_that_stay_inside() -> None:
    labels = build_charts(days(*range(30)))[0].days

    assert [label.anchor for label in labels] == ["start", "middle", "middle", "end"]
    assert all(0 <= label.x <= WIDTH for label in labels)


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=90))
def test_bars_stay_inside_the_picture(values: list[int]) -> None:
    chart = daily_chart("x", "X", days(*values), lambda day: day.statuses)

    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert bar.height >= 0
        assert 0 < bar.y <= HEIGHT
    assert len(chart.rows) == len(values)


@given(st.integers(min_value=0, max_value=10**12))
def test_the_ceiling_is_round_and_near(value: int) -> None:
    ceiling = nice_ceiling(value)

    assert ceiling >= value
    assert ceiling % 2 == 0
    assert ceiling <= max(2, 2 * value)
