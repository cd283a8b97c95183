"""The mails with links that prove an address."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from devstack.mailbox import MailFolder
from microblog.data.models import Account, Mail
from microblog.services import mail
from microblog.services.links import LinkSigner
from microblog.services.mail import Outcome, Outgoing
from tests.factories import make_account
from tests.services.mails import add_token, body, change, links_in, only


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
