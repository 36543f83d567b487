"""Troubleshooting: earlier fixes, those of the same project first; a diagnosis by a language model if one may be asked; and a rule-based
checklist.
"""

from __future__ import annotations

from typing import NamedTuple

from onward.app.knowledge import knowledge
from onward.app.models import gateway
from onward.app.models.gateway import CostEstimate, ModelContext, ModelRequest
from onward.app.search.search_results import search
from onward.core.knowledge.checklist import advise
from onward.core.knowledge.diagnosis import Diagnosis, DiagnosisEvidence, Troubleshooting
from onward.core.knowledge.entry import KnownFix
from onward.core.project import Project
from onward.errors import BadInput, ProviderFailed, SpendLimit
from onward.llm.troubleshooter import ANSWER_TOKENS, INSTRUCTIONS, WrittenDiagnosis, build_material, check_diagnosis, shorten_error
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store

__all__ = ["Diagnosis", "DiagnosisEvidence", "Troubleshooting", "estimate", "troubleshoot"]

NOT_CONFIGURED = "not configured"
STEP = "troubleshoot"
PASSAGES_TOKENS = 1200
_ATTEMPTS = 2
_QUERY_CHARS = 2000


class _KnownFindings(NamedTuple):
    """What is known without a language model. Secrets in `error` and `context` are redacted."""

    report: Troubleshooting
    error: str
    context: str
    history: list[DiagnosisEvidence]

    @property
    def is_solved(self) -> bool:
        """Whether the same project has fixed exactly this error before."""
        return any(answer.is_own and answer.certainty == "same" and answer.fix for answer in self.report.error_history.fixes)


def troubleshoot(
    store: Store,
    error: str,
    *,
    project: Project | None = None,
    context: str = "",
    model_context: ModelContext | None = None,
    always: bool = False,
) -> Troubleshooting:
    """Return what is known about *error*, which may contain other text. With *model_context*, a language model is asked unless the
    project has fixed exactly this error before, or if *always*.

    A failing model does not affect the rest. Raises `BadInput` if the text contains no error.
    """
    findings = _collect_findings(store, error, project, context)
    if model_context is None:
        return _add_diagnosis(findings, None, NOT_CONFIGURED)
    if findings.is_solved and not always:
        return _add_diagnosis(findings, None, "not asked: this project has fixed the same error before")
    prompt_text = build_material(model_context.endpoint, findings.error, findings.context, findings.history, findings.report.advice)
    try:
        answer = gateway.call(store, model_context, STEP, INSTRUCTIONS, prompt_text, WrittenDiagnosis, ANSWER_TOKENS, attempts=_ATTEMPTS)
    except (ProviderFailed, SpendLimit) as failure:
        return _add_diagnosis(findings, None, Message("gave no answer: {problem}", problem=failure.full_message()))
    diagnosis = check_diagnosis(answer, prompt_text, findings.history)
    if not (diagnosis.root_cause or diagnosis.steps or diagnosis.code):
        return _add_diagnosis(
            findings,
            diagnosis,
            Message("{model} answered, but neither the error nor the history supports the answer", model=diagnosis.model),
        )
    return _add_diagnosis(findings, diagnosis, Message("{model} answered", model=diagnosis.model))


def estimate(store: Store, error: str, model_context: ModelContext, *, project: Project | None = None, context: str = "") -> CostEstimate:
    """Return the maximum cost of asking the model about *error*. No request is sent."""
    findings = _collect_findings(store, error, project, context)
    prompt_text = build_material(model_context.endpoint, findings.error, findings.context, findings.history, findings.report.advice)
    return gateway.estimate(model_context.endpoint, [ModelRequest(INSTRUCTIONS, prompt_text, WrittenDiagnosis, ANSWER_TOKENS)])


def _collect_findings(store: Store, error: str, project: Project | None, context: str) -> _KnownFindings:
    redact = Redactor(project.key if project else DISTILL_KEY).text
    matches = knowledge.match_error(store, error, project=project)
    error, context = redact(error.strip()), redact(context.strip())
    passages = _find_passages(store, error, project)
    report = Troubleshooting(error_history=matches, passages=passages, advice=advise(f"{error}\n{context}"), diagnosis=None, llm="")
    return _KnownFindings(report, error, context, [*map(_fix_evidence, matches.fixes), *passages])


def _find_passages(store: Store, error: str, project: Project | None) -> list[DiagnosisEvidence]:
    """Return passages of the project's history about *error*; none without a project."""
    if project is None:
        return []
    try:
        search_result = search(store, shorten_error(error)[-_QUERY_CHARS:], project=project, budget_tokens=PASSAGES_TOKENS, is_plain=True)
    except BadInput:
        # The error contains no word to search for.
        return []
    return [
        DiagnosisEvidence("passage", excerpt.project, str(excerpt.handle) if excerpt.handle.session else "", excerpt.text)
        for excerpt in search_result.excerpts
    ]


def _fix_evidence(answer: KnownFix) -> DiagnosisEvidence:
    text = f"{answer.text} → {answer.fix}" if answer.fix else answer.text
    return DiagnosisEvidence(
        "fix", answer.source.project if answer.source else "", str(answer.source.handle) if answer.source else "", text
    )


def _add_diagnosis(findings: _KnownFindings, diagnosis: Diagnosis | None, llm: str | Message) -> Troubleshooting:
    report = findings.report
    return Troubleshooting(error_history=report.error_history, passages=report.passages, advice=report.advice, diagnosis=diagnosis, llm=llm)
