"""Refining a handoff by a language model, which can only make it better.

The rules' handoff is there before a model is asked, and stands whatever comes of it. A model gets the facts that it shows, in a fixed number of requests; what it writes goes through
the guard; what it left out is put back; and the result is kept, as a version of its own, only where the measure finds no kind worse. It is always made from the ledger, never from
what a model wrote before: a summary is never summarised again.

Nobody waits for a model with the store open. When the result is stored, the ledger and the newest handoff have to be as they were: a session that was completed meanwhile has a
handoff of its own by then, and what was refined is of no use to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from onward.app import jobs, models
from onward.app.distilling import Basis
from onward.app.jobs import Bench
from onward.app.models import Asking, Models
from onward.app.standing import standing_of
from onward.core.job import Job
from onward.core.master import Master
from onward.core.project import Project
from onward.core.refinement import Refinement, by_kind
from onward.core.spend import Estimate
from onward.core.stored_handoff import StoredHandoff
from onward.errors import BadInput, NotFound, OnwardError, ProviderFailed, SpendLimit
from onward.llm.choice import Written, choose
from onward.llm.guard import Evidence, Proposed, guard
from onward.store import Store, events, facts, handoffs, projects
from onward.tokens import count_tokens

if TYPE_CHECKING:
    from onward.llm.answer import Answer
    from onward.llm.provider import Watch
    from onward.llm.writer import Part, WrittenHead, WrittenPart

    Answers = Mapping[int, Answer[WrittenHead | WrittenPart]]

KIND = "refine"
"""The kind of the job."""

MOST_WAITED_FOR, WAITED_SECONDS = 3, 30.0
"""Requests that somebody waits for, and for how long for each."""
MOST_REMOVED = 60
"""Removed lines that a report holds."""
_UNUSABLE = ("bad answer", "too large")
"""Failures that say something of one request only: the other parts go on, and this one stays as the rules wrote it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a model, and what the rules' handoff stands on that its answers are held against."""

    basis: Basis
    rules: Master
    parts: Sequence[Part]
    quoted: Mapping[str, str]

    @property
    def given(self) -> set[str]:
        """The ids of the facts that a model is given."""
        return {name for part in self.parts for name in part.facts}


@dataclass(frozen=True, slots=True)
class Refined:
    """What came of it: the handoff to keep, None where the rules' one stands, and the report."""

    made: Master | None
    report: Refinement


@dataclass(frozen=True, slots=True)
class Target:
    """The version of a handoff, and of the ledger behind it, that is being refined."""

    handoff: StoredHandoff
    ledger_version: int
    plan: Plan


@dataclass(slots=True)
class Answered:
    """The answers so far, by the place of their part, and why others have none."""

    answers: dict[int, Answer[WrittenHead | WrittenPart]] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict[int, str])


def ask(
    store: Store, models_: Models, project: Project, *, handoff: StoredHandoff | None = None, token: str = "", requested_by: str = ""
) -> Job | None:
    """Ask for the refinement of a project's newest handoff, or of *handoff* that was made just now; None where no model is set up. A *token* is kept, encrypted, until the job ends.

    Raises `NotFound` where the project has no handoff.
    """
    if models.asking_for(store, models_, project=project, token=token) is None:
        return None
    newest = handoff or _newest(store, project)
    arguments = {"handoff_version": newest.version, "ledger_version": newest.ledger_version, "session_number": newest.session_number}
    sealed = models_.sealer.seal(token) if token else None
    key = f"{project.id}:{newest.version}"
    return jobs.ask(store, KIND, arguments, project=project, key=key, requested_by=requested_by, sealed_key=sealed)


class Asked(NamedTuple):
    """What became of asking for a refinement beside something else: `llm` says it in a word, or why not."""

    llm: str
    job: Job | None = None


NOT_ASKED, NOT_CONFIGURED, ASKED, KEPT = "not asked", "not configured", "refining", "refined"


