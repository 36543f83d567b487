"""Refining a handoff with a language model, which can only improve it.

The handoff by rules exists before a model is asked, and stays if the refinement fails. The model rewrites the facts of that handoff in a
fixed number of requests. Its lines must pass the guard, facts that it left out are restored, and the result becomes a new version only if
the measure finds no category worse. It is always made from the ledger, never from an earlier summary.

No transaction is open during a request. The result is stored only if the ledger and the newest handoff are unchanged: a session completed
in the meantime has its own, newer handoff.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from onward.app.handoffs.distillation import HandoffBasis
from onward.app.handoffs.project_state import read_project_state
from onward.app.jobs import jobs
from onward.app.jobs.jobs import JobContext
from onward.app.lookup import require_newest_handoff
from onward.app.models import gateway
from onward.app.models.gateway import ModelContext, ModelSetup
from onward.core.handoff.master import MasterHandoff
from onward.core.handoff.refinement import Refinement, counts_by_group
from onward.core.handoff.versions import StoredHandoff
from onward.core.job import Job
from onward.core.project import Project
from onward.core.spend import CostEstimate
from onward.errors import BadInput, OnwardError, ProviderFailed, SpendLimit
from onward.llm.acceptance import AcceptedLines, choose_handoff
from onward.llm.guard import GuardEvidence, ProposedLine, guard
from onward.message import Message
from onward.store import Store, events, facts, handoffs, projects
from onward.tokens import count_tokens

if TYPE_CHECKING:
    from onward.llm.answer import ModelAnswer
    from onward.llm.provider import ProgressWatch
    from onward.llm.writer import RewriteRequest, WrittenHead, WrittenPart

    Answers = Mapping[int, ModelAnswer[WrittenHead | WrittenPart]]

JOB_KIND = "refine"
"""The kind of the refinement job."""

MAX_DRAFT_REQUESTS, DRAFT_TIMEOUT_SECONDS = 3, 30.0
"""The number of requests of a draft that a user waits for, and the timeout of each."""
MAX_REMOVED = 60
"""The most removed lines in a report."""
_UNUSABLE_REASONS = ("bad answer", "too large")
"""Failures of a single request: its part keeps the text by rules, the other parts continue."""


@dataclass(frozen=True, slots=True)
class RefinementPlan:
    """The requests to the model, and the handoff by rules that the answers are compared with."""

    basis: HandoffBasis
    rules: MasterHandoff
    parts: Sequence[RewriteRequest]
    quotes: Mapping[str, str]

    @property
    def fact_ids(self) -> set[str]:
        """The ids of the facts that the model receives."""
        return {name for part in self.parts for name in part.facts}


@dataclass(frozen=True, slots=True)
class RefinedHandoff:
    """The result: the new handoff, None if the handoff by rules is kept, and the report."""

    handoff: MasterHandoff | None
    report: Refinement


@dataclass(frozen=True, slots=True)
class RefinementTarget:
    """The version of the handoff and of its ledger that is being refined."""

    handoff: StoredHandoff
    ledger_version: int
    plan: RefinementPlan


@dataclass(slots=True)
class PlanAnswers:
    """The answers so far by the position of their part, and the reasons for missing ones."""

    usable: dict[int, ModelAnswer[WrittenHead | WrittenPart]] = field(default_factory=dict)
    unusable: dict[int, str | Message] = field(default_factory=dict[int, str | Message])


def request_refinement(
    store: Store,
    model_setup: ModelSetup,
    project: Project,
    *,
    handoff: StoredHandoff | None = None,
    token: str = "",
    requested_by: str = "",
) -> Job | None:
    """Request the refinement of a project's newest handoff, or of the just created *handoff*; None if no model is configured. A *token*
    is stored, encrypted, until the job ends.

    Raises `NotFound` if the project has no handoff.
    """
    if gateway.find_model_context(store, model_setup, project=project, token=token) is None:
        return None
    target_handoff = handoff or _require_newest(store, project)
    arguments = {
        "handoff_version": target_handoff.version,
        "ledger_version": target_handoff.ledger_version,
        "session_number": target_handoff.session_number,
    }
    sealed = model_setup.sealer.seal(token) if token else None
    key = f"{project.id}:{target_handoff.version}"
    return jobs.request_job(store, JOB_KIND, arguments, project=project, key=key, requested_by=requested_by, sealed_key=sealed)


class RefinementRequest(NamedTuple):
    """The outcome of a request for a refinement. `llm` is a state or the error."""

    llm: str | Message
    job: Job | None = None


NOT_ASKED, NOT_CONFIGURED, REFINING, REFINED = "not asked", "not configured", "refining", "refined"


def try_request(
    store: Store,
    model_setup: ModelSetup,
    project: Project,
    handoff: StoredHandoff | None = None,
    *,
    token: str = "",
    requested_by: str = "",
) -> RefinementRequest:
    """Request the refinement of a just created *handoff*, as `request_refinement` does, but return an error instead of raising it: the
    handoff is valid without.
    """
    try:
        job = request_refinement(store, model_setup, project, handoff=handoff, token=token, requested_by=requested_by)
    except OnwardError as error:
        return RefinementRequest(error.full_message())
    return RefinementRequest(REFINING, job) if job else RefinementRequest(NOT_CONFIGURED)


def request_after(context: JobContext, job: Job, project: Project, handoff: StoredHandoff | None = None) -> dict[str, str | Message | int]:
    """Request the refinement of the handoff that *job* created. Return the outcome as fields of the job's result."""
    if context.model_setup is None:
        return {"llm": NOT_CONFIGURED}
    request = try_request(context.store, context.model_setup, project, handoff, requested_by=job.requested_by)
    return {"llm": request.llm, **({"refine_job_id": request.job.id} if request.job else {})}


