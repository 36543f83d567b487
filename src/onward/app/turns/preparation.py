"""Preparing what a reader yields for storing: identified, redacted and compressed. It needs no store and is most of the work of an
import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from onward.app.turns.identity import TurnMark, TurnMarker, content_chars
from onward.app.turns.onward_traffic import drop_onward_calls
from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, TranscriptItem
from onward.errors import OnwardError, UnreadableFile
from onward.formats import TranscriptSource, open_source, read
from onward.message import Message
from onward.redact import Redactor
from onward.store.turn_bodies import PackedTurn, TurnCodec


class PreparedTurn(NamedTuple):
    """A turn that is ready to be stored. `id` is the agent's own id, which a `Rewind` may refer to."""

    id: str | None
    recognised: TurnMark
    packed: PackedTurn


@dataclass(frozen=True, slots=True)
class TranscriptEnd:
    """The report about a file's records, and the error that ended the reading early, if any."""

    report: ImportReport
    error: OnwardError | None


PreparedItem: TypeAlias = SessionHead | PreparedTurn | Rewind | TranscriptEnd


def prepare_transcript(source: Path | BinaryIO | TranscriptSource, key_of: Callable[[SessionHead], bytes]) -> Iterator[PreparedItem]:
    """Yield the items of a transcript ready to be stored, each session with the key of its project, and then a `TranscriptEnd`. A session
    head always comes first.
    """
    report, error = ImportReport(), None
    transcript = source if isinstance(source, TranscriptSource) else open_source(source)
    try:
        yield from prepare_turns(drop_onward_calls(_ensure_head(read(transcript, report), report), report), key_of)
    except OnwardError as failure:
        error = failure
    except Exception as failure:  # noqa: BLE001 - a defect in reading one file is that file's: the others are still imported
        error = UnreadableFile(
            Message("{name} cannot be read completely: {problem}.", name=transcript.name, problem=f"{type(failure).__name__}: {failure}"),
            "The part before the problem is stored. Report this with the file, or with the part that fails.",
        )
    yield TranscriptEnd(report, error)


def _ensure_head(items: Iterator[TranscriptItem], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield *items*, preceded by a session head if the transcript has none."""
    for first in items:
        if not isinstance(first, SessionHead):
            yield SessionHead(report.format)
        yield first
        yield from items


def prepare_turns(items: Iterable[TranscriptItem], key_of: Callable[[SessionHead], bytes]) -> Iterator[SessionHead | PreparedTurn | Rewind]:
    """Yield *items*, each turn ready to be stored with the key of its session's project. A head must come before the first turn."""
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
