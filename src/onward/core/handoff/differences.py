"""What differs between two handoffs, and between the ledgers that they were made from."""

from __future__ import annotations

from dataclasses import dataclass

from onward.core.handoff.changelog import Changelog
from onward.core.handoff.redline import Redline


@dataclass(frozen=True, slots=True)
class HandoffDifference:
    """The differences between two versions of a handoff, section by section."""

    before: int
    after: int
    redline: Redline


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """The changelog from the end of one session to the end of another."""

    before: int
    after: int
    changelog: Changelog
