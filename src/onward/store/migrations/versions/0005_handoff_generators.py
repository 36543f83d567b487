"""Who wrote a handoff: the rules or a model, and the report on the model's part."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("handoffs", "drafts"):
        op.add_column(table, sa.Column("generator", sa.Text, nullable=False, server_default="rules"))
        op.add_column(table, sa.Column("refinement_json", sa.Text))
