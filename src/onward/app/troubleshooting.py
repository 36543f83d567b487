"""Troubleshooting: fixes that were found before, the project's own first; then what a model makes of it, where one may be asked; and a checklist by rules in any case."""

from __future__ import annotations

from typing import NamedTuple

from onward.app import knowledge, models
from onward.app.models import Asking, Estimate, Request
from onward.app.searching import search
from onward.core.diagnosis import Diagnosis, Evidence, Troubleshooting
from onward.core.entry import Answer
from onward.core.project import Project
from onward.core.troubleshoot import advise
from onward.errors import BadInput, ProviderFailed, SpendLimit
from onward.llm.troubleshoot import ANSWER_TOKENS, INSTRUCTIONS, WrittenDiagnosis, diagnosed, material, shortened
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store

__all__ = ["Diagnosis", "Evidence", "Troubleshooting", "estimate", "troubleshoot"]

NOT_SET_UP = "not configured"
STEP = "troubleshoot"
PASSAGES_TOKENS = 1200
_ATTEMPTS = 2
_QUERY_CHARS = 2000


class _Known(NamedTuple):
    """What is known without a model. `error` and `context` are without secrets."""

    told: Troubleshooting
    error: str
    context: str
    history: list[Evidence]

    @property
    def is_solved(self) -> bool:
        """Whether the project itself ended the very same error before."""
        return any(one.is_own and one.sure == "same" and one.fix for one in self.told.seen.answers)


def troubleshoot(
    store: Store,
    error: str,
    *,
    project: Project | None = None,
    context: str = "",
    asking: Asking | None = None,
    always: bool = False,
) -> Troubleshooting:
    """Return what is known of *error* (any text around it does no harm). With *asking*, a model is asked too: unless the project solved the very same error before, or with *always*.

    Whatever becomes of the model, the rest stands. Raises `BadInput` where there is no error in the text.
    """
    known = _known(store, error, project, context)
    if asking is None:
        return _with(known, None, NOT_SET_UP)
    if known.is_solved and not always:
        return _with(known, None, "not asked: this project has ended the same error before")
    given = material(asking.endpoint, known.error, known.context, known.history, known.told.advice)
    try:
        answer = models.call(store, asking, STEP, INSTRUCTIONS, given, WrittenDiagnosis, ANSWER_TOKENS, attempts=_ATTEMPTS)
    except (ProviderFailed, SpendLimit) as failed:
        return _with(known, None, f"gave no answer: {failed}")
    found = diagnosed(answer, given, known.history)
    if not (found.root_cause or found.steps or found.code):
        return _with(known, found, f"{found.model} answered, and nothing of it is borne out by the error or the history")
    return _with(known, found, f"{found.model} answered")


def estimate(store: Store, error: str, asking: Asking, *, project: Project | None = None, context: str = "") -> Estimate:
    """Return what asking the model of *error* comes to at most; nothing is asked."""
    known = _known(store, error, project, context)
    given = material(asking.endpoint, known.error, known.context, known.history, known.told.advice)
    return models.estimate(asking.endpoint, [Request(INSTRUCTIONS, given, WrittenDiagnosis, ANSWER_TOKENS)])


def _known(store: Store, error: str, project: Project | None, context: str) -> _Known:
    redact = Redactor(project.key if project else DISTILL_KEY).text
    seen = knowledge.seen(store, error, project=project)
    error, context = redact(error.strip()), redact(context.strip())
    passages = _passages(store, error, project)
    told = Troubleshooting(seen, passages, advise(f"{error}\n{context}"), None, "")
    return _Known(told, error, context, [*map(_fix, seen.answers), *passages])


def _passages(store: Store, error: str, project: Project | None) -> list[Evidence]:
    """Return passages of the project's history that are about *error*; none without a project."""
    if project is None:
        return []
    try:
        found = search(store, shortened(error)[-_QUERY_CHARS:], project=project, budget_tokens=PASSAGES_TOKENS)
    except BadInput:
        # There is no word in it to look for.
        return []
    return [Evidence("passage", one.project, str(one.handle) if one.handle.session else "", one.text) for one in found.excerpts]


def _fix(one: Answer) -> Evidence:
    text = f"{one.text} → {one.fix}" if one.fix else one.text
    return Evidence("fix", one.source.project if one.source else "", str(one.source.handle) if one.source else "", text)


def _with(known: _Known, diagnosis: Diagnosis | None, llm: str) -> Troubleshooting:
    told = known.told
    return Troubleshooting(told.seen, told.passages, told.advice, diagnosis, llm)
