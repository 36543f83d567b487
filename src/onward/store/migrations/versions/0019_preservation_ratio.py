"""One name for the share that a handoff preserves. The checksums of changed rows are made again when they are checked."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.alter_column("session_measures", "kept_ratio", new_column_name="preservation_ratio")
    # A checksum covers the names of the columns, too.
    op.execute(sa.text("UPDATE session_measures SET checksum = 0"))
    for table in ("handoffs", "drafts"):
        renamed = "replace(preservation_json, '\"recall_ratio\"', '\"preservation_ratio\"')"
        op.execute(sa.text(f"UPDATE {table} SET preservation_json = {renamed}, checksum = 0"))  # noqa: S608 - the names are from above
