"""A project's handoff, written by a language model."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response
from pydantic import Field

from onward.adapters import build_model_setup
from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Body, Id
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.jobs import JOB_DOCS, accept_job
from onward.app.handoffs import writer
from onward.app.models.keys import MAX_KEY_CHARS
from onward.app.projects import projects
from onward.errors import NotFound

router = create_router("handoffs")


class WriterBody(Body):
    """Options of a written handoff."""

    hugging_face_token: str | None = Field(None, repr=False, max_length=MAX_KEY_CHARS, examples=[None])
    dry_run: bool = Field(False, description="Only return the cost estimate.")


@dataclass(frozen=True, slots=True)
class EstimateShape:
    """The cost of a written handoff with full-length answers at the first attempt. `cost_usd` is null if no price is known."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


@router.post(
    "/projects/{project_id}/handoff/refine",
    summary="Have a model write the master handoff",
    **answers(EstimateShape, NotFound, other_responses=JOB_DOCS),
)
def refine_handoff(context: Context, project_id: Id, body: WriterBody) -> Response:
    """Have a language model write the newest handoff, as a job. The page is stored as a new version only if code finds no fault with it;
    otherwise the version by rules stays, and the job says why.

    With `dry_run` no model is asked, and the cost estimate is returned.
    """
    project, models, token = projects.require(context.store, project_id), build_model_setup(context.settings), body.hugging_face_token or ""
    if body.dry_run:
        estimate = writer.estimate(context.store, models, project, token=token)
        return ok(EstimateShape(estimate.calls, estimate.input_tokens, estimate.output_tokens, estimate.cost_usd))
    job = writer.request_writing(context.store, models, project, token=token, requested_by="api")
    if job is None:
        raise writer.no_model_error()
    return accept_job(job)
