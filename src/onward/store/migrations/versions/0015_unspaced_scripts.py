"""Words of scripts without spaces are found by pairs of their letters: the index is built again."""

from alembic import op

from onward.store import turns

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    turns.reindex(op.get_bind())
