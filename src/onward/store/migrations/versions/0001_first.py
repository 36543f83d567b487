"""The first schema: projects, sessions, turns, the ledger, handoffs, and the search index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _projects()
    _sessions()
    _turns()
    _ledger()
    _handoffs()
    if op.get_bind().dialect.name == "sqlite":
        # Contentless: the turns already have the text, compressed. The rowid is the turn's id.
        op.execute("CREATE VIRTUAL TABLE turn_words USING fts5(text, content='', tokenize='porter unicode61 remove_diacritics 2')")
        # Merge later and more at once: an import commits once per session and would spend half its time merging small pieces.
        op.execute("INSERT INTO turn_words (turn_words, rank) VALUES ('automerge', 16)")


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("remote", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("secret_key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_projects_root", "projects", ["root"])
    op.create_index("ix_projects_remote", "projects", ["remote"])
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("report_json", sa.Text, nullable=False),
        sa.Column("imported_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_imports_project_id", ondelete="CASCADE"),
        sa.UniqueConstraint("project_id", "path", name="uq_imports_project_id_path"),
        sqlite_autoincrement=True,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text),
        sa.Column("parent_native_id", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("objectives_json", sa.Text, nullable=False),
        sa.Column("accomplishments_json", sa.Text, nullable=False),
        sa.Column("blockers_json", sa.Text, nullable=False),
        sa.Column("credits_used", sa.Float),
        sa.Column("cwd", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("remote", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("completed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_sessions_project_id", ondelete="CASCADE"),
        sa.UniqueConstraint("project_id", "number", name="uq_sessions_project_id_number"),
        sa.UniqueConstraint("project_id", "native_id", name="uq_sessions_project_id_native_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_project_id_status", "sessions", ["project_id", "status"])


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("identity", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger),
        sa.Column("chars", sa.BigInteger, nullable=False),
        sa.Column("abandoned", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_turns_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_turns_session_id", ondelete="CASCADE"),
        sa.UniqueConstraint("session_id", "ordinal", name="uq_turns_session_id_ordinal"),
        sa.UniqueConstraint("project_id", "identity", name="uq_turns_project_id_identity"),
    )


def _ledger() -> None:
    op.create_table(
        "ledgers",
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("reference_json", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_ledgers"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_ledgers_project_id", ondelete="CASCADE"),
    )
    op.create_table(
        "facts",
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("session", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("body_json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_facts"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_facts_project_id", ondelete="CASCADE"),
    )
    op.create_table(
        "distilled",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_distilled"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_distilled_session_id", ondelete="CASCADE"),
    )
    op.create_table(
        "fact_edits",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("fact_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fact_edits"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_fact_edits_project_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_fact_edits_project_id_fact_id", "fact_edits", ["project_id", "fact_id"])


def _handoffs() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("ledger_version", sa.Integer, nullable=False),
        sa.Column("session_number", sa.Integer, nullable=False),
        sa.Column("budget_tokens", sa.Integer, nullable=False),
        sa.Column("markdown", sa.Text, nullable=False),
        sa.Column("document_json", sa.Text, nullable=False),
        sa.Column("preservation_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handoffs"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_handoffs_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_handoffs_session_id", ondelete="SET NULL"),
        sa.UniqueConstraint("project_id", "version", name="uq_handoffs_project_id_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handoffs_session_id", "handoffs", ["session_id"])
    op.create_table(
        "loaded_handoffs",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("handoff_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_loaded_handoffs"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_loaded_handoffs_session_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name="fk_loaded_handoffs_handoff_id", ondelete="CASCADE"),
    )
    op.create_index("ix_loaded_handoffs_handoff_id", "loaded_handoffs", ["handoff_id"])
