import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from microblog.data.queries import account_search as queries
from microblog.domain.errors import NotFound
from microblog.services import accounts, blocks
from microblog.services.account_search import look_up_account, search_accounts
from tests.factories import make_account, make_follow

HOST = "blog.example:8000"


@pytest.fixture(autouse=True)
def ada(session: Session) -> int:
    account_id = make_account(session, "ada_l")
    accounts.update_profile(session, account_id=account_id, display_name="Ada O'Lovelace, Ärztin")
    return account_id


def find(session: Session, words: str, viewer_id: int | None = None, **options: int) -> list[str]:
    found = search_accounts(
        session,
        text=words,
        host=HOST,
        viewer_id=viewer_id,
        limit=options.get("limit", 40),
        offset=options.get("offset", 0),
        following=bool(options.get("following")),
    )
    return [row.username for row in found]


@pytest.mark.parametrize("acct", ["ada_l", "@ADA_L", "ada_l@blog.example:8000", "@ada_l@BLOG.example:8000 "])
def test_an_address_is_looked_up(session: Session, ada: int, acct: str) -> None:
    assert look_up_account(session, acct=acct, host=HOST).id == ada


@pytest.mark.parametrize(
    "acct",
    ["", "@", "ada", "ada_l@", "ada_l@other.example", "ada_l@blog.example:8000@x", "@@ada_l", "a\x00b"],
)
def test_other_addresses_are_nobody_s(session: Session, acct: str) -> None:
    with pytest.raises(NotFound):
        look_up_account(session, acct=acct, host=HOST)


def test_hidden_accounts_are_not_found(session: Session, ada: int) -> None:
    unconfirmed = make_account(session, "adam", is_confirmed=False)
    accounts.suspend_account(session, username="ada_l")
    assert find(session, "ada") == []
    for acct in ("ada_l", "adam"):
        with pytest.raises(NotFound):
            look_up_account(session, acct=acct, host=HOST)
    for account_id in (ada, unconfirmed, 1):
        with pytest.raises(NotFound):
            accounts.get_public_account(session, account_id=account_id)


@pytest.mark.parametrize(
    "words",
    [
        "ada",
        "ADA_L",
        "@ada",
        "ada_l",
        "love",
        "lovelace",
        "lov ad",
        "o'love",
        "ärzt",
        "@ada_l@blog.example:8000",
    ],
)
def test_the_beginnings_of_words_find(session: Session, words: str) -> None:
    make_account(session, "somebody")
    assert find(session, words) == ["ada_l"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "@",
        "ovelace",
        "ada nobody",
        "@ada_l@other.example",
        "!!!",
        "':*",
        "\\",
        "ada\\",
        "' | 'zz",
        "x" * 9_999,
    ],
)
def test_odd_text_finds_nothing_or_what_it_says(session: Session, words: str) -> None:
    make_account(session, "somebody")
    assert find(session, words) == (["ada_l"] if words == "ada\\" else [])


def test_operators_are_plain_text(session: Session) -> None:
    make_account(session, "somebody")
    for words in ("!ada", "(ada", "ada:*", "ada & !nobody", "ada | somebody"):
        assert "somebody" not in find(session, words), words


def test_the_very_name_comes_first_then_the_most_followed(session: Session) -> None:
    for name in ("kim", "kimberly", "kimono"):
        make_account(session, name)
    make_follow(session, make_account(session), "kimono")
    assert find(session, "KIM") == ["kim", "kimono", "kimberly"]
    assert find(session, "kim", limit=1, offset=1) == ["kimono"]
    assert find(session, "kim", offset=-5) == ["kim", "kimono", "kimberly"]
    assert find(session, "kim", offset=10**9) == []


def test_a_block_either_way_hides(session: Session) -> None:
    kim, kit, viewer = (make_account(session, name) for name in ("kim", "kit", "viewer"))
    assert sorted(find(session, "ki", viewer)) == ["kim", "kit"]
    blocks.block(session, account_id=kim, target_id=viewer)
    blocks.block(session, account_id=viewer, target_id=kit)
    assert find(session, "ki", viewer) == []
    assert find(session, "@kim@blog.example:8000", viewer) == []
    assert sorted(find(session, "ki")) == ["kim", "kit"]


def test_only_those_whom_the_viewer_follows(session: Session) -> None:
    viewer, _kim = make_account(session, "viewer"), make_account(session, "kim")
    make_account(session, "kimono")
    make_follow(session, viewer, "kimono")
    assert find(session, "kim", viewer, following=True) == ["kimono"]
    assert find(session, "kim", following=True) == []


def test_the_indexes_are_used(session: Session) -> None:
    session.execute(text("SET LOCAL enable_seqscan = off"))
    parameters = {"name": "ada", "words": "'ada':*", "viewer_id": 0, "limit": 5, "offset": 0}
    connection = session.connection()
    statement = queries._AMONG_ALL.compile(connection)
    rows = connection.exec_driver_sql(f"EXPLAIN {statement}", statement.construct_params(parameters))
    plan = "\n".join(rows.scalars())
    assert "ix_accounts_words" in plan
    assert "uq_accounts_username_lower" in plan
