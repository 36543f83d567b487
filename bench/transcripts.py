"""Large transcripts for the benchmarks, made by repeating real sessions under fresh ids.

Every repetition has its own record, answer and call ids and a later time, so that nothing is a duplicate.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Literal

Agent = Literal["claude-code", "codex"]

MEGABYTE = 1_000_000
PAUSE = timedelta(minutes=10)

_FOLDERS: dict[Agent, tuple[str, ...]] = {
    "claude-code": ("entire-cli/**/*_claude_*.jsonl", "cipher-box/**/*_claude_*.jsonl"),
    "codex": ("agentv/codex/*.jsonl",),
}
_SMALLEST_SOURCE_BYTES, _LARGEST_SOURCE_BYTES = 300_000, 2_500_000

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PREFIXED_ID = re.compile(rb"\b(msg|toolu|req|call|rs|fc|ctc|resp)_([A-Za-z0-9]{16,})")
_TIMESTAMP = re.compile(rb'"timestamp":\s?"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"')
_SESSION_ID = re.compile(rb'"(?:sessionId|session_id)":\s?"([0-9a-f-]{36})"|"type":"session_meta","payload":\{"id":"([0-9a-f-]{36})"')
_LAST_RECORD = re.compile(rb'"uuid":\s?"([0-9a-f-]{36})"')


@dataclass(frozen=True, slots=True)
class Source:
    """One real session: its lines, its id, and its time span."""

    agent: Agent
    lines: bytes
    session_id: bytes
    started_at: datetime
    ended_at: datetime


def sources(data: Path, agent: Agent) -> list[Source]:
    """Return the sessions of *agent* under *data* whose size is suitable for mixing."""
    session_sources: list[Source] = []
    for path in sorted(path for pattern in _FOLDERS[agent] for path in data.glob(pattern)):
        if _SMALLEST_SOURCE_BYTES <= path.stat().st_size <= _LARGEST_SOURCE_BYTES:
            lines = path.read_bytes().rstrip(b"\n") + b"\n"
            id_match, times = _SESSION_ID.search(lines), [_parse_time(match[1]) for match in _TIMESTAMP.finditer(lines)]
            if id_match and times:
                session_sources.append(
                    Source(agent=agent, lines=lines, session_id=id_match[1] or id_match[2], started_at=min(times), ended_at=max(times))
                )
    return session_sources


def one_session(session_sources: list[Source], size_bytes: int) -> bytes:
    """Return one session of about *size_bytes*: *session_sources* repeated as one long conversation."""
    session_id = _fresh_uuid(session_sources[0].session_id, 0)
    parts: list[bytes] = []
    written_bytes, last_record = 0, b""
    for repetition, part, source in _repeat(session_sources):
        piece = part.replace(_fresh_uuid(source.session_id, repetition), session_id)
        if parts:
            # The continuation is linked to the last record: a second root would count as a rewind to before the first prompt.
            piece = piece.replace(b'"parentUuid":null', b'"parentUuid":"' + last_record + b'"') if last_record else _without_head(piece)
        if records := _LAST_RECORD.findall(piece):
            last_record = records[-1]
        if written_bytes + len(piece) > size_bytes:
            parts.append(_cut(piece, size_bytes - written_bytes))
            return b"".join(parts)
        parts.append(piece)
        written_bytes += len(piece)
    raise AssertionError("the sessions repeat without end")


def many_sessions(session_sources: list[Source], size_bytes: int) -> Iterator[bytes]:
    """Yield full sessions of about *size_bytes* together, each under its own ids."""
    written_bytes = 0
    for _, piece, _ in _repeat(session_sources):
        yield piece
        written_bytes += len(piece)
        if written_bytes >= size_bytes:
            return


def _repeat(session_sources: list[Source]) -> Iterator[tuple[int, bytes, Source]]:
    """Yield (repetition, lines, source) without end, every repetition under fresh ids and later times."""
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    for repetition in itertools.count():
        source = session_sources[repetition % len(session_sources)]
        yield repetition, _shift_times(_rename(source.lines, repetition), at - source.started_at), source
        at += source.ended_at - source.started_at + PAUSE


def _rename(lines: bytes, repetition: int) -> bytes:
    lines = _UUID.sub(lambda match: _fresh_uuid(match[0], repetition), lines)
    return _PREFIXED_ID.sub(lambda match: match[1] + b"_" + _digest(match[2], repetition)[: len(match[2])], lines)


def _digest(session_id: bytes, repetition: int) -> bytes:
    return blake2b(session_id, digest_size=32, salt=repetition.to_bytes(8, "big")).hexdigest().encode()


def _fresh_uuid(session_id: bytes, repetition: int) -> bytes:
    digits = _digest(session_id, repetition)
    return b"-".join((digits[:8], digits[8:12], b"4" + digits[13:16], b"8" + digits[17:20], digits[20:32]))


def _shift_times(lines: bytes, by: timedelta) -> bytes:
    return _TIMESTAMP.sub(lambda match: b'"timestamp":"' + _format_time(_parse_time(match[1]) + by) + b'"', lines)


def _parse_time(timestamp: bytes) -> datetime:
    return datetime.fromisoformat(timestamp.decode())


def _format_time(at: datetime) -> bytes:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def _without_head(piece: bytes) -> bytes:
    return b"".join(line for line in piece.splitlines(keepends=True) if b'"type":"session_meta"' not in line[:120])


def _cut(piece: bytes, size_bytes: int) -> bytes:
    return piece[: piece.rfind(b"\n", 0, size_bytes) + 1]
