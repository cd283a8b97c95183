"""Registered clients, and what people allowed them."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.models import AccessToken, Application

_COLUMNS = (
    Application.id,
    Application.account_id,
    Application.client_id,
    Application.client_secret_hash,
    Application.name,
    Application.website,
    Application.redirect_uris,
    Application.scopes,
    Application.created_at,
)


def insert_application(
    session: Session,
    *,
    account_id: int | None,
    client_id: str,
    client_secret_hash: bytes,
    name: str,
    website: str | None,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
) -> AnyRow:
    """Write a client; all of its columns."""
    statement = insert(Application).values(
        account_id=account_id,
        client_id=client_id,
        client_secret_hash=client_secret_hash,
        name=name,
        website=website,
        redirect_uris=list(redirect_uris),
        scopes=list(scopes),
    )
    return session.execute(statement.returning(*_COLUMNS)).one()


def get_application(session: Session, application_id: int) -> AnyRow | None:
    """A client by its row's id."""
    return session.execute(select(*_COLUMNS).where(Application.id == application_id)).one_or_none()


def get_client(session: Session, client_id: str) -> AnyRow | None:
    """A client by the id that it calls itself by."""
    return session.execute(select(*_COLUMNS).where(Application.client_id == client_id)).one_or_none()


def lock_owned(session: Session, application_id: int, account_id: int) -> AnyRow | None:
    """A client that this person made, held until the commit."""
    statement = select(*_COLUMNS).where(
        Application.id == application_id, Application.account_id == account_id
    )
    return session.execute(statement.with_for_update(key_share=True)).one_or_none()


def list_owned(session: Session, account_id: int, limit: int) -> list[AnyRow]:
    """The clients that a person made, the newest first; `has_token`: whether a personal token exists."""
    has_token = (
        select(AccessToken.id)
        .where(
            AccessToken.application_id == Application.id,
            AccessToken.account_id == Application.account_id,
            AccessToken.code_id.is_(None),
        )
        .exists()
    )
    statement = (
        select(*_COLUMNS, has_token.label("has_token"))
        .where(Application.account_id == account_id)
        .order_by(Application.id.desc())
        .limit(limit)
    )
    return list(session.execute(statement))


def count_owned(session: Session, account_id: int) -> int:
    """How many clients a person made."""
    statement = select(func.count()).select_from(Application).where(Application.account_id == account_id)
    return session.scalars(statement).one()


def delete_owned(session: Session, application_id: int, account_id: int) -> bool:
    """Delete a client that this person made, with its codes and tokens; whether there was one."""
    statement = delete(Application).where(
        Application.id == application_id, Application.account_id == account_id
    )
    return session.execute(statement.returning(Application.id)).one_or_none() is not None


def list_authorized(session: Session, account_id: int, limit: int) -> list[AnyRow]:
    """The clients that hold tokens of a person, the last used first.

    `id`, `name`, `website`, `created_at` (the first token's), `last_used_at`, `scopes` (of all its tokens).
    """
    granted = (
        select(AccessToken.application_id, AccessToken.created_at, AccessToken.last_used_at)
        .add_columns(func.unnest(AccessToken.scopes).label("scope"))
        .where(AccessToken.account_id == account_id)
        .subquery("granted")
    )
    last_used_at = func.max(granted.c.last_used_at)
    statement = (
        select(
            Application.id,
            Application.name,
            Application.website,
            func.min(granted.c.created_at).label("created_at"),
            last_used_at.label("last_used_at"),
            func.array_agg(granted.c.scope.distinct()).label("scopes"),
        )
        .join(granted, granted.c.application_id == Application.id)
        .group_by(Application.id)
        .order_by(last_used_at.desc(), Application.id.desc())
        .limit(limit)
    )
    return list(session.execute(statement))
