"""Tables of the account pool and of the usage of sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from onward.store.schema.tables import metadata, owner_column

accounts = Table(
    "accounts",
    metadata,
    # An account of an AI service as a person describes it. Logins and keys are never stored here.
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("provider", Text, nullable=False),
    Column("plan", Text, nullable=False),
    # [[model, credits or null], …]
    Column("models_json", Text, nullable=False),
    Column("tags_json", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("credits_total", Float),
    # As counted at credits_at: a later reset makes them available again.
    Column("credits_used", Float, nullable=False),
    Column("credits_estimated", Float, nullable=False),
    Column("credits_at", BigInteger, nullable=False),
    Column("resets_at", BigInteger),
    Column("period", String(16), nullable=False),
    Column("is_paused", Boolean, nullable=False),
    # The folder of the agent's settings and sessions; empty for its usual one.
    Column("profile", Text, nullable=False, server_default=""),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

account_limits = Table(
    "account_limits",
    metadata,
    owner_column("account_id", "accounts.id", primary_key=True),
    # Empty for a limit of the whole account.
    Column("model", Text, primary_key=True),
    Column("reached_at", BigInteger, nullable=False),
    Column("until_at", BigInteger),
)

account_windows = Table(
    "account_windows",
    metadata,
    # Limits that a person typed, beside the credits. Empty model: of the whole account.
    owner_column("account_id", "accounts.id", primary_key=True),
    Column("model", Text, primary_key=True),
    Column("period", String(16), primary_key=True),
    Column("used", Float, nullable=False),
    Column("total", Float),
    Column("resets_at", BigInteger),
    Column("at", BigInteger, nullable=False),
)

limit_readings = Table(
    "limit_readings",
    metadata,
    # The newest reading of each limit in each session of an agent, stored or not. Its account is found when it is read.
    Column("agent", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("window_minutes", Integer, primary_key=True, autoincrement=False),
    Column("used_percent", Float, nullable=False),
    Column("resets_at", BigInteger),
    Column("plan", Text, nullable=False),
    # The folder of the agent's settings and sessions, empty if unknown.
    Column("profile", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

account_events = Table(
    "account_events",
    metadata,
    Column("id", Integer, primary_key=True),
    owner_column("account_id", "accounts.id"),
    Column("session_id", Integer, ForeignKey("sessions.id", ondelete="SET NULL"), index=True),
    Column("kind", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("model", Text, nullable=False),
    # The change of the used credits, and their value afterwards.
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
    metadata,
    # The accounts that a session ran on, in order: the newest is the current one.
    Column("id", Integer, primary_key=True),
    owner_column("session_id", "sessions.id"),
    owner_column("account_id", "accounts.id"),
    Column("began_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_session_accounts_session_id", "session_id"),
    Index("ix_session_accounts_account_id", "account_id"),
    sqlite_autoincrement=True,
)

usage = Table(
    "usage",
    metadata,
    # Tokens and list prices in a session's turns, by model and account. Counted again when the turns change.
    Column("id", Integer, primary_key=True),
    owner_column("session_id", "sessions.id"),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="SET NULL"), index=True),
    Column("model", Text, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    # The cost of the turns with a known price, NULL if there is none; `unpriced_turns` counts the others.
    Column("cost_usd", Float),
    Column("unpriced_turns", Integer, nullable=False),
    Index("ix_usage_session_id", "session_id"),
    sqlite_autoincrement=True,
)

counted_sessions = Table(
    "counted_sessions",
    metadata,
    # The size of a session when its usage was counted.
    owner_column("session_id", "sessions.id", primary_key=True),
    Column("turns", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)
