"""Facts: the ledger as users see and correct it. A user's correction wins over extraction, also after later imports and rebuilds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from onward.app.edits import check_edit
from onward.app.handoffs.project_state import ProjectState, read_project_state
from onward.app.projects import shared_rules
from onward.app.projects.shared_rules import list_suggestions
from onward.app.sessions.derivation import update_knowledge
from onward.core.extract.reversals import retired_values
from onward.core.facts.fact import FACT_KINDS, Fact, FactKind, FactState, Handle, fact_id
from onward.core.facts.ledger import Edit, EditKind
from onward.core.facts.shared_rules import SHARED_RULE, SharedRuleSuggestion
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, events, facts, handoffs, projects
from onward.store import shared_rules as shared_rules_store

__all__ = [
    "Fact",
    "FactPosition",
    "SharedRuleSuggestion",
    "add",
    "change",
    "correct",
    "fact_position",
    "list_facts",
    "list_suggestions",
    "note",
    "pin",
    "promote",
    "require",
    "require_project",
    "restore",
    "retract",
    "reword",
    "unpin",
]

FactPosition: TypeAlias = tuple[int, int, int, int, int, str]
"""The position of a fact in the ledger's order: by time, session, turn, position in the turn, and id. Facts that a user stated come last.
"""

_BRANCH_NOTE = re.compile(r" \(only on branch `[^`]*`\)$")


def list_facts(
    store: Store,
    project: Project,
    *,
    kind: FactKind | None = None,
    state: FactState | None = "live",
    file: str = "",
    text: str = "",
    session: int | None = None,
    after: FactPosition | None = None,
) -> list[Fact]:
    """Return a project's facts in order, filtered.

    *file* is part of a path that a fact names and *text* part of its text, ignoring case. *state* None means every state. *after* leaves
    out the facts up to that position.
    """
    needle = text.casefold()
    with store.read() as connection:
        all_facts = read_project_state(connection, project.id).ledger.facts
    matches = [
        fact
        for fact in all_facts
        if kind in (None, fact.kind)
        and state in (None, fact.state)
        and session in (None, fact.session)
        and (not file or file in fact.subject or file in fact.text)
        and (not needle or needle in fact.text.casefold())
    ]
    return matches if after is None else [fact for fact in matches if fact_position(fact) > after]


def fact_position(fact: Fact) -> FactPosition:
    """Return the position of a fact in the ledger's order."""
    stated_at = 0 if fact.at is None else max(0, int(fact.at.timestamp() * 1_000_000))
    return (0 if fact.sources else 1, stated_at, fact.session, fact.turn, fact.position, fact.id)


def require(store: Store, project: Project, name: str) -> Fact:
    """Return the fact with that id, or the only one whose id starts with *name*. Raises `NotFound`."""
    with store.read() as connection:
        return _require_fact(read_project_state(connection, project.id), name)


def note(store: Store, project: Project, session: Session, kind: FactKind, text: str) -> Fact:
    """Store a fact that the agent of *session* records while it works. The same fact is stored once per session."""
    source, statement = Handle(session.number, 0), _clean_statement(project, text)
    kind = _parse_kind(kind)
    name = fact_id(kind, "", statement, source)
    with store.read() as connection:
        existing = next((fact for fact in read_project_state(connection, project.id).ledger.facts if fact.id == name), None)
    if existing:
        return existing
    return _apply_changes(
        store,
        project,
        Fact(
            id=name,
            kind=kind,
            subject="",
            statement=statement,
            sources=(source,),
            at=datetime.now(UTC),
            weight=0.95,
            retires=retired_values(statement),
        ),
    )


def add(store: Store, project: Project, kind: FactKind, text: str) -> Fact:
    """Add a fact that the user states; a shared rule applies to every project."""
    kind = _parse_kind(kind)
    if kind == SHARED_RULE:
        return shared_rules.share(store, text, project)
    at, statement = datetime.now(UTC), _clean_statement(project, text)
    name = fact_id(kind, at.isoformat(), statement, Handle(0, 0))
    return _apply_changes(
        store,
        project,
        Fact(id=name, kind=kind, subject="", statement=statement, sources=(), at=at, weight=1.0, evidence="claimed", author="person"),
    )


def promote(store: Store, project: Project, name: str, *, branch: str = "") -> Fact:
    """Apply a rule of *project* to every project, or with *branch* one that holds on that branch alone. Return the new or changed fact.
    Raises `BadInput` for any other kind of fact.
    """
    fact = require(store, project, name)
    if fact.kind != "rule":
        raise BadInput(
            Message("{name} is not a rule of this project: it is a {kind}.", name=fact.id[:8], kind=fact.kind.replace("_", " ")),
            "List the rules: onward fact list --kind rule",
        )
    if branch:
        return reword(store, project, fact.id, f"{_BRANCH_NOTE.sub('', fact.text)} (only on branch `{branch.strip('`')}`)")
    return shared_rules.share(store, fact.text, project)


def reword(store: Store, project: Project, name: str, text: str) -> Fact:
    """Change the text of a fact; the new text is used from now on."""
    return _apply_changes(store, project, Edit(name, "reword", _clean_statement(project, text)))


def pin(store: Store, project: Project, name: str) -> Fact:
    """Show a fact in every handoff, before others."""
    return _apply_changes(store, project, Edit(name, "pin"))


def unpin(store: Store, project: Project, name: str) -> Fact:
    """Undo `pin`: the fact competes for space again."""
    return _apply_changes(store, project, Edit(name, "unpin"))


def retract(store: Store, project: Project, name: str) -> Fact:
    """Remove a fact from every handoff because it is wrong or useless."""
    return _apply_changes(store, project, Edit(name, "retract"))


