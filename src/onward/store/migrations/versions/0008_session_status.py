"""A session that is not over is `in_progress`."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("UPDATE sessions SET status = 'in_progress' WHERE status = 'active'")
