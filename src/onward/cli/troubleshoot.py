"""`onward troubleshoot`: past fixes, a model's diagnosis and a checklist for an error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from onward.adapters import build_model_setup
from onward.app.knowledge import troubleshooter
from onward.app.knowledge.troubleshooter import Diagnosis, DiagnosisEvidence, Troubleshooting
from onward.app.models import gateway
from onward.cli.context import json_option, project_option, use_backend
from onward.cli.knowledge import answer_line, occurrence_line
from onward.cli.presentation import is_terminal, note, paint, say, say_json
from onward.core.text.printable import printable

MAX_CHARS = 1_000_000


@click.command()
@click.argument("error", nargs=-1)
@project_option
@click.option("--context", default="", metavar="TEXT", help="What you were doing.")
@click.option("--no-llm", is_flag=True, help="Use the history and the rules only, no model.")
@click.option("--llm", "force_llm", is_flag=True, help="Use the model even if this project has fixed the same error before.")
@click.option("--dry-run", is_flag=True, help="Only show the maximum cost of the model request.")
@json_option
def troubleshoot(
    error: tuple[str, ...], project: str | None, context: str, no_llm: bool, force_llm: bool, dry_run: bool, as_json: bool
) -> None:
    """Find fixes for an error: past fixes (this project first), a model's diagnosis if a model is set up, and a checklist.

    Without ERROR, or with -, the error is read from standard input; any output that contains it works. Lines of the model that the
    error, the history and the checklist do not support are dropped.

    \b
    Examples:
      onward troubleshoot "KeyError: 'currency'" --context "while rendering the cart"
      make test 2>&1 | onward troubleshoot -
      onward troubleshoot --no-llm "connect ECONNREFUSED 127.0.0.1:5432"
    """
    text = " ".join(error)
    if text in ("", "-"):
        if is_terminal(sys.stdin):
            note("Paste the error, then press Ctrl-D.")
        text = sys.stdin.read(MAX_CHARS)
    with use_backend(project=project) as backend:
        current_project = backend.find_project()
        if dry_run:
            model = (
                None if no_llm else gateway.find_model_context(backend.store, build_model_setup(backend.settings), project=current_project)
            )
            _say_estimate(
                None if model is None else troubleshooter.estimate(backend.store, text, model, project=current_project, context=context),
                as_json=as_json,
            )
            return
        result = backend.knowledge.troubleshoot(
            text, project=current_project, context=context, use_ai=False if no_llm else True if force_llm else None
        )
    if as_json:
        say_json(_result_data(result))
    else:
        _say_result(result)


def _say_result(result: Troubleshooting) -> None:
    for answer in result.error_history.fixes:
        say(answer_line(answer))
    for occurrence in result.error_history.occurrences:
        say(occurrence_line(occurrence))
    if result.diagnosis:
        _say_diagnosis(result.diagnosis)
    elif not result.error_history.fixes:
        note("No past fix found. Search the history: onward search WORDS")
    advice = result.advice
    if advice.causes:
        _say_section(
            "Checklist for errors of this kind",
            (("Likely cause", advice.causes), ("Step", advice.steps), ("Command", advice.commands), ("Prevention", advice.prevention)),
        )
    note(f"Model: {printable(str(result.llm)).removesuffix('.')}.")


def _say_diagnosis(diagnosis: Diagnosis) -> None:
    cause = (diagnosis.root_cause,) if diagnosis.root_cause else ()
    _say_section(
        f"Diagnosis by {diagnosis.model}",
        (("Likely cause", cause), ("Step", diagnosis.steps), ("Command", diagnosis.code), ("Prevention", diagnosis.prevention)),
    )
    for evidence in diagnosis.evidence:
        say(f"Evidence: {_evidence_text(evidence)}")
    if diagnosis.removed:
        why = ", ".join(dict.fromkeys(f"{line.reason} {line.about}".strip() for line in diagnosis.removed))
        note(f"Unsupported lines dropped: {len(diagnosis.removed)} ({printable(why)[:300]}).")
    cost = "price unknown" if diagnosis.cost_usd is None else f"{diagnosis.cost_usd:.5f} USD"
    note(f"{diagnosis.input_tokens + diagnosis.output_tokens:,} tokens, {cost}.")


def _say_section(title: str, parts: tuple[tuple[str, Sequence[str]], ...]) -> None:
    say(paint(f"{printable(title)}:", "bold"))
    for name, lines in parts:
        for line in lines:
            say(f"  {name}: {printable(line)}")


def _evidence_text(evidence: DiagnosisEvidence) -> str:
    origin = " ".join(filter(None, (evidence.project, evidence.handle)))
    return f"{paint(f'[{origin}]', 'cyan') if origin else 'your input'} {printable(' '.join(evidence.text.split()))[:300]}"


def _say_estimate(estimate: gateway.CostEstimate | None, *, as_json: bool) -> None:
    if as_json:
        say_json(estimate._asdict() if estimate else {"calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0})
    elif estimate is None:
        say("No request: no language model is set up. To set one up: onward llm-key set")
    else:
        cost = "price unknown" if estimate.cost_usd is None else f"{estimate.cost_usd:.5f} USD at most"
        say(f"One request: {estimate.input_tokens:,} tokens in, at most {estimate.output_tokens:,} out, {cost}.")


def _result_data(result: Troubleshooting) -> dict[str, object]:
    fields = {"root_causes": result.root_causes, "steps": result.steps, "code": result.code, "prevention": result.prevention}
    diagnosis = result.diagnosis
    diagnosis_data = None
    if diagnosis:
        names = ("root_cause", "steps", "code", "prevention", "model", "input_tokens", "output_tokens", "cost_usd")
        diagnosis_data = {name: getattr(diagnosis, name) for name in names}
        diagnosis_data |= {
            "evidence": [evidence._asdict() for evidence in diagnosis.evidence],
            "removed": [line._asdict() for line in diagnosis.removed],
        }
    history = [passage._asdict() for passage in result.passages]
    return {
        "fixes": result.error_history.fixes,
        "occurrences": result.error_history.occurrences,
        "history": history,
        **fields,
        "category": result.advice.category,
        "diagnosis": diagnosis_data,
        "llm": result.llm,
    }
