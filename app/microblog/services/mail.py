"""The mails that Microblog writes, one function a kind; each tells what became of it.

A mail's row is inserted first and committed after sending: of two runs only one sends, and a run that dies in
between leaves no row, so that the next one sends again, with the same Message-ID.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import mails as queries
from microblog.domain.errors import Unavailable
from microblog.domain.mail_purposes import CHANGE, CONFIRM, NOTICE_CHANGED, NOTICE_CHANGING, RESET
from microblog.observability import metrics
from microblog.services.links import LinkSigner
from microblog.services.mail_text import Kind, mask_address, render_mail, write_time
from microblog.services.mailer import Mail, Mailer, MailRefused

log = structlog.get_logger(__name__)

NO_TOKEN: Final = 0
PATHS_OF_NOTICES: Final = {NOTICE_CHANGING: "/reset-password", NOTICE_CHANGED: "/settings/account"}
# What a request id may add to a Message-ID (RFC 5322, dot-atom-text).
NOT_ATOM: Final = re.compile(r"[^A-Za-z0-9_-]")
REQUEST_ID_CHARACTERS: Final = 64


class Outcome(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True)
class Outgoing:
    """What a mail needs besides the database: the way out, the site's name and address, its Message-ID.

    `enqueued_at`: when what it tells of was committed.
    """

    mailer: Mailer
    links: LinkSigner
    site_name: str
    base_url: str
    message_id: str
    enqueued_at: datetime


def make_message_id(job_id: int, request_id: str | None, base_url: str) -> str:
    """The Message-ID of a job's mail, the same each time the job runs: `<job.request@host>`."""
    request = NOT_ATOM.sub("", request_id or "")[:REQUEST_ID_CHARACTERS]
    return f"<{job_id}{'.' + request if request else ''}@{urlsplit(base_url).hostname}>"


def send_mention(session: Session, outgoing: Outgoing, *, status_id: int, account_id: int) -> Outcome:
    """Tell an account that a post names or answers it: once for a post, if it is wanted and may be seen."""
    row = queries.get_mention(session, status_id=status_id, account_id=account_id)
    if row is None:
        return _not_wanted(Kind.MENTION)
    kind = Kind.REPLY if row.in_reply_to_account_id == account_id else Kind.MENTION
    text, path = row.spoiler_text or row.text, f"/{status_id}"
    return _tell(
        session, outgoing, row, kind, subject_id=status_id, unsubscribe="mentions", text=text, path=path
    )


def send_follow(session: Session, outgoing: Outgoing, *, account_id: int, from_account_id: int) -> Outcome:
    """Tell an account of a follower: once for each, if they want it."""
    row = queries.get_follow(session, account_id=account_id, from_account_id=from_account_id)
    if row is None:
        return _not_wanted(Kind.FOLLOW)
    return _tell(
        session,
        outgoing,
        row,
        Kind.FOLLOW,
        subject_id=from_account_id,
        unsubscribe="follows",
        text=row.note,
        path="",
    )


def _tell(
    session: Session,
    outgoing: Outgoing,
    row: AnyRow,
    kind: Kind,
    *,
    subject_id: int,
    unsubscribe: str,
    text: str,
    path: str,
) -> Outcome:
    """Mail what somebody else did; `path`: where it stands, below their profile."""
    return _send(
        session,
        outgoing,
        row,
        kind=kind,
        to=row.email,
        subject_id=subject_id,
        unsubscribe=unsubscribe,
        name=str(row.from_display_name or f"@{row.from_username}"),
        username=row.from_username,
        text=text,
        url=f"{outgoing.base_url}/@{row.from_username}{path}",
    )


def send_confirmation(session: Session, outgoing: Outgoing, *, token_id: int) -> Outcome:
    """Mail the link that proves an address, of a sign-up or a new one.

    Where the address is another account's confirmed one, its owner is told so instead: whoever typed it in
    never learns.
    """
    row = queries.get_token(session, token_id=token_id)
    if row is None or row.purpose not in (CONFIRM, CHANGE):
        return _not_wanted(Kind.CONFIRMATION)
    owner = queries.find_owner(session, email=row.email, but_account_id=row.account_id)
    if owner is not None:
        return _send(
            session,
            outgoing,
            owner,
            kind=Kind.ADDRESS_TAKEN,
            to=row.email,
            username=owner.username,
            url=f"{outgoing.base_url}/log-in",
            reset_url=f"{outgoing.base_url}/reset-password",
        )
    token = outgoing.links.sign_token(token_id, row.purpose)
    return _send(
        session,
        outgoing,
        row,
        kind=Kind.CONFIRMATION,
        to=row.email,
        username=row.username,
        url=f"{outgoing.base_url}/confirm-email?token={token}",
        expires=write_time(row.expires_at, locale=row.locale, time_zone=row.time_zone),
    )


