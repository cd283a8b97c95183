"""A site of some size, so that PostgreSQL plans as it does in life; made by PostgreSQL itself in seconds.

Accounts of the crowd have ids from FIRST on and names like `person_7`; what they do has ids as the site
makes them, minutes apart, so that posts of tests are newer.
"""

import time
from collections.abc import Sequence

from devstack import postgres

FIRST = 1_000
ACCOUNTS = 8_000
POSTS = 20_000
ROWS = 20_000
TAGS = 3_000
#: Between two posts, and how many of these between the crowd's last one and now.
MINUTES = 10
SINCE = 220
#: In milliseconds since 1970.
FIRST_POST = int(time.time() * 1000) - (POSTS + SINCE) * MINUTES * 60_000


def id_of(number: str) -> str:
    """SQL for the id of a post of that number."""
    return f"(({FIRST_POST} + ({number})::bigint * {MINUTES} * 60000) << 16 | (({number}) & 65535))"


def someone(number: str, prime: int = 1) -> str:
    """SQL for the id of somebody of the crowd."""
    return f"({FIRST} + ({number}) * {prime} % {ACCOUNTS})"


def series(count: int) -> str:
    """SQL for numbers `n` from 1 on."""
    return f"FROM generate_series(1, {count}) n"


#: A post is a plain one, an answer to one (each seventh) or a boost of one (each eleventh).
_IS_REPLY, _IS_BOOST = "(n % 7 = 0 AND n % 11 <> 0)", "(n % 11 = 0)"
_PARENT = "(n - 1 - n % 5)"

