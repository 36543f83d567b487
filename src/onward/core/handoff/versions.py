"""A version of a project's handoff as it is kept, and the handoff that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from onward.core.handoff.changelog import Changelog
from onward.core.handoff.document import Handoff
from onward.core.handoff.redline import Redline
from onward.core.handoff.refinement import RULES, Refinement
from onward.core.preservation import Preservation


@dataclass(frozen=True, slots=True)
class StoredHandoff:
    """One version of a project's handoff. `session_id` is the session whose completion made it, None when a correction or rebuild did.

    `generator` is who wrote it: the rules, or a model by its name, with the report of what became of its part.
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
    refinement: Refinement | None = None


@dataclass(frozen=True, slots=True)
class HandoffVersion:
    """A version as lists show it: without its text."""

    id: int
    session_id: int | None
    version: int
    session_number: int
    budget_tokens: int
    preservation: Preservation
    created_at: datetime
    generator: str = RULES


class HandoffSummary(NamedTuple):
    """What a list says of a handoff. `kept_ratio` is the share (0..1) that it keeps of what it ought to, None where there was nothing to keep."""

    id: int
    version: int
    kept_ratio: float | None


@dataclass(frozen=True, slots=True)
class CurrentHandoff:
    """A handoff. `version`, `id` and `created_at` are None for one that was composed just now, for a budget of its own."""

    handoff: Handoff
    markdown: str
    preservation: Preservation
    budget_tokens: int
    version: int | None = None
    id: int | None = None
    created_at: datetime | None = None
    generator: str = RULES
    refinement: Refinement | None = None


@dataclass(frozen=True, slots=True)
class HandoffDifference:
    """What two versions of a project's handoff say differently, section by section."""

    before: int
    after: int
    redline: Redline


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """What a project came to know, and gave up, from the end of one session to the end of another."""

    before: int
    after: int
    changelog: Changelog


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What came of extracting a project's facts anew. `handoff` is None where no session is completed."""

    sessions: int
    facts: int
    handoff: StoredHandoff | None
