"""What was asked of language models: what it cost, what they answered until it is no longer needed, and the keys that open them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from onward.store.schema.tables import metadata

model_calls = Table(
    "model_calls",
    metadata,
    # What is spent stays counted when the project or the job is gone.
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="SET NULL")),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="SET NULL")),
    # What it is for; with the digest of all that is asked it tells a call from the others of its job.
    Column("step", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("host", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # What it may come to, while nobody knows: from the asking to the answer, and for good where a worker died in between.
    Column("reserved_tokens", BigInteger, nullable=False),
    Column("reserved_usd", Float, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),
    # Whether some of it has no known price.
    Column("is_unpriced", Boolean, nullable=False),
    # Why the last attempt gave no answer; empty where it did, or is not over.
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
    # Until its job is done, so that one that is begun again asks nothing twice.
    Column("call_id", Integer, ForeignKey("model_calls.id", ondelete="CASCADE"), primary_key=True, nullable=False),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="CASCADE"), index=True),
    Column("body_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_model_answers_created_at", "created_at"),
)

sealed_keys = Table(
    "sealed_keys",
    metadata,
    # LLM keys, encrypted with a key that is not in here. One is the house's; others came with a request, and go when its job ends.
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), unique=True),
    Column("sealed", LargeBinary, nullable=False),
    # What the last test of it found, and when.
    Column("state", String(16), nullable=False),
    Column("tested_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
