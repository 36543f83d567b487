"""Troubleshooting an error: by what was found before, by rules, and by a model where one may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from fastapi import Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok
from onward.api.parsing import routes
from onward.api.routes.knowledge import FixShape, MetShape, Trouble, fix_shape, met_shape
from onward.api.routes.llm import waiting_for_a_model
from onward.api.shapes import Text
from onward.app import models, projects, troubleshooting
from onward.app.llm_keys import MOST_KEY_CHARS
from onward.app.troubleshooting import Diagnosis, Evidence, Troubleshooting
from onward.errors import NotFound, TooMany
from onward.wiring import models_of

router = routes("troubleshooting")


class AskedTrouble(Trouble):
    """An error, and whether a model may be asked of it: by default where one is set up, or a token is given, and this project did not solve the very same error before."""

    use_ai: bool | None = Field(None, description="true: ask also where the project solved it before; false: ask nobody.")
    hugging_face_token: Text | None = Field(
        None, max_length=MOST_KEY_CHARS, repr=False, examples=[None], description="Used for this request, and forgotten.", json_schema_extra={"writeOnly": True}
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EvidenceShape:
    """Something in what was kept: a fix that was found before, or a passage; `handle` leads to its turns."""

    kind: str
    project: str
    handle: str
    text: str


@dataclass(frozen=True, slots=True)
class RemovedLineShape:
    """A line of the model's that was not kept: of which part, and why; `about` is what of it, like a value that nothing holds."""

    part: str
    text: str
    reason: str
    about: str


@dataclass(frozen=True, slots=True)
class DiagnosisShape:
    """What a model says of the error, without what nothing bears out; `evidence` is what of the history speaks for the cause. `cost_usd` is null where no price is known."""

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
    """What usually causes an error of this kind, how to look, commands that show it, and what prevents it: by rules, no model."""

    category: str
    causes: list[str]
    steps: list[str]
    commands: list[str]
    prevention: list[str]


@dataclass(frozen=True, slots=True)
class TroubleshootingShape:
    """What is known of an error: `fixes` that were found before, the project's own first; `history` that is about it; and causes, steps, code and prevention.

    `made_by` is `rules` where no model wrote any of those; where one did, `diagnosis` is its part alone. `checklist` is the rules' part alone. `llm` says how it went with the model.
    """

    made_by: Literal["rules", "model"]
    category: str
    fixes: list[FixShape]
    met: list[MetShape]
    history: list[EvidenceShape]
    root_causes: list[str]
    steps: list[str]
    code: list[str]
    prevention: list[str]
    checklist: ChecklistShape
    diagnosis: DiagnosisShape | None
    llm: str


def _diagnosis_shape(one: Diagnosis) -> DiagnosisShape:
    return DiagnosisShape(
        one.root_cause, _evidence(one.evidence), list(one.steps), list(one.code), list(one.prevention),
        [RemovedLineShape(*line) for line in one.removed], one.model, one.input_tokens, one.output_tokens, one.cost_usd,
    )  # fmt: skip


def _evidence(some: Sequence[Evidence]) -> list[EvidenceShape]:
    return [EvidenceShape(*one) for one in some]


def _shape(one: Troubleshooting) -> TroubleshootingShape:
    told, advice = one.diagnosis, one.advice
    checklist = ChecklistShape(advice.category, list(advice.causes), list(advice.steps), list(advice.commands), list(advice.prevention))
    return TroubleshootingShape(
        "model" if told and (told.root_cause or told.steps or told.code) else "rules", advice.category, [fix_shape(fix) for fix in one.seen.answers],
        [met_shape(met) for met in one.seen.met], _evidence(one.passages), one.root_causes, one.steps, one.code, one.prevention, checklist,
        _diagnosis_shape(told) if told else None, one.llm,
    )  # fmt: skip


@router.post("/ai/troubleshoot", summary="Troubleshoot an error", **answers(TroubleshootingShape, NotFound, TooMany))
def troubleshoot(at: At, body: AskedTrouble) -> Response:
    """Answer what is known of an error: the project's own fixes first, then other projects', then what a model makes of it, and a checklist by rules in any case."""
    project = None if body.project_id is None else projects.of_id(at.store, body.project_id)
    asking = None
    if body.use_ai is not False:
        asking = models.asking_for(at.store, models_of(at.settings), project=project, token=(body.hugging_face_token or "").strip())
    with waiting_for_a_model() if asking else nullcontext():
        found = troubleshooting.troubleshoot(
            at.store, body.error, project=project, context=body.context, asking=asking, always=bool(body.use_ai)
        )
    return ok(_shape(found))
