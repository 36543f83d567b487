"""A checksum of every row that holds something of a person's, and how far the check in the background is."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_TABLES = (
    *("projects", "places", "ledgers", "sessions", "removed_sessions", "removed_rows", "turns", "facts", "distilled", "fact_edits"),
    *("shared_rules", "handoffs", "loaded_handoffs", "imports", "drafts", "templates", "session_measures", "touched_files"),
    *("met_errors", "knowledge", "knowledge_sources", "accounts", "account_limits", "account_windows", "limit_readings"),
    *("account_events", "session_accounts", "usage", "counted_sessions"),
)

_EMPTIED_COLUMNS = {
    "account_events": "session_id",
    "handoffs": "session_id",
    "removed_sessions": "moved_to",
    "shared_rules": "project_id",
    "usage": "account_id",
}
"""Columns that the database itself empties when what they refer to is deleted: the row's checksum then has to be made again."""


def upgrade() -> None:
    is_changed = sa.text("checksum IS NULL")
    for name in _TABLES:
        # 0: the row is older than checksums and gets one when it is checked. No row is written here.
        op.add_column(name, sa.Column("checksum", sa.BigInteger, server_default="0"))
        op.create_index(f"ix_{name}_changed", name, ["checksum"], sqlite_where=is_changed, postgresql_where=is_changed)
    op.create_table(
        "scrubs",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("table_name", sa.String(32), nullable=False),
        sa.Column("position_json", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("damaged", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_scrubs"),
    )
    for name, column in _EMPTIED_COLUMNS.items():
        _clear_checksum_when_emptied(name, column)


def _clear_checksum_when_emptied(name: str, column: str) -> None:
    is_emptied = f"NEW.{column} IS NULL AND OLD.{column} IS NOT NULL"
    head = f"CREATE TRIGGER tr_{name}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        clear = f"UPDATE {name} SET checksum = NULL WHERE rowid = NEW.rowid"  # noqa: S608 - the names are from above
        op.execute(f"{head} AFTER UPDATE OF {column} ON {name} WHEN {is_emptied} BEGIN {clear}; END")
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION onward_clear_checksum() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.checksum := NULL; RETURN NEW; END $$"
    )
    op.execute(f"{head} BEFORE UPDATE OF {column} ON {name} FOR EACH ROW WHEN ({is_emptied}) EXECUTE FUNCTION onward_clear_checksum()")
