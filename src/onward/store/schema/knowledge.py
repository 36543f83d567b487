"""What is derived from sessions, and what was learned from them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from onward.store.schema.tables import metadata, owner_column

session_measures = Table(
    "session_measures",
    metadata,
    # What one completed session spent and gave, measured once: charts read these, never the turns. Derived, and made again by a rebuild.
    owner_column("session_id", "sessions.id", primary_key=True),
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
    # How many facts that is the share of.
    Column("kept_of", Integer),
)

touched_files = Table(
    "touched_files",
    metadata,
    owner_column("session_id", "sessions.id", primary_key=True),
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
    metadata,
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("signature", String(32), primary_key=True, index=True),
    Column("text", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("is_solved", Boolean, nullable=False),
)

knowledge = Table(
    "knowledge",
    metadata,
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
    metadata,
    # The sessions that tell it, each in its own words: an entry lives as long as one of them does.
    owner_column("knowledge_id", "knowledge.id", primary_key=True),
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
    Column("fact_id", String(32), primary_key=True, index=True),
    Column("turn", Integer, nullable=False),
    Column("category", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("fix", Text, nullable=False),
)

knowledge_terms = Table(
    "knowledge_terms",
    metadata,
    # The stems that an entry is found by.
    Column("term", String(64), primary_key=True),
    Column("knowledge_id", Integer, ForeignKey("knowledge.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
)
