"""Posts that are written at the same moment as something else that they touch."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Account, Status, StatusTag, Tag
from microblog.data.session import Database
from microblog.domain.errors import ValidationError
from microblog.services import statuses
from microblog.services.counters import recount_accounts
from tests.factories import make_account, make_status
from tests.services.test_relationship_races import Act, at_once


@pytest.fixture
def pair(database: Database) -> tuple[int, int]:
    with database.unit_of_work() as session:
        return make_account(session, "ada"), make_account(session, "bob")


def write(feeds: Feeds, author_id: int, text: str, in_reply_to_id: int | None = None) -> Act:
    def act(session: Session) -> None:
        make_status(session, feeds, author_id, text, in_reply_to_id=in_reply_to_id)

    return act


def test_two_posts_make_the_same_new_tag_once(
    database: Database, feeds: Feeds, pair: tuple[int, int]
) -> None:
    ada, bob = pair
    with database.unit_of_work() as session:
        make_status(session, feeds, ada, "#known")
    error = at_once(database, write(feeds, ada, "#new #known #b"), write(feeds, bob, "#known #new #a"))
    assert error is None
    with database.unit_of_work() as session:
        uses = select(Tag.name, func.count()).join(StatusTag, StatusTag.tag_id == Tag.id).group_by(Tag.name)
        found = {tuple(row) for row in session.execute(uses)}
        assert found == {("known", 3), ("new", 2), ("a", 1), ("b", 1)}


def test_an_answer_to_a_post_that_is_being_deleted_is_refused(
    database: Database, feeds: Feeds, pair: tuple[int, int]
) -> None:
    ada, bob = pair
    with database.unit_of_work() as session:
        post = make_status(session, feeds, ada)

    def delete(session: Session) -> None:
        statuses.delete_status(session, account_id=ada, status_id=post)

    error = at_once(database, delete, write(feeds, bob, "What?", post))
    assert isinstance(error, ValidationError)
    assert "in_reply_to_id" in error.errors
    with database.unit_of_work() as session:
        assert session.scalars(select(Status.id)).all() == []
        assert recount_accounts(session, after_id=0).mended == 0


def test_an_answer_that_cannot_be_counted_counts_for_nobody(
    session: Session, feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_account(session, "ada")
    post = make_status(session, feeds, ada)
    found = statuses.get_status(session, status_id=post, viewer_id=ada)
    statuses.delete_status(session, account_id=ada, status_id=post)
    # As somebody sees it who looked before it was deleted.
    monkeypatch.setattr("microblog.data.queries.statuses.get_status", lambda *_: found)
    with pytest.raises(ValidationError):
        make_status(session, feeds, ada, "What?", in_reply_to_id=post)
    assert session.scalars(select(Account.statuses_count)).one() == 0