def ask_beside(
    store: Store, models_: Models, project: Project, handoff: StoredHandoff | None = None, *, token: str = "", requested_by: str = ""
) -> Asked:
    """Ask for a refinement, as `ask` does, of a handoff that was made just now. Whatever is wrong with that, nothing is wrong with the handoff: it is told, and never raised."""
    try:
        job = ask(store, models_, project, handoff=handoff, token=token, requested_by=requested_by)
    except OnwardError as error:
        return Asked(str(error))
    return Asked(ASKED, job) if job else Asked(NOT_CONFIGURED)


def ask_after(bench: Bench, job: Job, project: Project, handoff: StoredHandoff | None = None) -> dict[str, str | int]:
    """Ask for a refinement of what *job* made, and return what became of asking, as the result of the job tells it."""
    if bench.models is None:
        return {"llm": NOT_CONFIGURED}
    asked = ask_beside(bench.store, bench.models, project, handoff, requested_by=job.requested_by)
    return {"llm": asked.llm, **({"refine_job_id": asked.job.id} if asked.job else {})}


def estimate(store: Store, models_: Models, project: Project, *, token: str = "") -> Estimate:
    """Return what refining the newest handoff comes to at most, if nothing has to be asked again. Raises `NotFound` without a handoff, `BadInput` without a model."""
    asking = models.asking_for(store, models_, project=project, token=token)
    if asking is None:
        raise no_model()
    parts = target(store, project, asking).plan.parts
    return models.estimate(asking.endpoint, [models.Request(part.instructions, part.material, part.shape) for part in parts])


def no_model() -> BadInput:
    """Return the error for what needs a model where none is set up."""
    return BadInput("No language model is set up.", "Set a key (onward llm-key set), or an address of your own (ONWARD_LLM_URL).")


def target(store: Store, project: Project, asking: Asking) -> Target:
    """Return what there is to refine: the newest handoff, and the plan for it."""
    with store.read() as connection:
        newest = handoffs.newest(connection, project.id)
        standing = standing_of(connection, project.id)
    if newest is None:
        raise _no_handoff(project)
    return Target(newest, standing.stored.version, plan_of(standing.basis(store), newest.budget_tokens, asking))


def plan_of(basis: Basis, budget_tokens: int | None, asking: Asking) -> Plan:
    """Return what is asked of a model for the rules' handoff over *basis*."""
    # Imported here: pydantic and what it shapes are for those who ask a model.
    from onward.llm import writer

    rules = basis.master(budget_tokens)
    shown = rules.handoff.fact_ids()
    quoted = writer.quotes([fact for fact in basis.ledger.live() if fact.id in shown], basis.turns_of)
    material_tokens = models.fitting_tokens(asking.endpoint, writer.INSTRUCTIONS, writer.WrittenHead)
    sizes = {"material_tokens": material_tokens, "answer_tokens": asking.endpoint.answer_tokens}
    return Plan(basis, rules, writer.plan(rules.handoff, basis.ledger, quoted, count_tokens, **sizes), quoted)


def ask_part(
    store: Store, asking: Asking, plan: Plan, place: int, told: Answered, *, watch: Watch | None = None, attempts: int | None = None
) -> None:
    """Ask a model for one part of a plan. An answer that is of no use leaves the part to the rules. Raises `ProviderFailed` for all else that goes wrong, and `SpendLimit`."""
    part = plan.parts[place]
    step = f"write {place + 1}: {part.title}"
    try:
        told.answers[place] = models.call(store, asking, step, part.instructions, part.material, part.shape, watch=watch, attempts=attempts)
    except ProviderFailed as error:
        if error.reason not in _UNUSABLE:
            raise
        told.unusable[place] = error.message


