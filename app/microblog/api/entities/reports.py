"""Reports (docs.joinmastodon.org/entities/Report)."""

from typing import Literal

from msgspec import Struct

from microblog.api.entities.accounts import Account
from microblog.api.entities.moments import Moment

Category = Literal["spam", "legal", "violation", "other"]


class Report(Struct, frozen=True, kw_only=True):
    """What somebody told the moderators."""

    id: str
    action_taken: bool
    action_taken_at: Moment | None
    category: Category
    comment: str
    forwarded: bool = False
    created_at: Moment
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: Account
