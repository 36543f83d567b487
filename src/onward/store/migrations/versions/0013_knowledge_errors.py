"""The error that an entry of the knowledge base is about, beside its text."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_MARK = "` failed with: "


def upgrade() -> None:
    for name in ("knowledge", "knowledge_sources"):
        op.add_column(name, sa.Column("error", sa.Text, nullable=False, server_default=""))
    _fill(sa.table("knowledge_sources", sa.column("text"), sa.column("error")), sa.true())
    entries = sa.table("knowledge", sa.column("text"), sa.column("error"), sa.column("author"))
    _fill(entries, entries.c.author == "session")


def _fill(table: sa.TableClause, condition: sa.ColumnElement[bool]) -> None:
    connection = op.get_bind()
    for text in connection.execute(sa.select(table.c.text).where(table.c.text.contains(_MARK), condition).distinct()).scalars().all():
        connection.execute(sa.update(table).where(table.c.text == text, condition).values(error=text.partition(_MARK)[2]))
