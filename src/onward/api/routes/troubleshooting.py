"""Troubleshooting an error: with known fixes, by rules, and with a language model if one may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from fastapi import Response
from pydantic import Field

from onward.adapters import build_model_setup
from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.knowledge import ErrorBody, ErrorOccurrenceShape, FixShape, error_occurrence_shape, fix_shape
from onward.api.routes.llm import model_slot
from onward.app.knowledge import troubleshooter
from onward.app.knowledge.troubleshooter import Diagnosis, DiagnosisEvidence, Troubleshooting
from onward.app.models import gateway
from onward.app.models.keys import MAX_KEY_CHARS
from onward.app.projects import projects
from onward.errors import NotFound, TooManyRequests

router = create_router("troubleshooting")


class TroubleshootBody(ErrorBody):
    """An error, and whether a model is asked: by default if one is set up or a token is given, unless this project solved the same error
    before.
    """

    use_ai: bool | None = Field(None, description="true: ask even if the project solved it before; false: ask no model.")
    hugging_face_token: Text | None = Field(
        None,
        max_length=MAX_KEY_CHARS,
        repr=False,
        examples=[None],
        description="Used for this request only, and not stored.",
        json_schema_extra={"writeOnly": True},
    )


@dataclass(frozen=True, slots=True)
class EvidenceShape:
    """Evidence from the store: a known fix, or a passage; `handle` is its turn."""

    kind: str
    project: str
    handle: str
    text: str


@dataclass(frozen=True, slots=True)
class RemovedLineShape:
    """A line of the model's answer that was removed: its part, and the reason; `about` is the detail, such as a value without evidence."""

    part: str
    text: str
    reason: str
    about: str


@dataclass(frozen=True, slots=True)
class DiagnosisShape:
    """The model's diagnosis without unproven lines; `evidence` supports the root cause. `cost_usd` is null if no price is known."""

    root_cause: str
    evidence: list[EvidenceShape]
    steps: list[str]
    code: list[str]
    prevention: list[str]
    removed: list[RemovedLineShape]
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class ChecklistShape:
    """Common causes of errors of this kind, how to look for them, commands that show them, and how to prevent them; by rules."""

    category: str
    causes: list[str]
    steps: list[str]
    commands: list[str]
    prevention: list[str]


@dataclass(frozen=True, slots=True)
class TroubleshootingShape:
    """What is known of an error: known `fixes`, the project's own first; `history`, related passages; and causes, steps, code and
    prevention.

    `made_by` is `rules` if no model wrote any of these; otherwise `diagnosis` is the model's part alone. `checklist` is the part by rules
    alone. `llm` reports the outcome of asking the model.
    """

    made_by: Literal["rules", "model"]
    category: str
    fixes: list[FixShape]
    occurrences: list[ErrorOccurrenceShape]
    history: list[EvidenceShape]
    root_causes: list[str]
    steps: list[str]
    code: list[str]
    prevention: list[str]
    checklist: ChecklistShape
    diagnosis: DiagnosisShape | None
    llm: str


def _diagnosis_shape(diagnosis: Diagnosis) -> DiagnosisShape:
    return DiagnosisShape(
        root_cause=diagnosis.root_cause,
        evidence=_evidence_shapes(diagnosis.evidence),
        steps=list(diagnosis.steps),
        code=list(diagnosis.code),
        prevention=list(diagnosis.prevention),
        removed=[RemovedLineShape(*line) for line in diagnosis.removed],
        model=diagnosis.model,
        input_tokens=diagnosis.input_tokens,
        output_tokens=diagnosis.output_tokens,
        cost_usd=diagnosis.cost_usd,
    )


def _evidence_shapes(passages: Sequence[DiagnosisEvidence]) -> list[EvidenceShape]:
    return [EvidenceShape(*passage) for passage in passages]


def _troubleshooting_shape(result: Troubleshooting) -> TroubleshootingShape:
    diagnosis, advice = result.diagnosis, result.advice
    checklist = ChecklistShape(
        category=advice.category,
        causes=list(advice.causes),
        steps=list(advice.steps),
        commands=list(advice.commands),
        prevention=list(advice.prevention),
    )
    return TroubleshootingShape(
        made_by="model" if diagnosis and (diagnosis.root_cause or diagnosis.steps or diagnosis.code) else "rules",
        category=advice.category,
        fixes=[fix_shape(fix) for fix in result.error_history.fixes],
        occurrences=[error_occurrence_shape(met) for met in result.error_history.occurrences],
        history=_evidence_shapes(result.passages),
        root_causes=result.root_causes,
        steps=result.steps,
        code=result.code,
        prevention=result.prevention,
        checklist=checklist,
        diagnosis=_diagnosis_shape(diagnosis) if diagnosis else None,
        llm=str(result.llm),
    )


@router.post("/ai/troubleshoot", summary="Troubleshoot an error", **answers(TroubleshootingShape, NotFound, TooManyRequests))
def troubleshoot_error(context: Context, body: TroubleshootBody) -> Response:
    """Return what is known of an error: the project's own fixes, then other projects', then the model's diagnosis, and always a checklist
    by rules.
    """
    project = None if body.project_id is None else projects.require(context.store, body.project_id)
    model_call = None
    if body.use_ai is not False:
        model_call = gateway.find_model_context(
            context.store, build_model_setup(context.settings), project=project, token=(body.hugging_face_token or "").strip()
        )
    with model_slot() if model_call else nullcontext():
        result = troubleshooter.troubleshoot(
            context.store, body.error, project=project, context=body.context, model_context=model_call, always=bool(body.use_ai)
        )
    return ok(_troubleshooting_shape(result))
