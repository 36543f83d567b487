"""Making what a reader yields ready to be kept: recognised, redacted, packed. It needs no store, and it is most of the work of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from onward.app.identity import Recognised, Recogniser, content_chars
from onward.app.own_traffic import without_own_calls
from onward.core.transcript import ImportReport, Item, Rewind, SessionHead
from onward.errors import OnwardError
from onward.formats import Source, open_source, read
from onward.redact import Redactor
from onward.store.bodies import Bodies, Packed


class Ready(NamedTuple):
    """A turn that can be kept as it is: `id` is the agent's own, which a `Rewind` may name."""

    id: str | None
    recognised: Recognised
    packed: Packed


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a file's records, and why it could not be read to its end, where it could not."""

    report: ImportReport
    error: OnwardError | None


Prepared: TypeAlias = SessionHead | Ready | Rewind | Ended


def prepared(source: Path | BinaryIO | Source, key_of: Callable[[SessionHead], bytes]) -> Iterator[Prepared]:
    """Yield what is in a transcript, ready to be kept, each session under the key of its project; then how it ended. A head comes first, always."""
    report, error = ImportReport(), None
    opened = source if isinstance(source, Source) else open_source(source)
    try:
        yield from ready(without_own_calls(_headed(read(opened, report), report), report), key_of)
    except OnwardError as failed:
        error = failed
    yield Ended(report, error)


def _headed(items: Iterator[Item], report: ImportReport) -> Iterator[Item]:
    """Yield *items*, under a head of their own where the transcript has none."""
    for first in items:
        if not isinstance(first, SessionHead):
            yield SessionHead(report.format)
        yield first
        yield from items


def ready(items: Iterable[Item], key_of: Callable[[SessionHead], bytes]) -> Iterator[SessionHead | Ready | Rewind]:
    """Yield *items*, a head before the first turn, each turn ready to be kept under the key of its session's project."""
    pack, redact, recognise = Bodies().pack, Redactor(b"").turn, Recogniser(b"").recognise
    for item in items:
        if isinstance(item, SessionHead):
            key = key_of(item)
            redact, recognise = Redactor(key).turn, Recogniser(key).recognise
            yield item
        elif isinstance(item, Rewind):
            yield item
        else:
            redacted = redact(item)
            yield Ready(item.id, recognise(item, redacted), pack(redacted, content_chars(item)))
