"""What became of a model's part in a handoff: what it wrote, what of that stands, what was turned away and why, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from onward.core.preservation import Preservation
from onward.message import Message

RULES = "rules"
"""The generator of a handoff that no model had a part in; any other is a model's name."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """The report of one refinement.

    `why` says why the rules' handoff stands, and is empty where the model's lines were kept. Of `requests`, those in `unanswered` (by title, and why) gave nothing that can be used. Of the
    `written` lines `standing` ones are in the document; `removed` are the others, each with its `reason`, its `text` and what is wrong `about` it. `put_back` facts are told in the rules' words.
    `before` and `after` say, by kind, how many of how many the measure finds in the rules' handoff and in the other. `cost_usd` is None where a price is not known.
    """

    model: str
    why: str | Message = ""
    job_id: int | None = None
    requests: int = 0
    unanswered: Mapping[str, str] = field(default_factory=dict[str, str])
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
        """Return plain data that `from_json` reads back."""
        kinds = {name: {kind: list(counts) for kind, counts in getattr(self, name).items()} for name in ("before", "after")}
        data = {**asdict(self), "why": str(self.why), "unanswered": dict(self.unanswered), "removed": [dict(line) for line in self.removed]}
        return {**data, **kinds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Refinement:
        """Return the report that `to_json` wrote."""
        kinds = {name: {kind: (count, total) for kind, (count, total) in data[name].items()} for name in ("before", "after")}
        return cls(**{**data, "removed": tuple(data["removed"]), **kinds})


@dataclass(frozen=True, slots=True)
class RefinementOutcome:
    """What a job that refines came to: the version that it made, or None and `why`. `report` is None where no answer was judged; a job that `is_waiting` goes on by itself."""

    job_id: int
    version: int | None
    why: str | Message
    report: Refinement | None = None
    is_waiting: bool = False


def read_outcome(job_id: int, result: Mapping[str, Any]) -> RefinementOutcome:
    """Return what a job that is done left as its *result*."""
    report = result.get("refinement")
    return RefinementOutcome(
        job_id=job_id,
        version=result.get("handoff_version"),
        why=result.get("why", ""),
        report=Refinement.from_json(report) if report else None,
    )


def counts_by_group(preservation: Preservation) -> dict[str, tuple[int, int]]:
    """Return how many of how many are kept, by kind."""
    return {group.group: (group.kept_count, group.total) for group in preservation.groups}
