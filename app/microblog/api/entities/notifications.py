"""What people are told (docs.joinmastodon.org/entities/Notification, Marker)."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from microblog.api.entities.accounts import Account
from microblog.api.entities.moments import Moment
from microblog.api.entities.statuses import Status

Kind = Literal["mention", "status", "reblog", "follow", "follow_request", "favourite", "update"]


class Notification(Struct, frozen=True, kw_only=True):
    """Something that somebody did and the viewer is told of."""

    id: str
    type: Kind
    created_at: Moment
    group_key: Annotated[str, Meta(description="`ungrouped-` and the id: nothing is grouped.")]
    account: Account
    status: Status | UnsetType = UNSET


class Marker(Struct, frozen=True, kw_only=True):
    """Up to where somebody has read a timeline."""

    last_read_id: str
    version: int
    updated_at: Moment


class Markers(Struct, frozen=True, kw_only=True):
    """The markers that were asked for and are there."""

    home: Marker | UnsetType = UNSET
    notifications: Marker | UnsetType = UNSET
