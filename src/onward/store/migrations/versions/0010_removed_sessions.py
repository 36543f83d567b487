"""Sessions that a person deleted, with their rows until the undo ends, and sessions that moved to another project."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "removed_sessions",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("native_id", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("moved_to", sa.Integer),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "project_id", name="pk_removed_sessions"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_removed_sessions_project_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["moved_to"], ["projects.id"], name="fk_removed_sessions_moved_to", ondelete="SET NULL"),
        sa.UniqueConstraint("project_id", "number", name="uq_removed_sessions_project_id_number"),
    )
    op.create_index("ix_removed_sessions_project_id_native_id", "removed_sessions", ["project_id", "native_id"])
    op.create_index("ix_removed_sessions_moved_to", "removed_sessions", ["moved_to"])
    op.create_table(
        "removed_rows",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_removed_rows"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_removed_rows_project_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_removed_rows_project_id", "removed_rows", ["project_id"])
    op.create_index("ix_removed_rows_session_id", "removed_rows", ["session_id"])
