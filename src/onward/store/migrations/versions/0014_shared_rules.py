"""Rules that a person gave to every project."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "shared_rules",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("project_id", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shared_rules"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_shared_rules_project_id", ondelete="SET NULL"),
    )
    op.create_index("ix_shared_rules_project_id", "shared_rules", ["project_id"])
