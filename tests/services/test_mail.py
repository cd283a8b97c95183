"""What mails about others' doings say, to whom they go, and when none is sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from devstack.mailbox import MailFolder
from microblog.data.feeds import Feeds
from microblog.data.models import Account, Follow, Mail, Mention, Status, User
from microblog.domain.visibility import Visibility
from microblog.services import mail
from microblog.services.links import LinkSigner
from microblog.services.mail import Outcome, Outgoing
from tests.factories import make_account, make_follow, make_status
from tests.services.mails import body, change, links_in, only


@pytest.fixture
def followed(session: Session) -> tuple[int, int]:
    """@ann follows @bob: the ids of @bob and of @ann."""
    ann, bob = make_account(session, "ann"), make_account(session, "bob")
    make_follow(session, ann, "bob")
    return bob, ann


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


def test_a_mail_that_went_out_is_told_and_measured(
    session: Session, outgoing: Outgoing, mentioned: tuple[int, int]
) -> None:
    def measured(**labels: str) -> float:
        name = "bucket" if labels else "count"
        kind = {"kind": "mention", **labels}
        return REGISTRY.get_sample_value(f"microblog_mail_handover_seconds_{name}", kind) or 0.0

    before = measured(), measured(le="30.0"), measured(le="60.0")
    status_id, bob = mentioned
    with capture_logs() as logged:
        mail.send_mention(session, outgoing, status_id=status_id, account_id=bob)
    (line,) = [line for line in logged if line["event"] == "mail.sent"]
    assert (line["kind"], line["account_id"], line["message"]) == ("mention", bob, "1.req")
    assert line["duration_ms"] > 0
    # It was enqueued 40 seconds ago.
    assert (measured(), measured(le="30.0"), measured(le="60.0")) == (before[0] + 1, before[1], before[2] + 1)


def test_an_answer_is_told_as_one(
    session: Session, feeds: Feeds, outgoing: Outgoing, mailbox: MailFolder, mentioned: tuple[int, int]
) -> None:
    status_id, bob = mentioned
    ann = session.scalars(select(Status.account_id).where(Status.id == status_id)).one()
    reply = make_status(session, feeds, bob, "I do, @ann", in_reply_to_id=status_id)
    assert mail.send_mention(session, outgoing, status_id=reply, account_id=ann) is Outcome.SENT
    message = only(mailbox)
    assert message["Subject"] == "@bob replied to you"
    for part in ("plain", "html"):
        assert "replied to you" in body(message, part)
        assert "answered a post of yours" in body(message, part)
        assert "mentioned" not in body(message, part)
        assert "I do, @ann" in body(message, part)


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