def estimate(store: Store, model_setup: ModelSetup, project: Project, *, token: str = "") -> CostEstimate:
    """Return the maximum cost of refining the newest handoff, without retries. Raises `NotFound` without a handoff, `BadInput` without a
    model.
    """
    model_context = gateway.find_model_context(store, model_setup, project=project, token=token)
    if model_context is None:
        raise no_model_error()
    parts = require_target(store, project, model_context).plan.parts
    return gateway.estimate(model_context.endpoint, [gateway.ModelRequest(part.instructions, part.material, part.shape) for part in parts])


def no_model_error() -> BadInput:
    """Return the error that no model is configured."""
    return BadInput("No language model is configured.", "Set a key (onward llm-key set) or the address of a model (ONWARD_LLM_URL).")


def require_target(store: Store, project: Project, model_context: ModelContext) -> RefinementTarget:
    """Return what is to be refined: the newest handoff and the plan for it."""
    with store.read() as connection:
        newest_handoff = require_newest_handoff(connection, project)
        state = read_project_state(connection, project.id)
    return RefinementTarget(
        newest_handoff, state.stored_ledger.version, build_plan(state.basis(store), newest_handoff.budget_tokens, model_context)
    )


def build_plan(basis: HandoffBasis, budget_tokens: int | None, model_context: ModelContext) -> RefinementPlan:
    """Return the requests to a model for the handoff by rules over *basis*."""
    # Imported here: pydantic is needed only if a model is asked.
    from onward.llm import writer

    rules = basis.master(budget_tokens)
    shown_ids = rules.handoff.fact_ids()
    quotes = writer.collect_quotes([fact for fact in basis.ledger.live() if fact.id in shown_ids], basis.find_turns)
    material_tokens = gateway.available_tokens(model_context.endpoint, writer.INSTRUCTIONS, writer.WrittenHead)
    sizes = {"material_tokens": material_tokens, "answer_tokens": model_context.endpoint.answer_tokens}
    return RefinementPlan(basis, rules, writer.plan_requests(rules.handoff, basis.ledger, quotes, count_tokens, **sizes), quotes)


def request_part(
    store: Store,
    model_context: ModelContext,
    plan: RefinementPlan,
    position: int,
    plan_answers: PlanAnswers,
    *,
    watch: ProgressWatch | None = None,
    attempts: int | None = None,
) -> None:
    """Ask a model for one part of a plan. An unusable answer leaves the part to the rules. Raises `ProviderFailed` for other failures,
    and `SpendLimit`.
    """
    part = plan.parts[position]
    step = f"write {position + 1}: {part.title}"
    try:
        plan_answers.usable[position] = gateway.call(
            store, model_context, step, part.instructions, part.material, part.shape, watch=watch, attempts=attempts
        )
    except ProviderFailed as error:
        if error.reason not in _UNUSABLE_REASONS:
            raise
        plan_answers.unusable[position] = error.message


