"""Bookmarks of turns, with notes."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "bookmarks",
        sa.Column("session_id", sa.Integer, sa.ForeignKey("sessions.id", name="fk_bookmarks_session_id_sessions", ondelete="CASCADE")),
        sa.Column("turn", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("checksum", sa.BigInteger, server_default="0"),
        sa.PrimaryKeyConstraint("session_id", "turn", name="pk_bookmarks"),
    )
    is_changed = sa.text("checksum IS NULL")
    op.create_index("ix_bookmarks_changed", "bookmarks", ["checksum"], sqlite_where=is_changed, postgresql_where=is_changed)
