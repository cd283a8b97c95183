import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.feeds import Feeds
from microblog.data.models import Report
from microblog.domain.errors import NotFound, ValidationError
from microblog.domain.visibility import Visibility
from microblog.services import accounts, blocks, reports
from tests.factories import make_account, make_follow, make_status


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session, "ada")


@pytest.fixture
def bob(session: Session) -> int:
    return make_account(session, "bob")


def test_a_report_is_kept(session: Session, feeds: Feeds, ada: int, bob: int) -> None:
    posts = [make_status(session, feeds, bob) for _ in range(2)]
    found = reports.report_account(
        session,
        account_id=ada,
        target_id=bob,
        category="violation",
        comment=" rude\u202e ",
        status_ids=[posts[1], posts[0], posts[1]],
        rule_ids=[2, 1, 2],
    )
    assert (found.category, found.comment, found.rule_ids) == ("violation", "rude", (2, 1))
    assert found.status_ids == tuple(posts)
    assert (found.target.username, found.resolved_at) == ("bob", None)
    row = session.scalars(select(Report)).one()
    assert (row.id, row.account_id, row.target_account_id) == (found.id, ada, bob)


def test_only_posts_of_that_account_that_the_reporter_may_read(
    session: Session, feeds: Feeds, ada: int, bob: int
) -> None:
    public = make_status(session, feeds, bob)
    private = make_status(session, feeds, bob, visibility=Visibility.PRIVATE)
    secret = make_status(session, feeds, bob, visibility=Visibility.DIRECT)
    to_ada = make_status(session, feeds, bob, "you, @ada", visibility=Visibility.DIRECT)
    own = make_status(session, feeds, ada)
    asked = [public, private, secret, to_ada, own, 1, 0, -5, 2**70]

    def report() -> tuple[int, ...]:
        return reports.report_account(session, account_id=ada, target_id=bob, status_ids=asked).status_ids

    assert report() == (public, to_ada)
    make_follow(session, ada, "bob")
    assert report() == (public, private, to_ada)
    # Who blocks somebody, or is blocked, has the more reason to report.
    blocks.block(session, account_id=ada, target_id=bob)
    assert report() == (public, to_ada)
    blocks.block(session, account_id=bob, target_id=ada)
    assert report() == (public, to_ada)


def test_rules_belong_to_violations(session: Session, ada: int, bob: int) -> None:
    found = reports.report_account(session, account_id=ada, target_id=bob, rule_ids=[1])
    assert (found.category, found.rule_ids) == ("other", ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category", "boring"),
        ("comment", "x" * 1001),
        ("status_ids", list(range(101))),
        ("rule_ids", list(range(101))),
        ("rule_ids", [-1]),
        ("rule_ids", [2**63]),
    ],
)
def test_bad_reports_are_refused(session: Session, ada: int, bob: int, field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        reports.report_account(session, account_id=ada, target_id=bob, **{field: value})  # type: ignore[arg-type]
    assert set(caught.value.errors) == {field}


def test_only_others_who_are_there_are_reported(session: Session, ada: int, bob: int) -> None:
    with pytest.raises(ValidationError):
        reports.report_account(session, account_id=ada, target_id=ada)
    accounts.suspend_account(session, username="bob")
    for target_id in (bob, 1):
        with pytest.raises(NotFound):
            reports.report_account(session, account_id=ada, target_id=target_id)
    assert session.scalars(select(Report.id)).all() == []
