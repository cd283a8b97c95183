"""Uploaded pictures, avatars and headers: taken in by the site, made into sizes by a worker."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import media as queries
from microblog.data.storage import Storage
from microblog.domain.errors import Unavailable, UnsupportedMedia
from microblog.jobs import names
from microblog.jobs.names import JobType
from microblog.jobs.outbox import enqueue, enqueue_many
from microblog.observability import metrics
from microblog.services import pictures

log = structlog.get_logger(__name__)

ORIGINAL = "original"
KEY_BYTES = 18


@dataclass(frozen=True, slots=True)
class Kind:
    """What a picture is for: its name in the database, its sizes, and the jobs about it."""

    name: str
    sizes: tuple[pictures.Size, ...]
    processing: JobType
    concealing: JobType


AVATAR: Final = Kind("avatar", pictures.AVATAR_SIZES, names.PROCESS_AVATAR, names.CONCEAL_AVATAR)
HEADER: Final = Kind("header", pictures.HEADER_SIZES, names.PROCESS_HEADER, names.CONCEAL_HEADER)
#: Names of the files that are served: the original as uploaded is not among them.
FILE_NAMES: Final = tuple(pictures.file_name(size) for kind in (AVATAR, HEADER) for size in kind.sizes)


def store_avatar(
    session: Session, storage: Storage, *, account_id: int, data: bytes, max_bytes: int, max_pixels: int
) -> None:
    """Take in a picture, whose sizes a worker makes soon. Only its head is read here.

    Raises TooLarge or UnsupportedMedia.
    """
    limits = _Limits(max_bytes, max_pixels)
    _store(session, storage, AVATAR, account_id=account_id, data=data, limits=limits)


def store_header(
    session: Session, storage: Storage, *, account_id: int, data: bytes, max_bytes: int, max_pixels: int
) -> None:
    """The same for the picture above the profile."""
    limits = _Limits(max_bytes, max_pixels)
    _store(session, storage, HEADER, account_id=account_id, data=data, limits=limits)


def remove_avatar(session: Session, *, account_id: int) -> None:
    """Show initials again; pictures that are shown or still wait are deleted."""
    _remove(session, AVATAR, account_id=account_id)


def remove_header(session: Session, *, account_id: int) -> None:
    """Show no picture above the profile; those that are shown or still wait are deleted."""
    _remove(session, HEADER, account_id=account_id)


def process_avatar(session: Session, storage: Storage, *, media_id: int) -> None:
    """Make the sizes of an uploaded avatar and show it; the former one is deleted.

    A file that turns out to be broken is discarded. Safe to repeat. Raises Unavailable.
    """
    _process(session, storage, AVATAR, media_id=media_id)


def process_header(session: Session, storage: Storage, *, media_id: int) -> None:
    """The same for the picture above the profile."""
    _process(session, storage, HEADER, media_id=media_id)


def conceal_avatar(session: Session, storage: Storage, *, account_id: int) -> None:
    """Move a suspended person's avatar to a key that nobody has seen; it is shown again should they return.

    Safe to repeat; nothing happens where the suspension was taken back meanwhile. Raises Unavailable.
    """
    _conceal(session, storage, AVATAR, account_id=account_id)


def conceal_header(session: Session, storage: Storage, *, account_id: int) -> None:
    """The same for the picture above the profile."""
    _conceal(session, storage, HEADER, account_id=account_id)


@dataclass(frozen=True, slots=True)
class _Limits:
    max_bytes: int
    max_pixels: int


def _store(
    session: Session, storage: Storage, kind: Kind, *, account_id: int, data: bytes, limits: _Limits
) -> None:
    mime_type, width, height = pictures.inspect(
        data, max_bytes=limits.max_bytes, max_pixels=limits.max_pixels
    )
    key = secrets.token_urlsafe(KEY_BYTES)
    media_id = queries.insert_media(
        session,
        account_id=account_id,
        kind=kind.name,
        key=key,
        mime_type=mime_type,
        byte_size=len(data),
        width=width,
        height=height,
    )
    # Before the commit: the file of a row always exists; a file whose row was rolled back is only litter.
    with _store_in_reach():
        storage.put(key, ORIGINAL, data, mime_type)
    enqueue(session, kind.processing, media_id=media_id)


def _process(session: Session, storage: Storage, kind: Kind, *, media_id: int) -> None:
    row, is_broken = _prepare(session, storage, kind, media_id)
    if row is None:
        return
    # Everywhere in this order: the account, then its pictures.
    queries.lock_account(session, account_id=row.account_id)
    if queries.lock_pending(session, media_id=media_id) is None:
        # Removed, or overtaken by a later upload.
        return
    if is_broken:
        log.info("media.broken", media_id=media_id, account_id=row.account_id)
        metrics.PICTURES.labels("broken").inc()
    if is_broken or not queries.is_newest(
        session, account_id=row.account_id, kind=kind.name, media_id=media_id
    ):
        # Or a later upload is about to be shown.
        queries.set_state(session, media_id=media_id, state="discarded")
        enqueue(session, names.DELETE_FILES, key=row.key)
        return
    queries.set_state(session, media_id=media_id, state="ready")
    queries.show(session, account_id=row.account_id, kind=kind.name, key=row.key)
    _discard(session, kind, row.account_id, but_media_id=media_id)
    with _store_in_reach():
        storage.delete_file(row.key, ORIGINAL)
    metrics.PICTURES.labels("processed").inc()


def _prepare(session: Session, storage: Storage, kind: Kind, media_id: int) -> tuple[AnyRow | None, bool]:
    """Make the sizes of a picture that waits; its row, None where it doesn't, and whether it is broken.

    It is locked only meanwhile: to wait for the account with one of its pictures held would be a deadlock
    with who has the account and discards them.
    """
    savepoint = session.begin_nested()
    row = queries.lock_pending(session, media_id=media_id)
    try:
        if row is not None:
            with _store_in_reach():
                _make_sizes(storage, row.key, kind.sizes)
    except UnsupportedMedia:
        return row, True
    finally:
        savepoint.rollback()
    return row, False


def _make_sizes(storage: Storage, key: str, sizes: tuple[pictures.Size, ...]) -> None:
    try:
        original = storage.read(key, ORIGINAL)
    except FileNotFoundError:
        # A former run deleted it, but its commit failed.
        if all(storage.exists(key, pictures.file_name(size)) for size in sizes):
            return
        raise UnsupportedMedia from None
    for name, data in pictures.make_sizes(original, sizes).items():
        storage.put(key, name, data, pictures.STORED_TYPE)


def _remove(session: Session, kind: Kind, *, account_id: int) -> None:
    queries.lock_account(session, account_id=account_id)
    queries.show(session, account_id=account_id, kind=kind.name, key=None)
    _discard(session, kind, account_id, but_media_id=None)


def _conceal(session: Session, storage: Storage, kind: Kind, *, account_id: int) -> None:
    queries.lock_account(session, account_id=account_id)
    key = queries.find_key_of_suspended(session, account_id=account_id, kind=kind.name)
    if key is None:
        return
    new_key = secrets.token_urlsafe(KEY_BYTES)
    for size in kind.sizes:
        with _store_in_reach():
            _copy(storage, pictures.file_name(size), key=key, new_key=new_key)
    queries.change_key(session, key=key, new_key=new_key)
    queries.show(session, account_id=account_id, kind=kind.name, key=new_key)
    enqueue(session, names.DELETE_FILES, key=key)


def _copy(storage: Storage, name: str, *, key: str, new_key: str) -> None:
    try:
        data = storage.read(key, name)
    except FileNotFoundError:
        # This raises where a host that is away may have it: the former files are deleted once all are copied.
        if storage.exists(key, name):
            raise
        # A size that is lost everywhere is not worth a failure that would leave the others in sight.
        return
    storage.put(new_key, name, data, pictures.STORED_TYPE)


def delete_files(session: Session, storage: Storage, *, key: str) -> None:
    """Delete the files of a discarded picture, and its row. Safe to repeat; leaves a picture in use alone.

    While a host of the store is away the row stays, and tells it to delete them too. Raises Unavailable.
    """
    if queries.is_ready(session, key=key):
        return
    with _store_in_reach():
        is_gone = storage.delete(key)
    if is_gone:
        queries.delete_by_key(session, key=key)


@contextmanager
def _store_in_reach() -> Iterator[None]:
    """An unusable picture store is away, not broken."""
    try:
        yield
    except OSError as error:
        raise Unavailable from error


def _discard(session: Session, kind: Kind, account_id: int, *, but_media_id: int | None) -> None:
    keys = queries.discard_others(session, account_id=account_id, kind=kind.name, but_media_id=but_media_id)
    enqueue_many(session, [(names.DELETE_FILES, {"key": key}) for key in keys])
