"""Exact repair of a damaged row: its checksum shows which bit of it was flipped.

The checksum of a row is linear: a flipped bit changes it by an amount that belongs to the bit's place. So one wrong bit is found without a
copy of the row. More than one is not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, String, Table, select, update

from onward.store.checksums import RowKey, checksum_of, content_columns, default_bytes, key_condition, row_parts, undecoded_texts
from onward.store.schema import CHECKSUM

MAX_BYTES = 4_000_000
"""Longer rows are not repaired: the search takes too long."""

_POLYNOMIAL = 0xEDB88320
_INTEGER_BYTES = (1, 2, 3, 4, 6, 8)
"""The lengths that SQLite stores an integer in."""


def _remainders() -> list[int]:
    table = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = (remainder >> 1) ^ (_POLYNOMIAL if remainder & 1 else 0)
        table.append(remainder)
    return table


_REMAINDERS = _remainders()
_INDEX_BY_TOP_BYTE = {remainder >> 24: index for index, remainder in enumerate(_REMAINDERS)}
_BIT_BY_REMAINDER = {_REMAINDERS[1 << bit]: bit for bit in range(8)}


def repair_row(connection: Connection, table: Table, key: RowKey) -> bool:
    """Restore a damaged row in which one bit is wrong; return False and change nothing if it is damaged otherwise."""
    with undecoded_texts(connection):
        query = select(table.c[CHECKSUM], *content_columns(table)).where(key_condition(table, key))
        row = connection.execute(query).first()
    if row is None or row[0] is None:
        return False
    columns = content_columns(table)
    original = find_original(table, list(row[1:]), row[0])
    if original is None:
        return False
    try:
        values = {column.name: _decode(column, value) for column, value in zip(columns, original, strict=True)}
    except UnicodeDecodeError:
        return False
    connection.execute(update(table).where(key_condition(table, key)).values(**values))
    return True


def find_original(table: Table, values: Sequence[Any], checksum: int) -> list[Any] | None:
    """Return the values of a row of *table* that have *checksum*, if one bit of *values* or of *checksum* is wrong; otherwise None."""
    compute = checksum_of(table)
    difference = compute(values) ^ checksum
    if difference > 0 and difference.bit_count() == 1:
        return list(values)
    if sum(len(value) for value in values if isinstance(value, bytes | str)) > MAX_BYTES:
        return None
    for candidate in _candidates(table, values, difference):
        if compute(candidate) == checksum:
            return candidate
    return None


def _candidates(table: Table, values: Sequence[Any], difference: int) -> Iterator[list[Any]]:
    for index, value in enumerate(values):
        default = default_bytes(content_columns(table)[index])
        replacements = [default] if default is not None and isinstance(value, bytes) else []
        for replacement in (*replacements, *_flipped_numbers(value)):
            yield [*values[:index], replacement, *values[index + 1 :]]
    if 0 < difference < 2**32:
        yield from _flipped_texts(table, values, difference)


def _flipped_numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(63))
        for count in _INTEGER_BYTES:
            half = 1 << (8 * count - 1)
            if -half <= value < half:
                yield value - half if value >= 0 else value + half
    elif isinstance(value, float):
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        yield from (struct.unpack("<d", struct.pack("<Q", bits ^ (1 << bit)))[0] for bit in range(64))


def _flipped_texts(table: Table, values: Sequence[Any], difference: int) -> Iterator[list[Any]]:
    """Walk back from the end of the row: *difference* is what the wrong bit made of it after all bytes that follow."""
    parts = row_parts(table, values)
    remainder = difference
    for index, part in reversed(parts):
        for place in range(len(part) - 1, -1, -1):
            bit = _BIT_BY_REMAINDER.get(remainder)
            if bit is not None and index is not None:
                flipped = bytearray(part)
                flipped[place] ^= 1 << bit
                yield [*values[:index], bytes(flipped), *values[index + 1 :]]
            top = _INDEX_BY_TOP_BYTE[remainder >> 24]
            remainder = ((remainder ^ _REMAINDERS[top]) << 8 | top) & 0xFFFFFFFF


def _decode(column: Any, value: Any) -> Any:
    if isinstance(value, bytes) and isinstance(column.type, String) and not isinstance(column.type, LargeBinary):
        return value.decode()
    return value
