"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Milliseconds since 1970, then 16 bits of a sequence: ordered by time, unique up to 65,536 ids a millisecond
# (domain/ids.py is the same layout in Python).
MAKE_ID = """
CREATE FUNCTION microblog_id() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
    SELECT (floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint << 16)
        | (nextval('microblog_id_sequence') & 65535)
$$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE microblog_id_sequence AS bigint CYCLE")
    op.execute(MAKE_ID)
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("note_html", sa.Text(), server_default="", nullable=False),
        sa.Column("avatar_key", sa.Text(), nullable=True),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("bot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("role", sa.Text(), server_default="user", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statuses_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("followers_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("following_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feed_version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("role IN ('user', 'moderator', 'admin')", name=op.f("ck_accounts_role_known")),
        sa.CheckConstraint("username ~ '^[A-Za-z0-9_]{1,30}$'", name=op.f("ck_accounts_username_form")),
        sa.CheckConstraint("char_length(display_name) <= 50", name=op.f("ck_accounts_display_name_length")),
        sa.CheckConstraint("char_length(note) <= 5000", name=op.f("ck_accounts_note_length")),
        sa.CheckConstraint(
            "statuses_count >= 0 AND followers_count >= 0 AND following_count >= 0",
            name=op.f("ck_accounts_counts_positive"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "uq_accounts_username_lower", "accounts", [sa.literal_column("lower(username)")], unique=True
    )
    op.create_table(
        "daily_statistics",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("statuses", sa.Integer(), nullable=False),
        sa.Column("active_accounts", sa.Integer(), nullable=False),
        sa.Column("sign_ups", sa.Integer(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column(
            "top_tags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "statuses >= 0 AND active_accounts >= 0 AND sign_ups >= 0 AND mails >= 0",
            name=op.f("ck_daily_statistics_figures_positive"),
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_daily_statistics")),
    )
    op.create_table(
        "dead_jobs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("died_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_dead_jobs_unique_key")),
    )
    op.create_index(op.f("ix_dead_jobs_died_at"), "dead_jobs", ["died_at"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handovers", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'handed', 'done')", name=op.f("ck_jobs_state_known")),
        sa.CheckConstraint(
            "char_length(name) <= 100 AND char_length(queue) <= 50", name=op.f("ck_jobs_names_length")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_jobs_unique_key")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_jobs_due", "jobs", ["available_at"], unique=False, postgresql_where=sa.text("state <> 'done'")
    )
    op.create_index(
        "ix_jobs_finished", "jobs", ["finished_at"], unique=False, postgresql_where=sa.text("state = 'done'")
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.CheckConstraint("char_length(key) <= 100 AND uses > 0", name=op.f("ck_rate_limits_bounded")),
        sa.PrimaryKeyConstraint("key", "expires_at", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_expires_at"), "rate_limits", ["expires_at"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("ck_tags_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
    )
    op.create_table(
        "follows",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("target_account_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("account_id <> target_account_id", name=op.f("ck_follows_not_oneself")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_follows_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_account_id"],
            ["accounts.id"],
            name=op.f("fk_follows_target_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follows")),
        sa.UniqueConstraint(
            "account_id", "target_account_id", name=op.f("uq_follows_account_id_target_account_id")
        ),
    )
    op.create_index(
        "ix_follows_account_id_id", "follows", ["account_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_follows_target_account_id_id",
        "follows",
        ["target_account_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(kind) BETWEEN 1 AND 30", name=op.f("ck_mails_kind_length")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_mails_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_sent_at"), "mails", ["sent_at"], unique=False)
    op.create_index(
        "uq_mails_once",
        "mails",
        ["account_id", "kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    op.create_table(
        "markers",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.Column("last_read_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("timeline IN ('home', 'notifications')", name=op.f("ck_markers_timeline_known")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_markers_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "timeline", name=op.f("pk_markers")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("key ~ '^[A-Za-z0-9_-]{16,64}$'", name=op.f("ck_media_key_form")),
        sa.CheckConstraint("kind IN ('avatar')", name=op.f("ck_media_kind_known")),
        sa.CheckConstraint("state IN ('pending', 'ready', 'discarded')", name=op.f("ck_media_state_known")),
        sa.CheckConstraint(
            "byte_size > 0 AND width > 0 AND height > 0", name=op.f("ck_media_sizes_positive")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_media_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("key", name=op.f("uq_media_key")),
    )
    op.create_index(op.f("ix_media_account_id_kind"), "media", ["account_id", "kind"], unique=False)
    op.create_index(
        "ix_media_unfinished",
        "media",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'ready'"),
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("other_email", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('confirm_email', 'change_email', 'reset_password',"
            " 'notice_changing', 'notice_changed')",
            name=op.f("ck_one_time_tokens_purpose_known"),
        ),
        sa.CheckConstraint(
            "char_length(email) BETWEEN 3 AND 254", name=op.f("ck_one_time_tokens_email_length")
        ),
        sa.CheckConstraint(
            "char_length(other_email) BETWEEN 3 AND 254", name=op.f("ck_one_time_tokens_other_email_length")
        ),
        sa.CheckConstraint(
            "(other_email IS NOT NULL) = (purpose IN ('notice_changing', 'notice_changed'))",
            name=op.f("ck_one_time_tokens_other_email_of_notices"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_one_time_tokens_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_tokens")),
    )
    op.create_index(
        op.f("ix_one_time_tokens_account_id_purpose"),
        "one_time_tokens",
        ["account_id", "purpose"],
        unique=False,
    )
    op.create_index(op.f("ix_one_time_tokens_expires_at"), "one_time_tokens", ["expires_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(user_agent) <= 255", name=op.f("ck_sessions_user_agent_length")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_sessions_token_hash_length")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(
        op.f("ix_sessions_account_id_last_used_at"), "sessions", ["account_id", "last_used_at"], unique=False
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_table(
        "statuses",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("spoiler_text", sa.Text(), server_default="", nullable=False),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="public", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_reply_to_id", sa.BigInteger(), nullable=True),
        sa.Column("in_reply_to_account_id", sa.BigInteger(), nullable=True),
        sa.Column("reblog_of_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("replies_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reblogs_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("favourites_count", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "reblog_of_id IS NULL OR (text = '' AND in_reply_to_id IS NULL)",
            name=op.f("ck_statuses_reblog_is_bare"),
        ),
        sa.CheckConstraint(
            "visibility IN ('public', 'unlisted', 'private', 'direct')",
            name=op.f("ck_statuses_visibility_known"),
        ),
        sa.CheckConstraint("char_length(content) <= 50000", name=op.f("ck_statuses_content_length")),
        sa.CheckConstraint("char_length(spoiler_text) <= 500", name=op.f("ck_statuses_spoiler_text_length")),
        sa.CheckConstraint("char_length(text) <= 5000", name=op.f("ck_statuses_text_length")),
        sa.CheckConstraint(
            "replies_count >= 0 AND reblogs_count >= 0 AND favourites_count >= 0",
            name=op.f("ck_statuses_counts_positive"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_statuses_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["in_reply_to_account_id"],
            ["accounts.id"],
            name=op.f("fk_statuses_in_reply_to_account_id_accounts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["in_reply_to_id"],
            ["statuses.id"],
            name=op.f("fk_statuses_in_reply_to_id_statuses"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reblog_of_id"],
            ["statuses.id"],
            name=op.f("fk_statuses_reblog_of_id_statuses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statuses")),
    )
    op.create_index(
        "ix_statuses_account_id_id", "statuses", ["account_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_statuses_conversation_id_id",
        "statuses",
        ["conversation_id", "id"],
        unique=False,
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_statuses_in_reply_to_account_id"),
        "statuses",
        ["in_reply_to_account_id"],
        unique=False,
        postgresql_where=sa.text("in_reply_to_account_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_statuses_in_reply_to_id"),
        "statuses",
        ["in_reply_to_id"],
        unique=False,
        postgresql_where=sa.text("in_reply_to_id IS NOT NULL"),
    )
    op.create_index(
        "ix_statuses_public",
        "statuses",
        [sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text(
            "visibility = 'public' AND reblog_of_id IS NULL AND in_reply_to_account_id IS NULL"
        ),
    )
    op.create_index(
        "uq_statuses_reblog_of_id_account_id",
        "statuses",
        ["reblog_of_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("reblog_of_id IS NOT NULL"),
    )
    op.create_table(
        "users",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("mail_mentions", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("mail_follows", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(email) BETWEEN 3 AND 254", name=op.f("ck_users_email_length")),
        sa.CheckConstraint("char_length(password_hash) <= 500", name=op.f("ck_users_password_hash_length")),
        sa.CheckConstraint("char_length(time_zone) <= 64", name=op.f("ck_users_time_zone_length")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_users_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_users")),
    )
    op.create_index(
        "ix_users_unconfirmed",
        "users",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )
    op.create_index(
        "uq_users_email_lower_confirmed",
        "users",
        [sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_table(
        "mentions",
        sa.Column("status_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_mentions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["status_id"], ["statuses.id"], name=op.f("fk_mentions_status_id_statuses"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("status_id", "account_id", name=op.f("pk_mentions")),
    )
    op.create_index(
        "ix_mentions_account_id_status_id",
        "mentions",
        ["account_id", sa.literal_column("status_id DESC")],
        unique=False,
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("microblog_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("from_account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("account_id <> from_account_id", name=op.f("ck_notifications_not_oneself")),
        sa.CheckConstraint("char_length(kind) BETWEEN 1 AND 30", name=op.f("ck_notifications_kind_length")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_notifications_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["from_account_id"],
            ["accounts.id"],
            name=op.f("fk_notifications_from_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["status_id"],
            ["statuses.id"],
            name=op.f("fk_notifications_status_id_statuses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "ix_notifications_account_id_id",
        "notifications",
        ["account_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        op.f("ix_notifications_from_account_id"), "notifications", ["from_account_id"], unique=False
    )
    op.create_index(
        op.f("ix_notifications_status_id"),
        "notifications",
        ["status_id"],
        unique=False,
        postgresql_where=sa.text("status_id IS NOT NULL"),
    )
    op.create_index(
        "uq_notifications_once",
        "notifications",
        ["account_id", "kind", "from_account_id", sa.literal_column("coalesce(status_id, 0)")],
        unique=True,
    )
    op.create_table(
        "status_tags",
        sa.Column("status_id", sa.BigInteger(), nullable=False),
        sa.Column("tag_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["status_id"], ["statuses.id"], name=op.f("fk_status_tags_status_id_statuses"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_status_tags_tag_id_tags"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("status_id", "tag_id", name=op.f("pk_status_tags")),
    )
    op.create_index(
        "ix_status_tags_tag_id_status_id",
        "status_tags",
        ["tag_id", sa.literal_column("status_id DESC")],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_status_tags_tag_id_status_id", table_name="status_tags")
    op.drop_table("status_tags")
    op.drop_index("uq_notifications_once", table_name="notifications")
    op.drop_index(
        op.f("ix_notifications_status_id"),
        table_name="notifications",
        postgresql_where=sa.text("status_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_notifications_from_account_id"), table_name="notifications")
    op.drop_index("ix_notifications_account_id_id", table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_mentions_account_id_status_id", table_name="mentions")
    op.drop_table("mentions")
    op.drop_index(
        "uq_users_email_lower_confirmed",
        table_name="users",
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_users_unconfirmed", table_name="users", postgresql_where=sa.text("confirmed_at IS NULL")
    )
    op.drop_table("users")
    op.drop_index(
        "uq_statuses_reblog_of_id_account_id",
        table_name="statuses",
        postgresql_where=sa.text("reblog_of_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_statuses_public",
        table_name="statuses",
        postgresql_where=sa.text(
            "visibility = 'public' AND reblog_of_id IS NULL AND in_reply_to_account_id IS NULL"
        ),
    )
    op.drop_index(
        op.f("ix_statuses_in_reply_to_id"),
        table_name="statuses",
        postgresql_where=sa.text("in_reply_to_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_statuses_in_reply_to_account_id"),
        table_name="statuses",
        postgresql_where=sa.text("in_reply_to_account_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_statuses_conversation_id_id",
        table_name="statuses",
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.drop_index("ix_statuses_account_id_id", table_name="statuses")
    op.drop_table("statuses")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_account_id_last_used_at"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_one_time_tokens_expires_at"), table_name="one_time_tokens")
    op.drop_index(op.f("ix_one_time_tokens_account_id_purpose"), table_name="one_time_tokens")
    op.drop_table("one_time_tokens")
    op.drop_index("ix_media_unfinished", table_name="media", postgresql_where=sa.text("state <> 'ready'"))
    op.drop_index(op.f("ix_media_account_id_kind"), table_name="media")
    op.drop_table("media")
    op.drop_table("markers")
    op.drop_index("uq_mails_once", table_name="mails", postgresql_where=sa.text("subject_id IS NOT NULL"))
    op.drop_index(op.f("ix_mails_sent_at"), table_name="mails")
    op.drop_table("mails")
    op.drop_index("ix_follows_target_account_id_id", table_name="follows")
    op.drop_index("ix_follows_account_id_id", table_name="follows")
    op.drop_table("follows")
    op.drop_table("tags")
    op.drop_index(op.f("ix_rate_limits_expires_at"), table_name="rate_limits")
    op.drop_table("rate_limits")
    op.drop_index("ix_jobs_finished", table_name="jobs", postgresql_where=sa.text("state = 'done'"))
    op.drop_index("ix_jobs_due", table_name="jobs", postgresql_where=sa.text("state <> 'done'"))
    op.drop_table("jobs")
    op.drop_index(op.f("ix_dead_jobs_died_at"), table_name="dead_jobs")
    op.drop_table("dead_jobs")
    op.drop_table("daily_statistics")
    op.drop_index("uq_accounts_username_lower", table_name="accounts")
    op.drop_table("accounts")
    op.execute("DROP FUNCTION microblog_id()")
    op.execute("DROP SEQUENCE microblog_id_sequence")
