"""Mails that fail, mails in other languages, and how mails look."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.support import Translations
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.models import User
from microblog.domain.errors import Unavailable
from microblog.services import mail, mail_text
from microblog.services.mail import Outcome, Outgoing
from microblog.services.mail_text import Kind
from microblog.services.mailer import Mailer, MailRefused
from microblog.web.filters import Clock
from tests.factories import make_account
from tests.services.mails import Links, add_token, body, change, only


class Broken(Mailer):
    def __init__(self, error: Exception) -> None:
        super().__init__("smtp://localhost", "Microblog <no-reply@blog.example>")
        self.error = error

    def send(self, mail: Any) -> None:
        raise self.error


@pytest.mark.parametrize(("error", "told"), [(OSError("away"), Unavailable), (MailRefused(), MailRefused)])
def test_a_mail_that_did_not_go_out_can_be_sent_later(
    session: Session,
    outgoing: Outgoing,
    mailbox: MailFolder,
    mentioned: tuple[int, int],
    error: Exception,
    told: type[Exception],
) -> None:
    status_id, bob = mentioned
    with pytest.raises(told), session.begin_nested():
        mail.send_mention(
            session, replace(outgoing, mailer=Broken(error)), status_id=status_id, account_id=bob
        )
    assert mail.send_mention(session, outgoing, status_id=status_id, account_id=bob) is Outcome.SENT


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        ("4f6c-AB_9", "<7.4f6c-AB_9@blog.example>"),
        (None, "<7@blog.example>"),
        ("", "<7@blog.example>"),
        ("a>b\r\nBcc: x@y", "<7.abBccxy@blog.example>"),
        ("x" * 500, f"<7.{'x' * 64}@blog.example>"),
    ],
)
def test_a_message_id_names_job_and_request(request_id: str | None, expected: str) -> None:
    assert mail.make_message_id(7, request_id, "https://blog.example:8443") == expected


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Catalogue(Translations):
        def gettext(self, message: str) -> str:
            return {
                "%(name)s mentioned you": "%(name)s hat dich erwähnt",
                "Read and reply": "Lesen & antworten",
            }.get(message, message)

        ugettext = gettext

    mail_text._load.cache_clear()
    monkeypatch.setattr(Translations, "load", lambda *_: Catalogue())
    yield
    mail_text._load.cache_clear()


def test_mails_are_in_the_persons_language(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int], german: None
) -> None:
    status_id, bob = mentioned
    change(session, User, User.account_id, bob, locale="de")
    mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    message = only(mailbox)
    assert message["Subject"] == "Ann <b>Other</b> hat dich erwähnt"
    html = body(message, "html")
    assert '<html lang="de">' in html
    assert "Lesen &amp; antworten" in html or "Lesen & antworten" in html


@pytest.mark.parametrize("locale", ["xx", "not a locale", ""])
def test_an_unknown_language_falls_back_to_english(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, locale: str
) -> None:
    account_id = make_account(session, "ann")
    change(session, User, User.account_id, account_id, locale=locale, time_zone="Europe/Berlin")
    token_id = add_token(session, account_id, "reset_password", "ann@example.org")
    mail.send_password_reset(session, outgoing, token_id=token_id)
    assert "works once" in body(only(mailbox), "plain")
    assert "UTC" not in body(only(mailbox), "plain")


@pytest.mark.parametrize(
    ("locale", "time_zone"), [("en", "UTC"), ("de", "Europe/Berlin"), ("en", "Asia/Kolkata")]
)
def test_times_read_as_they_do_on_pages(locale: str, time_zone: str) -> None:
    moment = datetime(2026, 11, 21, 8, 5, 31, tzinfo=UTC)
    written = mail_text.write_time(moment, locale=locale, time_zone=time_zone)
    assert written == Clock(locale, ZoneInfo(time_zone), moment).exact(moment)
    assert ":31" not in written
    assert "2026" in written


@pytest.mark.parametrize(
    ("email", "masked"), [("new@example.org", "n***@e***.org"), ("x@a.b.example", "x***@a***.example")]
)
def test_masked_addresses(email: str, masked: str) -> None:
    assert mail_text.mask_address(email) == masked


EVERYTHING = {
    "name": "Ann",
    "username": "ann",
    "text": "one\ntwo",
    "url": "https://blog.example/@ann/1",
    "reset_url": "https://blog.example/reset-password",
    "base_url": "https://blog.example",
    "unsubscribe_url": "https://blog.example/unsubscribe?token=x",
    "site_name": "Birdhouse",
    "expires": "tomorrow",
    "new_address": "n***@e***.org",
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_mail_is_complete_calm_and_the_same_in_both_parts(kind: Kind) -> None:
    subject, text, html = mail_text.render_mail(kind, "en", EVERYTHING)
    assert "%(" not in subject + text + html
    assert "{{" not in text + html
    assert "Birdhouse" in html
    assert max(len(line) for line in text.splitlines()) < 998
    assert "\n\n\n" not in text
    # Nothing is fetched when it is opened, nothing runs, and it can be read in the dark.
    assert not re.search(r"<(img|script|link|iframe|style)|url\(|@import", html)
    assert 'name="color-scheme"' in html
    assert set(Links(html).found) >= set(re.findall(r"https://\S+", text))
