"""What a model makes of an error, as far as it can be vouched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.knowledge.checklist import Advice
from onward.core.knowledge.entry import ErrorHistory

EvidenceKind: TypeAlias = Literal["fix", "passage"]


class DiagnosisEvidence(NamedTuple):
    """Something in what was kept that speaks for a cause: a fix that was found before, or a passage. `handle` is empty where a person wrote it."""

    kind: EvidenceKind
    project: str
    handle: str
    text: str


class RemovedLine(NamedTuple):
    """A line that a model wrote and that was not kept: of which part, and why; `about` is what of it, like a value that nothing holds."""

    part: str
    text: str
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a model says of an error, without what nothing that it was given holds. `evidence` is what it says speaks for the cause, and is there."""

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
    """What is known of an error: fixes that were found before, passages of the project's history, a checklist by rules, and what a model makes of it.

    `llm` says how it went with the model: what answered, or why none was asked or nothing of its answer kept.
    """

    error_history: ErrorHistory
    passages: Sequence[DiagnosisEvidence]
    advice: Advice
    diagnosis: Diagnosis | None
    llm: str

    @property
    def root_causes(self) -> list[str]:
        """What may be wrong: what ended the very same error before, then the model's view, then the usual causes."""
        known_causes = [f"{fix.text} → {fix.fix}" if fix.fix else fix.text for fix in self.error_history.fixes if fix.sure == "same"]
        diagnosed_causes = [self.diagnosis.root_cause] if self.diagnosis and self.diagnosis.root_cause else []
        return list(dict.fromkeys((*known_causes, *diagnosed_causes, *self.advice.causes)))

    @property
    def steps(self) -> list[str]:
        """What to do, the model's steps before those of the checklist."""
        return list(dict.fromkeys((*(self.diagnosis.steps if self.diagnosis else ()), *self.advice.steps)))

    @property
    def code(self) -> list[str]:
        """Commands and code that help."""
        return list(dict.fromkeys((*(self.diagnosis.code if self.diagnosis else ()), *self.advice.commands)))

    @property
    def prevention(self) -> list[str]:
        """What prevents it next time."""
        return list(dict.fromkeys((*(self.diagnosis.prevention if self.diagnosis else ()), *self.advice.prevention)))
