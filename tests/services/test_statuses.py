import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Job, Mention, Notification, Status
from microblog.domain.errors import NotFound, ValidationError
from microblog.domain.visibility import Visibility
from microblog.services import accounts, statuses
from tests.factories import make_account, make_follow, make_status


def counts(session: Session, account_id: int) -> int:
    return session.scalars(select(Account.statuses_count).where(Account.id == account_id)).one()


def test_a_post_has_all_its_parts(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    make_account(session, "eve", is_confirmed=False)
    text = "Hi @Bob, @eve, @ada and @nobody: #Cats and #cats"
    status_id = make_status(session, feeds, ada, text)
    row = statuses.get_status(session, status_id=status_id, viewer_id=None)
    assert row.author_username == "ada"
    assert 'href="/@Bob"' in row.content
    assert 'href="/tags/cats"' in row.content
    assert "/@eve" not in row.content
    assert counts(session, ada) == 1
    told = session.execute(select(Notification.account_id, Notification.kind, Notification.status_id)).all()
    assert [tuple(one) for one in told] == [(bob, "mention", status_id)]
    jobs = {job.name: job.arguments for job in session.scalars(select(Job))}
    assert jobs == {
        "statuses.fan_out": {"status_id": status_id},
        "mail.mention": {"status_id": status_id, "account_id": bob},
    }


def test_ids_rise_with_time(session: Session, feeds: Feeds) -> None:
    ada = make_account(session)
    ids = [make_status(session, feeds, ada) for _ in range(5)]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    "text", ["", "  \n ", "\u200b\u2060", "x" * 501, "https://example.org/" + "x" * 1900 + " " + "y" * 480]
)
def test_bad_lengths_are_refused(session: Session, feeds: Feeds, text: str) -> None:
    ada = make_account(session)
    with pytest.raises(ValidationError) as caught:
        make_status(session, feeds, ada, text)
    assert set(caught.value.errors) == {"text"}


def test_characters_are_counted_not_bytes(session: Session, feeds: Feeds) -> None:
    ada = make_account(session)
    assert make_status(session, feeds, ada, "ß" * 500)
    assert make_status(session, feeds, ada, "x" * 476 + " https://example.org/" + "y" * 500)


def test_replies_form_a_thread(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    root = make_status(session, feeds, ada, "root")
    first = make_status(session, feeds, bob, "first", in_reply_to_id=root)
    second = make_status(session, feeds, ada, "second", in_reply_to_id=root)
    below_first = make_status(session, feeds, ada, "below first", in_reply_to_id=first)
    thread = statuses.get_thread(session, status_id=root, viewer_id=None)
    assert [row.id for row in thread.descendants] == [first, below_first, second]
    assert thread.status.replies_count == 2
    thread = statuses.get_thread(session, status_id=below_first, viewer_id=None)
    assert [row.id for row in thread.ancestors] == [root, first]
    assert thread.status.in_reply_to_username == "bob"
    conversations = session.scalars(select(Status.conversation_id).where(Status.id != root)).all()
    assert set(conversations) == {root}


def test_a_reply_tells_whom_it_answers_named_or_not(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    root = make_status(session, feeds, ada)
    reply = make_status(session, feeds, bob, "I agree", in_reply_to_id=root)
    make_status(session, feeds, ada, "To myself", in_reply_to_id=root)
    told = session.execute(select(Notification.account_id, Notification.status_id)).all()
    assert [tuple(one) for one in told] == [(ada, reply)]
    named = session.execute(select(Mention.account_id, Mention.status_id)).all()
    assert [tuple(one) for one in named] == [(ada, reply)], "oneself is not named"


def test_a_reply_outlives_what_it_answers(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    root = make_status(session, feeds, ada, "root")
    reply = make_status(session, feeds, bob, "reply", in_reply_to_id=root)
    statuses.delete_status(session, account_id=ada, status_id=root)
    session.expire_all()
    thread = statuses.get_thread(session, status_id=reply, viewer_id=None)
    assert thread.ancestors == []
    assert (thread.status.in_reply_to_id, thread.status.in_reply_to_username) == (None, "ada")
    with pytest.raises(ValidationError):
        make_status(session, feeds, bob, "too late", in_reply_to_id=root)


def test_a_suspended_person_is_not_named_as_answered(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session, "ada"), make_account(session, "bob")
    root = make_status(session, feeds, ada)
    reply = make_status(session, feeds, bob, in_reply_to_id=root)
    accounts.suspend_account(session, username="ada")
    assert statuses.get_status(session, status_id=reply, viewer_id=None).in_reply_to_username is None


def test_only_the_author_deletes(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session), make_account(session)
    root = make_status(session, feeds, ada)
    reply = make_status(session, feeds, bob, in_reply_to_id=root)
    with pytest.raises(NotFound):
        statuses.delete_status(session, account_id=bob, status_id=root)
    statuses.delete_status(session, account_id=bob, status_id=reply)
    assert statuses.get_status(session, status_id=root, viewer_id=None).replies_count == 0
    assert (counts(session, ada), counts(session, bob)) == (1, 0)
    with pytest.raises(NotFound):
        statuses.delete_status(session, account_id=bob, status_id=reply)


VISIBLE = {
    Visibility.PUBLIC: {"anonymous", "stranger", "follower", "mentioned", "author"},
    Visibility.UNLISTED: {"anonymous", "stranger", "follower", "mentioned", "author"},
    Visibility.PRIVATE: {"follower", "mentioned", "author"},
    Visibility.DIRECT: {"mentioned", "author"},
}


@pytest.mark.parametrize("visibility", list(Visibility))
def test_the_visibility_predicate(session: Session, feeds: Feeds, visibility: Visibility) -> None:
    viewers: dict[str, int | None] = {"anonymous": None}
    for name in ("author", "stranger", "follower", "mentioned"):
        viewers[name] = make_account(session, name)
    make_follow(session, viewers["follower"] or 0, "author")
    status_id = make_status(session, feeds, viewers["author"] or 0, "For @mentioned", visibility=visibility)

    def sees(viewer_id: int | None) -> bool:
        try:
            statuses.get_status(session, status_id=status_id, viewer_id=viewer_id)
            statuses.get_thread(session, status_id=status_id, viewer_id=viewer_id)
        except NotFound:
            return False
        return True

    assert {name for name, viewer_id in viewers.items() if sees(viewer_id)} == VISIBLE[visibility]
    accounts.suspend_account(session, username="author")
    assert not any(sees(viewer_id) for viewer_id in viewers.values())


def test_a_hidden_answer_is_not_in_the_thread(session: Session, feeds: Feeds) -> None:
    ada, bob = make_account(session), make_account(session)
    root = make_status(session, feeds, ada)
    hidden = make_status(session, feeds, bob, in_reply_to_id=root)
    below = make_status(session, feeds, ada, in_reply_to_id=hidden)
    session.execute(update(Status).where(Status.id == hidden).values(visibility="direct"))
    thread = statuses.get_thread(session, status_id=root, viewer_id=None)
    assert thread.descendants == []
    assert [row.id for row in statuses.get_thread(session, status_id=below, viewer_id=None).ancestors] == [
        root
    ]


def test_posting_needs_no_redis(session: Session, no_redis: Feeds) -> None:
    ada = make_account(session)
    assert make_status(session, no_redis, ada, "Redis is away")
