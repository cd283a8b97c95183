"""Each job's work by its name, as a worker runs it, on rows that the site's services make."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update

from devstack.mailbox import MailFolder
from microblog.bootstrap import Resources
from microblog.data.models import Account, DailyStatistic, Job, LogInSession, MediaFile, OneTimeToken
from microblog.data.session import Database
from microblog.jobs import names
from microblog.observability.logs import log_context
from microblog.services import accounts, credentials, media, sessions
from microblog.services.feeds import read_feed
from microblog.worker.base import Outcome, run_job
from microblog.worker.bindings import BINDINGS
from tests.factories import HASHER, PASSWORD, make_account, make_follow, make_status
from tests.services.pictures import make_picture

Work = Callable[[], list[tuple[str, Outcome]]]


@pytest.fixture
def work(resources: Resources, database: Database) -> Work:
    """Runs all jobs that wait, those that they make included; names and outcomes in order."""
    by_name = {job.name: effect for job, effect in BINDINGS.items()}

    def run() -> list[tuple[str, Outcome]]:
        done: list[tuple[str, Outcome]] = []
        while True:
            with database.unit_of_work() as session:
                row = session.execute(
                    select(Job.id, Job.name).where(Job.state == "waiting", Job.attempts == 0).order_by(Job.id)
                ).first()
            if row is None:
                return done
            done.append((row.name, run_job(resources, by_name[row.name], job_id=row.id)))

    return run


def test_a_post_reaches_feeds_and_mailboxes(
    work: Work, resources: Resources, database: Database, mailbox: MailFolder
) -> None:
    with database.unit_of_work() as session, log_context(request_id="req-7"):
        ann, bob = make_account(session, "ann"), make_account(session, "bob")
        make_follow(session, bob, "ann")
        version = session.scalar(select(Account.feed_version).where(Account.id == bob)) or 0
        read_feed(session, resources.feeds, account_id=bob, version=version, following_count=1)
        status_id = make_status(session, resources.feeds, ann, "Hello @bob")
    assert sorted(work()) == [
        ("mail.follow", Outcome.DONE),
        ("mail.mention", Outcome.DONE),
        ("statuses.fan_out", Outcome.DONE),
    ]
    feed = resources.feeds.read(bob, version)
    assert feed is not None
    assert feed.ids == [status_id]
    messages = {str(message["To"]): message for message in mailbox.messages()}
    assert set(messages) == {"ann@example.org", "bob@example.org"}
    with database.unit_of_work() as session:
        job_id = session.scalar(select(Job.id).where(Job.name == "mail.mention"))
    assert messages["bob@example.org"]["Message-ID"] == f"<{job_id}.req-7@localhost>"


def test_links_are_mailed(work: Work, database: Database, mailbox: MailFolder) -> None:
    with database.unit_of_work() as session:
        ann = make_account(session, "ann", is_confirmed=False)
        make_account(session, "bob")
        credentials.resend_confirmation(session, account_id=ann)
        credentials.request_password_reset(session, email="bob@example.org")
        credentials.request_password_reset(session, email="nobody@example.org")
    assert [outcome for _, outcome in work()] == [Outcome.DONE] * 3
    assert [str(message["To"]) for message in mailbox.messages()] == ["ann@example.org", "bob@example.org"]
    with database.unit_of_work() as session:
        assert len(session.scalars(select(OneTimeToken.id)).all()) == 2


def test_owners_are_told_of_changes(work: Work, database: Database, mailbox: MailFolder) -> None:
    with database.unit_of_work() as session:
        ann = make_account(session, "ann")
        credentials.request_email_change(
            session, HASHER, account_id=ann, current_password=PASSWORD, email="new@example.org"
        )
    assert sorted(work()) == [("mail.address_change", Outcome.DONE), ("mail.confirmation", Outcome.DONE)]
    with database.unit_of_work() as session:
        credentials.set_password(session, HASHER, username="ann", password="quite another long sentence")
    assert work() == [("mail.password_changed", Outcome.DONE)]
    addresses = [str(message["To"]) for message in mailbox.messages()]
    assert sorted(addresses) == ["ann@example.org", "ann@example.org", "new@example.org"]


def test_an_address_that_the_mail_server_refuses_is_given_up(
    work: Work, database: Database, mailbox: MailFolder
) -> None:
    with database.unit_of_work() as session:
        ann = make_account(session, "ann", is_confirmed=False)
        credentials.send_confirmation(session, account_id=ann, email="a,b@example.org")
    assert work() == [("mail.confirmation", Outcome.NOTHING_TO_DO)]


def test_an_avatar_takes_the_place_of_the_former(
    work: Work, resources: Resources, database: Database
) -> None:
    keys: list[str] = []
    with database.unit_of_work() as session:
        ann = make_account(session, "ann")
    for _ in range(2):
        with database.unit_of_work() as session:
            media.store_avatar(
                session,
                resources.storage,
                account_id=ann,
                data=make_picture(),
                max_bytes=5_000_000,
                max_pixels=25_000_000,
            )
        assert {outcome for _, outcome in work()} == {Outcome.DONE}
        with database.unit_of_work() as session:
            keys.append(session.scalar(select(Account.avatar_key)) or "")
    former, shown = keys
    assert not resources.storage.exists(former, "96.webp")
    assert resources.storage.exists(shown, "96.webp")
    with database.unit_of_work() as session:
        assert session.scalars(select(MediaFile.key)).all() == [shown]


def test_a_suspended_person_s_avatar_leaves_its_place(
    work: Work, resources: Resources, database: Database
) -> None:
    with database.unit_of_work() as session:
        ann = make_account(session, "ann")
        media.store_avatar(
            session,
            resources.storage,
            account_id=ann,
            data=make_picture(),
            max_bytes=5_000_000,
            max_pixels=25_000_000,
        )
    work()
    with database.unit_of_work() as session:
        shown = session.scalar(select(Account.avatar_key)) or ""
        accounts.suspend_account(session, username="ann")
    done = [name for name, outcome in work() if outcome is Outcome.DONE]
    assert done == ["media.conceal_avatar", "media.conceal_header", "media.delete_files"]
    assert not resources.storage.exists(shown, "96.webp")


def test_figures_and_tidying_up(work: Work, add_job: Callable[..., int], database: Database) -> None:
    with database.unit_of_work() as session:
        make_account(session, "ann")
        sessions.log_in(session, HASHER, identifier="ann", password=PASSWORD, user_agent="", lifetime_days=30)
        session.execute(update(LogInSession).values(expires_at=LogInSession.created_at))
    add_job(names.DAILY_STATISTICS, day="2026-03-29")
    add_job(names.PURGE)
    assert [outcome for _, outcome in work()] == [Outcome.DONE] * 2
    with database.unit_of_work() as session:
        assert session.scalars(select(DailyStatistic.day)).all() == [date(2026, 3, 29)]
        assert session.scalars(select(LogInSession.id)).all() == []
