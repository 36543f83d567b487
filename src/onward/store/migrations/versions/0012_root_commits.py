"""The first commit of a project's repository: it identifies the repository after its folder was moved."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("projects", sa.Column("root_commit", sa.String(64), nullable=False, server_default=""))
