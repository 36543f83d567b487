"""Reports on written handoffs: what a model wrote for a handoff, which of its lines were accepted or removed and why, and
the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from onward.core.preservation.scores import Preservation
from onward.message import Message, from_data

RULES = "rules"
"""The generator of a handoff without a model's part; any other generator is the name of a model."""


@dataclass(frozen=True, slots=True)
class WriterReport:
    """The report of one written handoff.

    `why` is the reason for keeping the handoff by rules; it is empty if the model's lines were accepted. Of `requests`, those in
    `unanswered` (by title, with the reason) gave no usable answer. Of the `written` lines, `standing` are in the document; `removed` are
    the others, each with a `reason`, its `text` and what it is `about`. `put_back` facts are in the rules' words. `before` and `after` are
    the measure's counts (kept, total) by group, for the handoff by rules and for the written one. `cost_usd` is None if a price is unknown.
    """

    model: str
    why: str | Message = ""
    job_id: int | None = None
    requests: int = 0
    unanswered: Mapping[str, str | Message] = field(default_factory=dict[str, str | Message])
    written: int = 0
    standing: int = 0
    put_back: int = 0
    removed: tuple[Mapping[str, str], ...] = ()
    before: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    after: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the model's lines are in a handoff."""
        return not self.why

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data, its messages as they are. `from_json` reads it back, also as `message.to_data` stores it."""
        kinds = {name: {kind: list(counts) for kind, counts in getattr(self, name).items()} for name in ("before", "after")}
        return {**asdict(self), "unanswered": dict(self.unanswered), "removed": [dict(line) for line in self.removed], **kinds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WriterReport:
        """Return the report that `to_json` wrote."""
        kinds = {name: {kind: (count, total) for kind, (count, total) in data[name].items()} for name in ("before", "after")}
        messages = {name: from_data(data[name]) for name in ("why", "unanswered")}
        return cls(**{**data, "removed": tuple(data["removed"]), **messages, **kinds})


@dataclass(frozen=True, slots=True)
class WriterOutcome:
    """The outcome of a writer's job: the version that it made, or None and the reason. `report` is None if no
    answer was judged; a job that `is_waiting` continues by itself.
    """

    job_id: int
    version: int | None
    why: str | Message
    report: WriterReport | None = None
    is_waiting: bool = False


def read_outcome(job_id: int, result: Mapping[str, Any]) -> WriterOutcome:
    """Return the outcome stored in the *result* of a finished job."""
    report = result.get("refinement")
    return WriterOutcome(
        job_id=job_id,
        version=result.get("handoff_version"),
        why=result.get("reason", ""),
        report=WriterReport.from_json(report) if report else None,
    )


def counts_by_group(preservation: Preservation) -> dict[str, tuple[int, int]]:
    """Return the counts (kept, total) by group."""
    return {group.group: (group.kept_count, group.total) for group in preservation.groups}
