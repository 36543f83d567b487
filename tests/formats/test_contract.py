"""Rules for every format, tested on every sample of every format."""

from __future__ import annotations

import io
import json
import random
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from onward import formats
from onward.core.transcript.transcript import Rewind, SessionHead, Turn
from onward.errors import OnwardError, UnknownFormat
from onward.formats import FORMATS, detect, open_source

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLES = sorted(path for path in FIXTURES.rglob("*") if path.is_file())
BINARY = {".db", ".vscdb", ".sqlite", ".zip"}
TEXTS = [path for path in SAMPLES if path.suffix not in BINARY]
LINES = [path for path in TEXTS if path.suffix == ".jsonl"]
JSON = [path for path in TEXTS if path.suffix in {".jsonl", ".json"}]


def folder(path: Path) -> str:
    """The format of a sample: the name of its folder."""
    return path.relative_to(FIXTURES).parts[0]


def name(path: Path) -> str:
    return str(path.relative_to(FIXTURES))


every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=name)
every_text = pytest.mark.parametrize("sample", TEXTS, ids=name)
every_lines = pytest.mark.parametrize("sample", LINES, ids=name)
every_json = pytest.mark.parametrize("sample", JSON, ids=name)


def test_every_format_has_a_sample():
    assert {folder(path) for path in SAMPLES} == set(FORMATS)


@every_sample
def test_a_sample_is_detected_as_what_it_is(sample):
    assert detect(open_source(sample)).__name__ == f"{formats.__name__}.{folder(sample)}"


@every_sample
def test_detection_ignores_the_name(sample, tmp_path):
    for other in ("chat.md", "x.jsonl", "noname"):
        copy = tmp_path / other
        shutil.copyfile(sample, copy)
        assert detect(open_source(copy)).__name__.endswith(folder(sample))


@every_sample
def test_reading_twice_is_reading_once(sample, reading):
    source = open_source(sample)
    assert reading(source) == reading(source) == reading(sample)


@every_text
def test_a_stream_reads_like_the_file(sample, reading):
    assert reading(sample.read_bytes()) == reading(sample)


@every_sample
def test_items_are_in_order_and_of_known_shape(sample, reading):
    result = reading(sample)
    if result.items:
        assert isinstance(result.items[0], SessionHead)
    ids = set()
    for item in result.items:
        if isinstance(item, Turn):
            assert item.role in {"user", "assistant", "tool", "system"}
            assert item.mark in {"said", "queued", "injected", "summary"}
            assert item.mark != "summary" or item.role in {"user", "assistant"}, "no facts are learned from the system's turns"
            assert item.text or item.calls or item.results or item.thinking, item
            assert (item.role == "tool") <= bool(item.results and not item.text)
            assert item.at is None or item.at.utcoffset() == timedelta(0)
            assert item.line >= 0
            assert item.id is None or item.id not in ids, f"{item.id} came twice"
            ids.add(item.id)
        elif isinstance(item, Rewind):
            assert item.to is None or item.to in ids
        else:
            assert item.agent
            assert item.started_at is None or item.started_at.utcoffset() == timedelta(0)


@every_sample
def test_results_answer_calls(sample, reading):
    turns = reading(sample).turns
    called = {call.id for turn in turns for call in turn.calls}
    answered = [result.call_id for turn in turns for result in turn.results if result.call_id]
    assert set(answered) <= called
    assert len(answered) == len(set(answered))


@every_text
def test_compression_a_byte_order_mark_and_utf16_change_nothing(sample, reading):
    data = sample.read_bytes()
    plain = reading(sample)
    frames = zstandard.compress(data[:200]) + zstandard.compress(data[200:])
    for variant in (
        zstandard.compress(data),
        frames,
        b"\xef\xbb\xbf" + data,
        data.decode().encode("utf-16"),
        b"\xfe\xff" + data.decode().encode("utf-16-be"),
    ):
        assert reading(variant) == plain


@every_json
@pytest.mark.parametrize(
    "layout", [{}, {"separators": (",", ":")}, {"sort_keys": True}, {"sort_keys": True, "separators": (",", ":")}], ids=str
)
def test_blanks_and_the_order_of_keys_change_nothing(sample, reading, layout):
    data = sample.read_bytes()
    records = [json.loads(line) for line in data.splitlines() if line.strip()] if sample.suffix == ".jsonl" else [json.loads(data)]
    written = b"\n".join(json.dumps(record, **layout).encode() for record in records)
    assert detect(open_source(io.BytesIO(written))).__name__.endswith(f".{folder(sample)}")
    assert [(turn.role, turn.text) for turn in reading(written).turns] == [(turn.role, turn.text) for turn in reading(data).turns]


@every_text
def test_windows_line_ends_change_nothing(sample, reading):
    assert reading(sample.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) == reading(sample)


@every_text
def test_nul_bytes_between_lines_change_nothing(sample, reading):
    data = sample.read_bytes()
    assert reading(data.replace(b"\n", b"\0\0\n", 1) + b"\0" * 40).items == reading(sample).items


