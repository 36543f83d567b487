"""Stated handoffs: what a client of another system hands over when it starts a session becomes the project's handoff, line by line.

Each line is a fact that a person stated: it has no turns, is in every later handoff, and can be corrected like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from onward.app.handoffs.project_state import read_project_state
from onward.core.extract.labels import label_kind
from onward.core.facts.fact import Fact, FactKind, Handle, fact_id
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project
from onward.core.text.empty_answer import is_empty_answer
from onward.core.text.known_names import snake_case
from onward.core.transcript.authored_text import author_text
from onward.redact import Redactor
from onward.store import Store, facts, handoffs, projects

KIND_BY_FIELD: dict[str, FactKind] = {
    "accomplishments": "done",
    "blockers": "blocker",
    "next_steps": "next_step",
    "technical_notes": "lesson",
    "success_criteria": "requirement",
    "objectives": "goal",
    "goal": "goal",
    "decisions": "decision",
    "rules": "rule",
}
"""The kind of the lines of a field, by the field's name. Lines of other fields are prose: their headings say the kind."""

_TEXT_FIELDS = ("master_prompt", "compressed_context", "context", "summary", "text", "content", "markdown", "prompt", "notes")
_IDENTITY_FIELDS = ("id", "handoff_id", "session_id", "session_number", "project_id", "version", "created_at", "updated_at")
"""What only names a document of the other system."""

_MAX_LINE_CHARS = 4000


def state_handoff(store: Store, project: Project, document: Mapping[str, Any] | str) -> StoredHandoff | None:
    """Store the lines of *document* that the project does not have yet as facts of a person, and return the handoff over them. Return None
    if it has all of them.
    """
    redact = Redactor(project.key).text
    stated_lines = [(kind, redact(text)) for kind, text in _stated_lines(document)]
    while True:
        with store.read() as connection:
            state = read_project_state(connection, project.id)
            newest = handoffs.find_newest(connection, project.id)
        known_text = "\n".join((newest.markdown if newest else "", *(fact.text for fact in state.ledger.facts))).casefold()
        new_facts = _person_facts((kind, text) for kind, text in stated_lines if text.casefold() not in known_text)
        if not new_facts:
            return None
        updated_state = replace(state, added_facts=(*state.added_facts, *new_facts))
        master = updated_state.master(store, newest.budget_tokens if newest else None)
        with store.write() as connection:
            projects.lock_project(connection, project.id)
            if facts.advance_version(connection, project.id, state.stored_ledger.version):
                for fact in new_facts:
                    facts.add_edit(connection, project.id, fact)
                return handoffs.create(connection, project.id, None, state.stored_ledger.version + 1, master)


def _person_facts(lines: Iterator[tuple[FactKind, str]]) -> list[Fact]:
    at = datetime.now(UTC)
    return [
        Fact(
            id=fact_id(kind, at.isoformat(), text, Handle(0, 0)),
            kind=kind,
            subject="",
            statement=text,
            sources=(),
            at=at,
            position=position,
            weight=1.0,
            evidence="claimed",
            author="person",
        )
        for position, (kind, text) in enumerate(dict.fromkeys(lines))
    ]


def _stated_lines(document: Mapping[str, Any] | str) -> Iterator[tuple[FactKind, str]]:
    """Yield the kind and the text of each line of a handoff document, as fields or as text."""
    if isinstance(document, str):
        yield from _text_lines(document, "done")
        return
    for key, value in document.items():
        name = snake_case(key)
        if name in _IDENTITY_FIELDS:
            continue
        kind = KIND_BY_FIELD.get(name) or label_kind(name.replace("_", " ")) or "done"
        for text in _texts(value):
            is_prose = name in _TEXT_FIELDS or name in KIND_BY_FIELD or "\n" in text or not _is_scalar(value)
            yield from _text_lines(text if is_prose else f"{name.replace('_', ' ')}: {text}", kind)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a value, those of an object with the names of their fields."""
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, object]", value).items():
            yield from (f"{name.replace('_', ' ')}: {text}" for text in _texts(inner))
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from _texts(item)
    elif value is not None and str(value).strip():
        yield str(value)


def _is_scalar(value: object) -> bool:
    return not isinstance(value, list | tuple | Mapping)


def _text_lines(text: str, kind: FactKind) -> Iterator[tuple[FactKind, str]]:
    """Yield the lines of a text. A heading that announces a kind applies to the lines below it; Onward's own handoffs are left out."""
    heading_kind = kind
    for line in author_text(text.replace("\0", "")).splitlines():
        bare = line.strip().lstrip("-*•").strip()
        is_heading = bare.startswith("#") or (bare.endswith(":") and len(bare) < 60)
        if is_heading:
            heading_kind = label_kind(bare.strip("#:* ")) or kind
        elif bare and not is_empty_answer(bare):
            lead, _, rest = bare.partition(": ")
            yield (label_kind(lead) or heading_kind if rest else heading_kind), " ".join(bare.split())[:_MAX_LINE_CHARS]
