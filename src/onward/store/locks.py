"""Doing one thing at a time, whoever does it."""

from __future__ import annotations

from zlib import crc32

from sqlalchemy import Connection, text


def alone(connection: Connection, what: str) -> None:
    """Keep every other transaction that does *what* out until this one ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": crc32(f"onward {what}".encode())})
