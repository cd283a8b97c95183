"""Whom one may like to follow (docs.joinmastodon.org/methods/suggestions)."""

from msgspec import Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.accounts import Account, Suggestion
from microblog.api.pagination import LongPaging, clamp
from microblog.api.presenters.accounts import present_accounts, present_suggestion
from microblog.data.queries.accounts import AccountRow
from microblog.services import accounts

endpoints = Endpoints("suggestions")


class Limit(Struct, frozen=True):
    """How many are wanted."""

    limit: int | None = None


@endpoints.get("/api/v2/suggestions", access=USER, scope="read:accounts")
def index(context: ApiContext, params: Limit) -> list[Suggestion]:
    """People who post and whom one doesn't follow, those with the most followers first."""
    return [present_suggestion(row, context.urls) for row in _suggest(context, params)]


@endpoints.get("/api/v1/suggestions", access=USER, scope="read:accounts")
def list_accounts(context: ApiContext, params: Limit) -> list[Account]:
    """The same as bare accounts, for old clients."""
    return present_accounts(_suggest(context, params), context.urls)


def _suggest(context: ApiContext, params: Limit) -> list[AccountRow]:
    limit = clamp(params.limit, LongPaging.DEFAULT, LongPaging.MOST)
    return accounts.suggest_accounts(context.session, viewer_id=context.viewer_id, limit=limit)