def apply_answers(
    plan: RefinementPlan, model_context: ModelContext, plan_answers: PlanAnswers, job_id: int | None = None
) -> RefinedHandoff:
    """Return the handoff made from the answers: checked by the guard, missing facts restored, measured against the handoff by rules."""
    proposed = _proposed_lines(plan, plan_answers.usable)
    evidence = GuardEvidence(plan.basis.ledger, plan.quotes, _HandleResolver(plan).resolves)
    guarded = guard(proposed, evidence)
    written_text = AcceptedLines(guarded.head, guarded.lines)
    measure = partial(plan.basis.measure_handoff, budget_tokens=plan.rules.budget_tokens)
    choice = choose_handoff(plan.rules, plan.basis.ledger, written_text, count_tokens, measure, plan.basis.compose_handoff, plan.fact_ids)
    answers = plan_answers.usable.values()
    costs = [answer.cost_usd for answer in answers]
    report = Refinement(
        model=next((answer.model for answer in answers), "") or model_context.endpoint.model,
        why=choice.why if proposed or not plan_answers.unusable else next(iter(plan_answers.unusable.values())),
        job_id=job_id,
        requests=len(plan.parts),
        unanswered={plan.parts[position].title: why for position, why in plan_answers.unusable.items()},
        written=len(proposed),
        standing=len(choice.accepted.all_lines()),
        put_back=choice.restored_count,
        removed=tuple(removal.to_json() for removal in (*guarded.removed, *choice.removed)[:MAX_REMOVED]),
        before=counts_by_group(plan.rules.preservation),
        after=counts_by_group(choice.handoff.preservation) if choice.handoff else {},
        input_tokens=sum(answer.input_tokens for answer in answers),
        output_tokens=sum(answer.output_tokens for answer in answers),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
    )
    return RefinedHandoff(choice.handoff, report)


def store_refined(store: Store, project: Project, target: RefinementTarget, refined: RefinedHandoff) -> StoredHandoff | None:
    """Store the refined handoff as the project's newest version; None if the ledger or the newest handoff has changed, and nothing is
    stored.
    """
    if refined.handoff is None:
        raise ValueError("there is nothing to keep")
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        newest_handoff = handoffs.find_newest(connection, project.id)
        if (
            newest_handoff is None
            or newest_handoff.version != target.handoff.version
            or facts.ledger_version(connection, project.id) != target.ledger_version
        ):
            return None
        new_handoff = handoffs.create(
            connection,
            project.id,
            newest_handoff.session_id,
            target.ledger_version,
            refined.handoff,
            generator=refined.report.model,
            refinement=refined.report,
        )
        payload = {"handoff_version": new_handoff.version, "session_number": new_handoff.session_number, "generator": new_handoff.generator}
        events.record(connection, "refined", project_id=project.id, data=payload)
        return new_handoff


def find_by_job(store: Store, project: Project, job_id: int) -> StoredHandoff | None:
    """Return the handoff that the job has already stored, before it was interrupted; None if it has not."""
    newest_handoff = _require_newest(store, project)
    return newest_handoff if newest_handoff.refinement and newest_handoff.refinement.job_id == job_id else None


def refine_draft(
    store: Store,
    model_setup: ModelSetup,
    basis: HandoffBasis,
    budget_tokens: int | None,
    *,
    project: Project | None = None,
    token: str = "",
) -> RefinedHandoff | None:
    """Return the refinement of a draft that belongs to no session, while the user waits; None if no model is configured.

    It makes a few requests, each once and with a short timeout. If they fail, the handoff by rules is kept, and the report gives the
    reason.
    """
    model_context = gateway.find_model_context(store, model_setup, project=project, token=token)
    if model_context is None:
        return None
    endpoint = replace(model_context.endpoint, timeout_seconds=min(model_context.endpoint.timeout_seconds, DRAFT_TIMEOUT_SECONDS))
    model_context = replace(model_context, endpoint=endpoint)
    plan = build_plan(basis, budget_tokens, model_context)
    plan = replace(plan, parts=plan.parts[:MAX_DRAFT_REQUESTS])
    plan_answers = PlanAnswers()
    for position in range(len(plan.parts)):
        try:
            request_part(store, model_context, plan, position, plan_answers, attempts=1)
        except (ProviderFailed, SpendLimit) as error:
            plan_answers.unusable.update(dict.fromkeys(range(position, len(plan.parts)), error.message))
            break
    return apply_answers(plan, model_context, plan_answers)


class _HandleResolver:
    """Tells whether a handle refers to an existing turn, or to completion notes."""

    def __init__(self, plan: RefinementPlan) -> None:
        given_facts = [fact for fact in plan.basis.ledger.live() if fact.id in plan.fact_ids]
        handles = {handle for fact in given_facts for handle in fact.sources if handle.turn}
        self._known_handles = {
            *plan.basis.find_turns(handles),
            *(handle for fact in given_facts for handle in fact.sources if not handle.turn),
        }
        self.resolves = self._known_handles.__contains__


def _proposed_lines(plan: RefinementPlan, answers: Answers) -> list[ProposedLine]:
    """Return all lines that the model wrote, in the order of their parts, those of the head first."""
    return [line for position, part in enumerate(plan.parts) if position in answers for line in part.read_answer(answers[position].value)]


def _require_newest(store: Store, project: Project) -> StoredHandoff:
    with store.read() as connection:
        return require_newest_handoff(connection, project)
