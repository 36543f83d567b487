"""No mutated input crashes or stalls a reader: only `BadInput` may be raised, and reading takes at most ten times as long as the clean
sample.

The number of mutations per format is 1,000 in `make test` and ten times that in `make soak` (ONWARD_SOAK=10); the seed is fixed.
"""

from __future__ import annotations

import io
import os
import random
import time
from pathlib import Path

import pytest

from onward.core.transcript.transcript import ImportReport, Turn
from onward.errors import OnwardError
from onward.formats import TranscriptSource, detect, read

FIXTURES = Path(__file__).parent / "fixtures"
FOLDERS = sorted(path.name for path in FIXTURES.iterdir())
MUTATIONS = 1000 * int(os.environ.get("ONWARD_SOAK", "1"))
SPLICES = (
    b"\0",
    b"\n",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\xff",
    b"null",
    b"-1e999",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b"9" * 40,
    b"[" * 300,
)
MIN_SECONDS = 0.25
"""Below this the load of the machine dominates the time."""


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return *data* after one to four mutations: cut, spliced, swapped, doubled, flipped, or with a value replaced."""
    for _ in range(chance.randint(1, 4)):
        size = len(data)
        if not size:
            return data
        start = chance.randrange(size)
        end = min(size, start + chance.choice((1, 1, 8, 80, 800)))
        match chance.randrange(8):
            case 0:
                data = data[:start]
            case 1:
                data = data[:start] + data[end:]
            case 2:
                data = data[:start] + chance.choice(SPLICES) + data[start:]
            case 3:
                data = data[:start] + data[start:end] * 2 + data[end:]
            case 4:
                data = data[:start] + bytes([data[start] ^ (1 << chance.randrange(8))]) + data[start + 1 :]
            case 5:
                lines = data.splitlines(keepends=True)
                chance.shuffle(lines)
                data = b"".join(lines)
            case 6:
                # A value of another type: replaces the text between a colon and the next comma or bracket.
                colon = data.find(b":", start)
                stop = min((place for place in (data.find(mark, colon) for mark in (b",", b"}", b"]")) if place > 0), default=-1)
                if 0 < colon < stop:
                    data = (
                        data[: colon + 1]
                        + chance.choice((b"null", b"0", b"[]", b"{}", b'""', b"true", b"[null]", b'{"a":{}}', b"1e99"))
                        + data[stop:]
                    )
            case _:
                other = chance.randrange(size)
                data = data[:start] + data[other : other + 200] + data[start:]
    return data


def read_all(source: TranscriptSource) -> tuple[int, float]:
    """Read *source* in its detected format; return turns and CPU seconds."""
    report = ImportReport()
    started_at = time.process_time()
    turns = 0
    try:
        for item in read(source, report):
            if isinstance(item, Turn):
                turns += 1
                item.text.encode()
    except OnwardError:
        return turns, time.process_time() - started_at
    assert report.records == report.imported_records + sum(report.skipped.values()) + report.malformed_count
    return turns, time.process_time() - started_at


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_mutation_crashes_or_holds_up_a_reader(folder):
    samples = [path for path in sorted((FIXTURES / folder).rglob("*")) if path.is_file()]
    chance = random.Random(f"onward {folder}")
    clean = {path: max(read_all(TranscriptSource(io.BytesIO(path.read_bytes())))[1], MIN_SECONDS) for path in samples}
    for round_number in range(MUTATIONS):
        path = samples[round_number % len(samples)]
        data = mutate(path.read_bytes(), chance)
        _, seconds = read_all(TranscriptSource(io.BytesIO(data)))
        assert seconds <= 10 * clean[path], f"{path.name}, mutation {round_number}: {seconds:.1f} s"


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_mutation_crashes_the_format_that_it_came_from(folder):
    """As above, but past detection: the reader gets input of other formats."""
    samples = [path for path in sorted((FIXTURES / folder).rglob("*")) if path.is_file()]
    chance = random.Random(f"onward {folder} again")
    for round_number in range(MUTATIONS // 4):
        path = samples[round_number % len(samples)]
        reader = detect(TranscriptSource(path))
        report = ImportReport()
        try:
            list(reader.read(TranscriptSource(io.BytesIO(mutate(path.read_bytes(), chance))), report))
        except OnwardError:
            continue
        assert report.records == report.imported_records + sum(report.skipped.values()) + report.malformed_count
