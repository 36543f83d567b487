"""Has a language model write the handoff, and accepts only the lines in which code finds no fault.

The handoff by rules exists before a model is asked, and remains if the written one is not accepted. The model receives the current written
handoff, the evidence of the sessions since, and the required items. Its lines are checked against that evidence; one further call repairs
refused lines. The result is a new version of the project's handoff.

No transaction is open during a call. The result is stored only if the ledger and the newest handoff are unchanged: a session completed in
the meantime has its own, newer handoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from onward.app.handoffs.distillation import HandoffBasis
from onward.app.handoffs.project_state import read_project_state
from onward.app.jobs import jobs
from onward.app.jobs.jobs import JobContext
from onward.app.lookup import require_newest_handoff
from onward.app.models import gateway
from onward.app.models.gateway import ModelContext, ModelSetup
from onward.app.turns.main_path import main_path
from onward.app.turns.reader import MainPath
from onward.core.evidence.line import EvidenceLine
from onward.core.evidence.obligations import find_obligations
from onward.core.evidence.pack import PACK_TOKENS, SMALL_PACK_TOKENS, EvidencePack, build_pack
from onward.core.handoff.document import render
from onward.core.handoff.master import reserve_tokens
from onward.core.handoff.versions import MasterHandoff, StoredHandoff
from onward.core.handoff.writer_report import RULES, WriterReport, counts_by_group
from onward.core.job import Job
from onward.core.project import Project
from onward.core.spend import CostEstimate
from onward.errors import BadInput, OnwardError, ProviderFailed, SpendLimit
from onward.llm import acceptance
from onward.llm.acceptance import Assessment, WritingTask
from onward.llm.answer import ModelAnswer
from onward.llm.checks.evidence import Evidence
from onward.llm.checks.guard import WrittenLine
from onward.llm.handoff_prompt import REPAIRING, writing_instructions, writing_material
from onward.llm.page import parse_handoff
from onward.message import Message
from onward.store import Store, events, facts, handoffs, projects, sessions
from onward.tokens import count_tokens

if TYPE_CHECKING:
    from onward.llm.language_model import ProgressWatch

JOB_KIND = "refine"
"""The kind of the job that has a handoff written."""

MAX_REQUESTS = 2
"""The calls of a written handoff: writing, and repairing once."""
DRAFT_TIMEOUT_SECONDS = 30.0
"""The timeout of the one call of a draft that a user waits for."""
ANEW_SESSIONS = 8
"""After this many sessions a handoff is written again from the evidence of all of them, so that nothing stays a summary of summaries."""
MAX_REMOVED = 60
"""The most removed lines in a report."""
_SINGLE_TOKENS, _PROJECT_TOKENS = 1_300, 1_700
"""What a page may have, in tokens, for one session and for several."""
_MIN_PACK_TOKENS = 400
_REPAIR_TOKENS = 1_000
_UNUSABLE_REASONS = ("bad answer", "too large")
"""Failures of a single call: the handoff by rules stays, or the page as first written."""


@dataclass(frozen=True, slots=True)
class WriterPlan:
    """What a writer gets, and what its page is held against."""

    basis: HandoffBasis
    rules: MasterHandoff
    task: WritingTask
    instructions: str
    material: str


@dataclass(frozen=True, slots=True)
class WriterResult:
    """The result: the new handoff, None if the handoff by rules is kept, and the report."""

    handoff: MasterHandoff | None
    report: WriterReport


@dataclass(frozen=True, slots=True)
class WriterTarget:
    """The version of the handoff and of its ledger that is to be written, and the plan for it."""

    handoff: StoredHandoff
    ledger_version: int
    plan: WriterPlan


@dataclass(slots=True)
class PageAnswers:
    """The answers so far, and why one is missing. `assessment` is None without a usable page."""

    answers: list[ModelAnswer[str]] = field(default_factory=list[ModelAnswer[str]])
    unanswered: dict[str, str | Message] = field(default_factory=dict[str, str | Message])
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class SessionSources:
    """The sessions that a page is written from: their turns, and the standing handoff of the sessions before them."""

    paths: Sequence[MainPath]
    standing: Sequence[WrittenLine] = ()


def request_writing(
    store: Store,
    model_setup: ModelSetup,
    project: Project,
    *,
    handoff: StoredHandoff | None = None,
    token: str = "",
    requested_by: str = "",
) -> Job | None:
    """Request that a model writes a project's newest handoff, or the just created *handoff*; None if no model is configured. A job that
    waits for the model is due at once. A *token* is stored, encrypted, until the job ends.

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
    job = jobs.request_job(store, JOB_KIND, arguments, project=project, key=key, requested_by=requested_by, sealed_key=sealed)
    return jobs.run_now(store, job.id)


