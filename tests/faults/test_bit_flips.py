"""One wrong bit on the disk: the doctor sees every one that changes what is stored."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.faults.conftest import Onward, ReferenceStore, stored_state

from onward.app.admin import doctor
from onward.settings import Settings
from onward.store import Store, health, schema, scrubs

pytestmark = [pytest.mark.slow, pytest.mark.soak]

FLIPS = 60


def contents(database: Path) -> dict[str, object]:
    """Return every stored row by table; an error in place of what cannot be read."""
    rows: dict[str, object] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for table in schema.CHECKED_TABLES:
            try:
                rows[table.name] = connection.execute(f"SELECT rowid, * FROM {table.name} ORDER BY rowid").fetchall()
            except (sqlite3.Error, UnicodeDecodeError) as error:
                rows[table.name] = str(error)
    return rows


def problems(home: Path) -> list[str]:
    settings = Settings(home, home.parent / "claude")
    findings = doctor.examine(settings, lambda settings: Store.at_folder(settings.home), [])
    return [f"{finding.check}: {finding.message}" for finding in findings if finding.status == "problem"]


def flip_bit(database: Path, chance: random.Random) -> int:
    """Flip one bit of the file and return its place."""
    data = bytearray(database.read_bytes())
    place = chance.randrange(100, len(data))
    data[place] ^= 1 << chance.randrange(8)
    database.write_bytes(data)
    return place


def settled_copy(reference_store: ReferenceStore, home: Path) -> Onward:
    """Return a copy of the store with all of it in one file."""
    onward = reference_store.copy(home)
    with closing(sqlite3.connect(onward.database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return onward


def test_the_doctor_sees_every_wrong_bit_that_changes_what_is_stored(reference_store: ReferenceStore, tmp_path: Path, soak: int) -> None:
    onward = settled_copy(reference_store, tmp_path / "home")
    sound = tmp_path / "sound.db"
    shutil.copy(onward.database, sound)
    before, chance, unseen, changed = contents(sound), random.Random(17), [], 0
    assert problems(onward.home) == []
    for _ in range(FLIPS * soak):
        for path in onward.home.glob("onward.db*"):
            path.unlink()
        shutil.copy(sound, onward.database)
        place = flip_bit(onward.database, chance)
        if contents(onward.database) != before:
            changed += 1
            if not problems(onward.home):
                unseen.append(place)
    print(f"{changed} of {FLIPS * soak} wrong bits changed what is stored; the doctor did not see {len(unseen)}")
    assert changed > FLIPS * soak / 5
    assert unseen == []


DAMAGES = (
    "UPDATE facts SET body_json = substr(body_json, 1, 40) WHERE session = 2",
    "UPDATE turns SET body = zeroblob(40) WHERE ordinal % 9 = 2",
    "UPDATE distilled SET body = zeroblob(90) WHERE session_id = 3",
    "UPDATE sessions SET turns = turns + 1024 WHERE id = 4",
    "UPDATE handoffs SET document_json = '{}' WHERE version = 2",
    "DELETE FROM turn_words_docsize WHERE id % 7 = 3",
)


def test_a_repair_that_is_killed_leaves_what_the_next_one_mends(reference_store: ReferenceStore, tmp_path: Path, soak: int) -> None:
    chance, sound = random.Random(7), settled_copy(reference_store, tmp_path / "sound")
    for number in range(4 * soak):
        onward = Onward(shutil.copytree(sound.home, tmp_path / f"home-{number}"))
        with closing(sqlite3.connect(onward.database)) as connection, connection:
            for statement in DAMAGES:
                connection.execute(statement)
        process = onward.start("doctor", "--mend")
        time.sleep(chance.uniform(0.3, 3.0))
        process.kill()
        process.communicate()
        mended = onward.run("doctor", "--mend")
        assert mended.returncode == 0, mended.stdout + mended.stderr
        assert stored_state(onward.database) == reference_store.state
        assert problems(onward.home) == []


SCRUB = """
import sys
from pathlib import Path
from onward.app.admin import scrub
from onward.store import Store

with Store.at_folder(Path(sys.argv[1])) as store:
    print("started", flush=True)
    while scrub.check_portion(store, most_rows=100):
        pass
"""


def test_a_background_check_that_is_killed_goes_on(reference_store: ReferenceStore, tmp_path: Path) -> None:
    onward = settled_copy(reference_store, tmp_path / "home")
    with closing(sqlite3.connect(onward.database)) as connection, connection:
        connection.execute("UPDATE turns SET checksum = 0")
    chance, kills = random.Random(3), 0
    while True:
        process = subprocess.Popen([sys.executable, "-c", SCRUB, str(onward.home)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.001, 0.01) * 2**kills)  # The first is killed on any machine, and one gets to the end on any.
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
    with Store.at_folder(onward.home) as store, store.read() as connection:
        finished, checked_tables = scrubs.find_finished(connection), health.check_tables(connection)
    assert kills > 0
    assert finished is not None
    assert finished.damaged == 0
    assert finished.rows >= sum(checked.rows for checked in checked_tables) - 100
    assert not [checked for checked in checked_tables if checked.unsealed or not checked.is_sound]
