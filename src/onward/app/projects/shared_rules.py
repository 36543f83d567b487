"""Rules for every project: said once, and in the handoffs of all projects.

A change of such a rule requests a job, in the same transaction, that brings it into the handoffs of the other projects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from onward.app.handoffs.project_state import read_project_state
from onward.core.facts.fact import Fact, FactState, Handle, fact_id
from onward.core.facts.headings import SECTION_OF
from onward.core.facts.kinds import KINDS
from onward.core.facts.shared_rules import SHARED_RULE, SharedRuleSuggestion, rule_key, shared_fact, suggest_shared_rules
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection
from onward.core.handoff.versions import MasterHandoff, StoredHandoff
from onward.core.job import Job
from onward.core.project import Project
from onward.errors import BadInput
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store, facts, handoffs, jobs, projects, shared_rules

JOB_KIND = "update-rules"
_RULE_SECTIONS = (SECTION_OF["rule"], SECTION_OF[SHARED_RULE])


def share(store: Store, text: str, project: Project | None = None) -> Fact:
    """Give every project the rule *text*, which was first a rule of *project*, and return it. The same rule is shared once."""
    statement = Redactor(DISTILL_KEY).text(" ".join(text.split()))
    if not statement:
        raise BadInput("A fact needs a text.", "Give the text.")
    at = datetime.now(UTC)
    with store.write() as connection:
        known = next((rule for rule in shared_rules.list_shared(connection) if rule_key(rule.text) == rule_key(statement)), None)
        name = known.id if known else fact_id(SHARED_RULE, at.isoformat(), statement, Handle(0, 0))
        rule = shared_fact(name, known.text if known else statement, "live", known.at if known else at)
        shared_rules.save(connection, rule, project.id if project else None)
        _request_updates(connection, project, rule.text)
    _update_own(store, project, rule.text)
    return rule


def change_shared(store: Store, rule: Fact, project: Project, *, text: str | None = None, state: FactState | None = None) -> Fact:
    """Reword, retract or restore a rule for every project, and return it. The handoff of *project* has it at once."""
    changed = rule._replace(
        statement=rule.text if text is None else Redactor(DISTILL_KEY).text(text), state=state or rule.state, sources=(), superseded_by=None
    )
    with store.write() as connection:
        shared_rules.save(connection, changed)
        _request_updates(connection, project, rule.text, changed.text)
    _update_own(store, project, rule.text, changed.text)
    return changed


def list_suggestions(store: Store) -> list[SharedRuleSuggestion]:
    """Return the rules of several projects that might be for every project."""
    with store.read() as connection:
        return suggest_shared_rules(shared_rules.list_project_rules(connection), shared_rules.list_shared(connection))


def _request_updates(connection: Connection, project: Project | None, *texts: str) -> None:
    """Request the job that brings the rules of *texts* into the handoffs of all projects but *project*."""
    jobs.find_or_create(
        connection,
        JOB_KIND,
        {"rules": list(texts), "except": project.id if project else None},
        project_id=None,
        key=None,
        requested_by="fact",
    )


def _update_own(store: Store, project: Project | None, *texts: str) -> None:
    if project:
        _update_handoff(store, project, {rule_key(text) for text in texts})


def update_handoffs(store: Store, job: Job, report: Callable[[int, int, str], None]) -> int:
    """Bring the rules for every project into the newest handoff of each active project but the one of the *job*, and return the number of
    projects. Where one of a project's own rules says what a rule of the job does, the handoff is composed again; elsewhere its section of
    those rules is replaced.
    """
    keys = {rule_key(text) for text in job.arguments["rules"]}
    with store.read() as connection:
        others = [project for project in projects.list_projects(connection) if project.id != job.arguments["except"]]
    for place, project in enumerate(others):
        report(place, len(others), project.name)
        _update_handoff(store, project, keys)
    report(len(others), len(others), "")
    return len(others)


def _update_handoff(store: Store, project: Project, keys: Collection[frozenset[str]]) -> None:
    while not _try_update(store, project, keys):
        pass


def _try_update(store: Store, project: Project, keys: Collection[frozenset[str]]) -> bool:
    """Update one project's handoff, unless it has the rules already. Return False if its ledger changed in the meantime."""
    with store.read() as connection:
        newest = handoffs.find_newest(connection, project.id)
        state = read_project_state(connection, project.id) if newest and _has_own_rule(newest.handoff, keys) else None
        version = facts.ledger_version(connection, project.id)
        rules = shared_rules.list_shared(connection)
    if newest is None:
        return True
    master = state.master(store, newest.budget_tokens) if state else _with_rules(newest, rules)
    if master.handoff == newest.handoff:
        return True
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        if not facts.advance_version(connection, project.id, version):
            return False
        if state:
            handoffs.create(connection, project.id, None, version + 1, master)
        else:
            handoffs.create(connection, project.id, None, version + 1, master, generator=newest.generator, refinement=newest.refinement)
    return True


def _has_own_rule(handoff: Handoff, keys: Collection[frozenset[str]]) -> bool:
    lines = (line for section in handoff.sections if section.title in _RULE_SECTIONS for line in section.lines)
    return any(line.sources and rule_key(line.text) in keys for line in lines)


def _with_rules(stored: StoredHandoff, rules: Collection[Fact]) -> MasterHandoff:
    """Return a stored handoff with *rules* as its section of rules for every project."""
    title = SECTION_OF[SHARED_RULE]
    old_lines = {line.facts: line for section in stored.handoff.sections if section.title == title for line in section.lines}
    lines = tuple(
        replace(old_lines.get((rule.id,), CitedLine("")), text=rule.text, facts=(rule.id,)) for rule in rules if rule.state == "live"
    )
    sections = {section.title: section for section in stored.handoff.sections}
    sections[title] = HandoffSection(title, lines)
    order = {name: place for place, name in enumerate(dict.fromkeys(kind.section.title for kind in KINDS.values()))}
    ordered = sorted((section for section in sections.values() if section.lines), key=lambda section: order.get(section.title, len(order)))
    return MasterHandoff(replace(stored.handoff, sections=tuple(ordered)), stored.preservation, stored.budget_tokens)
