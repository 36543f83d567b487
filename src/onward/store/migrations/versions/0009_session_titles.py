"""Where the title of a session comes from: its agent, its first request, or a person."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("title_origin", sa.String(16), nullable=False, server_default=""))
    op.execute("UPDATE sessions SET title_origin = 'agent' WHERE title <> ''")
