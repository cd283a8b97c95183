from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microblog.domain import errors
from microblog.domain.ids import EPOCH, MAX_ID, make_id, parse_id, time_of_id
from microblog.domain.limits import PAGE_STATUSES
from microblog.domain.pages import Page, PageRequest
from microblog.domain.scheduling import (
    HANDOVER_CAP,
    RETRY_CAP,
    day_of,
    handover_delay,
    hour_of,
    outage_delay,
    retry_delay,
)

MOMENTS = st.integers(0, 7_000_000_000_000_000).map(lambda number: EPOCH + timedelta(microseconds=number))
BASE = timedelta(seconds=120)


@given(MOMENTS, st.integers(0, 2**32))
def test_an_id_tells_its_moment_to_the_millisecond(moment: datetime, sequence: int) -> None:
    identifier = make_id(moment, sequence)

    assert 0 <= identifier <= MAX_ID
    assert timedelta(0) <= moment - time_of_id(identifier) < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS, st.integers(0, 65_535), st.integers(0, 65_535))
def test_ids_are_ordered_by_time(first: datetime, second: datetime, one: int, other: int) -> None:
    if second - first >= timedelta(milliseconds=1):
        assert make_id(first, one) < make_id(second, other)


@given(st.text(max_size=40) | st.integers().map(str) | st.none())
def test_any_text_gives_an_id_that_can_be_compared_or_none(text: str | None) -> None:
    found = parse_id(text)

    assert found is None or 0 <= found <= MAX_ID


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("17", 17), ("0", 0), (str(MAX_ID), MAX_ID), (str(MAX_ID + 1), MAX_ID), ("9" * 10_000, MAX_ID),
        ("", None), (None, None), ("-1", None), ("+1", None), ("1.0", None), (" 1", None),
        ("\u0661", None), ("\u00b2", None),
    ],
)  # fmt: skip
def test_parsing_ids(text: str | None, identifier: int | None) -> None:
    assert parse_id(text) == identifier


@given(st.integers(-5, 10**9), st.floats(0, 1, exclude_max=True))
def test_retries_wait_longer_each_time_and_never_too_long(attempts: int, chance: float) -> None:
    delay = retry_delay(attempts, chance)

    assert timedelta(seconds=2.5) <= delay <= RETRY_CAP
    assert retry_delay(attempts + 1, chance) >= delay


def test_retries_are_spread() -> None:
    assert [retry_delay(1, chance).total_seconds() for chance in (0, 0.5)] == [2.5, 3.75]
    assert [retry_delay(count, 0).total_seconds() for count in (1, 2, 3)] == [2.5, 10, 40]


@given(st.integers(0, 10**6))
def test_hand_overs_are_capped(handovers: int) -> None:
    delay = handover_delay(BASE, handovers)

    assert BASE <= delay <= HANDOVER_CAP
    assert handover_delay(BASE, handovers + 1) >= delay


def test_periods_are_named_in_utc() -> None:
    moment = datetime(2026, 11, 21, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    assert hour_of(moment) == "2026-11-20T23"
    assert day_of(moment) == "2026-11-20"


def test_pages_have_bounds_and_neighbours() -> None:
    request = PageRequest()
    page = Page([3, 2, 1], older=1)

    assert (request.max_id, request.min_id, request.since_id, request.limit) == (
        None,
        None,
        None,
        PAGE_STATUSES,
    )
    assert (page.items, page.older, page.newer) == ([3, 2, 1], 1, None)


def test_errors_carry_messages_for_translation() -> None:
    error = errors.NotFound("No %(name)s here.", name="bob")

    assert str(error) == "No bob here."
    assert (error.message.text, error.message.params) == ("No %(name)s here.", {"name": "bob"})
    assert str(errors.Forbidden()) == errors.Forbidden.default
    assert str(errors.Message("100%")) == "100%"


def test_errors_with_more_to_tell() -> None:
    fields = {"username": errors.Message("taken")}

    assert errors.ValidationError(fields).errors == fields
    assert errors.RateLimited(30).retry_after == 30
    assert isinstance(errors.ConfirmationRequired(), errors.Forbidden)


@pytest.mark.parametrize(
    ("age_seconds", "delay_seconds"), [(0, 2.5), (60, 15), (600, 150), (7 * 24 * 3600, 450)]
)
def test_the_longer_a_part_is_away_the_longer_a_job_waits(age_seconds: int, delay_seconds: float) -> None:
    age = timedelta(seconds=age_seconds)
    assert outage_delay(age, 0).total_seconds() == delay_seconds
    assert outage_delay(age, 0.5).total_seconds() == delay_seconds * 1.5
