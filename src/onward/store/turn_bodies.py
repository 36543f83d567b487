"""The stored form of a turn: all of it, as compact JSON, compressed when that saves space."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import orjson
import zstandard

from onward.core.transcript.transcript import ToolCall, ToolResult, Turn, Usage
from onward.core.transcript.turn import turn_tokens
from onward.store.clock import to_micros
from onward.store.search.searchable_text import searchable_text

_MIN_COMPRESSED_BYTES = 1024
"""A shorter body is stored uncompressed. JSON starts with a brace, which a zstd frame never does."""


DAMAGED_TEXT = "(This turn is damaged in the store and cannot be read.)"
UNREADABLE = (zstandard.ZstdError, ValueError, TypeError, AttributeError, KeyError, MemoryError)
"""What a damaged body raises: it is no zstd frame, no JSON, or not the JSON of a turn."""


class PackedTurn(NamedTuple):
    """A redacted turn ready to store: `at` in microseconds, `chars` its length before redaction, `words` its searchable text."""

    role: str
    at: int | None
    chars: int
    tokens: int
    body: bytes
    words: str


class TurnCodec:
    """Packs and unpacks turns. Not safe to share between threads."""

    @cached_property
    def _compressor(self) -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(level=1, write_checksum=True)

    @cached_property
    def _decompressor(self) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor()

    def pack(self, turn: Turn, chars: int) -> PackedTurn:
        """Return *turn* ready to store. Needs no database, so that it can run while another process writes."""
        data = _to_json(_document(turn))
        body = data if len(data) < _MIN_COMPRESSED_BYTES else self._compressor.compress(data)
        return PackedTurn(
            role=turn.role, at=to_micros(turn.at), chars=chars, tokens=turn_tokens(turn), body=body, words=searchable_text(turn)
        )

    def unpack(self, role: str, at: Any, body: bytes) -> Turn:
        """Return the turn that `pack` packed. Of a damaged body, a turn that says so: its neighbours can still be read."""
        try:
            return self.parse_body(role, at, body)
        except UNREADABLE:
            return Turn(role=role, text=DAMAGED_TEXT, at=at)  # type: ignore[arg-type]

    def is_damaged(self, body: bytes) -> bool:
        """Return whether *body* cannot be read any more."""
        try:
            self.parse_body("user", None, body)
        except UNREADABLE:
            return True
        return False

    def parse_body(self, role: str, at: Any, body: bytes) -> Turn:
        """Return the turn that `pack` packed. Raises one of `UNREADABLE` for a damaged body."""
        data = orjson.loads(body if body[:1] == b"{" else self._decompressor.decompress(body))
        get = data.get
        return Turn(
            role=role,  # type: ignore[arg-type]
            text=get("text", ""),
            at=at,
            id=get("id"),
            calls=tuple([ToolCall(*call) for call in data["calls"]]) if "calls" in data else (),
            results=tuple([ToolResult(*result) for result in data["results"]]) if "results" in data else (),
            thinking=get("thinking", ""),
            mark=get("mark", "said"),
            sidechain=get("sidechain"),
            model=get("model"),
            usage=Usage(**dict(zip(Usage.__slots__, data["usage"], strict=False))) if "usage" in data else None,
            line=get("line", 0),
        )


def readable_body(body: bytes) -> bytes:
    """Return the JSON in *body*; of a damaged one, that of a turn that says so."""
    try:
        data = body if body[:1] == b"{" else zstandard.ZstdDecompressor().decompress(body)
        orjson.loads(data)
    except UNREADABLE:
        return orjson.dumps({"line": 0, "text": DAMAGED_TEXT})
    return data


def _document(turn: Turn) -> dict[str, Any]:
    document: dict[str, Any] = {"line": turn.line}
    if turn.text:
        document["text"] = turn.text
    if turn.id is not None:
        document["id"] = turn.id
    if turn.calls:
        document["calls"] = [(call.id, call.name, call.arguments) for call in turn.calls]
    if turn.results:
        document["results"] = [(result.call_id, result.text, result.is_error, result.exit_code) for result in turn.results]
    if turn.thinking:
        document["thinking"] = turn.thinking
    if turn.mark != "said":
        document["mark"] = turn.mark
    if turn.sidechain is not None:
        document["sidechain"] = turn.sidechain
    if turn.model is not None:
        document["model"] = turn.model
    if turn.usage is not None:
        usage = turn.usage
        counts = (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
        document["usage"] = (*counts, usage.cache_write_1h_tokens) if usage.cache_write_1h_tokens else counts
    return document


def _to_json(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # Lone surrogates and numbers beyond 64 bits are rare; the standard library can write them.
        import json

        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
