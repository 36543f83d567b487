"""Making what a reader yields ready to be kept: recognised, redacted, packed. It needs no store, and it is most of the work of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from onward.app.turns.identity import TurnMark, TurnMarker, content_chars
from onward.app.turns.onward_traffic import drop_onward_calls
from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, TranscriptItem
from onward.errors import OnwardError
from onward.formats import TranscriptSource, open_source, read
from onward.redact import Redactor
from onward.store.turn_bodies import PackedTurn, TurnCodec


class PreparedTurn(NamedTuple):
    """A turn that can be kept as it is: `id` is the agent's own, which a `Rewind` may name."""

    id: str | None
    recognised: TurnMark
    packed: PackedTurn


@dataclass(frozen=True, slots=True)
class TranscriptEnd:
    """What became of a file's records, and why it could not be read to its end, where it could not."""

    report: ImportReport
    error: OnwardError | None


PreparedItem: TypeAlias = SessionHead | PreparedTurn | Rewind | TranscriptEnd


def prepare_transcript(source: Path | BinaryIO | TranscriptSource, key_of: Callable[[SessionHead], bytes]) -> Iterator[PreparedItem]:
    """Yield what is in a transcript, ready to be kept, each session under the key of its project; then how it ended. A head comes first, always."""
    report, error = ImportReport(), None
    transcript = source if isinstance(source, TranscriptSource) else open_source(source)
    try:
        yield from prepare_turns(drop_onward_calls(_ensure_head(read(transcript, report), report), report), key_of)
    except OnwardError as failure:
        error = failure
    yield TranscriptEnd(report, error)


def _ensure_head(items: Iterator[TranscriptItem], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield *items*, under a head of their own where the transcript has none."""
    for first in items:
        if not isinstance(first, SessionHead):
            yield SessionHead(report.format)
        yield first
        yield from items


def prepare_turns(items: Iterable[TranscriptItem], key_of: Callable[[SessionHead], bytes]) -> Iterator[SessionHead | PreparedTurn | Rewind]:
    """Yield *items*, a head before the first turn, each turn ready to be kept under the key of its session's project."""
    pack, redact, recognise = TurnCodec().pack, Redactor(b"").turn, TurnMarker(b"").mark_turn
    for item in items:
        if isinstance(item, SessionHead):
            key = key_of(item)
            redact, recognise = Redactor(key).turn, TurnMarker(key).mark_turn
            yield item
        elif isinstance(item, Rewind):
            yield item
        else:
            redacted = redact(item)
            yield PreparedTurn(item.id, recognise(item, redacted), pack(redacted, content_chars(item)))
