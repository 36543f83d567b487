"""Tables of what is derived from sessions, and of the knowledge base."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from onward.store.schema.tables import metadata, owner_column

session_measures = Table(
    "session_measures",
    metadata,
    # What one completed session cost and achieved, measured once. Charts read these rows, never the turns. `rebuild` writes them again.
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    # NULL if the session has no productive step.
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
    # Of the handoff that completing the session produced.
    Column("preservation_ratio", Float),
    Column("handoff_tokens", Integer),
    # The number of facts that preservation_ratio refers to.
    Column("kept_of", Integer),
)

touched_files = Table(
    "touched_files",
    metadata,
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("path", Text, primary_key=True, index=True),
    Column("change", String(16), nullable=False),
    # NULL if no tool call shows them.
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
    # Recognises the same lesson in another session; NULL for an entry that a person wrote.
    Column("signature", String(32)),
    Column("category", String(32), nullable=False),
    Column("text", Text, nullable=False),
    # The error that the text is about: what a new error is compared with. Empty if there is none, or if a person wrote the text.
    Column("error", Text, nullable=False, server_default=""),
    Column("fix", Text, nullable=False),
    # `session` for the words of a session, `person` once a person wrote or edited them: harvesting leaves those alone.
    Column("author", String(16), nullable=False),
    # A person deleted the entry: it stays hidden although sessions still teach it.
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
    # The sessions that teach an entry, each in its own words. The entry exists as long as one of them does.
    owner_column("knowledge_id", "knowledge.id", primary_key=True),
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
    Column("fact_id", String(32), primary_key=True, index=True),
    Column("turn", Integer, nullable=False),
    Column("category", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("fix", Text, nullable=False),
)

knowledge_terms = Table(
    "knowledge_terms",
    metadata,
    # The stems that find an entry.
    Column("term", String(64), primary_key=True),
    Column("knowledge_id", Integer, ForeignKey("knowledge.id", ondelete="CASCADE"), primary_key=True, nullable=False, index=True),
)
