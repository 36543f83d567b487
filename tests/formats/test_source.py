"""Reading one input from any container: bounded memory, huge lines, damage, and errors with advice."""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from onward.core.transcript.transcript import ImportReport
from onward.errors import BadInput, UnreadableFile
from onward.formats import open_source, source

AT = "2026-03-02T09:00:00.000Z"
MEASURE = """
import sys
from onward.core.transcript.transcript import ImportReport
from onward.formats import open_source, read

report = ImportReport()
for _ in read(open_source(sys.argv[1]), report):
    pass
# The high-water mark of this program alone: what ru_maxrss says is inherited from the parent.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(report.turns, report.truncated, int(peak.split()[1]) // 1024)
"""


def record(number, text):
    message = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}", "content": text}]}
    return {"type": "user", "uuid": f"u{number}", "parentUuid": None, "sessionId": "s", "timestamp": AT, "message": message}


def measured(path: Path) -> tuple[int, int, int]:
    """Return turns read, values cut, and peak resident megabytes, measured in a process of its own."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    turns, cut, megabytes = map(int, done.stdout.split())
    return turns, cut, megabytes


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("compressed", [False, True])
def test_memory_does_not_grow_with_the_file(tmp_path, compressed):
    path = tmp_path / "session.jsonl"
    with path.open("wb") as file:
        for number in range(12_500):
            file.write(json.dumps(record(number, "line of output\n" * 280)).encode() + b"\n")
    assert path.stat().st_size > 50_000_000
    if compressed:
        packed = tmp_path / "session.jsonl.zst"
        with path.open("rb") as plain, packed.open("wb") as file:
            zstandard.ZstdCompressor().copy_stream(plain, file)
        path = packed
    turns, _, megabytes = measured(path)
    assert turns == 12_500
    assert megabytes <= 60


@needs_proc
@pytest.mark.slow
def test_memory_does_not_grow_with_a_list_of_turns(tmp_path):
    path = tmp_path / "turns.json"
    with path.open("w", encoding="utf-8") as file:
        for number in range(12_500):
            turn = {"role": ("user", "assistant")[number % 2], "content": f"line {number} of a long answer\n" * 150}
            file.write(("," if number else "[") + json.dumps(turn))
        file.write("]")
    assert path.stat().st_size > 50_000_000
    turns, _, megabytes = measured(path)
    assert turns == 12_500
    assert megabytes <= 60


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 1000, 'quote " and \\ backslash ' * 40], ids=["plain", "escapes"])
def test_a_line_of_100_mb_does_not_take_100_mb_and_leaves_a_stub(tmp_path, text):
    path = tmp_path / "session.jsonl"
    escaped = json.dumps(text)[1:-1].encode()
    before, after = json.dumps(record(1, "START @ END")).encode().split(b"@")
    with path.open("wb") as file:
        file.write(json.dumps(record(0, "first")).encode() + b"\n" + before)
        for _ in range(100_000_000 // len(escaped)):
            file.write(escaped)
        file.write(after + b"\n" + json.dumps(record(2, "last")).encode() + b"\n")
    turns, cut, megabytes = measured(path)
    assert (turns, cut) == (3, 1)
    assert megabytes <= 90


def test_a_huge_line_keeps_its_shape_and_what_is_short(reading):
    text = "é" * 5_000_000
    data = b"".join(
        json.dumps(record(number, words), ensure_ascii=False).encode() + b"\n" for number, words in enumerate(["first", text, "last"])
    )
    result = reading(data)
    assert [turn.results[0].call_id for turn in result.turns] == ["t0", "t1", "t2"]
    stub = result.turns[1].results[0].text
    assert stub.startswith("éé")
    assert stub.endswith(" … [cut]")
    assert len(stub) < 70_000
    assert result.report.truncated == 1
    assert result.report.malformed_count == 0


def test_lines_are_numbered_as_an_editor_numbers_them():
    assert list(open_source(io.BytesIO(b"one\n\n \n\0\nfive\r\nsix")).lines()) == [(1, b"one"), (5, b"five"), (6, b"six")]


def test_lines_that_end_where_a_chunk_ends_stay_whole():
    words = [b"x" * size for size in (262_143, 1, 262_144, 5, 300_000, 262_142)]
    for end in (b"\n", b"\r\n"):
        assert [line for _, line in open_source(io.BytesIO(end.join(words))).lines()] == words


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_cannot_be_opened_says_what_to_do(tmp_path, kind):
    path = tmp_path if kind == "folder" else tmp_path / "nothing.jsonl"
    with pytest.raises(UnreadableFile) as refused:
        _ = open_source(path).head
    assert str(path) in str(refused.value.message)
    assert refused.value.hint


def test_compressed_data_that_ends_early_gives_what_came_before(reading):
    data = b"".join(json.dumps(record(number, "x" * 50 + str(number) * 50)).encode() + b"\n" for number in range(20_000))
    packed = zstandard.compress(data)
    result = reading(packed[: len(packed) // 2])
    assert 0 < len(result.turns) < 20_000
    assert [number for number, _ in result.report.malformed] == [len(result.turns) + 1, 0]
    damaged = bytearray(packed)
    damaged[len(packed) // 2 : len(packed) // 2 + 500] = b"\xff" * 500
    result = reading(bytes(damaged))
    assert result.report.malformed_count >= 1
    assert any("compressed" in why for _, why in result.report.malformed)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": [1, 2, {"b": "c"', {"a": [1, 2]}),
        (b'{"a": "x", "b": {"c": 1}, "d', {"a": "x", "b": {"c": 1}}),
        (b'[{"a": "with , and ] in \\" it"}, {"b"', [{"a": 'with , and ] in " it'}]),
    ],
)
def test_a_document_that_ends_early_is_closed_and_reported(data, value):
    report = ImportReport()
    assert open_source(io.BytesIO(data)).document(report) == value
    assert report.malformed_count == 1


@pytest.mark.parametrize("data", [b"", b"nothing", b"}", b'"open', b"[" * 100_000], ids=["empty", "word", "bracket", "string", "deep"])
def test_a_document_that_is_none_is_refused(data):
    with pytest.raises(BadInput) as refused:
        open_source(io.BytesIO(data)).document(ImportReport())
    assert refused.value.hint


def test_comments_before_and_between_records_are_skipped(reading):
    record = {"type": "user", "sessionId": "s", "uuid": "u1", "parentUuid": None, "message": {"role": "user", "content": "Cetak struk."}}
    lines = ["// Source: a gist", json.dumps(record), "  // and more", json.dumps({**record, "uuid": "u2", "parentUuid": "u1"})]
    result = reading("\n".join(lines).encode())
    assert (result.report.format, len(result.turns), result.report.skipped) == ("claude-code", 2, {"comment": 2})


@pytest.mark.parametrize(
    "document", ['[{"role": "user", "content": "Cetak struk."}]', '{"messages": [{"role": "user", "content": "Cetak struk."}]}']
)
def test_comments_before_a_document_are_skipped(reading, document):
    assert reading(f"// one\n// two\n{document}".encode()).prompts() == ["Cetak struk."]


def test_a_text_that_begins_like_a_comment_stays_whole(reading):
    assert reading(b"User: // TODO print it\n// and twice\nAssistant: done").prompts() == ["// TODO print it\n// and twice"]


def test_a_bad_escape_costs_no_neighbour(reading):
    first = '{"role": "user", "content": "Cetak struk."}'
    bad = r'{"role": "assistant", "content": "It is in C:\REDACTED."}'
    for data in (f"[{first}, {bad}, {first}]", f"{first}\n{bad}\n{first}", f'{{"messages": [{first}, {bad}, {first}]}}'):
        result = reading(data.encode())
        assert [turn.text for turn in result.turns] == ["Cetak struk.", "It is in C:\\REDACTED.", "Cetak struk."]
        assert result.report.malformed_count == 0


@pytest.mark.parametrize(("module", "least"), [("gzip", 60), ("lzma", 40)])
def test_a_small_compressed_file_that_is_cut_or_damaged_gives_what_came_before(reading, module, least):
    lines = [json.dumps(record(number, str(random.Random(number).getrandbits(600)))).encode() for number in range(100)]
    packed = importlib.import_module(module).compress(b"\n".join(lines))
    assert least < len(reading(packed[: len(packed) * 4 // 5]).turns) < 100
    damaged = bytearray(packed)
    damaged[len(packed) * 4 // 5] ^= 0xFF
    result = reading(bytes(damaged))
    assert len(result.turns) > least
    assert any("compressed" in why for _, why in result.report.malformed)


@pytest.mark.parametrize(
    "before",
    [bytes(range(256)), b"\0\x01\x02" * 5000, b'{"type": "us\0\xffgarbage', b'{"type": "pad", "pad": "' + b"x" * 9_000_000 + b'"}'],
    ids=["bytes", "binary", "torn", "long"],
)
@pytest.mark.parametrize(
    "records",
    [
        [record(number, "words") for number in range(3)],
        [{"role": role, "content": "Print the receipts."} for role in ("user", "assistant", "user")],
        [
            {"sessionId": "s", "projectHash": "a" * 64, "startTime": "2026-03-02T09:00:00Z", "kind": "main"},
            *({"id": f"m{number}", "type": "user", "content": f"Print {number}."} for number in range(3)),
        ],
    ],
    ids=["claude-code", "json-turns", "gemini"],
)
def test_a_first_line_that_cannot_be_read_costs_no_other(reading, before, records):
    data = b"\n".join(json.dumps(item).encode() for item in records)
    whole = reading(data)
    assert len(whole.turns) == 3
    result = reading(before + b"\n" + data)
    assert (result.report.format, len(result.turns)) == (whole.report.format, 3)


def test_a_chat_that_quotes_records_is_still_a_chat(reading):
    quoted = json.dumps(record(1, "words"))
    text = f"User: What is this?\n{quoted}\nAssistant: A record of a session.\nIt has a type.\nUser: Thanks."
    assert reading(text.encode()).report.format == "pasted"


@pytest.mark.parametrize("module", ["gzip", "bz2", "lzma"])
def test_other_compressed_files_are_read_like_zstd(reading, module):
    compress = importlib.import_module(module).compress
    data = b"".join(json.dumps(record(number, "x" * 50 + str(number) * 50)).encode() + b"\n" for number in range(20_000))
    packed = compress(data)
    assert len(reading(packed).turns) == 20_000
    cut = reading(packed[: len(packed) // 2])
    assert 0 < len(cut.turns) < 20_000
    assert cut.report.malformed_count >= 1


def test_a_stream_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(source, "_MAX_BYTES", 1_000_000)
    with pytest.raises(UnreadableFile, match="more than"):
        _ = open_source(io.BytesIO(b"x" * 2_000_000)).head
    with pytest.raises(UnreadableFile, match="more than"):
        _ = open_source(io.BytesIO(gzip.compress(b"x" * 2_000_000))).head


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_no_pipe_or_device_is_read_by_its_path(tmp_path, kind):
    path = Path("/dev/zero")
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with pytest.raises(UnreadableFile, match="pipe or a device"):
        _ = open_source(path).head