class WriterRequest(NamedTuple):
    """The outcome of a request that a model writes a handoff. `llm` is a state or the error."""

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
) -> WriterRequest:
    """Request that a model writes a just created *handoff*, as `request_writing` does, but return an error instead of raising it: the
    handoff is valid without.
    """
    try:
        job = request_writing(store, model_setup, project, handoff=handoff, token=token, requested_by=requested_by)
    except OnwardError as error:
        return WriterRequest(error.full_message())
    return WriterRequest(REFINING, job) if job else WriterRequest(NOT_CONFIGURED)


def request_after(context: JobContext, job: Job, project: Project, handoff: StoredHandoff | None = None) -> dict[str, str | Message | int]:
    """Request that a model writes the handoff that *job* created. Return the outcome as fields of the job's result."""
    if context.model_setup is None:
        return {"llm": NOT_CONFIGURED}
    request = try_request(context.store, context.model_setup, project, handoff, requested_by=job.requested_by)
    return {"llm": request.llm, **({"refine_job_id": request.job.id} if request.job else {})}


def estimate(store: Store, model_setup: ModelSetup, project: Project, *, token: str = "") -> CostEstimate:
    """Return the maximum cost of having the newest handoff written, without retries. Raises `NotFound` without a handoff,
    `BadInput` without a model.
    """
    model_context = gateway.find_model_context(store, model_setup, project=project, token=token)
    if model_context is None:
        raise no_model_error()
    plan = require_target(store, project, model_context).plan
    repair = gateway.ModelRequest(REPAIRING, plan.material[: 4 * _REPAIR_TOKENS], None, _REPAIR_TOKENS)
    return gateway.estimate(model_context.endpoint, [gateway.ModelRequest(plan.instructions, plan.material), repair])


def no_model_error() -> BadInput:
    """Return the error that no model is configured."""
    return BadInput(
        "No language model is configured.",
        "Let your own agent write (onward install claude-code --writer), set a key (onward llm-key set), or the address of a model "
        "(ONWARD_LLM_URL).",
    )


def require_target(store: Store, project: Project, model_context: ModelContext) -> WriterTarget:
    """Return what is to be written: the newest handoff and the plan for it."""
    with store.read() as connection:
        newest_handoff = require_newest_handoff(connection, project)
        state = read_project_state(connection, project.id)
        versions = handoffs.list_handoffs(connection, project.id, before=newest_handoff.version, limit=4 * ANEW_SESSIONS)
        completed = [line.number for line in state.session_lines]
        standing = _standing(versions, newest_handoff)
        first = standing.session_number if standing else 0
        wanted = [number for number in completed if number > first] or completed[-1:]
        paths = [main_path(connection, session) for session in sessions.find_by_numbers(connection, project.id, wanted)]
    sources = SessionSources(sorted(paths, key=lambda path: path.number), acceptance.standing_lines(standing.handoff) if standing else ())
    plan = build_plan(state.basis(store), newest_handoff.budget_tokens, model_context, sources)
    return WriterTarget(newest_handoff, state.stored_ledger.version, plan)


def _standing(versions: Sequence[StoredHandoff], newest: StoredHandoff) -> StoredHandoff | None:
    """Return the written handoff of an earlier session that is carried on; None if there is none, or if all is to be written anew."""
    written = [version for version in versions if version.generator != RULES and version.session_number < newest.session_number]
    chain = len({version.session_number for version in written})
    if not written or (chain and chain % ANEW_SESSIONS == 0):
        return None
    return written[0]