def restore(store: Store, project: Project, name: str) -> Fact:
    """Make a fact active again that was retracted, or that extraction marked as superseded."""
    return _apply_changes(store, project, Edit(name, "restore"))


def correct(store: Store, project: Project, names: Sequence[str], kind: EditKind) -> list[str]:
    """Make the same correction to several facts in one step, and return their ids: `resolve` says that they are done."""
    with store.read() as connection:
        state = read_project_state(connection, project.id)
        ids = list(dict.fromkeys(_require_fact(state, name).id for name in names))
    _apply_changes(store, project, *(Edit(name, kind) for name in ids))
    return ids


def change(
    store: Store,
    project: Project,
    name: str,
    *,
    text: str | None = None,
    pinned: bool | None = None,
    state: Literal["live", "retracted"] | None = None,
    version: str = "",
) -> Fact:
    """Apply several corrections to a fact at once. Fields that are None stay as they are. Raises `EditConflict` if a field changed since
    *version*.
    """
    edits: list[Edit] = []
    if text is not None:
        edits.append(Edit(name, "reword", _clean_statement(project, text)))
    if pinned is not None:
        edits.append(Edit(name, "pin" if pinned else "unpin"))
    if state is not None:
        edits.append(Edit(name, "restore" if state == "live" else "retract"))
    sent = {"text": text, "pinned": pinned, "state": state}
    return _apply_changes(store, project, *edits, version=version, sent=sent) if edits else require(store, project, name)


def require_project(store: Store, name: str) -> Project:
    """Return the only project that has the fact with that id. Raises `NotFound`, and `BadInput` if several projects have it."""
    with store.read() as connection:
        shared_of = shared_rules_store.find_project_id(connection, name)
        project_ids = [shared_of] if shared_of else facts.find_project_ids(connection, name)
        owners = [projects.find(connection, project_id) for project_id in project_ids]
    if len(owners) > 1:
        raise BadInput(Message("Several projects have a fact {name!r}.", name=name), "Name the project as well.")
    project = next(iter(owners), None)
    if project is None:
        raise NotFound(Message("There is no fact {name!r}.", name=name), "List facts: onward fact list")
    return project


def _apply_changes(
    store: Store, project: Project, *changes: Fact | Edit, version: str = "", sent: Mapping[str, object] | None = None
) -> Fact:
    """Store corrections of one fact, create the handoff that follows from them, and return the changed fact. Its id may be given by its
    beginning.
    """
    while True:
        with store.read() as connection:
            state = read_project_state(connection, project.id)
            if isinstance(changes[0], Edit) and (rule := _require_fact(state, changes[0].fact_id)).kind == SHARED_RULE:
                break
            newest = handoffs.find_newest(connection, project.id)
        changes = tuple(
            item._replace(fact_id=_require_fact(state, item.fact_id).id) if isinstance(item, Edit) else item for item in changes
        )
        if version and isinstance(changes[0], Edit):
            check_edit(version, _require_fact(state, changes[0].fact_id), sent or {})
        edits, new_facts = [item for item in changes if isinstance(item, Edit)], [item for item in changes if isinstance(item, Fact)]
        updated_state = replace(state, added_facts=(*state.added_facts, *new_facts), edits=(*state.edits, *edits))
        master = updated_state.master(store, newest.budget_tokens) if newest else None
        with store.write() as connection:
            projects.lock_project(connection, project.id)
            if not facts.advance_version(connection, project.id, state.stored_ledger.version):
                continue
            for item in changes:
                facts.add_edit(connection, project.id, item)
            name = edits[0].fact_id if edits else new_facts[0].id
            changed_fact = next(fact for fact in updated_state.ledger.facts if fact.id == name)
            update_knowledge(connection, project.id, updated_state.ledger, changed_fact)
            if master:
                handoffs.create(connection, project.id, None, state.stored_ledger.version + 1, master)
            events.record(connection, "changed", project_id=project.id)
        return changed_fact
    if version:
        check_edit(version, rule, sent or {})
    return _change_shared(store, project, rule, [item for item in changes if isinstance(item, Edit)])


def _change_shared(store: Store, project: Project, rule: Fact, edits: Sequence[Edit]) -> Fact:
    if any(edit.kind in ("pin", "unpin") for edit in edits):
        raise BadInput("A rule for every project is in every handoff: it needs no pin.", "Reword or retract it.")
    text = next((edit.text for edit in reversed(edits) if edit.kind == "reword"), None)
    states: list[FactState] = ["retracted" if edit.kind == "retract" else "live" for edit in edits if edit.kind in ("retract", "restore")]
    return shared_rules.change_shared(store, rule, project, text=text, state=states[-1] if states else None)


def _require_fact(state: ProjectState, name: str) -> Fact:
    matches = [fact for fact in state.ledger.facts if fact.id == name] or [fact for fact in state.ledger.facts if fact.id.startswith(name)]
    if not matches:
        raise NotFound(Message("There is no fact {name!r}.", name=name), "List facts: onward fact list")
    if len(matches) > 1:
        raise BadInput(
            Message("{count} facts have an id that starts with {name!r}.", count=len(matches), name=name), "Give more characters of the id."
        )
    return matches[0]


def _parse_kind(kind: str) -> FactKind:
    for known_kind in FACT_KINDS:
        if known_kind == kind:
            return known_kind
    raise BadInput(Message("{kind!r} is not a kind of fact.", kind=kind), Message("Use one of: {kinds}.", kinds=", ".join(FACT_KINDS)))


def _clean_statement(project: Project, text: str) -> str:
    statement = Redactor(project.key).text(" ".join(text.split()))
    if not statement:
        raise BadInput("A fact needs a text.", "Give the text.")
    return statement
