"""Tables of a project: its sessions, their turns, the ledger, the handoffs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from onward.store.schema.tables import metadata, owner_column

projects = Table(
    "projects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("root", Text, nullable=False, index=True),
    Column("remote", Text, nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("secret_key", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # The hash of the repository's first commit: it identifies the repository after its folder was moved.
    Column("root_commit", String(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

places = Table(
    "places",
    metadata,
    # What a person assigned to a project, in addition to its root and remote.
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("root", Text, nullable=False),
    Column("remote", Text, nullable=False),
    # Whether folders below the root are included.
    Column("below", Boolean, nullable=False),
    Index("ix_places_project_id", "project_id"),
    sqlite_autoincrement=True,
)

ledgers = Table(
    "ledgers",
    metadata,
    owner_column("project_id", "projects.id", primary_key=True),
    # Grows by one with every change. A writer that read an older version has to read again.
    Column("version", Integer, nullable=False),
    # What the preservation of a handoff is measured against.
    Column("reference_json", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("number", Integer, nullable=False),
    Column("agent", Text, nullable=False),
    # The agent's own id, or a digest of the first turns if it gives none; NULL until there is a transcript.
    Column("native_id", Text),
    Column("parent_native_id", Text),
    Column("status", String(16), nullable=False),
    Column("title", Text, nullable=False),
    # Who gave it its title: `agent`, `request` (its first one) or `person`; empty without a title.
    Column("title_origin", String(16), nullable=False, server_default=""),
    Column("objectives_json", Text, nullable=False),
    Column("accomplishments_json", Text, nullable=False),
    Column("blockers_json", Text, nullable=False),
    Column("credits_used", Float),
    Column("cwd", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("remote", Text, nullable=False),
    Column("source", Text, nullable=False),
    # The name of the template that it started with, and a copy of its checklist with what is done: [{text, is_done}].
    Column("template", Text, nullable=False, server_default=""),
    Column("checklist_json", Text, nullable=False, server_default="[]"),
    Column("turns", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    # The time of its last turn, if the transcript says so.
    Column("ended_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("project_id", "native_id"),
    Index("ix_sessions_project_id_status", "project_id", "status"),
    Index("ix_sessions_status", "status", "id"),
    Index("ix_sessions_agent", "agent"),
    sqlite_autoincrement=True,
)

removed_sessions = Table(
    "removed_sessions",
    metadata,
    # What is no longer in its project: its number is not used again, and its transcript is not imported again.
    Column("session_id", Integer, primary_key=True, autoincrement=False),
    owner_column("project_id", "projects.id", primary_key=True),
    Column("number", Integer, nullable=False),
    Column("native_id", Text),
    Column("title", Text, nullable=False),
    Column("turns", Integer, nullable=False),
    # The project that it moved to; NULL if it was deleted.
    Column("moved_to", Integer, ForeignKey("projects.id", ondelete="SET NULL"), index=True),
    Column("removed_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "number"),
    Index("ix_removed_sessions_project_id_native_id", "project_id", "native_id"),
)

removed_rows = Table(
    "removed_rows",
    metadata,
    # The rows of a deleted session, compressed, until the undo ends.
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("session_id", Integer, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Index("ix_removed_rows_project_id", "project_id"),
    sqlite_autoincrement=True,
)

turns = Table(
    "turns",
    metadata,
    # session_id * 2**24 + ordinal: turns of a session are stored together, ids need no counter, and newer sessions have higher ids.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    owner_column("project_id", "projects.id"),
    owner_column("session_id", "sessions.id"),
    Column("ordinal", Integer, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("role", String(16), nullable=False),
    Column("at", BigInteger),
    # Characters before redaction: a turn that has grown is stored again.
    Column("chars", BigInteger, nullable=False),
    Column("abandoned", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("session_id", "ordinal"),
    UniqueConstraint("project_id", "identity"),
)

turn_vectors = Table(
    "turn_vectors",
    metadata,
    # For search by meaning: made from the turn's text, and deleted by a trigger when that changes.
    Column("turn_id", BigInteger, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("model", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

bookmarks = Table(
    "bookmarks",
    metadata,
    # A turn that a person wants to find again, with a note or an empty one.
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    owner_column("project_id", "projects.id", primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("session", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body_json", Text, nullable=False),
)

distilled = Table(
    "distilled",
    metadata,
    # All that one session adds to the ledger. The ledger holds the best of all, and is folded again from these when one changes.
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

fact_edits = Table(
    "fact_edits",
    metadata,
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("fact_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_fact_edits_project_id_fact_id", "project_id", "fact_id"),
    sqlite_autoincrement=True,
)

shared_rules = Table(
    "shared_rules",
    metadata,
    # Rules of a person's for every project. The project is the one that a rule was first said in.
    Column("id", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("project_id", Integer, ForeignKey("projects.id", ondelete="SET NULL"), index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    # NULL if no session produced it: the ledger was corrected or rebuilt.
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False),
    Column("ledger_version", Integer, nullable=False),
    Column("session_number", Integer, nullable=False),
    Column("budget_tokens", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    Column("document_json", Text, nullable=False),
    Column("preservation_json", Text, nullable=False),
    # Who wrote it: the rules or a model, by name; and the report on the model's part.
    Column("generator", Text, nullable=False, server_default="rules"),
    Column("refinement_json", Text),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "version"),
    sqlite_autoincrement=True,
)

loaded_handoffs = Table(
    "loaded_handoffs",
    metadata,
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False, index=True),
)

imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("path", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("report_json", Text, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "path"),
    sqlite_autoincrement=True,
)

drafts = Table(
    "drafts",
    metadata,
    # A handoff made from a conversation that belongs to no session. It is never the project's master handoff.
    Column("id", Integer, primary_key=True),
    owner_column("project_id", "projects.id"),
    Column("budget_tokens", Integer, nullable=False),
    Column("markdown", Text, nullable=False),
    Column("document_json", Text, nullable=False),
    Column("preservation_json", Text, nullable=False),
    # Who wrote it: the rules or a model, by name; and the report on the model's part.
    Column("generator", Text, nullable=False, server_default="rules"),
    Column("refinement_json", Text),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_drafts_project_id", "project_id"),
    sqlite_autoincrement=True,
)