def build_plan(basis: HandoffBasis, budget_tokens: int | None, model_context: ModelContext, sources: SessionSources) -> WriterPlan:
    """Return what a writer gets for the sessions of *sources*, within its context."""
    rules = basis.master(budget_tokens)
    page_tokens = _SINGLE_TOKENS if len(basis.lines) == 1 else _PROJECT_TOKENS
    room_tokens = rules.budget_tokens - reserve_tokens(rules.budget_tokens)
    instructions = writing_instructions(min(page_tokens, room_tokens), carries=bool(sources.standing))
    available = gateway.available_tokens(model_context.endpoint, instructions)
    packs = _packs(sources, available - count_tokens(writing_material((), sources.standing, ())))
    owed = find_obligations(basis.ledger.live(), rules.handoff.fact_ids(), packs[-1] if packs else None)
    statements = stated_lines(basis)
    # Required items have a person's or the ledger's words, which a pack may have cut.
    owed_lines = [EvidenceLine(item.handles[0], "person", item.text) for item in owed if item.handles]
    lines = [*statements, *owed_lines, *(line for pack in packs for line in pack.lines), *kept_lines(sources.standing)]
    titles = [EvidenceLine(pack.lines[0].handle, "run", pack.title) for pack in packs if pack.lines]
    evidence = Evidence((*titles, *lines), tuple(pack.state for pack in packs))
    stated = "".join(f"\n{line.render()}" for line in statements)
    material = writing_material(packs, sources.standing, [item for item in owed if item.handles]) + stated
    return WriterPlan(
        basis=basis, rules=rules, task=WritingTask(evidence, owed, room_tokens, count_tokens), instructions=instructions, material=material
    )


def _packs(sources: SessionSources, available_tokens: int) -> list[EvidencePack]:
    """Return the evidence of the sessions, the newest first where there is not room for all, in order."""
    packs: list[EvidencePack] = []
    left_tokens = available_tokens - _OWED_TOKENS
    each = PACK_TOKENS if len(sources.paths) == 1 else SMALL_PACK_TOKENS
    for path in reversed(sources.paths):
        budget = min(each, left_tokens)
        if budget < _MIN_PACK_TOKENS and packs:
            break
        packs.append(build_pack(path.number, path.head, path.turns, count_tokens, max(budget, _MIN_PACK_TOKENS)))
        left_tokens -= count_tokens(packs[-1].render())
    return packs[::-1]


def stated_lines(basis: HandoffBasis) -> list[EvidenceLine]:
    """Return what a person stated on completing a session: facts of turn 0."""
    last = basis.lines[-1].number if basis.lines else 0
    stated = [fact for fact in basis.ledger.live() if fact.sources and not fact.turn and fact.session == last]
    return [EvidenceLine(fact.sources[0], "person", f"{fact.kind}: {fact.text}") for fact in stated]


def kept_lines(standing: Sequence[WrittenLine]) -> list[EvidenceLine]:
    """Return the lines of the standing handoff as evidence; those that something proved stay proved."""
    return [
        EvidenceLine(handle, "handoff", f"{line.section}: {line.text}{' (verified)' if line.proof == 'verified' else ''}")
        for line in standing
        for handle in line.handles
    ]


REPLACED = "The handoff was replaced in the meantime: a session was completed or a fact corrected. The newer version is used."

_OWED_TOKENS = 600
"""Tokens reserved in the material for required items."""


def write_page(
    store: Store, model_context: ModelContext, plan: WriterPlan, page: PageAnswers, *, watch: ProgressWatch | None = None,
    attempts: int | None = None,
) -> None:  # fmt: skip
    """Have the page written and judge it. An unusable answer leaves `page` without one. Raises `ProviderFailed` for other failures, and
    `SpendLimit`.
    """
    answer = _ask(store, model_context, page, "write the handoff", (plan.instructions, plan.material, None), watch, attempts)
    if answer is not None:
        page.assessment = acceptance.assess(parse_handoff(answer), plan.task)


def repair_page(
    store: Store, model_context: ModelContext, plan: WriterPlan, page: PageAnswers, *, watch: ProgressWatch | None = None
) -> None:
    """Have refused lines mended and owed ones added, in one call, where the page needs it. Raises as `write_page` does."""
    if page.assessment is None or not page.assessment.has_faults or not page.assessment.checked:
        return
    material = acceptance.repair_material(page.assessment, plan.task)
    tokens = min(_REPAIR_TOKENS, model_context.endpoint.answer_tokens)
    room = gateway.available_tokens(model_context.endpoint, REPAIRING, None, tokens)
    answer = _ask(store, model_context, page, "repair the handoff", (REPAIRING, material[: 3 * room], tokens), watch, None)
    if answer is not None:
        page.assessment = acceptance.merge_repair(page.assessment, parse_handoff(answer), plan.task)


