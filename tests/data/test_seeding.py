from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from microblog.data.models import Tag
from microblog.data.queries import seeding as queries

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
# What PostgreSQL's text can hold: no zero, no lone surrogates.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=50)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(TEXT | st.sampled_from(["\\", "\\N", "\\.", "\t", "\n", "\r\n", "a\\tb"]), unique=True))
def test_copy_keeps_every_character(session: Session, names: list[str]) -> None:
    rows = [(number, name, MOMENT) for number, name in enumerate(names, 1)]
    with session.begin_nested() as attempt:
        count = queries.copy_rows(session, Tag, ("id", "name", "created_at"), rows)

        found = [
            tuple(row) for row in session.execute(select(Tag.id, Tag.name, Tag.created_at).order_by(Tag.id))
        ]
        attempt.rollback()

    assert found == rows
    assert count == len(names)


def test_copy_in_chunks(session: Session) -> None:
    size = queries.CHUNK_ROWS + 3

    count = queries.copy_rows(
        session, Tag, ("id", "name"), ((number, f"t{number}") for number in range(size))
    )

    assert count == size
    assert len(session.scalars(select(Tag.id)).all()) == size


def test_tags_that_are_there_keep_their_ids(session: Session) -> None:
    first = queries.ensure_tags(session, [(1, "one", MOMENT)])
    second = queries.ensure_tags(session, [(5, "one", MOMENT), (6, "two", MOMENT)])

    assert first == {"one": 1}
    assert second == {"one": 1, "two": 6}
    assert queries.ensure_tags(session, []) == {}
