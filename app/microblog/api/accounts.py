"""Accounts: one's own, others', and what they wrote (docs.joinmastodon.org/methods/accounts)."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from microblog.api.answers import Paged
from microblog.api.context import ApiContext
from microblog.api.endpoints import PUBLIC, USER, Endpoints
from microblog.api.entities.accounts import Account, CredentialAccount
from microblog.api.entities.statuses import Status
from microblog.api.pagination import LongPaging, Paging, clamp
from microblog.api.presenters.accounts import present_account, present_accounts, present_own_account
from microblog.api.timelines import answer_page
from microblog.api.types import Upload
from microblog.domain.pages import Page
from microblog.http.context import get_limiter
from microblog.services import account_search, accounts, media, relationships, timelines

endpoints = Endpoints("accounts")

ACCOUNT = "/api/v1/accounts/<id:account_id>"


class ProfileField(Struct, frozen=True, kw_only=True):
    """A line of the table that a profile shows."""

    name: str = ""
    value: str = ""


class ProfileSource(Struct, frozen=True, kw_only=True):
    """What a new post has where its client says nothing."""

    privacy: Literal["public", "unlisted", "private"] | None = None
    sensitive: bool | None = None
    language: Annotated[str | None, Meta(description="Empty: none.")] = None


class ChangedProfile(Struct, frozen=True, kw_only=True):
    """What changes of one's profile; what is left out stays."""

    display_name: str | None = None
    note: str | None = None
    avatar: Upload | None = None
    header: Upload | None = None
    locked: Annotated[bool | None, Meta(description="Whether following has to be allowed by hand.")] = None
    bot: bool | None = None
    fields_attributes: Annotated[list[ProfileField] | None, Meta(description="At most four.")] = None
    source: ProfileSource | None = None


class AccountAddress(Struct, frozen=True, kw_only=True):
    """Whom one looks for by name."""

    acct: Annotated[str, Meta(description="`alice`, or `alice@` and this site's host.")]


class AccountQuery(Struct, frozen=True, kw_only=True):
    """Whom one looks for by what their names begin with."""

    q: str
    limit: int | None = None
    offset: int = 0
    following: Annotated[bool, Meta(description="Only among those whom one follows.")] = False
    resolve: Annotated[bool, Meta(description="Changes nothing: there are no other sites.")] = False


class AccountStatuses(Paging, kw_only=True):
    """Which posts of an account are wanted."""

    pinned: bool = False
    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    tagged: str | None = None


@endpoints.get("/api/v1/accounts/verify_credentials", access=USER, scope="read:accounts")
def verify_credentials(context: ApiContext) -> CredentialAccount:
    """One's own account."""
    row = accounts.get_own_account(context.session, account_id=context.account_id)
    return present_own_account(row, context.urls)


@endpoints.patch("/api/v1/accounts/update_credentials", access=USER, scope="write:accounts")
def update_credentials(context: ApiContext, params: ChangedProfile) -> CredentialAccount:
    """Change one's profile: all of it, or nothing where one part is refused."""
    get_limiter().use("post", profile=str(context.account_id))
    source = params.source or ProfileSource()
    accounts.update_profile(
        context.session,
        account_id=context.account_id,
        display_name=params.display_name,
        note=params.note,
        fields=None
        if params.fields_attributes is None
        else [(one.name, one.value) for one in params.fields_attributes],
        locked=params.locked,
        bot=params.bot,
        default_visibility=source.privacy,
        default_sensitive=source.sensitive,
        default_language=source.language,
    )
    for store, upload in ((media.store_avatar, params.avatar), (media.store_header, params.header)):
        if upload is not None:
            _store(context, store, upload)
    return verify_credentials(context)


@endpoints.get("/api/v1/accounts/lookup", access=PUBLIC, scope="read:accounts")
def lookup(context: ApiContext, params: AccountAddress) -> Account:
    """The account of a name."""
    row = account_search.look_up_account(
        context.session, acct=params.acct, host=context.resources.settings.host
    )
    return present_account(row, context.urls)


