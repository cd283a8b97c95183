"""Telling the moderators (docs.joinmastodon.org/methods/reports)."""

from typing import Annotated

from msgspec import Meta, Struct

from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.moments import format_moment
from microblog.api.entities.reports import Category, Report
from microblog.api.presenters.accounts import present_account
from microblog.api.types import Id
from microblog.api.urls import Urls
from microblog.http.context import get_limiter
from microblog.services import reports
from microblog.services.reports import Reported

endpoints = Endpoints("reports")


class NewReport(Struct, frozen=True, kw_only=True):
    """What is wrong, and with whom."""

    account_id: Id
    status_ids: Annotated[list[Id], Meta(description="Posts of theirs.")] = []
    comment: str = ""
    forward: Annotated[bool, Meta(description="Changes nothing: there are no other sites.")] = False
    category: Category | None = None
    rule_ids: Annotated[list[Id], Meta(description="The rules that are broken, for a violation.")] = []


@endpoints.post("/api/v1/reports", access=USER, scope="write:reports")
def create(context: ApiContext, params: NewReport) -> Report:
    """Tell the moderators of somebody."""
    get_limiter().use("post", report=str(context.account_id))
    # As Mastodon does where a client names rules and no category.
    category = params.category or (reports.VIOLATION if params.rule_ids else reports.OTHER)
    reported = reports.report_account(
        context.session,
        account_id=context.account_id,
        target_id=params.account_id,
        category=category,
        comment=params.comment,
        status_ids=params.status_ids,
        rule_ids=params.rule_ids,
    )
    return _present(reported, context.urls)


def _present(reported: Reported, urls: Urls) -> Report:
    ended = reported.resolved_at
    return Report(
        id=str(reported.id),
        action_taken=ended is not None,
        action_taken_at=format_moment(ended) if ended is not None else None,
        category=reported.category,  # type: ignore[arg-type]
        comment=reported.comment,
        created_at=format_moment(reported.created_at),
        status_ids=[str(one) for one in reported.status_ids],
        rule_ids=[str(one) for one in reported.rule_ids],
        target_account=present_account(reported.target, urls),
    )
