"""Language model calls, their answers, and encrypted LLM keys."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _calls()
    _answers()
    _keys()


def _calls() -> None:
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer),
        sa.Column("job_id", sa.Integer),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reserved_tokens", sa.BigInteger, nullable=False),
        sa.Column("reserved_usd", sa.Float, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("is_unpriced", sa.Boolean, nullable=False),
        sa.Column("failed", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_model_calls"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_model_calls_project_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_model_calls_job_id", ondelete="SET NULL"),
        sa.UniqueConstraint("job_id", "step", "digest", name="uq_model_calls_job_id_step_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_model_calls_project_id_asked_at", "model_calls", ["project_id", "asked_at"])
    op.create_index("ix_model_calls_asked_at", "model_calls", ["asked_at"])


def _answers() -> None:
    op.create_table(
        "model_answers",
        sa.Column("call_id", sa.Integer, nullable=False),
        sa.Column("project_id", sa.Integer),
        sa.Column("body_json", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_model_answers"),
        sa.ForeignKeyConstraint(["call_id"], ["model_calls.id"], name="fk_model_answers_call_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_model_answers_project_id", ondelete="CASCADE"),
    )
    op.create_index("ix_model_answers_project_id", "model_answers", ["project_id"])
    op.create_index("ix_model_answers_created_at", "model_answers", ["created_at"])


def _keys() -> None:
    op.create_table(
        "sealed_keys",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tested_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sealed_keys"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_sealed_keys_job_id", ondelete="CASCADE"),
        sa.UniqueConstraint("job_id", name="uq_sealed_keys_job_id"),
        sqlite_autoincrement=True,
    )
