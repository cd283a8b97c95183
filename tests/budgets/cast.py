"""The people whom requests are about, among the crowd: each list that they may ask for holds a full page."""

from tests.budgets.crowd import POSTS, id_of, series, someone

PEOPLE = ("alice", "bob", "carol", "dan", "erin", "frank", "grace", "locked", "newcomer", "newcomer_too")
ALICE, BOB = 1, 2
#: More than a page of any list holds; and of what alice has so much that nothing may read all of it.
ROWS = 50
MANY = 2_000
#: Places after the crowd's last post, of the first of: bob's posts, alice's, answers to her, and boosts.
BOBS, OWN, ANSWERS, BOOSTS = 1, 55, 110, 165


def _after(place: int, number: str = "n") -> str:
    return id_of(f"{POSTS + place - 1} + {number}")


def _post(place: int, author: str, text: str, **columns: str) -> str:
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", {value}" for value in columns.values())
    return f"""INSERT INTO statuses (id, account_id, text, content{names})
    SELECT {_after(place)}, {author}, '{text} ' || n, '<p>{text}</p>'{values} {series(ROWS)}"""


def _tag(place: int) -> str:
    return f"""INSERT INTO status_tags (status_id, tag_id)
    SELECT {_after(place)}, id {series(ROWS)}, tags WHERE name IN ('cats', 'dogs')"""


def _mention(place: int, account_id: int) -> str:
    return f"""INSERT INTO mentions (status_id, account_id) SELECT {_after(place)}, {account_id}
    {series(ROWS)}"""


def _tell(kind: str, status_id: str, rows: int) -> str:
    return f"""INSERT INTO notifications (account_id, from_account_id, kind, status_id)
    SELECT {ALICE}, {someone("n")}, '{kind}', {status_id} {series(rows)}"""


def make_cast(password_hash: str) -> list[str]:
    """Statements that make them, after those of the crowd. All have this password."""
    names = ", ".join(f"'{name}'" for name in PEOPLE)
    first = _after(OWN, "1")
    return [
        f"""INSERT INTO accounts (id, username, locked, statuses_count, followers_count, following_count)
        SELECT n, name, name = 'locked', 999, 999, 999
        FROM unnest(ARRAY[{names}]) WITH ORDINALITY people(name, n)""",
        f"""INSERT INTO users (account_id, email, password_hash, confirmed_at)
        SELECT id, username || '@example.org', '{password_hash}',
            CASE WHEN username NOT LIKE 'newcomer%' THEN now() END
        FROM accounts WHERE id <= {len(PEOPLE)}""",
        "INSERT INTO tags (name) VALUES ('cats'), ('dogs')",
        _post(BOBS, str(BOB), "one by bob about #cats and #dogs for @alice"),
        _post(OWN, str(ALICE), "one by alice about #cats and #dogs for @bob"),
        _post(
            ANSWERS,
            someone("n"),
            "an answer about #cats and #dogs for @alice",
            in_reply_to_id=first,
            in_reply_to_account_id=str(ALICE),
            conversation_id=first,
        ),
        f"""INSERT INTO statuses (id, account_id, reblog_of_id)
        SELECT {_after(BOOSTS)}, {someone("n")}, {first} {series(ROWS)}""",
        *(_tag(place) for place in (BOBS, OWN, ANSWERS)),
        *(_mention(place, one) for place, one in ((BOBS, ALICE), (OWN, BOB), (ANSWERS, ALICE))),
        _tell("favourite", first, MANY),
        _tell("mention", _after(ANSWERS), ROWS),
        *(
            f"""INSERT INTO {table} (account_id, target_account_id)
            SELECT {from_id}, {to_id} {series(rows)}"""
            for table, from_id, to_id, rows in (
                ("follows", str(ALICE), someone("n + 1000"), MANY),
                ("follows", someone("n"), str(ALICE), MANY),
                ("follows", someone("n + 100"), str(BOB), ROWS),
                ("blocks", str(ALICE), someone("n + 3200"), ROWS),
                ("mutes", str(ALICE), someone("n + 5300"), ROWS),
                ("follow_requests", someone("n + 4000"), str(ALICE), MANY),
            )
        ),
        *(
            f"INSERT INTO {table} (account_id, status_id) SELECT {ALICE}, {id_of('n')} {series(MANY)}"
            for table in ("favourites", "bookmarks")
        ),
        f"INSERT INTO follows (account_id, target_account_id) VALUES ({ALICE}, {BOB}), ({BOB}, {ALICE})",
        *(
            f"INSERT INTO {table} (account_id, status_id) SELECT {ALICE}, {_after(place)} {series(ROWS)}"
            for table in ("favourites", "bookmarks")
            for place in (BOBS, OWN)
        ),
        f"INSERT INTO favourites (account_id, status_id) SELECT {someone('n')}, {first} {series(ROWS)}",
        f"INSERT INTO pins (account_id, status_id) VALUES ({ALICE}, {_after(OWN, '2')})",
        f"""INSERT INTO status_edits (status_id, text, content, spoiler_text, sensitive, created_at)
        SELECT {first}, 'before', '<p>before</p>', '', false, now() {series(ROWS)}""",
        f"INSERT INTO tag_follows (account_id, tag_id) SELECT {ALICE}, n {series(ROWS)}",
        f"""INSERT INTO oauth_tokens (token_hash, application_id, account_id, scopes)
        SELECT sha256(('alice ' || n)::bytea), n, {ALICE}, '{{read}}' {series(ROWS)}""",
        f"UPDATE oauth_applications SET account_id = {ALICE} WHERE id <= 20",
        f"""INSERT INTO sessions (account_id, token_hash, expires_at)
        SELECT {ALICE}, sha256(('alice ' || n)::bytea), now() + interval '1 day' {series(ROWS)}""",
        f"""INSERT INTO daily_statistics (day, statuses, active_accounts, sign_ups, mails, top_tags)
        SELECT current_date - n::integer, 1, 1, 1, 1, '[{{"name": "cats", "uses": 9}}]' {series(ROWS)}""",
    ]
