"""Removing a secret from everything that is stored: all texts, turn bodies, the search index and free pages of the file.

Only the secret is replaced, so that handoff lines still lead to their turns and a transcript imported again adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, and_, false, or_, select, update
from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError

from onward.store import knowledge, schema
from onward.store.engine import Store
from onward.store.search import turn_index
from onward.store.search.searchable_text import searchable_text
from onward.store.secret_spellings import COLOUR_MARKS, SecretSpellings
from onward.store.turn_bodies import TurnCodec

_BATCH_ROWS = 500
_ZSTD = b"\x28\xb5\x2f\xfd"
_BODIES = (schema.distilled.c.body, schema.removed_rows.c.body, schema.answers.c.body)
"""Other columns with JSON as bytes, compressed or not."""


def purge(connection: Connection, secret: str, placeholder: str, *, is_dry_run: bool = False) -> dict[str, int]:
    """Replace *secret* by *placeholder* everywhere and return the number of changed rows by table; *is_dry_run* changes nothing."""
    purger = _Purger(connection, SecretSpellings(secret), placeholder, is_dry_run=is_dry_run)
    purger.purge_turns()
    for column in _BODIES:
        purger.purge_bodies(column)
    for table in schema.metadata.sorted_tables:
        purger.purge_texts(table)
    return dict(purger.row_counts)


def vacuum(store: Store) -> bool:
    """Rewrite the database so that no free page holds deleted text. Return False when others keep it busy and free pages may remain."""
    connection = store.engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        if store.path:
            driver.execute("VACUUM")
            # The result says whether another connection was in the way.
            return bool(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        driver.rollback()
        driver.autocommit = True
        for name in (*(table.name for table in schema.metadata.sorted_tables), "turn_words"):
            driver.execute(f'VACUUM FULL "{name}"')
        driver.autocommit = False
        return True
    except store.engine.dialect.loaded_dbapi.Error:
        return False
    finally:
        connection.close()


class _Purger:
    """Removes one secret in one transaction."""

    def __init__(self, connection: Connection, spellings: SecretSpellings, placeholder: str, *, is_dry_run: bool) -> None:
        self._connection = connection
        self._spellings = spellings
        self._placeholder = placeholder
        self._is_dry_run = is_dry_run
        self.row_counts: Counter[str] = Counter()

    def purge_turns(self) -> None:
        """Check every turn: bodies are compressed, and the index does not find parts of words."""
        bodies, index, last_id = TurnCodec(), turn_index.index_for(self._connection), 0
        columns = (schema.turns.c.id, schema.turns.c.role, schema.turns.c.at, schema.turns.c.body)
        while rows := self._connection.execute(
            select(*columns).where(schema.turns.c.id > last_id).order_by(schema.turns.c.id).limit(_BATCH_ROWS)
        ).all():
            last_id = rows[-1].id
            for key, role, at, body in rows:
                clean = self._clean_body(bytes(body))
                if clean is None or not self._count_row("turns"):
                    continue
                index.forget(self._connection, [(key, bodies.unpack(role, at, bytes(body)))])
                index.add(self._connection, [(key, searchable_text(bodies.unpack(role, at, clean)))])
                self._connection.execute(update(schema.turns).where(schema.turns.c.id == key).values(body=clean))
        if self.row_counts["turns"] and not self._is_dry_run:
            index.optimize(self._connection)

    def purge_bodies(self, column: Column[Any]) -> None:
        """Check every row of a column of bodies."""
        for row in self._stream_rows(column.table, [column]):
            clean = self._clean_body(bytes(row[-1]))
            if clean is not None and self._count_row(column.table.name):
                self._update_row(column.table, row, {column.name: clean})

    def purge_texts(self, table: Table) -> None:
        """Check all text columns of a table, those of its key included."""
        columns = [column for column in table.columns if isinstance(column.type, String)]
        needles = (*self._spellings.texts, *COLOUR_MARKS)
        condition = or_(false(), *(column.contains(needle, autoescape=True) for column in columns for needle in needles))
        for row in self._connection.execute(select(*table.primary_key.columns, *columns).where(condition)).all():
            texts = dict(zip((column.name for column in columns), row[-len(columns) :], strict=True))
            changed = {name: clean for name, text in texts.items() if text is not None and (clean := self._replace_secret(text)) != text}
            if not changed or not self._count_row(table.name):
                continue
            self._update_row(table, row, changed)
            if table is schema.knowledge:
                texts |= changed
                knowledge.index_entry(self._connection, row.id, *(texts[name] or "" for name in ("text", "error", "fix")))

    def _stream_rows(self, table: Table, columns: Sequence[Column[Any]]) -> Iterator[Row[Any]]:
        """Yield every row by key, with *columns* last. No cursor is open while a row is used, so that it can be updated."""
        keys = self._connection.execute(select(*table.primary_key.columns)).all()
        for key in keys:
            yield self._connection.execute(select(*table.primary_key.columns, *columns).where(_is_row(table, key))).one()

    def _update_row(self, table: Table, row: Row[Any], values: Mapping[str, Any]) -> None:
        self._connection.execute(update(table).where(_is_row(table, row)).values(**values))

    def _count_row(self, table: str) -> bool:
        """Count a row and return whether to change it."""
        self.row_counts[table] += 1
        return not self._is_dry_run

    def _replace_secret(self, text: str) -> str:
        return self._spellings.replace(text, self._placeholder)

    def _clean_body(self, body: bytes) -> bytes | None:
        """Return *body* without the secret, or None if it does not contain it."""
        is_packed = body.startswith(_ZSTD)
        try:
            data = ZstdDecompressor().decompress(body) if is_packed else body
        except ZstdError:
            # Nobody can read it any more.
            return None
        text = data.decode("utf-8", "surrogateescape")
        clean = self._spellings.replace(text, self._placeholder).encode("utf-8", "surrogateescape")
        if clean == data:
            return None
        return ZstdCompressor(level=1, write_checksum=True).compress(clean) if is_packed else clean


def _is_row(table: Table, row: Row[Any]) -> Any:
    """Return the condition that selects the row with the key that *row* starts with."""
    return and_(*(column == value for column, value in zip(table.primary_key.columns, row, strict=False)))