def refined(plan: Plan, asking: Asking, told: Answered, job_id: int | None = None) -> Refined:
    """Return what becomes of the answers: guarded, what they lost put back, measured against the rules' handoff."""
    proposed = _proposed(plan, told.answers)
    evidence = Evidence(plan.basis.ledger, plan.quoted, _Resolving(plan).resolves)
    guarded = guard(proposed, evidence)
    written = Written(guarded.head, guarded.lines)
    measured = partial(plan.basis.measured, budget_tokens=plan.rules.budget_tokens)
    choice = choose(plan.rules, plan.basis.ledger, written, count_tokens, measured, plan.basis.composed, plan.given)
    answers = told.answers.values()
    costs = [answer.cost_usd for answer in answers]
    report = Refinement(
        next((answer.model for answer in answers), "") or asking.endpoint.model,
        choice.why if proposed or not told.unusable else next(iter(told.unusable.values())),
        job_id,
        len(plan.parts),
        {plan.parts[place].title: why for place, why in told.unusable.items()},
        len(proposed),
        len(choice.standing.all()),
        choice.put_back,
        tuple(one.to_json() for one in (*guarded.removed, *choice.removed)[:MOST_REMOVED]),
        by_kind(plan.rules.preservation),
        by_kind(choice.made.preservation) if choice.made else {},
        sum(answer.input_tokens for answer in answers),
        sum(answer.output_tokens for answer in answers),
        None if None in costs else sum(cost for cost in costs if cost is not None),
    )
    return Refined(choice.made, report)


def keep(store: Store, project: Project, was: Target, done: Refined) -> StoredHandoff | None:
    """Keep what was refined as the project's newest handoff; None where the ledger or the handoff is another by now, and nothing is kept."""
    if done.made is None:
        raise ValueError("there is nothing to keep")
    with store.write() as connection:
        projects.hold(connection, project.id)
        newest = handoffs.newest(connection, project.id)
        if newest is None or newest.version != was.handoff.version or facts.version(connection, project.id) != was.ledger_version:
            return None
        made = handoffs.add(
            connection, project.id, newest.session_id, was.ledger_version, done.made, generator=done.report.model, refinement=done.report
        )
        told = {"handoff_version": made.version, "session_number": made.session_number, "generator": made.generator}
        events.add(connection, "refined", project_id=project.id, data=told)
        return made


def kept_by(store: Store, project: Project, job_id: int) -> StoredHandoff | None:
    """Return the handoff that a job kept already, before it was cut off; None where it has not."""
    newest = _newest(store, project)
    return newest if newest.refinement and newest.refinement.job_id == job_id else None


def draft(
    store: Store, models_: Models, basis: Basis, budget_tokens: int | None, *, project: Project | None = None, token: str = ""
) -> Refined | None:
    """Return the refinement of a handoff that belongs to no session, asked for here and now; None where no model is set up.

    Somebody waits for it: it is a few requests, each made once and for a short time. Whatever goes wrong, the rules' handoff stands, and the report says why.
    """
    asking = models.asking_for(store, models_, project=project, token=token)
    if asking is None:
        return None
    endpoint = replace(asking.endpoint, timeout_seconds=min(asking.endpoint.timeout_seconds, WAITED_SECONDS))
    asking = replace(asking, endpoint=endpoint)
    plan = plan_of(basis, budget_tokens, asking)
    plan = replace(plan, parts=plan.parts[:MOST_WAITED_FOR])
    told = Answered()
    for place in range(len(plan.parts)):
        try:
            ask_part(store, asking, plan, place, told, attempts=1)
        except (ProviderFailed, SpendLimit) as error:
            told.unusable.update(dict.fromkeys(range(place, len(plan.parts)), error.message))
            break
    return refined(plan, asking, told)


class _Resolving:
    """Which handles lead to a turn, or to what a person said on completing a session."""

    def __init__(self, plan: Plan) -> None:
        told = [fact for fact in plan.basis.ledger.live() if fact.id in plan.given]
        handles = {handle for fact in told for handle in fact.sources if handle.turn}
        self._there = {*plan.basis.turns_of(handles), *(handle for fact in told for handle in fact.sources if not handle.turn)}
        self.resolves = self._there.__contains__


def _proposed(plan: Plan, answers: Answers) -> list[Proposed]:
    """Return all lines that a model wrote, in the order of their parts, those of the head first."""
    return [line for place, part in enumerate(plan.parts) if place in answers for line in part.read(answers[place].value)]


def _newest(store: Store, project: Project) -> StoredHandoff:
    with store.read() as connection:
        newest = handoffs.newest(connection, project.id)
    if newest is None:
        raise _no_handoff(project)
    return newest


def _no_handoff(project: Project) -> NotFound:
    return NotFound(f"{project.name} has no handoff yet: no session of it was completed.", "Complete one: onward session complete")
