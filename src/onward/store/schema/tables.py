"""What all tables share: the metadata, the names of constraints, columns that refer to an owner, and checksums.

Indexes of some rows have the same condition on PostgreSQL, where the migrations state it. A `postgresql_where` here would import
SQLAlchemy's dialect into every process that writes, 7 % of the instructions of a short command.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, null

CHECKSUM = "checksum"
"""The column of a row's checksum: NULL from a change until the end of its transaction, 0 in a row that is older than checksums."""

_UNCHECKED_TABLES = (
    *("access_tokens", "answers", "events", "jobs", "model_answers", "model_calls", "scrubs", "sealed_keys"),
    # Indexes that are made from the entries of the knowledge base, and from the turns.
    *("knowledge_terms", "turn_vectors"),
)
"""Tables of the server itself: a damaged row of them costs nothing that a person wrote."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def owner_column(name: str, target: str, *, primary_key: bool = False) -> Column[int]:
    """Return a column that refers to the row this one belongs to and is deleted with."""
    return Column(name, Integer, ForeignKey(target, ondelete="CASCADE"), primary_key=primary_key, nullable=False)


def add_checksums() -> tuple[Table, ...]:
    """Give all tables that hold something of a person's a column with a checksum, and an index of the rows that changed in the current
    transaction. Return the tables, owners first.
    """
    checked_tables = tuple(table for table in metadata.sorted_tables if table.name not in _UNCHECKED_TABLES)
    for table in checked_tables:
        # `null()` and not None: every statement that changes a row empties the column.
        column = Column(CHECKSUM, BigInteger, default=null(), onupdate=null(), server_default="0")
        table.append_column(column)
        Index(f"ix_{table.name}_changed", column, sqlite_where=column.is_(None))
    return checked_tables
