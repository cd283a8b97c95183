"""Notifications (docs.joinmastodon.org/methods/notifications)."""

from typing import Annotated, cast

from msgspec import UNSET, Meta, Struct

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import USER, Endpoints
from microblog.api.entities.moments import format_moment
from microblog.api.entities.notifications import Kind, Notification
from microblog.api.pagination import LongPaging
from microblog.api.presenters.accounts import present_account
from microblog.api.presenters.statuses import present_statuses
from microblog.api.types import Id
from microblog.services import notifications
from microblog.services.notifications import NotificationRow

endpoints = Endpoints("notifications")

Kinds = Annotated[list[str] | None, Meta(description="Types of notifications; unknown ones find nothing.")]


class Empty(Struct, frozen=True):
    """An object without anything in it."""


class NotificationPaging(LongPaging, kw_only=True):
    """Which notifications are wanted."""

    types: Kinds = None
    exclude_types: Kinds = None
    account_id: Annotated[Id | None, Meta(description="Only what this account did.")] = None


@endpoints.get("/api/v1/notifications", access=USER, scope="read:notifications")
def index(context: ApiContext, params: NotificationPaging) -> Paged[Notification]:
    """What one is told, the newest first."""
    page = notifications.list_notifications(
        context.session,
        account_id=context.account_id,
        page=params.page_request(),
        kinds=params.types,
        left_out=params.exclude_types or (),
        from_account_id=params.account_id,
    )
    return Paged(_present(context, page.items), page)


@endpoints.get("/api/v1/notifications/<id:notification_id>", access=USER, scope="read:notifications")
def show(context: ApiContext, notification_id: int) -> Notification:
    """One notification."""
    row = notifications.get_notification(
        context.session, account_id=context.account_id, notification_id=notification_id
    )
    return _present(context, [row])[0]


@endpoints.post("/api/v1/notifications/clear", access=USER, scope="write:notifications")
def clear(context: ApiContext) -> Empty:
    """Take all notifications away."""
    notifications.clear(context.session, account_id=context.account_id)
    return Empty()


@endpoints.post(
    "/api/v1/notifications/<id:notification_id>/dismiss", access=USER, scope="write:notifications"
)
def dismiss(context: ApiContext, notification_id: int) -> Empty:
    """Take one notification away."""
    notifications.dismiss(context.session, account_id=context.account_id, notification_id=notification_id)
    return Empty()


def _present(context: ApiContext, rows: list[NotificationRow]) -> list[Notification]:
    shown = iter(present_statuses(context, [row.status for row in rows if row.status is not None]))
    return [
        Notification(
            id=str(row.id),
            type=cast("Kind", row.kind),
            created_at=format_moment(row.created_at),
            group_key=f"ungrouped-{row.id}",
            account=present_account(row.account, context.urls),
            status=next(shown) if row.status is not None else UNSET,
        )
        for row in rows
    ]
