"""The template that a session started with, and its checklist."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("template", sa.Text, nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("checklist_json", sa.Text, nullable=False, server_default="[]"))
