"""What the database itself refuses, whoever writes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories import make_account

REFUSED = {
    "username form": "UPDATE accounts SET username = 'a b'",
    "username length": "UPDATE accounts SET username = repeat('a', 31)",
    "display name length": "UPDATE accounts SET display_name = repeat('a', 51)",
    "role": "UPDATE accounts SET role = 'emperor'",
    "negative counter": "UPDATE accounts SET statuses_count = -1",
    "email length": "UPDATE users SET email = repeat('a', 255)",
    "username twice": "INSERT INTO accounts (username) VALUES ('ADA')",
    "confirmed email twice": (
        "INSERT INTO users (account_id, email, password_hash, confirmed_at)"
        " SELECT id, 'Ada@Example.org', 'x', now() FROM accounts WHERE username = 'bob'"
        " ON CONFLICT (account_id) DO UPDATE SET email = excluded.email"
    ),
    "status length": "INSERT INTO statuses (account_id, text) SELECT id, repeat('a', 5001) FROM accounts",
    "visibility": "INSERT INTO statuses (account_id, visibility) SELECT id, 'secret' FROM accounts",
    "status of nobody": "INSERT INTO statuses (account_id, text) VALUES (1, 'x')",
    "boost with text": (
        "WITH post AS (INSERT INTO statuses (account_id, text) SELECT id, 'x' FROM accounts LIMIT 1"
        " RETURNING id, account_id)"
        " INSERT INTO statuses (account_id, text, reblog_of_id) SELECT account_id, 'x', id FROM post"
    ),
    "following oneself": "INSERT INTO follows (account_id, target_account_id) SELECT id, id FROM accounts",
    "telling oneself": (
        "INSERT INTO notifications (account_id, from_account_id, kind) SELECT id, id, 'x' FROM accounts"
    ),
    "token hash length": (
        "INSERT INTO sessions (account_id, token_hash, expires_at) SELECT id, 'x', now() FROM accounts"
    ),
    "notice without another address": (
        "INSERT INTO one_time_tokens (account_id, purpose, email, expires_at)"
        " SELECT id, 'notice_changed', 'a@example.org', now() FROM accounts"
    ),
    "link with another address": (
        "INSERT INTO one_time_tokens (account_id, purpose, email, other_email, expires_at)"
        " SELECT id, 'confirm_email', 'a@example.org', 'b@example.org', now() FROM accounts"
    ),
    "media key": (
        "INSERT INTO media (account_id, kind, key, mime_type, byte_size, width, height)"
        " SELECT id, 'avatar', '../../etc/passwd', 'image/png', 1, 1, 1 FROM accounts"
    ),
    "job state": "INSERT INTO jobs (name, queue, arguments, state) VALUES ('x', 'x', '{}', 'lost')",
    "tag length": "INSERT INTO tags (name) VALUES (repeat('x', 101))",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_refused(session: Session, statement: str) -> None:
    make_account(session, "ada")
    make_account(session, "bob")
    with pytest.raises(IntegrityError):
        session.execute(text(statement))


def test_the_application_role_may_not_change_the_schema(session: Session) -> None:
    can = "SELECT has_schema_privilege('public', 'CREATE'), has_table_privilege('accounts', 'TRUNCATE')"
    assert session.execute(text(can)).one() == (False, False)
