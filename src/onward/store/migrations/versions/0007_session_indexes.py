"""Indexes for what every page asks about all sessions, and the number of facts that a preservation refers to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_sessions_status", "sessions", ["status", "id"])
    op.create_index("ix_sessions_agent", "sessions", ["agent"])
    op.add_column("session_measures", sa.Column("kept_of", sa.Integer))
