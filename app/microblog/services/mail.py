"""The mails that Microblog writes, one function a kind; each tells what became of it.

A mail's row is inserted first and committed after sending: of two runs only one sends, and a run that dies in
between leaves no row, so that the next one sends again, with the same Message-ID.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from babel.core import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from microblog.data.base import AnyRow
from microblog.data.queries import mails as queries
from microblog.domain.errors import N_, Unavailable
from microblog.observability import metrics
from microblog.services.links import LinkSigner
from microblog.services.mailer import Mail, Mailer, MailRefused

log = structlog.get_logger(__name__)

FOLDER: Final = Path(__file__).parent / "mail_templates"
TRANSLATIONS: Final = Path(__file__).parent.parent / "translations"
DEFAULT_LOCALE: Final = "en"
NO_TOKEN: Final = 0
# What a request id may add to a Message-ID (RFC 5322, dot-atom-text).
NOT_ATOM: Final = re.compile(r"[^A-Za-z0-9_-]")
REQUEST_ID_CHARACTERS: Final = 64


class Kind(StrEnum):
    """The kinds of mail, as the table `mails` names them."""

    MENTION = "mention"
    FOLLOW = "follow"
    CONFIRMATION = "confirmation"
    ADDRESS_TAKEN = "address_taken"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a mail


class Outcome(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    NOT_WANTED = "not_wanted"


SUBJECTS: Final[Mapping[Kind, str]] = {
    Kind.MENTION: N_("%(name)s mentioned you"),
    Kind.FOLLOW: N_("%(name)s follows you now"),
    Kind.CONFIRMATION: N_("Confirm your e-mail address for %(site_name)s"),
    Kind.ADDRESS_TAKEN: N_("You already have an account at %(site_name)s"),
    Kind.RESET_PASSWORD: N_("Choose a new password for %(site_name)s"),
}


@dataclass(frozen=True)
class Outgoing:
    """What a mail needs besides the database: the way out, the site's name and address, its Message-ID."""

    mailer: Mailer
    links: LinkSigner
    site_name: str
    base_url: str
    message_id: str


def make_message_id(job_id: int, request_id: str | None, base_url: str) -> str:
    """The Message-ID of a job's mail, the same each time the job runs: `<job.request@host>`."""
    request = NOT_ATOM.sub("", request_id or "")[:REQUEST_ID_CHARACTERS]
    return f"<{job_id}{'.' + request if request else ''}@{urlsplit(base_url).hostname}>"


def send_mention(session: Session, outgoing: Outgoing, *, status_id: int, account_id: int) -> Outcome:
    """Tell an account that a post names it: once for a post, if they want it and may see the post."""
    row = queries.get_mention(session, status_id=status_id, account_id=account_id)
    if row is None:
        return _not_wanted(Kind.MENTION)
    return _send(
        session,
        outgoing,
        row,
        kind=Kind.MENTION,
        to=row.email,
        subject_id=status_id,
        unsubscribe="mentions",
        name=_name_of(row),
        username=row.from_username,
        text=row.spoiler_text or row.text,
        url=f"{outgoing.base_url}/@{row.from_username}/{status_id}",
    )


def send_follow(session: Session, outgoing: Outgoing, *, account_id: int, from_account_id: int) -> Outcome:
    """Tell an account of a follower: once for each, if they want it."""
    row = queries.get_follow(session, account_id=account_id, from_account_id=from_account_id)
    if row is None:
        return _not_wanted(Kind.FOLLOW)
    return _send(
        session,
        outgoing,
        row,
        kind=Kind.FOLLOW,
        to=row.email,
        subject_id=from_account_id,
        unsubscribe="follows",
        name=_name_of(row),
        username=row.from_username,
        text=row.note,
        url=f"{outgoing.base_url}/@{row.from_username}",
    )


def send_confirmation(session: Session, outgoing: Outgoing, *, token_id: int) -> Outcome:
    """Mail the link that proves an address, of a sign-up or a new one.

    Where the address is another account's confirmed one, its owner is told so instead: whoever typed it in
    never learns.
    """
    row = queries.get_token(session, token_id=token_id)
    if row is None or row.purpose == "reset_password":
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
        expires=_format_time(row.expires_at, row),
    )


def send_password_reset(session: Session, outgoing: Outgoing, *, token_id: int) -> Outcome:
    """Mail the link that allows a new password; `NO_TOKEN` stands for an address without an account."""
    row = queries.get_token(session, token_id=token_id) if token_id != NO_TOKEN else None
    if row is None or row.purpose != "reset_password":
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
        expires=_format_time(row.expires_at, row),
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
    try:
        outgoing.mailer.send(Mail(to, subject, text, html, outgoing.message_id, headers))
    except MailRefused:
        metrics.MAILS.labels(kind, "refused").inc()
        log.info("mail.refused", kind=kind, account_id=recipient.account_id)
        raise
    except OSError as error:
        metrics.MAILS.labels(kind, "failed").inc()
        raise Unavailable from error
    metrics.MAILS.labels(kind, Outcome.SENT).inc()
    log.info("mail.sent", kind=kind, account_id=recipient.account_id)
    return Outcome.SENT


def _unsubscribing(outgoing: Outgoing, account_id: int, kind: str | None) -> tuple[dict[str, str], str]:
    """Headers and link that end this kind of mail by one click (RFC 8058); empty for mails asked for."""
    if kind is None:
        return {}, ""
    url = f"{outgoing.base_url}/unsubscribe?token={outgoing.links.sign_unsubscribe(account_id, kind)}"
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}, url


def render_mail(kind: Kind, locale: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail in a person's language; `values` are what its templates name."""
    environment, translations = _load(locale)
    subject = translations.gettext(SUBJECTS[kind]) % values
    parts = {**values, "subject": subject, "lang": locale}
    text = environment.get_template(f"{kind}.txt").render(parts)
    return subject, text.strip() + "\n", environment.get_template(f"{kind}.html").render(parts)


@lru_cache
def _load(locale: str) -> tuple[Environment, NullTranslations]:
    translations = Translations.load(TRANSLATIONS, [locale])
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return environment, translations


def _name_of(row: AnyRow) -> str:
    return str(row.from_display_name or f"@{row.from_username}")


def _format_time(moment: datetime, row: AnyRow) -> str:
    try:
        locale = Locale.parse(row.locale)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(DEFAULT_LOCALE)
    return format_datetime(moment, "long", tzinfo=get_timezone(row.time_zone), locale=locale)