def send_password_reset(session: Session, outgoing: Outgoing, *, token_id: int) -> Outcome:
    """Mail the link that allows a new password; `NO_TOKEN` stands for an address without an account."""
    row = queries.get_token(session, token_id=token_id) if token_id != NO_TOKEN else None
    if row is None or row.purpose != RESET:
        return _not_wanted(Kind.RESET_PASSWORD)
    token = outgoing.links.sign_token(token_id, row.purpose)
    return _send(
        session,
        outgoing,
        row,
        kind=Kind.RESET_PASSWORD,
        to=row.email,
        username=row.username,
        url=f"{outgoing.base_url}/reset-password/new?token={token}",
        expires=write_time(row.expires_at, locale=row.locale, time_zone=row.time_zone),
    )


def send_address_change(session: Session, outgoing: Outgoing, *, token_id: int) -> Outcome:
    """Tell the present address of a change asked for, or the former one of a change made."""
    row = queries.get_token(session, token_id=token_id)
    if row is None or row.purpose not in PATHS_OF_NOTICES:
        return _not_wanted(Kind.ADDRESS_CHANGED)
    return _send(
        session,
        outgoing,
        row,
        kind=Kind.ADDRESS_CHANGING if row.purpose == NOTICE_CHANGING else Kind.ADDRESS_CHANGED,
        to=row.email,
        username=row.username,
        new_address=mask_address(row.other_email),
        url=f"{outgoing.base_url}{PATHS_OF_NOTICES[row.purpose]}",
    )


def send_password_changed(session: Session, outgoing: Outgoing, *, account_id: int) -> Outcome:
    """Tell a person that their password is another one now."""
    user = queries.get_recipient(session, account_id=account_id)
    if user is None:
        return _not_wanted(Kind.PASSWORD_CHANGED)
    return _send(
        session,
        outgoing,
        user,
        kind=Kind.PASSWORD_CHANGED,
        to=user.email,
        username=user.username,
        url=f"{outgoing.base_url}/reset-password",
    )


def _not_wanted(kind: Kind) -> Outcome:
    metrics.MAILS.labels(kind, Outcome.NOT_WANTED).inc()
    return Outcome.NOT_WANTED


def _send(
    session: Session,
    outgoing: Outgoing,
    recipient: AnyRow,
    *,
    kind: Kind,
    to: str,
    subject_id: int | None = None,
    unsubscribe: str | None = None,
    **values: Any,
) -> Outcome:
    is_first = queries.insert_mail(
        session,
        account_id=recipient.account_id,
        kind=kind,
        subject_id=subject_id,
        message_id=outgoing.message_id,
    )
    if not is_first:
        return _not_wanted(kind)
    headers, unsubscribe_url = _unsubscribing(outgoing, recipient.account_id, unsubscribe)
    values |= {
        "site_name": outgoing.site_name,
        "base_url": outgoing.base_url,
        "unsubscribe_url": unsubscribe_url,
    }
    subject, text, html = render_mail(kind, recipient.locale, values)
    begun = time.monotonic()
    try:
        outgoing.mailer.send(Mail(to, subject, text, html, outgoing.message_id, headers))
    except MailRefused:
        metrics.MAILS.labels(kind, "refused").inc()
        log.info("mail.refused", kind=kind, account_id=recipient.account_id)
        raise
    except OSError as error:
        metrics.MAILS.labels(kind, "failed").inc()
        raise Unavailable from error
    _note_sent(outgoing, kind, recipient.account_id, seconds=time.monotonic() - begun)
    return Outcome.SENT


def _note_sent(outgoing: Outgoing, kind: Kind, account_id: int, *, seconds: float) -> None:
    metrics.MAILS.labels(kind, Outcome.SENT).inc()
    since = (datetime.now(UTC) - outgoing.enqueued_at).total_seconds()
    metrics.MAIL_HANDOVER_SECONDS.labels(kind).observe(max(since, 0.0))
    log.info(
        "mail.sent",
        kind=kind,
        account_id=account_id,
        # Without the site's name, or the log would take it for somebody's address.
        message=outgoing.message_id.strip("<>").partition("@")[0],
        duration_ms=round(seconds * 1000, 1),
    )


def _unsubscribing(outgoing: Outgoing, account_id: int, kind: str | None) -> tuple[dict[str, str], str]:
    """Headers and link that end this kind of mail by one click (RFC 8058); empty for mails asked for."""
    if kind is None:
        return {}, ""
    url = f"{outgoing.base_url}/unsubscribe?token={outgoing.links.sign_unsubscribe(account_id, kind)}"
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, url
