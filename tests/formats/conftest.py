"""Shared by the tests of formats: reading an input to its end, and the fixtures."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, TranscriptItem, Turn
from onward.formats import TranscriptSource, open_source, read

FIXTURES = Path(__file__).parent / "fixtures"


class ReadResult(NamedTuple):
    """The items and the report of one input."""

    items: list[TranscriptItem]
    report: ImportReport

    @property
    def turns(self) -> list[Turn]:
        return [item for item in self.items if isinstance(item, Turn)]

    @property
    def heads(self) -> list[SessionHead]:
        return [item for item in self.items if isinstance(item, SessionHead)]

    @property
    def rewinds(self) -> list[Rewind]:
        return [item for item in self.items if isinstance(item, Rewind)]

    def prompts(self) -> list[str]:
        """The typed prompts, in order."""
        return [turn.text for turn in self.turns if turn.role == "user" and turn.mark in {"said", "queued"}]


Read: TypeAlias = Callable[[Path | bytes | TranscriptSource], ReadResult]


@pytest.fixture(scope="session")
def reading() -> Read:
    """Read a path, bytes or a source to its end, and check that the report adds up."""

    def read_all(origin: Path | bytes | TranscriptSource) -> ReadResult:
        source = (
            origin if isinstance(origin, TranscriptSource) else open_source(io.BytesIO(origin) if isinstance(origin, bytes) else origin)
        )
        report = ImportReport()
        items = list(read(source, report))
        assert report.records == report.imported_records + sum(report.skipped.values()) + report.malformed_count
        assert report.turns == sum(isinstance(item, Turn) for item in items)
        # The sessions of sub-agents are their parents'.
        assert report.sessions == len({item.id or number for number, item in enumerate(items) if isinstance(item, SessionHead)})
        return ReadResult(items, report)

    return read_all


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder with one folder of samples per format."""
    return FIXTURES
