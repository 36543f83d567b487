"""A model's diagnosis of an error, as far as it is supported by evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.knowledge.checklist import Advice
from onward.core.knowledge.entry import ErrorHistory
from onward.message import Message

EvidenceKind: TypeAlias = Literal["fix", "passage"]


class DiagnosisEvidence(NamedTuple):
    """Stored evidence for a cause: a past fix, or a passage. `handle` is empty if a person wrote it."""

    kind: EvidenceKind
    project: str
    handle: str
    text: str


class RemovedLine(NamedTuple):
    """A line of the model that was removed: its part, the reason, and the unsupported value or words (`about`)."""

    part: str
    text: str
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A model's diagnosis, without lines that its sources do not support. `evidence` is what it cites for the cause,
    and exists.
    """

    root_cause: str
    evidence: Sequence[DiagnosisEvidence]
    steps: Sequence[str]
    code: Sequence[str]
    prevention: Sequence[str]
    removed: Sequence[RemovedLine]
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Troubleshooting:
    """What is known of an error: past fixes, passages of the project's history, a checklist, and the diagnosis of a
    model.

    `llm` says what happened with the model: which one answered, or why there is no diagnosis.
    """

    error_history: ErrorHistory
    passages: Sequence[DiagnosisEvidence]
    advice: Advice
    diagnosis: Diagnosis | None
    llm: str | Message

    @property
    def root_causes(self) -> list[str]:
        """Possible causes: of the same error before, then the model's, then the usual ones."""
        known_causes = [f"{fix.text} → {fix.fix}" if fix.fix else fix.text for fix in self.error_history.fixes if fix.certainty == "same"]
        diagnosed_causes = [self.diagnosis.root_cause] if self.diagnosis and self.diagnosis.root_cause else []
        return list(dict.fromkeys((*known_causes, *diagnosed_causes, *self.advice.causes)))

    @property
    def steps(self) -> list[str]:
        """Steps to take, the model's before those of the checklist."""
        return list(dict.fromkeys((*(self.diagnosis.steps if self.diagnosis else ()), *self.advice.steps)))

    @property
    def code(self) -> list[str]:
        """Commands and code that help."""
        return list(dict.fromkeys((*(self.diagnosis.code if self.diagnosis else ()), *self.advice.commands)))

    @property
    def prevention(self) -> list[str]:
        """How to prevent the error."""
        return list(dict.fromkeys((*(self.diagnosis.prevention if self.diagnosis else ()), *self.advice.prevention)))
