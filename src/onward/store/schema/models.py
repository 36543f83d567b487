"""Tables of language model calls: their cost, their answers while a job runs, and encrypted LLM keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from onward.store.schema.tables import metadata

model_calls = Table(
    "model_calls",
    metadata,
    # Spend stays counted after its project or job is deleted.
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="SET NULL")),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="SET NULL")),
    # The purpose of the call. With the digest of the request it identifies a call within its job.
    Column("step", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("host", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # The most the call may cost, until the answer says more; stays if the worker dies before that.
    Column("reserved_tokens", BigInteger, nullable=False),
    Column("reserved_usd", Float, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),
    # Whether the price of some of it is unknown.
    Column("is_unpriced", Boolean, nullable=False),
    # Why the last attempt failed; empty if it succeeded or is in progress.
    Column("failed", String(32), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    UniqueConstraint("job_id", "step", "digest"),
    Index("ix_model_calls_project_id_asked_at", "project_id", "asked_at"),
    Index("ix_model_calls_asked_at", "asked_at"),
    sqlite_autoincrement=True,
)

model_answers = Table(
    "model_answers",
    metadata,
    # Stored until the job is done, so that a job that starts again asks nothing twice.
    Column("call_id", Integer, ForeignKey("model_calls.id", ondelete="CASCADE"), primary_key=True, nullable=False),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="CASCADE"), index=True),
    Column("body_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_model_answers_created_at", "created_at"),
)

sealed_keys = Table(
    "sealed_keys",
    metadata,
    # LLM keys, encrypted with a key outside the database. One is the server's; the others belong to a job and are deleted when it ends.
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), unique=True),
    Column("sealed", LargeBinary, nullable=False),
    # The result and the time of the last test.
    Column("state", String(16), nullable=False),
    Column("tested_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