@endpoints.get("/api/v1/accounts/search", access=USER, scope="read:accounts")
def search(context: ApiContext, params: AccountQuery) -> list[Account]:
    """Accounts whose names begin so."""
    rows = account_search.search_accounts(
        context.session,
        text=params.q,
        host=context.resources.settings.host,
        viewer_id=context.viewer_id,
        limit=clamp(params.limit, LongPaging.DEFAULT, LongPaging.MOST),
        offset=params.offset,
        following=params.following,
    )
    return present_accounts(rows, context.urls)


@endpoints.get(ACCOUNT, access=PUBLIC, scope="read:accounts")
def show(context: ApiContext, account_id: int) -> Account:
    """Somebody's account."""
    row = accounts.get_public_account(context.session, account_id=account_id)
    return present_account(row, context.urls)


@endpoints.get(f"{ACCOUNT}/statuses", access=PUBLIC, scope="read:statuses")
def list_statuses(context: ApiContext, account_id: int, params: AccountStatuses) -> Paged[Status]:
    """What somebody wrote and boosted, as far as the viewer may see it."""
    page: Page[Any] = Page([])
    if not params.only_media:
        page = timelines.read_account(
            context.session,
            account_id=account_id,
            viewer_id=context.viewer_id,
            page=params.page_request(),
            exclude_replies=params.exclude_replies,
            exclude_reblogs=params.exclude_reblogs,
            is_pinned=params.pinned,
            tagged=params.tagged,
        )
    _check_that_there_is(context, account_id, page)
    return answer_page(context, page)


@endpoints.get(f"{ACCOUNT}/followers", access=PUBLIC, scope="read:accounts")
def list_followers(context: ApiContext, account_id: int, params: LongPaging) -> Paged[Account]:
    """Who follows somebody. Page by the `Link` header: cursors are no ids of accounts."""
    page = relationships.list_followers(
        context.session, account_id=account_id, viewer_id=context.viewer_id, page=params.page_request()
    )
    _check_that_there_is(context, account_id, page)
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.get(f"{ACCOUNT}/following", access=PUBLIC, scope="read:accounts")
def list_following(context: ApiContext, account_id: int, params: LongPaging) -> Paged[Account]:
    """Whom somebody follows. Page by the `Link` header: cursors are no ids of accounts."""
    page = relationships.list_following(
        context.session, account_id=account_id, viewer_id=context.viewer_id, page=params.page_request()
    )
    _check_that_there_is(context, account_id, page)
    return Paged(present_accounts(page.items, context.urls), page)


@endpoints.get(f"{ACCOUNT}/featured_tags", access=PUBLIC, scope="read:accounts")
def list_featured_tags(context: ApiContext, account_id: int) -> list[None]:
    """Nothing: there are no featured hashtags here."""
    accounts.get_public_account(context.session, account_id=account_id)
    return []


@endpoints.get(f"{ACCOUNT}/lists", access=USER, scope="read:lists")
def list_lists(context: ApiContext, account_id: int) -> list[None]:
    """Nothing: there are no lists here."""
    accounts.get_public_account(context.session, account_id=account_id)
    return []


def _check_that_there_is(context: ApiContext, account_id: int, page: Page[Any]) -> None:
    """Raise NotFound where a list is empty because its account isn't there."""
    if not page.items:
        accounts.get_public_account(context.session, account_id=account_id)


def _store(context: ApiContext, store: Any, upload: Upload) -> None:
    get_limiter().use("post", uploads=str(context.account_id))
    settings = context.resources.settings
    store(
        context.session,
        context.resources.storage,
        account_id=context.account_id,
        data=upload.read(),
        max_bytes=settings.upload_max_bytes,
        max_pixels=settings.upload_max_pixels,
    )
