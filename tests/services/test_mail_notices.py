"""The mails that tell of changes to what proves who somebody is: the owner learns of each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.models import Account, Job, OneTimeToken, User
from microblog.domain import mail_purposes
from microblog.domain.errors import InvalidToken
from microblog.domain.scheduling import OUTAGE_PATIENCE
from microblog.services import credentials, mail
from microblog.services.links import LinkSigner
from microblog.services.mail import Outcome, Outgoing
from tests.factories import HASHER, PASSWORD, make_account
from tests.services.mails import add_token, body, change, links_in, only
from tests.services.test_credentials import NEW_PASSWORD, newest_token

Send = Callable[[], list[Outcome]]


@pytest.fixture
def send_notices(session: Session, outgoing: Outgoing) -> Send:
    """Does what the jobs of notices ask for, in order, once."""
    kinds: dict[str, Callable[..., Outcome]] = {
        "mail.address_change": mail.send_address_change,
        "mail.password_changed": mail.send_password_changed,
    }
    done: set[int] = set()

    def send() -> list[Outcome]:
        rows = session.execute(select(Job.id, Job.name, Job.arguments).order_by(Job.id)).all()
        new = [row for row in rows if row.name in kinds and row.id not in done]
        done.update(row.id for row in new)
        return [kinds[row.name](session, outgoing, **row.arguments) for row in new]

    return send


def request_change(session: Session, account_id: int, email: str = "new@example.org") -> None:
    credentials.request_email_change(
        session, HASHER, account_id=account_id, current_password=PASSWORD, email=email
    )


def test_the_present_address_is_told_of_a_change_before_it_is_made(
    session: Session, mailbox: MailFolder, send_notices: Send
) -> None:
    request_change(session, make_account(session, "ann"))
    assert send_notices() == [Outcome.SENT]
    message = only(mailbox)
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Your e-mail address at Birdhouse is being changed"
    for part in ("plain", "html"):
        assert "n***@e***.org" in body(message, part)
        assert "new@example.org" not in body(message, part)
    text_links, html_links = links_in(message)
    assert text_links == html_links == {"https://blog.example/reset-password"}
    names = session.scalars(select(Job.name).order_by(Job.id)).all()
    assert names == ["mail.address_change", "mail.confirmation"], "the owner is told first"


def test_the_former_address_is_told_of_a_change_that_was_made(
    session: Session, mailbox: MailFolder, send_notices: Send, links: LinkSigner
) -> None:
    account_id = make_account(session, "ann")
    change(session, User, User.account_id, account_id, mail_mentions=False, mail_follows=False)
    request_change(session, account_id)
    send_notices()
    mailbox.clear()
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    assert send_notices() == [Outcome.SENT]
    message = only(mailbox)
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Your e-mail address at Birdhouse was changed"
    assert "n***@e***.org" in body(message, "plain")
    assert "new@example.org" not in body(message, "plain") + body(message, "html")


def test_the_addresses_of_a_notice_outlast_an_outage_and_stand_in_no_job(
    session: Session, links: LinkSigner
) -> None:
    account_id = make_account(session, "ann")
    request_change(session, account_id)
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    changing, changed = session.scalars(select(OneTimeToken).order_by(OneTimeToken.id))
    assert (changing.purpose, changed.purpose) == ("notice_changing", "notice_changed")
    for token in (changing, changed):
        assert (token.email, token.other_email) == ("ann@example.org", "new@example.org")
        assert token.expires_at - token.created_at > OUTAGE_PATIENCE
    assert "@" not in str(session.scalars(select(Job.arguments)).all())
    assert credentials.get_pending_email(session, account_id=account_id) is None


def test_whoever_took_the_account_over_suppresses_no_notice(
    session: Session, mailbox: MailFolder, send_notices: Send, links: LinkSigner
) -> None:
    account_id = make_account(session, "ann")
    for email in ("evil@example.org", "evil@example.net"):
        request_change(session, account_id, "else@example.org")
        request_change(session, account_id, email)
        credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    by_operator(session, links, account_id)
    send_notices()
    subjects = [
        message["Subject"].removeprefix("Your e-mail address at Birdhouse ")
        for message in mailbox.messages()
        if message["To"] == "ann@example.org"
    ]
    assert subjects == ["is being changed", "is being changed", "was changed"]


@pytest.mark.parametrize("purpose", ["notice_changing", "notice_changed"])
def test_a_notice_is_no_link(session: Session, links: LinkSigner, outgoing: Outgoing, purpose: str) -> None:
    account_id = make_account(session, "ann")
    token_id = add_token(session, account_id, purpose, "ann@example.org", other_email="new@example.org")
    for send in (mail.send_confirmation, mail.send_password_reset):
        assert send(session, outgoing, token_id=token_id) is Outcome.NOT_WANTED
    for one in (purpose, mail_purposes.CONFIRM, mail_purposes.CHANGE):
        with pytest.raises(InvalidToken):
            credentials.confirm_email(session, links, token=links.sign_token(token_id, one))


def test_a_link_is_no_notice(session: Session, outgoing: Outgoing, mailbox: MailFolder) -> None:
    token_id = add_token(session, make_account(session, "ann"), "change_email", "new@example.org")
    assert mail.send_address_change(session, outgoing, token_id=token_id) is Outcome.NOT_WANTED
    assert not mailbox.messages()


@pytest.mark.parametrize("email", ["ANN@example.org", "ann@example.org"])
def test_another_spelling_is_no_change(
    session: Session, send_notices: Send, mailbox: MailFolder, links: LinkSigner, email: str
) -> None:
    request_change(session, make_account(session, "ann"), email)
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    assert send_notices() == []
    assert not mailbox.messages()


def test_an_address_that_nobody_confirmed_is_told_nothing(
    session: Session, send_notices: Send, mailbox: MailFolder, links: LinkSigner
) -> None:
    account_id = make_account(session, "ann", is_confirmed=False)
    request_change(session, account_id)
    credentials.confirm_email(session, links, token=newest_token(session, links, "change_email"))
    assert send_notices() == []
    assert not mailbox.messages()


def by_person(session: Session, _: LinkSigner, account_id: int) -> None:
    passwords: dict[str, Any] = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    credentials.change_password(session, HASHER, account_id=account_id, keep_session_id=0, **passwords)


def by_link(session: Session, links: LinkSigner, _: int) -> None:
    credentials.request_password_reset(session, email="ann@example.org")
    token = newest_token(session, links, "reset_password")
    credentials.reset_password(session, HASHER, links, token=token, password=NEW_PASSWORD)


def by_operator(session: Session, _: LinkSigner, __: int) -> None:
    credentials.set_password(session, HASHER, username="ann", password=NEW_PASSWORD)


@pytest.mark.parametrize("change_it", [by_person, by_link, by_operator])
def test_the_owner_is_told_of_a_new_password(
    session: Session,
    send_notices: Send,
    mailbox: MailFolder,
    links: LinkSigner,
    change_it: Callable[[Session, LinkSigner, int], None],
) -> None:
    change_it(session, links, make_account(session, "ann"))
    assert send_notices() == [Outcome.SENT]
    message = only(mailbox)
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Your password at Birdhouse was changed"
    assert "@ann" in body(message, "plain")
    assert NEW_PASSWORD not in body(message, "plain") + body(message, "html")
    text_links, html_links = links_in(message)
    assert text_links == html_links == {"https://blog.example/reset-password"}


def test_suspended_people_are_told_nothing(session: Session, send_notices: Send, mailbox: MailFolder) -> None:
    account_id = make_account(session, "ann")
    request_change(session, account_id)
    credentials.set_password(session, HASHER, username="ann", password=NEW_PASSWORD)
    change(session, Account, Account.id, account_id, suspended_at=datetime.now(UTC))
    assert set(send_notices()) == {Outcome.NOT_WANTED}
    assert not mailbox.messages()
