"""Vectors of turns, for search by meaning. They go when their turn is deleted or its text changes."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "turn_vectors",
        sa.Column("turn_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turn_vectors"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_turn_vectors_turn_id", ondelete="CASCADE"),
    )
    forget = "DELETE FROM turn_vectors WHERE turn_id = OLD.id"
    head = "CREATE TRIGGER tr_turns_body AFTER UPDATE OF body ON turns FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} BEGIN {forget}; END")
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION onward_forget_vectors() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {forget}; RETURN NULL; END $$"
    )
    op.execute(f"{head} EXECUTE FUNCTION onward_forget_vectors()")