def _ask(
    store: Store,
    model_context: ModelContext,
    page: PageAnswers,
    step: str,
    prompt: tuple[str, str, int | None],
    watch: ProgressWatch | None,
    attempts: int | None,
) -> str | None:
    """Return the answer of one call, the stored one if the job has it; None if it is unusable."""
    instructions, material, answer_tokens = prompt
    try:
        answer = gateway.call(store, model_context, step, instructions, material, None, answer_tokens, watch=watch, attempts=attempts)
    except ProviderFailed as error:
        if error.reason not in _UNUSABLE_REASONS:
            raise
        page.unanswered[step] = error.message
        return None
    page.answers.append(answer)
    return answer.value


def conclude(store: Store, plan: WriterPlan, model_context: ModelContext, page: PageAnswers, job_id: int | None = None) -> WriterResult:
    """Return the handoff made of the answers: missing required lines are restored, and it is cut to its budget; None if it is refused."""
    model = next((answer.model for answer in page.answers), "") or model_context.endpoint.model
    spent = gateway.total_spend(store, job_id=job_id) if job_id is not None else None
    costs = [answer.cost_usd for answer in page.answers]
    cost = None if None in costs else sum(cost for cost in costs if cost is not None)
    report = WriterReport(
        model=model,
        job_id=job_id,
        requests=len(page.answers) + len(page.unanswered),
        unanswered=page.unanswered,
        before=counts_by_group(plan.rules.preservation),
        input_tokens=spent.input_tokens if spent else sum(answer.input_tokens for answer in page.answers),
        output_tokens=spent.output_tokens if spent else sum(answer.output_tokens for answer in page.answers),
        cost_usd=(None if spent.unpriced else spent.cost_usd) if spent else cost,
    )
    if page.assessment is None:
        return WriterResult(None, replace(report, why=next(iter(page.unanswered.values()), "No line of the model was accepted.")))
    accepted = acceptance.finish(page.assessment, plan.task)
    report = replace(
        report,
        why=accepted.why,
        written=page.assessment.checked,
        standing=len(page.assessment.lines),
        put_back=accepted.put_back,
        removed=tuple(refusal.to_json() for refusal in page.assessment.refused[:MAX_REMOVED]),
    )
    if accepted.why:
        return WriterResult(None, report)
    handoff = acceptance.to_handoff(accepted.lines, plan.rules.handoff, plan.basis.ledger.live())
    if render(replace(handoff, closing=())) == render(replace(plan.rules.handoff, closing=())):
        return WriterResult(None, replace(report, why="The model made no changes."))
    measured = plan.basis.measure_handoff(handoff, plan.rules.budget_tokens)
    return WriterResult(measured, replace(report, after=counts_by_group(measured.preservation)))


def store_result(store: Store, project: Project, target: WriterTarget, result: WriterResult) -> StoredHandoff | None:
    """Store the written handoff as the project's newest version; None if the ledger or the newest handoff has changed, and nothing is
    stored.
    """
    if result.handoff is None:
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
            result.handoff,
            generator=result.report.model,
            refinement=result.report,
        )
        payload = {"handoff_version": new_handoff.version, "session_number": new_handoff.session_number, "generator": new_handoff.generator}
        events.record(connection, "refined", project_id=project.id, data=payload)
        return new_handoff


def find_by_job(store: Store, project: Project, job_id: int) -> StoredHandoff | None:
    """Return the handoff that the job has already stored, before it was interrupted; None if it has not."""
    newest_handoff = _require_newest(store, project)
    return newest_handoff if newest_handoff.refinement and newest_handoff.refinement.job_id == job_id else None


def write_draft(
    store: Store,
    model_setup: ModelSetup,
    basis: HandoffBasis,
    budget_tokens: int | None,
    *,
    project: Project | None = None,
    token: str = "",
) -> WriterResult | None:
    """Return the written handoff of a draft that belongs to no session, while the user waits; None if no model is configured.

    It makes one call, once and with a short timeout. If it fails, the handoff by rules is kept, and the report gives the reason.
    """
    model_context = gateway.find_model_context(store, model_setup, project=project, token=token)
    if model_context is None:
        return None
    model_context = replace(model_context, endpoint=model_context.endpoint.within(DRAFT_TIMEOUT_SECONDS))
    plan = build_plan(basis, budget_tokens, model_context, SessionSources(basis.paths))
    page = PageAnswers()
    try:
        write_page(store, model_context, plan, page, attempts=1)
    except (ProviderFailed, SpendLimit) as error:
        page.unanswered["write the handoff"] = error.message
    return conclude(store, plan, model_context, page)


def _require_newest(store: Store, project: Project) -> StoredHandoff:
    with store.read() as connection:
        return require_newest_handoff(connection, project)
