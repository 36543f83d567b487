"""Taking a secret out of everything that is kept: every text of every table, the turns' bodies, the search index, and the pages of the file.

What stands there is replaced and nothing else changes, so that lines still lead to their turns and a transcript that is imported again adds nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, Row, String, Table, and_, false, or_, select, update
from zstandard import ZstdCompressor, ZstdDecompressor

from onward.store import knowledge, schema, search_index
from onward.store.bodies import Bodies
from onward.store.engine import Store
from onward.store.searchable import searchable

_BATCH = 500
_ZSTD = b"\x28\xb5\x2f\xfd"
_BODIES = (schema.distilled.c.body, schema.answers.c.body)
"""Columns of JSON as bytes, compressed or not, beside the turns' own."""


def spellings(secret: str) -> tuple[str, ...]:
    """Return how *secret* may be written where it is kept, the longest first: as it is, inside JSON, and in an address."""
    found = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe=""), quote(secret)}
    return tuple(sorted(found, key=lambda one: (-len(one), one)))


def purge(connection: Connection, secret: str, mark: str, *, is_trial: bool = False) -> dict[str, int]:
    """Put *mark* wherever *secret* stands, and return in how many rows of which tables it stood; with *is_trial*, change nothing."""
    work = _Purge(connection, spellings(secret), mark, is_trial=is_trial)
    work.turns()
    for column in _BODIES:
        work.bodies(column)
    for table in schema.tables.sorted_tables:
        work.texts(table)
    return dict(work.found)


def rewrite(store: Store) -> bool:
    """Write the database anew, so that no page of it holds what is gone; False where others keep it busy, and pages that are free may."""
    connection = store.engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        if store.path:
            driver.execute("VACUUM")
            # It says whether somebody was in the way.
            return bool(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        driver.rollback()
        driver.autocommit = True
        for name in (*(table.name for table in schema.tables.sorted_tables), "turn_words"):
            driver.execute(f'VACUUM FULL "{name}"')
        driver.autocommit = False
        return True
    except store.engine.dialect.loaded_dbapi.Error:
        return False
    finally:
        connection.close()


class _Purge:
    """One secret being taken out, in one transaction."""

    def __init__(self, connection: Connection, written: Sequence[str], mark: str, *, is_trial: bool) -> None:
        self._connection = connection
        self._written = written
        self._mark = mark
        self._is_trial = is_trial
        self.found: Counter[str] = Counter()

    def turns(self) -> None:
        """Go through every turn: bodies are compressed, and no index leads to a part of a word."""
        bodies, index, last = Bodies(), search_index.of(self._connection), 0
        columns = (schema.turns.c.id, schema.turns.c.role, schema.turns.c.at, schema.turns.c.body)
        while rows := self._connection.execute(
            select(*columns).where(schema.turns.c.id > last).order_by(schema.turns.c.id).limit(_BATCH)
        ).all():
            last = rows[-1].id
            for key, role, at, body in rows:
                clean = self._clean(bytes(body))
                if clean is None or not self._is_found("turns"):
                    continue
                index.forget(self._connection, [(key, bodies.unpack(role, at, bytes(body)))])
                index.add(self._connection, [(key, searchable(bodies.unpack(role, at, clean)))])
                self._connection.execute(update(schema.turns).where(schema.turns.c.id == key).values(body=clean))
        if self.found["turns"] and not self._is_trial:
            index.settle(self._connection)

    def bodies(self, column: Column[Any]) -> None:
        """Go through a column of bodies."""
        for row in self._all(column.table, [column]):
            clean = self._clean(bytes(row[-1]))
            if clean is not None and self._is_found(column.table.name):
                self._write(column.table, row, {column.name: clean})

    def texts(self, table: Table) -> None:
        """Go through the texts of a table, those that are part of its key too."""
        columns = [column for column in table.columns if isinstance(column.type, String)]
        held = or_(false(), *(column.contains(one, autoescape=True) for column in columns for one in self._written))
        for row in self._connection.execute(select(*table.primary_key.columns, *columns).where(held)).all():
            texts = dict(zip((column.name for column in columns), row[-len(columns) :], strict=True))
            changed = {name: clean for name, text in texts.items() if text is not None and (clean := self._without(text)) != text}
            if not changed or not self._is_found(table.name):
                continue
            self._write(table, row, changed)
            if table is schema.knowledge:
                knowledge.index(self._connection, row.id, changed.get("text", texts["text"]), changed.get("fix", texts["fix"]))

    def _all(self, table: Table, columns: Sequence[Column[Any]]) -> Iterator[Row[Any]]:
        """Yield every row by key, the *columns* last, none of them while another is open: what is read may be written."""
        keys = self._connection.execute(select(*table.primary_key.columns)).all()
        for key in keys:
            yield self._connection.execute(select(*table.primary_key.columns, *columns).where(_is(table, key))).one()

    def _write(self, table: Table, row: Row[Any], values: Mapping[str, Any]) -> None:
        self._connection.execute(update(table).where(_is(table, row)).values(**values))

    def _is_found(self, table: str) -> bool:
        """Count a row, and return whether it is to be changed."""
        self.found[table] += 1
        return not self._is_trial

    def _without(self, text: str) -> str:
        for one in self._written:
            text = text.replace(one, self._mark)
        return text

    def _clean(self, body: bytes) -> bytes | None:
        """Return a body without the secret; None where it holds none."""
        is_packed = body.startswith(_ZSTD)
        data = ZstdDecompressor().decompress(body) if is_packed else body
        clean = data
        for one in self._written:
            clean = clean.replace(one.encode(), self._mark.encode())
        if clean == data:
            return None
        return ZstdCompressor(level=1, write_checksum=False).compress(clean) if is_packed else clean


def _is(table: Table, row: Row[Any]) -> Any:
    """Return the condition that a row is the one whose key *row* begins with."""
    return and_(*(column == value for column, value in zip(table.primary_key.columns, row, strict=False)))
