"""Several limits of an account, what services report of them, and the folder of an account's agent."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("profile", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "account_windows",
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("used", sa.Float, nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("resets_at", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "model", "period", name="pk_account_windows"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_windows_account_id", ondelete="CASCADE"),
    )
    op.create_table(
        "limit_readings",
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("native_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("window_minutes", sa.Integer, nullable=False),
        sa.Column("used_percent", sa.Float, nullable=False),
        sa.Column("resets_at", sa.BigInteger),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agent", "native_id", "model", "window_minutes", name="pk_limit_readings"),
    )
