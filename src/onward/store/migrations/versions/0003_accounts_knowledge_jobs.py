"""Accounts, knowledge, templates, jobs, events and access tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    _search()
    _drafts()
    _answers()
    _measures()
    _knowledge()
    _templates()
    _accounts()
    _account_events()
    _usage()
    _jobs()
    _events()
    _access_tokens()


def _search() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # SQLite has had its own since 0001. Turns that exist already are indexed by `onward rebuild --index`.
        op.execute(
            "CREATE TABLE turn_words (turn_id bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE, part smallint NOT NULL, "
            "words tsvector NOT NULL, PRIMARY KEY (turn_id, part))"
        )
        op.execute("CREATE INDEX ix_turn_words_words ON turn_words USING gin (words)")


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("budget_tokens", sa.Integer, nullable=False),
        sa.Column("markdown", sa.Text, nullable=False),
        sa.Column("document_json", sa.Text, nullable=False),
        sa.Column("preservation_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_drafts_project_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drafts_project_id", "drafts", ["project_id"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_answers"),
    )
    op.create_index("ix_answers_created_at", "answers", ["created_at"])


def _measures() -> None:
    op.create_table(
        "session_measures",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("recovery_tokens", sa.BigInteger),
        sa.Column("reread_tokens", sa.BigInteger, nullable=False),
        sa.Column("repeated_tokens", sa.BigInteger, nullable=False),
        sa.Column("explained_tokens", sa.BigInteger, nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("commands", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("first_edit_ms", sa.BigInteger),
        sa.Column("facts_used_again", sa.Integer, nullable=False),
        sa.Column("accomplished", sa.Integer, nullable=False),
        sa.Column("kept_ratio", sa.Float),
        sa.Column("handoff_tokens", sa.Integer),
        sa.PrimaryKeyConstraint("session_id", name="pk_session_measures"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_session_measures_session_id", ondelete="CASCADE"),
    )
    op.create_table(
        "touched_files",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("added_lines", sa.Integer),
        sa.Column("removed_lines", sa.Integer),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_turn", sa.Integer, nullable=False),
        sa.Column("last_turn", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "path", name="pk_touched_files"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_touched_files_session_id", ondelete="CASCADE"),
    )
    op.create_index("ix_touched_files_path", "touched_files", ["path"])
    op.create_table(
        "met_errors",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("signature", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("is_solved", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "signature", name="pk_met_errors"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_met_errors_session_id", ondelete="CASCADE"),
    )
    op.create_index("ix_met_errors_signature", "met_errors", ["signature"])


def _knowledge() -> None:
    op.create_table(
        "knowledge",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("signature", sa.String(32)),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("is_hidden", sa.Boolean, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge"),
        sa.UniqueConstraint("kind", "signature", name="uq_knowledge_kind_signature"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "knowledge_sources",
        sa.Column("knowledge_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("fact_id", sa.String(32), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("knowledge_id", "session_id", "fact_id", name="pk_knowledge_sources"),
        sa.ForeignKeyConstraint(["knowledge_id"], ["knowledge.id"], name="fk_knowledge_sources_knowledge_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_knowledge_sources_session_id", ondelete="CASCADE"),
    )
    op.create_index("ix_knowledge_sources_session_id", "knowledge_sources", ["session_id"])
    op.create_index("ix_knowledge_sources_fact_id", "knowledge_sources", ["fact_id"])
    op.create_table(
        "knowledge_terms",
        sa.Column("term", sa.String(64), nullable=False),
        sa.Column("knowledge_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("term", "knowledge_id", name="pk_knowledge_terms"),
        sa.ForeignKeyConstraint(["knowledge_id"], ["knowledge.id"], name="fk_knowledge_terms_knowledge_id", ondelete="CASCADE"),
    )
    op.create_index("ix_knowledge_terms_knowledge_id", "knowledge_terms", ["knowledge_id"])


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("objectives_json", sa.Text, nullable=False),
        sa.Column("checklist_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("name", name="uq_templates_name"),
        sqlite_autoincrement=True,
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("project_id", sa.Integer),
        sa.Column("key", sa.Text),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("arguments_json", sa.Text, nullable=False),
        sa.Column("memo_json", sa.Text, nullable=False),
        sa.Column("result_json", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error_json", sa.Text),
        sa.Column("spend_usd", sa.Float, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("beat_at", sa.BigInteger),
        sa.Column("cancel_asked_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_jobs_project_id", ondelete="SET NULL"),
        sa.UniqueConstraint("run", name="uq_jobs_run"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_project_id", "jobs", ["project_id"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
    is_open = sa.text("finished_at IS NULL")
    op.create_index("uq_jobs_key_open", "jobs", ["key"], unique=True, sqlite_where=is_open, postgresql_where=is_open)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("project_id", sa.Integer),
        sa.Column("job_id", sa.Integer),
        sa.Column("data_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_project_id", "events", ["project_id"])
    op.create_index("ix_events_job_id", "events", ["job_id"])


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("models_json", sa.Text, nullable=False),
        sa.Column("tags_json", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("credits_total", sa.Float),
        sa.Column("credits_used", sa.Float, nullable=False),
        sa.Column("credits_estimated", sa.Float, nullable=False),
        sa.Column("credits_at", sa.BigInteger, nullable=False),
        sa.Column("resets_at", sa.BigInteger),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("is_paused", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "account_limits",
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("reached_at", sa.BigInteger, nullable=False),
        sa.Column("until_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("account_id", "model", name="pk_account_limits"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_limits_account_id", ondelete="CASCADE"),
    )


def _account_events() -> None:
    op.create_table(
        "account_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("credits", sa.Float),
        sa.Column("used_after", sa.Float),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_events_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_account_events_session_id", ondelete="SET NULL"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_events_account_id_at", "account_events", ["account_id", "at"])
    op.create_index("ix_account_events_at", "account_events", ["at"])
    op.create_index("ix_account_events_session_id", "account_events", ["session_id"])
    op.create_table(
        "session_accounts",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session_accounts"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_session_accounts_session_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_session_accounts_account_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_accounts_session_id", "session_accounts", ["session_id"])
    op.create_index("ix_session_accounts_account_id", "session_accounts", ["account_id"])


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger, nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float),
        sa.Column("unpriced_turns", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_usage_session_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_account_id", ondelete="SET NULL"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_usage_session_id", "usage", ["session_id"])
    op.create_index("ix_usage_account_id", "usage", ["account_id"])
    op.create_table(
        "counted_sessions",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_counted_sessions"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_counted_sessions_session_id", ondelete="CASCADE"),
    )


def _access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("prefix", sa.String(32), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint("prefix", name="uq_access_tokens_prefix"),
        sqlite_autoincrement=True,
    )
    live = sa.text("revoked_at IS NULL")
    op.create_index("uq_access_tokens_name_open", "access_tokens", ["name"], unique=True, sqlite_where=live, postgresql_where=live)
