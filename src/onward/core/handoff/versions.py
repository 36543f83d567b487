"""Stored versions of a project's handoff, and the answers made from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from onward.core.handoff.document import Handoff
from onward.core.handoff.writer_report import RULES, WriterReport
from onward.core.preservation.scores import Preservation


class MasterHandoff(NamedTuple):
    """A project's handoff with its measure and the budget it was made for."""

    handoff: Handoff
    preservation: Preservation
    budget_tokens: int


@dataclass(frozen=True, slots=True)
class StoredHandoff:
    """One version of a project's handoff. `session_id` is the session whose completion made it, None if a correction
    or rebuild did.

    `generator` is `rules` or the name of a model, whose `refinement` is the report of its part.
    """

    id: int
    project_id: int
    session_id: int | None
    version: int
    ledger_version: int
    session_number: int
    budget_tokens: int
    markdown: str
    handoff: Handoff
    preservation: Preservation
    created_at: datetime
    generator: str = RULES
    refinement: WriterReport | None = None


@dataclass(frozen=True, slots=True)
class HandoffVersion:
    """A version as lists show it, without its text."""

    id: int
    session_id: int | None
    version: int
    session_number: int
    budget_tokens: int
    preservation: Preservation
    created_at: datetime
    generator: str = RULES


class HandoffSummary(NamedTuple):
    """What lists show of a handoff. `preservation_ratio` is the measured share (0..1), None if there was nothing to keep."""

    id: int
    version: int
    preservation_ratio: float | None


@dataclass(frozen=True, slots=True)
class CurrentHandoff:
    """A handoff. `version`, `id` and `created_at` are None if it was composed just now for another budget."""

    handoff: Handoff
    markdown: str
    preservation: Preservation
    budget_tokens: int
    version: int | None = None
    id: int | None = None
    created_at: datetime | None = None
    generator: str = RULES
    refinement: WriterReport | None = None


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """The result of deriving a project's facts again. `handoff` is None if no session is completed."""

    sessions: int
    facts: int
    handoff: StoredHandoff | None
