"""Tables of the server itself: responses to repeated requests, templates, jobs, events, access tokens, checks in the background."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from onward.store.schema.tables import metadata

answers = Table(
    "answers",
    metadata,
    # A digest of the caller and the Idempotency-Key; and a digest of the request.
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    # NULL while the request is in progress.
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
    # There is at most one open job per key.
    Column("key", Text),
    # The name of this attempt. A job that runs again, after a failure or a cancellation, gets a new one.
    Column("run", String(32), nullable=False, unique=True),
    Column("requested_by", Text, nullable=False),
    Column("arguments_json", Text, nullable=False),
    # What the next step has to know about those before it.
    Column("memo_json", Text, nullable=False),
    Column("result_json", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    # NULL if unknown.
    Column("total", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("error_json", Text),
    Column("spend_usd", Float, nullable=False),
    # Who runs it, and the last sign of life.
    Column("worker", Text, nullable=False),
    Column("beat_at", BigInteger),
    Column("cancel_asked_at", BigInteger),
    # No earlier than this, after a failed attempt.
    Column("due_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index("ix_jobs_state", "state"),
    Index("uq_jobs_key_open", "key", unique=True, sqlite_where=text("finished_at IS NULL")),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    # Ids follow the order in which changes became true: a reader asks for all events after the last one it has seen.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(32), nullable=False),
    # No foreign key: writing an event must not wait for a lock after the one that gives its id.
    Column("project_id", Integer, index=True),
    Column("job_id", Integer, index=True),
    Column("data_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    # The start of the token, to find and show it. Of the full token there is only a digest.
    Column("prefix", String(32), nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index("uq_access_tokens_name_open", "name", unique=True, sqlite_where=text("revoked_at IS NULL")),
    sqlite_autoincrement=True,
)

scrubs = Table(
    "scrubs",
    metadata,
    # Row 1 is the check of all checksums that is in progress, row 2 the last one that was finished.
    Column("id", Integer, primary_key=True, autoincrement=False),
    # The table it is in, and the key of the last row that it checked; an empty list at the table's start.
    Column("table_name", String(32), nullable=False),
    Column("position_json", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("damaged", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)
