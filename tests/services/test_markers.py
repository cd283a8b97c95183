import pytest
from sqlalchemy.orm import Session

from microblog.domain.errors import ValidationError
from microblog.services import markers
from tests.factories import make_account


@pytest.fixture
def ada(session: Session) -> int:
    return make_account(session)


def read(session: Session, account_id: int, *timelines: str) -> dict[str, tuple[int, int]]:
    rows = markers.read_markers(session, account_id=account_id, timelines=timelines)
    assert all(row.updated_at.tzinfo for row in rows)
    return {row.timeline: (row.last_read_id, row.version) for row in rows}


def test_markers_move_forward_only(session: Session, ada: int) -> None:
    assert read(session, ada, "home", "notifications") == {}
    moved = markers.move_markers(session, account_id=ada, last_read_ids={"notifications": 7, "home": 5})
    assert [(row.timeline, row.last_read_id, row.version) for row in moved] == [
        ("home", 5, 1),
        ("notifications", 7, 1),
    ]
    moved = markers.move_markers(session, account_id=ada, last_read_ids={"home": 9})
    assert [(row.timeline, row.last_read_id, row.version) for row in moved] == [("home", 9, 2)]
    moved = markers.move_markers(session, account_id=ada, last_read_ids={"home": 3})
    assert [(row.last_read_id, row.version) for row in moved] == [(9, 2)]
    assert read(session, ada, "home", "notifications", "else") == {"home": (9, 2), "notifications": (7, 1)}
    assert read(session, ada, "notifications") == {"notifications": (7, 1)}
    assert read(session, ada) == {}
    assert read(session, make_account(session), "home") == {}


@pytest.mark.parametrize("asked", [{"public": 1}, {"home": -1}, {"home": 2**63}, {"home": 1, "else": 1}])
def test_other_markers_are_refused(session: Session, ada: int, asked: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        markers.move_markers(session, account_id=ada, last_read_ids=asked)
    assert read(session, ada, "home") == {}
