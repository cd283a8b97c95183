"""What each mail says, to whom it goes, and when it isn't sent."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from babel.support import Translations
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.feeds import Feeds
from microblog.data.models import Account, Follow, Mail, Mention, OneTimeToken, Status, User
from microblog.domain.visibility import Visibility
from microblog.services import mail
from microblog.services.links import LinkSigner
from microblog.services.mail import Kind, Outcome, Outgoing
from microblog.services.mailer import Mailer, MailRefused
from microblog.settings import Settings
from tests.factories import make_account, make_follow, make_status


@pytest.fixture
def outgoing(settings: Settings, links: LinkSigner, mailbox: MailFolder) -> Outgoing:
    return Outgoing(
        mailer=Mailer(settings.smtp_url, settings.mail_from),
        links=links,
        site_name="Birdhouse",
        base_url="https://blog.example",
        message_id="<1.req@blog.example>",
    )


@pytest.fixture
def mentioned(session: Session, feeds: Feeds) -> tuple[int, int]:
    """A post of @ann that names @bob: the ids of the post and of @bob."""
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    session.execute(update(Account).where(Account.id == ann).values(display_name="Ann <b>Other</b>"))
    return make_status(session, feeds, ann, "Hi @bob & <all>,\n\nlook!"), bob


@pytest.fixture
def followed(session: Session) -> tuple[int, int]:
    """@ann follows @bob: the ids of @bob and of @ann."""
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    make_follow(session, ann, "bob")
    return bob, ann


def add_token(session: Session, account_id: int, purpose: str, email: str, *, hours: int = 2) -> int:
    token = OneTimeToken(
        account_id=account_id,
        purpose=purpose,
        email=email,
        expires_at=datetime.now(UTC) + timedelta(hours=hours),
    )
    session.add(token)
    session.flush()
    return token.id


def body(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "href"]


def links_in(message: EmailMessage) -> tuple[set[str], set[str]]:
    """The addresses in the text and in the HTML."""
    text = set(re.findall(r"https://\S+", body(message, "plain")))
    return text, set(Links(body(message, "html")).found)


def only(mailbox: MailFolder) -> EmailMessage:
    (message,) = mailbox.messages()
    return message


def change(session: Session, model: Any, key: Any, value: int, **values: Any) -> None:
    session.execute(update(model).where(key == value).values(**values))


# --- Mentions ---------------------------------------------------------------------------------------


def test_a_mention_is_told_with_the_post(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int], links: LinkSigner
) -> None:
    status_id, bob = mentioned
    assert mail.send_mention(session, outgoing, status_id=status_id, account_id=bob) is Outcome.SENT
    message = only(mailbox)
    assert message["To"] == "bob@example.org"
    assert message["Subject"] == "Ann <b>Other</b> mentioned you"
    assert message["Message-ID"] == "<1.req@blog.example>"
    assert "> Hi @bob & <all>," in body(message, "plain")
    html = body(message, "html")
    assert "Ann &lt;b&gt;Other&lt;/b&gt;" in html
    assert "Hi @bob &amp; &lt;all&gt;," in html
    assert "<b>Other" not in html
    text_links, html_links = links_in(message)
    assert f"https://blog.example/@ann/{status_id}" in text_links & html_links


def test_one_click_ends_mails_of_this_kind(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int], links: LinkSigner
) -> None:
    status_id, bob = mentioned
    mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    message = only(mailbox)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = message["List-Unsubscribe"].strip("<>")
    token = url.removeprefix("https://blog.example/unsubscribe?token=")
    assert links.read_unsubscribe(token) == (bob, "mentions")
    text_links, html_links = links_in(message)
    assert url in text_links & html_links


def test_the_mail_is_noted_without_text_and_address(
    session: Session, outgoing: Outgoing, mentioned: tuple[int, int]
) -> None:
    status_id, bob = mentioned
    mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    row = session.execute(select(Mail.__table__)).one()
    assert (row.account_id, row.kind, row.subject_id, row.message_id) == (
        bob,
        "mention",
        status_id,
        "<1.req@blog.example>",
    )


def test_one_mail_for_a_person_and_post(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int]
) -> None:
    status_id, bob = mentioned
    mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    again = replace(outgoing, message_id="<2@blog.example>")
    assert mail.send_mention(session, again, status_id=status_id, account_id=bob) is Outcome.NOT_WANTED
    assert len(mailbox.messages()) == 1


def test_a_content_warning_is_shown_instead_of_the_text(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int]
) -> None:
    status_id, bob = mentioned
    change(session, Status, Status.id, status_id, spoiler_text="Spiders")
    mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    assert "> Spiders" in body(only(mailbox), "plain")
    assert "look!" not in body(only(mailbox), "plain")


Undo = Callable[[Session, int, int], None]


@pytest.mark.parametrize(
    "undo",
    [
        lambda session, _, bob: change(session, User, User.account_id, bob, mail_mentions=False),
        lambda session, _, bob: change(session, User, User.account_id, bob, confirmed_at=None),
        lambda session, _, bob: change(session, Account, Account.id, bob, suspended_at=datetime.now(UTC)),
        lambda session, *_: session.execute(
            update(Account).where(Account.username == "ann").values(suspended_at=datetime.now(UTC))
        ),
        lambda session, status_id, _: session.execute(delete(Status).where(Status.id == status_id)),
        lambda session, *_: session.execute(delete(Mention)),
    ],
    ids=["not wanted", "unconfirmed", "suspended", "author suspended", "post deleted", "named no more"],
)
def test_no_mention_mail(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int], undo: Undo
) -> None:
    status_id, bob = mentioned
    undo(session, status_id, bob)
    outcome = mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    assert outcome is Outcome.NOT_WANTED
    assert not mailbox.messages()


def test_somebody_who_may_not_see_the_post_is_told_nothing(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int]
) -> None:
    status_id, bob = mentioned
    eve = make_account(session, "eve")
    change(session, Status, Status.id, status_id, visibility=Visibility.DIRECT)
    outcome = mail.send_mention(session, outgoing, status_id=status_id, account_id=eve)
    assert outcome is Outcome.NOT_WANTED
    assert mail.send_mention(session, outgoing, status_id=status_id, account_id=bob) is Outcome.SENT
    assert [message["To"] for message in mailbox.messages()] == ["bob@example.org"]


# --- Follows ----------------------------------------------------------------------------------------


def test_a_follower_is_told_once(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, followed: tuple[int, int], links: LinkSigner
) -> None:
    bob, ann = followed
    change(session, Account, Account.id, ann, note="I like\nbirds & <trees>")
    for _ in range(2):
        mail.send_follow(session, outgoing, account_id=bob, from_account_id=ann)
    message = only(mailbox)
    assert message["Subject"] == "@ann follows you now"
    assert "> birds & <trees>" in body(message, "plain")
    assert "birds &amp; &lt;trees&gt;" in body(message, "html")
    token = message["List-Unsubscribe"].strip("<>").partition("token=")[2]
    assert links.read_unsubscribe(token) == (bob, "follows")
    text_links, html_links = links_in(message)
    assert "https://blog.example/@ann" in text_links & html_links


def test_a_follower_without_a_bio(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, followed: tuple[int, int]
) -> None:
    bob, ann = followed
    mail.send_follow(session, outgoing, account_id=bob, from_account_id=ann)
    assert "blockquote" not in body(only(mailbox), "html")


@pytest.mark.parametrize(
    "undo",
    [
        lambda session, _, bob: change(session, User, User.account_id, bob, mail_follows=False),
        lambda session, ann, _: change(session, Account, Account.id, ann, suspended_at=datetime.now(UTC)),
        lambda session, *_: session.execute(delete(Follow)),
    ],
    ids=["not wanted", "suspended", "follows no more"],
)
def test_no_follow_mail(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, followed: tuple[int, int], undo: Undo
) -> None:
    bob, ann = followed
    undo(session, ann, bob)
    assert mail.send_follow(session, outgoing, account_id=bob, from_account_id=ann) is Outcome.NOT_WANTED
    assert not mailbox.messages()


# --- Confirmation and reset -------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["confirm_email", "change_email"])
def test_an_address_is_confirmed_by_a_link(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, links: LinkSigner, purpose: str
) -> None:
    account_id = make_account(session, "ann", is_confirmed=False)
    token_id = add_token(session, account_id, purpose, "ann+new@example.org")
    assert mail.send_confirmation(session, outgoing, token_id=token_id) is Outcome.SENT
    message = only(mailbox)
    assert message["To"] == "ann+new@example.org"
    assert message["Subject"] == "Confirm your e-mail address for Birdhouse"
    assert message["List-Unsubscribe"] is None
    text_links, html_links = links_in(message)
    (url,) = {one for one in text_links & html_links if "/confirm-email?token=" in one}
    assert links.read_token(url.partition("token=")[2], purpose) == token_id
    assert "until" in body(message, "plain")
    assert "UTC" in body(message, "plain")


def test_an_address_of_somebody_else_brings_a_mail_to_them_instead_of_a_link(
    session: Session, outgoing: Outgoing, mailbox: MailFolder
) -> None:
    owner = make_account(session, "ann")
    eve = make_account(session, "eve", is_confirmed=False)
    token_id = add_token(session, eve, "confirm_email", "ANN@example.org")
    assert mail.send_confirmation(session, outgoing, token_id=token_id) is Outcome.SENT
    message = only(mailbox)
    assert message["Subject"] == "You already have an account at Birdhouse"
    assert "@ann" in body(message, "plain")
    assert "eve" not in body(message, "plain") + body(message, "html")
    text_links, html_links = links_in(message)
    assert text_links == html_links == {"https://blog.example/log-in", "https://blog.example/reset-password"}
    assert session.scalar(select(Mail.account_id)) == owner


def test_ones_own_confirmed_address_can_be_confirmed_again(
    session: Session, outgoing: Outgoing, mailbox: MailFolder
) -> None:
    account_id = make_account(session, "ann")
    token_id = add_token(session, account_id, "change_email", "ann@example.org")
    mail.send_confirmation(session, outgoing, token_id=token_id)
    assert "Confirm" in only(mailbox)["Subject"]


def test_a_reset_link(session: Session, outgoing: Outgoing, mailbox: MailFolder, links: LinkSigner) -> None:
    account_id = make_account(session, "ann")
    token_id = add_token(session, account_id, "reset_password", "ann@example.org")
    assert mail.send_password_reset(session, outgoing, token_id=token_id) is Outcome.SENT
    message = only(mailbox)
    assert message["Subject"] == "Choose a new password for Birdhouse"
    text_links, html_links = links_in(message)
    (url,) = {one for one in text_links & html_links if "/reset-password/new?token=" in one}
    assert links.read_token(url.partition("token=")[2], "reset_password") == token_id


def test_links_that_are_void_are_not_mailed(
    session: Session, outgoing: Outgoing, mailbox: MailFolder
) -> None:
    account_id = make_account(session, "ann")
    expired = add_token(session, account_id, "reset_password", "ann@example.org", hours=-1)
    reset = add_token(session, account_id, "reset_password", "ann@example.org")
    confirm = add_token(session, account_id, "confirm_email", "ann@example.org")
    for token_id in (mail.NO_TOKEN, 12345, expired, confirm):
        outcome = mail.send_password_reset(session, outgoing, token_id=token_id)
        assert outcome is Outcome.NOT_WANTED
    for token_id in (12345, reset):
        assert mail.send_confirmation(session, outgoing, token_id=token_id) is Outcome.NOT_WANTED
    change(session, Account, Account.id, account_id, suspended_at=datetime.now(UTC))
    assert mail.send_confirmation(session, outgoing, token_id=confirm) is Outcome.NOT_WANTED
    assert not mailbox.messages()


# --- Failures, languages, identity ------------------------------------------------------------------


class Broken(Mailer):
    def __init__(self, error: Exception) -> None:
        super().__init__("smtp://localhost", "Microblog <no-reply@blog.example>")
        self.error = error

    def send(self, mail: Any) -> None:
        raise self.error


@pytest.mark.parametrize("error", [OSError("away"), MailRefused()])
def test_a_mail_that_did_not_go_out_can_be_sent_later(
    session: Session, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int], error: Exception
) -> None:
    status_id, bob = mentioned
    with pytest.raises(type(error)), session.begin_nested():
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

    mail._load.cache_clear()
    monkeypatch.setattr(Translations, "load", lambda *_: Catalogue())
    yield
    mail._load.cache_clear()


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
    assert "CET" in body(only(mailbox), "plain") or "+0" in body(only(mailbox), "plain")


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
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_mail_is_complete_calm_and_the_same_in_both_parts(kind: Kind) -> None:
    subject, text, html = mail.render_mail(kind, "en", EVERYTHING)
    assert "%(" not in subject + text + html
    assert "{{" not in text + html
    assert "Birdhouse" in html
    assert max(len(line) for line in text.splitlines()) < 998
    assert "\n\n\n" not in text
    # Nothing is fetched when it is opened, nothing runs, and it can be read in the dark.
    assert not re.search(r"<(img|script|link|iframe|style)|url\(|@import", html)
    assert 'name="color-scheme"' in html
    assert set(Links(html).found) >= set(re.findall(r"https://\S+", text))
