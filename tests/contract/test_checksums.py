"""Every row that holds something of a person's has a checksum, on both kinds of database: a change without one is found, and one wrong bit
is mended.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from onward.app.admin import scrub
from onward.app.projects import projects
from onward.store import Store, bit_repair, checksums, health, schema, scrubs

RULE = "Never touch the generated client. " * 3


def fill(store: Store) -> None:
    for name in ("shop", "tea"):
        projects.create(store, name, description=RULE)


def damaged_tables(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {checked.table.name: len(checked.damaged) for checked in health.check_tables(connection) if not checked.is_sound}


def damage(store: Store, statement: str) -> None:
    """Change rows as the disk would: without their checksums."""
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_row_that_changed_on_the_disk_is_found_and_mended(open_again: Callable[[], Store]) -> None:
    with open_again() as store:
        fill(store)
        assert damaged_tables(store) == {}
        damage(store, "UPDATE projects SET description = replace(description, 'Never', 'Lever') WHERE name = 'shop'")
        assert damaged_tables(store) == {"projects": 1}
        with store.write() as connection:
            (checked,) = [checked for checked in health.check_tables(connection) if checked.damaged]
            # N and L differ in one bit, in three places.
            assert not bit_repair.repair_row(connection, checked.table, checked.damaged[0])
        damage(store, "UPDATE projects SET description = replace(description, 'Lever', 'Never') WHERE name = 'shop'")
        damage(store, "UPDATE projects SET name = 'shnp' WHERE name = 'shop'")
        with store.write() as connection:
            assert bit_repair.repair_row(connection, schema.projects, checked.damaged[0])
        assert damaged_tables(store) == {}
        assert [line.project.name for line in projects.list_projects(store)] == ["shop", "tea"]


def test_rows_from_before_checksums_get_one(open_again: Callable[[], Store]) -> None:
    with open_again() as store:
        fill(store)
        damage(store, "UPDATE projects SET checksum = 0")
        assert damaged_tables(store) == {}
        while scrub.check_portion(store, most_rows=1):
            pass
        damage(store, "UPDATE projects SET description = 'x'")
        assert damaged_tables(store) == {"projects": 2}


def test_the_check_in_the_background_goes_on_where_it_was(open_again: Callable[[], Store]) -> None:
    with open_again() as store:
        fill(store)
        damage(store, "UPDATE projects SET status = 'archived' WHERE name = 'tea'")
        assert scrub.check_portion(store, most_rows=1) == 1
    with open_again() as store:
        portions = 1
        while scrub.check_portion(store, most_rows=1):
            portions += 1
        with store.read() as connection:
            finished = scrubs.find_finished(connection)
        assert finished is not None
        assert finished.finished_at is not None
        assert (finished.damaged, portions >= len(schema.CHECKED_TABLES)) == (1, True)
        assert scrub.check_portion(store) == 0
        assert scrub.check_portion(store, datetime.now(UTC) + timedelta(days=2)) > 0


def test_the_database_empties_no_column_behind_a_checksum(open_again: Callable[[], Store]) -> None:
    emptied = {
        f"tr_{table.name}_{key.parent.name}" for table in schema.CHECKED_TABLES for key in table.foreign_keys if key.ondelete == "SET NULL"
    }
    with open_again() as store, store.read() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'" if is_sqlite else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        # That one deletes vectors, which have no checksum.
        assert set(connection.execute(text(names)).scalars()) - {"tr_turns_body"} == emptied


def flip(values: Sequence[Any], chance: random.Random) -> list[Any]:
    """Return *values* with one wrong bit."""
    flipped, index = list(values), chance.choice([index for index, value in enumerate(values) if value not in (None, b"")])
    value = values[index]
    if isinstance(value, int):
        flipped[index] = value ^ (1 << chance.randrange(40))
    else:
        data = bytearray(value)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        flipped[index] = bytes(data)
    return flipped


@pytest.mark.parametrize("table", [schema.turns, schema.facts, schema.handoffs, schema.sessions], ids=lambda table: str(table.name))
def test_one_wrong_bit_is_mended_wherever_it_is(table: Any) -> None:
    chance = random.Random(str(table.name))
    columns = checksums.content_columns(table)
    values: list[Any] = []
    for column in columns:
        is_number = "INT" in str(column.type) or "FLOAT" in str(column.type)
        values.append(chance.randrange(2**31) if is_number else chance.randbytes(chance.randrange(1, 3000)))
    checksum = checksums.checksum_of(table)(values)
    for _ in range(60):
        assert bit_repair.find_original(table, flip(values, chance), checksum) == values
    for bit in range(32):
        assert bit_repair.find_original(table, values, checksum ^ (1 << bit)) == values
    wrong = [bit_repair.find_original(table, flip(flip(values, chance), chance), checksum) for _ in range(40)]
    assert [values for values in wrong if values is not None] == []
