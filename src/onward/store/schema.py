"""The tables, as the newest migration leaves them.

Times are whole microseconds since 1970 in UTC, given by the store alone; `at` and `started_at` come from the transcript. JSON is text.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

tables = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _owner(name: str, target: str, *, primary_key: bool = False) -> Column[int]:
    """A column that names the row this one belongs to and goes with."""
    return Column(name, Integer, ForeignKey(target, ondelete="CASCADE"), primary_key=primary_key, nullable=False)


projects = Table(
    "projects",
    tables,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("root", Text, nullable=False, index=True),
    Column("remote", Text, nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("secret_key", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

places = Table(
    "places",
    tables,
    # What a person gave to a project by hand, beside the root and remote it was made with.
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    Column("root", Text, nullable=False),
    Column("remote", Text, nullable=False),
    # Whether folders below the root are meant too.
    Column("below", Boolean, nullable=False),
    Index("ix_places_project_id", "project_id"),
    sqlite_autoincrement=True,
)

ledgers = Table(
    "ledgers",
    tables,
    _owner("project_id", "projects.id", primary_key=True),
    # Grows by one with every change: what was read at one version is only written back at that version.
    Column("version", Integer, nullable=False),
    # What the preservation of a handoff is measured against.
    Column("reference_json", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    tables,
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    Column("number", Integer, nullable=False),
    Column("agent", Text, nullable=False),
    # The agent's own id, or a digest of the first turns where it gives none; NULL until a transcript is known.
    Column("native_id", Text),
    Column("parent_native_id", Text),
    Column("status", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("objectives_json", Text, nullable=False),
    Column("accomplishments_json", Text, nullable=False),
    Column("blockers_json", Text, nullable=False),
    Column("credits_used", Float),
    Column("cwd", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("remote", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    # When its last turn was, as far as the transcript says.
    Column("ended_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("project_id", "native_id"),
    Index("ix_sessions_project_id_status", "project_id", "status"),
    sqlite_autoincrement=True,
)

turns = Table(
    "turns",
    tables,
    # session_id * 2**24 + ordinal: turns of a session lie together, ids need no counter, and a newer session's turns have higher ids.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    _owner("project_id", "projects.id"),
    _owner("session_id", "sessions.id"),
    Column("ordinal", Integer, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("role", String(16), nullable=False),
    Column("at", BigInteger),
    # Characters before redaction: an entry that has grown since is stored again.
    Column("chars", BigInteger, nullable=False),
    Column("abandoned", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("session_id", "ordinal"),
    UniqueConstraint("project_id", "identity"),
)

facts = Table(
    "facts",
    tables,
    _owner("project_id", "projects.id", primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("session", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body_json", Text, nullable=False),
)

distilled = Table(
    "distilled",
    tables,
    # What one session adds to the ledger, whole: the ledger keeps the best of all, and can be folded again from these when one of them changes.
    _owner("session_id", "sessions.id", primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

fact_edits = Table(
    "fact_edits",
    tables,
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    Column("fact_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_fact_edits_project_id_fact_id", "project_id", "fact_id"),
    sqlite_autoincrement=True,
)

handoffs = Table(
    "handoffs",
    tables,
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    # NULL when no session made it: the ledger was corrected or rebuilt.
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False),
    Column("ledger_version", Integer, nullable=False),
    Column("session_number", Integer, nullable=False),
    Column("budget_tokens", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    Column("document_json", Text, nullable=False),
    Column("preservation_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "version"),
    sqlite_autoincrement=True,
)

loaded_handoffs = Table(
    "loaded_handoffs",
    tables,
    _owner("session_id", "sessions.id", primary_key=True),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False, index=True),
)

imports = Table(
    "imports",
    tables,
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    Column("path", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("report_json", Text, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "path"),
    sqlite_autoincrement=True,
)

drafts = Table(
    "drafts",
    tables,
    # A handoff made of a conversation that belongs to no session: shown and kept, but never the project's own.
    Column("id", Integer, primary_key=True),
    _owner("project_id", "projects.id"),
    Column("budget_tokens", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    Column("document_json", Text, nullable=False),
    Column("preservation_json", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_drafts_project_id", "project_id"),
    sqlite_autoincrement=True,
)

answers = Table(
    "answers",
    tables,
    # A digest of who asked and the Idempotency-Key; and one of all that was asked.
    Column("key", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    # NULL while it is being worked out.
    Column("status", Integer),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_answers_created_at", "created_at"),
)

session_measures = Table(
    "session_measures",
    tables,
    # What one completed session spent and gave, measured once: charts read these, never the turns. Derived, and made again by a rebuild.
    _owner("session_id", "sessions.id", primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    # NULL where no step of it was productive.
    Column("recovery_tokens", BigInteger),
    Column("reread_tokens", BigInteger, nullable=False),
    Column("repeated_tokens", BigInteger, nullable=False),
    Column("explained_tokens", BigInteger, nullable=False),
    Column("edits", Integer, nullable=False),
    Column("commands", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("first_edit_ms", BigInteger),
    Column("facts_used_again", Integer, nullable=False),
    Column("accomplished", Integer, nullable=False),
    # Of the handoff that completing it made.
    Column("kept_ratio", Float),
    Column("handoff_tokens", Integer),
)

touched_files = Table(
    "touched_files",
    tables,
    _owner("session_id", "sessions.id", primary_key=True),
    Column("path", Text, primary_key=True, index=True),
    Column("change", String(16), nullable=False),
    # NULL where no call shows them.
    Column("added_lines", Integer),
    Column("removed_lines", Integer),
    Column("times", Integer, nullable=False),
    Column("first_turn", Integer, nullable=False),
    Column("last_turn", Integer, nullable=False),
)

met_errors = Table(
    "met_errors",
    tables,
    _owner("session_id", "sessions.id", primary_key=True),
    Column("signature", String(32), primary_key=True, index=True),
    Column("text", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("is_solved", Boolean, nullable=False),
)

knowledge = Table(
    "knowledge",
    tables,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    # What makes it the same as what another session tells; NULL for what a person wrote.
    Column("signature", String(32)),
    Column("category", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("fix", Text, nullable=False),
    # `session` while the words are a session's own, `person` once somebody wrote or changed them: no harvest touches those.
    Column("author", String(16), nullable=False),
    # A person deleted it: it stays away though sessions tell it again.
    Column("is_hidden", Boolean, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("kind", "signature"),
    sqlite_autoincrement=True,
)

knowledge_sources = Table(
    "knowledge_sources",
    tables,
    # The sessions that tell it, each in its own words: an entry lives as long as one of them does.
    _owner("knowledge_id", "knowledge.id", primary_key=True),
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
    Column("fact_id", String(32), primary_key=True, index=True),
    Column("turn", Integer, nullable=False),
    Column("category", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("fix", Text, nullable=False),
)

knowledge_terms = Table(
    "knowledge_terms",
    tables,
    # The stems that an entry is found by.
    Column("term", String(64), primary_key=True),
    Column("knowledge_id", Integer, ForeignKey("knowledge.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
)

templates = Table(
    "templates",
    tables,
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
    tables,
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
    tables,
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

accounts = Table(
    "accounts",
    tables,
    # An AI service's account, as a person told of it. No login and no key has a place here.
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("provider", Text, nullable=False),
    Column("plan", Text, nullable=False),
    # [[model, credits or null], …]
    Column("models_json", Text, nullable=False),
    Column("tags_json", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("credits_total", Float),
    # As counted at credits_at: a reset that passed since gives them back.
    Column("credits_used", Float, nullable=False),
    Column("credits_estimated", Float, nullable=False),
    Column("credits_at", BigInteger, nullable=False),
    Column("resets_at", BigInteger),
    Column("period", String(16), nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

account_limits = Table(
    "account_limits",
    tables,
    _owner("account_id", "accounts.id", primary_key=True),
    # Empty: of the whole account.
    Column("model", Text, primary_key=True),
    Column("reached_at", BigInteger, nullable=False),
    Column("until_at", BigInteger),
)

account_events = Table(
    "account_events",
    tables,
    Column("id", Integer, primary_key=True),
    _owner("account_id", "accounts.id"),
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="SET NULL"), index=True),
    Column("kind", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("model", Text, nullable=False),
    # What the count of used credits changed by, and what it was then.
    Column("credits", Float),
    Column("used_after", Float),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_account_events_account_id_at", "account_id", "at"),
    Index("ix_account_events_at", "at"),
    sqlite_autoincrement=True,
)

session_accounts = Table(
    "session_accounts",
    tables,
    # The accounts that a session ran on, one after the other: the newest is the one it runs on.
    Column("id", Integer, primary_key=True),
    _owner("session_id", "sessions.id"),
    _owner("account_id", "accounts.id"),
    Column("began_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_session_accounts_session_id", "session_id"),
    Index("ix_session_accounts_account_id", "account_id"),
    sqlite_autoincrement=True,
)

usage = Table(
    "usage",
    tables,
    # Tokens and list prices found in a session's turns, by model and account. Derived from the turns, and counted again when those changed.
    Column("id", Integer, primary_key=True),
    _owner("session_id", "sessions.id"),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL"), index=True),
    Column("model", Text, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    # Of the turns with a known price; NULL where there is none. `unpriced_turns` have no known price.
    Column("cost_usd", Float),
    Column("unpriced_turns", Integer, nullable=False),
    Index("ix_usage_session_id", "session_id"),
    sqlite_autoincrement=True,
)

counted_sessions = Table(
    "counted_sessions",
    tables,
    # What a session held when its usage was counted.
    _owner("session_id", "sessions.id", primary_key=True),
    Column("turns", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)

_GOOD = text("revoked_at IS NULL")
access_tokens = Table(
    "access_tokens",
    tables,
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
    Index("uq_access_tokens_name_open", "name", unique=True, sqlite_where=_GOOD, postgresql_where=_GOOD),
    sqlite_autoincrement=True,
)