STATEMENTS = (
    f"""INSERT INTO accounts (id, username, display_name, statuses_count, followers_count, following_count)
    SELECT {FIRST} + n - 1, 'person_' || n, 'Person ' || n, 9, 9 + n % 9, 9 {series(ACCOUNTS)}""",
    f"""INSERT INTO users (account_id, email, password_hash, confirmed_at)
    SELECT {FIRST} + n - 1, 'person_' || n || '@example.org', 'none', now() {series(ACCOUNTS)}""",
    f"""INSERT INTO statuses (id, account_id, text, content, visibility, created_at, in_reply_to_id,
        in_reply_to_account_id, conversation_id, reblog_of_id)
    SELECT {id_of("n")}, {someone("n", 7)},
        CASE WHEN {_IS_BOOST} THEN '' ELSE 'post ' || n || ' about word' || n % 500 END,
        CASE WHEN {_IS_BOOST} THEN '' ELSE '<p>post ' || n || '</p>' END,
        CASE n % 20 WHEN 13 THEN 'unlisted' WHEN 14 THEN 'private' WHEN 15 THEN 'direct' ELSE 'public' END,
        now() - ({POSTS} - n) * interval '{MINUTES} minutes',
        CASE WHEN {_IS_REPLY} THEN {id_of(_PARENT)} END,
        CASE WHEN {_IS_REPLY} THEN {someone(_PARENT, 7)} END,
        CASE WHEN {_IS_REPLY} THEN {id_of(_PARENT)} END,
        CASE WHEN {_IS_BOOST} THEN {id_of("n - 1")} END
    {series(POSTS)}""",
    f"INSERT INTO tags (id, name) SELECT n, 'tag' || n {series(TAGS)}",
    f"""INSERT INTO status_tags (status_id, tag_id)
    SELECT {id_of("n")}, 1 + (n * n) % {TAGS} {series(POSTS)} WHERE n % 2 = 0""",
    f"""INSERT INTO mentions (status_id, account_id)
    SELECT {id_of("n")}, {someone("n", 13)} {series(POSTS)} WHERE n % 2 = 1""",
    f"""INSERT INTO notifications (id, account_id, from_account_id, kind, status_id)
    SELECT {id_of("n")}, {someone("n", 13)}, {someone("n", 7)},
        (ARRAY['mention', 'favourite', 'reblog'])[1 + n % 3], {id_of("n")}
    {series(POSTS)} WHERE {someone("n", 13)} <> {someone("n", 7)}""",
    *(
        f"""INSERT INTO {table} (id, account_id, target_account_id)
        SELECT {id_of("n")}, {someone("n")}, {someone("n + 1 + n / " + str(ACCOUNTS))} {series(rows)}"""
        for table, rows in (
            ("follows", ROWS),
            ("blocks", ROWS // 5),
            ("mutes", ROWS // 5),
            ("follow_requests", ROWS // 5),
        )
    ),
    *(
        f"""INSERT INTO {table} (id, account_id, status_id)
        SELECT {id_of("n")}, {someone("n", 17)}, {id_of("n")} {series(rows)}"""
        for table, rows in (("favourites", ROWS), ("bookmarks", ROWS // 2), ("pins", ROWS // 10))
    ),
    f"""INSERT INTO account_notes (account_id, target_account_id, comment)
    SELECT {someone("n")}, {someone("n + 1")}, 'A note' {series(ROWS // 5)}""",
    f"""INSERT INTO conversation_mutes (account_id, conversation_id)
    SELECT {someone("n")}, {id_of("n")} {series(ROWS // 5)}""",
    f"""INSERT INTO tag_follows (account_id, tag_id)
    SELECT {someone("n")}, 1 + n % {TAGS} {series(ROWS // 5)}""",
    f"""INSERT INTO status_edits (status_id, text, content, spoiler_text, sensitive, created_at)
    SELECT {id_of("n")}, 'before', '<p>before</p>', '', false, now() {series(ROWS // 5)}""",
    f"""INSERT INTO idempotency_keys (account_id, key_hash, status_id)
    SELECT {someone("n")}, sha256(n::text::bytea), {id_of("n")} {series(ROWS // 5)}""",
    f"""INSERT INTO sessions (account_id, token_hash, expires_at)
    SELECT {someone("n")}, sha256(n::text::bytea), now() + interval '1 day' {series(ROWS // 2)}""",
    f"""INSERT INTO oauth_applications (id, client_id, client_secret_hash, name, redirect_uris, scopes)
    SELECT n, 'client of the crowd ' || n, sha256(n::text::bytea), 'Client', '{{a://b}}', '{{read}}'
    {series(ROWS // 5)}""",
    f"""INSERT INTO oauth_tokens (token_hash, application_id, account_id, scopes)
    SELECT sha256(n::text::bytea), 1 + n % {ROWS // 5}, {someone("n")}, '{{read}}' {series(ROWS // 2)}""",
    f"""INSERT INTO oauth_codes (code_hash, application_id, account_id, redirect_uri, scopes, expires_at)
    SELECT sha256(n::text::bytea), 1 + n % {ROWS // 5}, {someone("n")}, 'a://b', '{{read}}', now()
    {series(ROWS // 5)}""",
    f"""INSERT INTO one_time_tokens (account_id, purpose, email, expires_at)
    SELECT {someone("n")}, 'confirm_email', 'a@b.c', now() + interval '1 day' {series(ROWS // 5)}""",
    f"""INSERT INTO markers (account_id, timeline, last_read_id)
    SELECT {FIRST} + n - 1, 'home', 1 {series(ACCOUNTS)}""",
    f"""INSERT INTO media (account_id, kind, key, state, mime_type, byte_size, width, height)
    SELECT {someone("n")}, 'avatar', 'a-key-of-the-crowd-' || n, 'ready', 'image/png', 1, 1, 1
    {series(ROWS // 5)}""",
    f"""INSERT INTO mails (account_id, kind, subject_id, message_id)
    SELECT {someone("n")}, 'mention', n, '<' || n || '@example.org>' {series(ROWS // 5)}""",
    f"""INSERT INTO jobs (name, queue, arguments, state, finished_at)
    SELECT 'home.fan_out', 'default', '{{}}', 'done', now() {series(ROWS // 5)}""",
    f"""INSERT INTO rate_limits (key, expires_at, uses)
    SELECT 'key ' || n, now() + interval '1 hour', 1 {series(ROWS // 5)}""",
)


def fill(superuser_url: str, database: str, statements: Sequence[str]) -> None:
    """Run these, and have the planner know what there is."""
    with postgres.autocommit_cursor(superuser_url, database) as cursor:
        # As database hosts are set up (ops/roles/postgresql).
        cursor.execute(f"ALTER DATABASE {database} SET random_page_cost = 1.1")
        # Foreign keys are right as they are made: checking each takes as long again.
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
