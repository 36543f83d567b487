"""What the house itself keeps: answers to repeated requests, templates, jobs, events, access tokens."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from onward.store.schema.tables import metadata

answers = Table(
    "answers",
    metadata,
    # A digest of who asked and the Idempotency-Key; and one of all that was asked.
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    # NULL while it is being worked out.
    Column("status", Integer),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_answers_created_at", "created_at"),
)

templates = Table(
    "templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("objectives_json", Text, nullable=False),
    Column("checklist_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="SET NULL"), index=True),
    # While it is open, there is one job of a key.
    Column("key", Text),
    # What carries it out is called so; another run, after a failure or a cancellation, has another name.
    Column("run", String(32), nullable=False, unique=True),
    Column("requested_by", Text, nullable=False),
    Column("arguments_json", Text, nullable=False),
    # What the next step has to know of those before it.
    Column("memo_json", Text, nullable=False),
    Column("result_json", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    # NULL where nobody knows.
    Column("total", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("error_json", Text),
    Column("spend_usd", Float, nullable=False),
    # Who carries it out, and when it was last heard to be at work.
    Column("worker", Text, nullable=False),
    Column("beat_at", BigInteger),
    Column("cancel_asked_at", BigInteger),
    # Not before this time, after a failed attempt.
    Column("due_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index("ix_jobs_state", "state"),
    Index("uq_jobs_key_open", "key", unique=True, sqlite_where=text("finished_at IS NULL"), postgresql_where=text("finished_at IS NULL")),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    # What happened, in the order in which it became true: a reader asks for all after the last one it saw.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(32), nullable=False),
    # Not held to be there: whoever writes an event waits for nobody after the lock that gives its id.
    Column("project_id", Integer, index=True),
    Column("job_id", Integer, index=True),
    Column("data_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

_NOT_REVOKED = text("revoked_at IS NULL")
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    # What the token begins with, to find and to tell it by; of the whole there is only a digest.
    Column("prefix", String(32), nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("uq_access_tokens_name_open", "name", unique=True, sqlite_where=_NOT_REVOKED, postgresql_where=_NOT_REVOKED),
    sqlite_autoincrement=True,
)
