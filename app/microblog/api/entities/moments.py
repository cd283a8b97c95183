"""Moments and dates as the API writes them."""

from datetime import UTC, date, datetime
from typing import Annotated

import msgspec

Moment = Annotated[
    str, msgspec.Meta(extra_json_schema={"format": "date-time", "examples": ["2026-11-21T08:00:00.000Z"]})
]
Day = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date", "examples": ["2026-11-21"]})]
Url = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]


def format_moment(moment: datetime) -> str:
    """UTC with exactly three fraction digits and a Z, which is what clients' parsers were made for."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def format_day(moment: datetime | date) -> str:
    """The UTC day of a moment, or a day."""
    if isinstance(moment, datetime) and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:10]
