"""Up to where somebody has read, for all their clients (docs.joinmastodon.org/methods/markers)."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.moments import format_moment
from microblog.api.entities.notifications import Marker, Markers
from microblog.api.types import Id
from microblog.data.base import AnyRow
from microblog.services import markers

endpoints = Endpoints("markers")


class Timelines(Struct, frozen=True):
    """Whose markers are wanted."""

    timeline: list[Literal["home", "notifications"]] = []


class Position(Struct, frozen=True):
    """The last item read."""

    last_read_id: Id


class Positions(Struct, frozen=True):
    """Up to where one has read now; markers only move forward."""

    home: Position | None = None
    notifications: Position | None = None


@endpoints.get("/api/v1/markers", access=USER, scope="read:statuses")
def show(context: ApiContext, params: Timelines) -> Markers:
    """Up to where one has read."""
    return _present(
        markers.read_markers(context.session, account_id=context.account_id, timelines=params.timeline)
    )


@endpoints.post("/api/v1/markers", access=USER, scope="write:statuses")
def move(context: ApiContext, params: Positions) -> Markers:
    """Say up to where one has read."""
    named = (("home", params.home), ("notifications", params.notifications))
    last_read_ids = {timeline: int(position.last_read_id) for timeline, position in named if position}
    return _present(
        markers.move_markers(context.session, account_id=context.account_id, last_read_ids=last_read_ids)
    )


def _present(rows: Iterable[AnyRow]) -> Markers:
    return Markers(
        **{
            row.timeline: Marker(
                last_read_id=str(row.last_read_id),
                version=row.version,
                updated_at=format_moment(row.updated_at),
            )
            for row in rows
        }
    )
