"""What every page asks of all sessions: which are active, and which agents there are."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_sessions_status", "sessions", ["status", "id"])
    op.create_index("ix_sessions_agent", "sessions", ["agent"])