@every_text
def test_the_path_may_be_anything_that_opens(sample, reading, tmp_path):
    copy = tmp_path / "sesi ke-1 – ü.txt"
    shutil.copyfile(sample, copy)
    assert reading(copy) == reading(sample)


@every_sample
def test_a_torn_file_gives_what_came_before_the_tear(sample, reading):
    data = sample.read_bytes()
    whole = reading(sample)
    for share in (0.25, 0.5, 0.8, 0.97):
        try:
            torn = reading(data[: int(len(data) * share)])
        except OnwardError:
            continue  # Too little is left to detect the format.
        assert len(torn.turns) <= len(whole.turns) + 1


@every_lines
def test_one_bad_line_never_costs_the_rest(sample, reading):
    lines = sample.read_bytes().splitlines(keepends=True)
    whole = reading(sample)
    broken = b"".join([*lines[:1], lines[0][:25] + b"\n", b"\xff\xfe\x00garbage\n", b"[1, 2]\n", *lines[1:]])
    result = reading(broken)
    assert result.report.malformed_count == 3
    assert [line for line, _ in result.report.malformed] == [2, 3, 4]
    assert all(why for _, why in result.report.malformed)
    assert [turn.text for turn in result.turns] == [turn.text for turn in whole.turns]


@every_lines
def test_a_torn_record_before_its_whole_copy_on_one_line_loses_nothing(sample, reading):
    lines = sample.read_bytes().splitlines(keepends=True)
    whole = reading(sample)
    last = len(lines) - 1
    result = reading(b"".join([*lines[:last], lines[last][: len(lines[last]) // 2], lines[last]]))
    assert result.items == whole.items
    assert result.report.malformed_count == 1


@every_lines
def test_records_glued_to_one_line_are_all_read(sample, reading):
    lines = sample.read_bytes().splitlines(keepends=True)
    whole = reading(sample)
    result = reading(b"".join([lines[0].rstrip(b"\n"), *lines[1:]]))
    assert len(result.turns) == len(whole.turns)
    assert result.report.records == whole.report.records


@every_lines
def test_unknown_record_types_are_skipped_and_counted(sample, reading):
    lines = sample.read_bytes().splitlines(keepends=True)
    whole = reading(sample)
    future = b'{"type":"from-the-future","payload":{"type":"dream"},"data":{"depth":[[[1]]]},"version":99}\n'
    result = reading(b"".join([*lines[:1], future, *lines[1:], future]))
    assert [turn.text for turn in result.turns] == [turn.text for turn in whole.turns]
    assert result.report.records == whole.report.records + 2
    assert sum(result.report.skipped.values()) == sum(whole.report.skipped.values()) + 2
    assert result.report.malformed_count == whole.report.malformed_count


@every_lines
def test_foreign_keys_change_nothing(sample, reading):
    foreign = (
        sample.read_bytes()
        .replace(b'"}\n', b'","xFuture":{"a":[1,null]},"xFlag":true}\n')
        .replace(b"}}\n", b'},"xFuture":{"a":[1,null]},"xFlag":true}\n')
    )
    assert reading(foreign).items == reading(sample).items


@every_json
def test_lone_surrogates_and_bytes_that_are_not_utf8_survive(sample, reading):
    data = sample.read_bytes()
    whole = reading(sample)
    for damage in (b"\\ud83d", b"\\udc00\\ud83d", b"\xff", b"\xed\xa0\xbd"):
        result = reading(data.replace(b"the ", b"th" + damage + b" ").replace(b"di", b"d" + damage))
        assert len(result.turns) >= len(whole.turns) // 2
        for turn in result.turns:
            turn.text.encode()
            turn.thinking.encode()
            repr([(call.name, call.arguments) for call in turn.calls]).encode()
            "".join(answer.text for answer in turn.results).encode()


@every_text
def test_one_line_without_end_is_read_too(sample, reading):
    assert reading(sample.read_bytes().rstrip(b"\n")).items == reading(sample).items


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\0\0\0\0", b" \r\n\t"], ids=repr)
def test_nothing_is_an_empty_transcript(data, reading):
    result = reading(data)
    assert result.items == []
    assert result.report.records == 0


@pytest.mark.parametrize(
    "data",
    [
        random.Random(7).randbytes(4000),
        b"\x89PNG\r\n\x1a\n" + random.Random(8).randbytes(500),
        b"\x7fELF" + bytes(300),
        b'{"name": "onward", "version": "1.0"}',
        b"[1, 2, 3]",
        b'["a", "b"]',
        b"{}",
        b"[]",
    ],
    ids=["chance", "image", "program", "object", "numbers", "words", "nothing", "none"],
)
def test_unreadable_files_are_refused_with_advice(data):
    with pytest.raises(UnknownFormat) as refused:
        detect(open_source(io.BytesIO(data)))
    assert refused.value.hint
    assert refused.value.exit_code == 2
