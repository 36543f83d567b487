"""Facts: the ledger of a project, listed and corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Body, ChangeBody, EditVersion, Id, IdField, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.projects import facts, projects
from onward.app.projects.facts import Fact
from onward.core.edit_version import edit_version
from onward.core.facts.fact import FactKind, FactState
from onward.errors import Conflict, NotFound
from onward.message import to_data

router = create_router("facts")


class NewFact(Body):
    """A fact that a person adds."""

    kind: FactKind = Field(examples=["rule"])
    text: Text = Field(min_length=1, max_length=4000, examples=["Never deploy on a Friday"])


class FactChange(ChangeBody):
    """A correction of a fact: its text, whether it is pinned, and its state (`retracted` or `live`)."""

    project_id: IdField | None = None
    text: Text | None = Field(None, min_length=1, max_length=4000, examples=["Never deploy on a Friday, nor before a holiday"])
    pinned: bool | None = None
    state: Literal["live", "retracted"] | None = None
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


class RulePromotion(Body):
    """Where a rule of a project is to hold: everywhere, or on one branch alone."""

    project_id: IdField | None = None
    branch: Text = Field("", max_length=200, description="Only on this branch of the project; empty for every project.", examples=[""])


@dataclass(frozen=True, slots=True)
class SuggestionShape:
    """A rule of several projects that might be for every project. `fact_id` is the fact of its shortest wording."""

    text: str
    fact_id: str
    projects: list[str]


@dataclass(frozen=True, slots=True)
class OutcomeShape:
    """How something ended according to the log: `deleted`, `fails`, `passes`, `reported` or `answered`. A command that passes also has the
    error it had and the file whose change ended that.
    """

    code: str
    command: str
    error: str
    changed_path: str


@dataclass(frozen=True, slots=True)
class RemarkShape:
    """What the log adds to a statement: a task is `not_begun` or `in_progress`, the agent `reported` the `text` about a file, or a claim is
    contradicted (`tests_failed`, `commit_failed`, `not_committed`, `write_refused`) by the command or file `text`.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageShape:
    """A sentence that Onward words itself: its English `template` and the values in it."""

    template: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactShape:
    """A fact. `sources` are the handles of the turns that show it; `subject` is what it is about, if known.

    `position` is its position in its turn; `retires` are the values that its text replaces. `text` is the `statement`
    with its `remark`; `message` is the statement as a template if Onward words it; `session_state` is its state at the end of its session.
    """

    id: str
    kind: str
    state: str
    text: str
    statement: str
    lead: str
    subject: str
    sources: list[str]
    evidence: str
    author: str
    pinned: bool
    weight: float
    superseded_by: str | None
    at: datetime | None
    position: int
    retires: list[str]
    remark: RemarkShape | None
    outcome: OutcomeShape | None
    session_state: str
    message: MessageShape | None
    version: str


def fact_shape(fact: Fact) -> FactShape:
    """Return the shape of a fact."""
    return FactShape(
        id=fact.id,
        kind=fact.kind,
        state=fact.state,
        text=fact.text,
        statement=fact.statement,
        lead=fact.lead,
        subject=fact.subject,
        sources=[str(handle) for handle in fact.sources],
        evidence=fact.evidence,
        author=fact.author,
        pinned=fact.pinned,
        weight=fact.weight,
        superseded_by=fact.superseded_by,
        at=fact.at,
        position=fact.position,
        retires=list(fact.retires),
        remark=RemarkShape(*fact.remark) if fact.remark else None,
        outcome=OutcomeShape(*fact.outcome) if fact.outcome else None,
        session_state=fact.session_state,
        message=MessageShape(fact.message.template, cast("dict[str, Any]", to_data(fact.message.values))) if fact.message else None,
        version=edit_version(fact),
    )


@router.get("/projects/{project_id}/facts", summary="List a project's facts", **pages(FactShape, NotFound))
def list_facts(
    context: Context,
    project_id: Id,
    page: Paging,
    kind: Annotated[FactKind | None, Query(description="Only this kind.")] = None,
    state: Annotated[FactState | Literal["all"], Query(description="Only with this state; `all` for every state.")] = "live",
    file: Annotated[str, Query(max_length=1000, description="Any part of a path that the fact names.")] = "",
    session: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only facts established in the session of this number.")] = None,
) -> Response:
    """List the facts in order of time."""
    project = projects.require(context.store, project_id)
    after = page.last_keys(int, int, int, int, int, str) or None
    project_facts = facts.list_facts(
        context.store, project, kind=kind, state=None if state == "all" else state, file=file, session=session, after=after
    )
    return page.answer(project_facts, shape=fact_shape, key_of=facts.fact_position)


@router.post("/projects/{project_id}/facts", summary="Add a fact", **answers(FactShape, NotFound))
def add_fact(context: Context, project_id: Id, body: NewFact) -> Response:
    """Add a fact by hand. It takes precedence over extracted facts, and the next handoff shows it."""
    return ok(fact_shape(facts.add(context.store, projects.require(context.store, project_id), body.kind, body.text)))


@router.patch("/facts/{fact_id}", summary="Correct a fact", **answers(FactShape, NotFound, Conflict))
def change_fact(context: Context, fact_id: str, body: FactChange) -> Response:
    """Reword, pin, retract or restore a fact, named by its id or the beginning of its id. `project_id` is needed if several projects have
    that fact.
    """
    project = projects.require(context.store, body.project_id) if body.project_id else facts.require_project(context.store, fact_id)
    return ok(
        fact_shape(
            facts.change(context.store, project, fact_id, text=body.text, pinned=body.pinned, state=body.state, version=body.version)
        )
    )


@router.get("/facts/suggestions", summary="List rules that might be for every project", **answers(list[SuggestionShape]))
def list_suggestions(context: Context) -> Response:
    """List the rules that at least three projects have and that are not for every project yet."""
    suggestions = facts.list_suggestions(context.store)
    return ok([SuggestionShape(suggestion.text, suggestion.fact_id, list(suggestion.projects)) for suggestion in suggestions])


@router.post("/facts/{fact_id}/promote", summary="Apply a rule to every project", **answers(FactShape, NotFound))
def promote_fact(context: Context, fact_id: str, body: RulePromotion) -> Response:
    """Apply a rule of a project to every project: the answer is the new fact, of the kind `shared_rule`, and `PATCH` with the state
    `retracted` takes it back. With `branch`, the rule stays the project's and says that it holds on that branch alone.
    """
    project = projects.require(context.store, body.project_id) if body.project_id else facts.require_project(context.store, fact_id)
    return ok(fact_shape(facts.promote(context.store, project, fact_id, branch=body.branch)))
