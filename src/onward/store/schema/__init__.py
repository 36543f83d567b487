"""The tables, as the newest migration leaves them.

Times are whole microseconds since 1970 in UTC, set by the store; `at` and `started_at` come from the transcript. JSON is text.
"""

from onward.store.schema.accounts import (
    account_events,
    account_limits,
    account_windows,
    accounts,
    counted_sessions,
    limit_readings,
    session_accounts,
    usage,
)
from onward.store.schema.knowledge import knowledge, knowledge_sources, knowledge_terms, met_errors, session_measures, touched_files
from onward.store.schema.models import model_answers, model_calls, sealed_keys
from onward.store.schema.project import (
    bookmarks,
    distilled,
    drafts,
    fact_edits,
    facts,
    handoffs,
    imports,
    ledgers,
    loaded_handoffs,
    places,
    projects,
    removed_rows,
    removed_sessions,
    sessions,
    shared_rules,
    turn_vectors,
    turns,
)
from onward.store.schema.server import access_tokens, answers, events, jobs, scrubs, templates
from onward.store.schema.tables import CHECKSUM, add_checksums, metadata

__all__ = [
    "CHECKED_TABLES",
    "CHECKSUM",
    "access_tokens",
    "account_events",
    "account_limits",
    "account_windows",
    "accounts",
    "answers",
    "bookmarks",
    "counted_sessions",
    "distilled",
    "drafts",
    "events",
    "fact_edits",
    "facts",
    "handoffs",
    "imports",
    "jobs",
    "knowledge",
    "knowledge_sources",
    "knowledge_terms",
    "ledgers",
    "limit_readings",
    "loaded_handoffs",
    "met_errors",
    "metadata",
    "model_answers",
    "model_calls",
    "places",
    "projects",
    "removed_rows",
    "removed_sessions",
    "scrubs",
    "sealed_keys",
    "session_accounts",
    "session_measures",
    "sessions",
    "shared_rules",
    "templates",
    "touched_files",
    "turn_vectors",
    "turns",
    "usage",
]

CHECKED_TABLES = add_checksums()
"""The tables whose rows have a checksum, so that damage on the disk does not go unnoticed."""
