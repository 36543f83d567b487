"""`onward troubleshoot`: what is known of an error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from onward.app import models, troubleshooting
from onward.app.troubleshooting import Diagnosis, Evidence, Troubleshooting
from onward.cli.desk import as_json, desk, in_project
from onward.cli.knowledge import answer_line
from onward.cli.present import is_terminal, note, paint, say, say_json
from onward.core.printable import printable
from onward.wiring import models_of

MOST_CHARS = 1_000_000


@click.command()
@click.argument("error", nargs=-1)
@in_project
@click.option("--context", default="", metavar="TEXT", help="What was being done.")
@click.option("--no-llm", is_flag=True, help="Ask no model, only the history and the rules.")
@click.option("--llm", "always", is_flag=True, help="Ask the model also where this project ended the same error before.")
@click.option("--dry-run", is_flag=True, help="Only say what asking the model would cost at most.")
@as_json
def troubleshoot(
    error: tuple[str, ...], project: str | None, context: str, no_llm: bool, always: bool, dry_run: bool, as_json: bool
) -> None:
    """Say what is known of an error: what ended it before, your own project first; what a model makes of it, if one is set up; and a checklist.

    Without ERROR, or with -, it is read from standard input: any output with the error in it will do. What the model says is kept only as far as
    the error, the history or the checklist bear it out.

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
        text = sys.stdin.read(MOST_CHARS)
    with desk(project=project) as at:
        ours = at.project_or_none()
        if dry_run:
            asking = None if no_llm else models.asking_for(at.store, models_of(at.settings), project=ours)
            _tell_estimate(
                None if asking is None else troubleshooting.estimate(at.store, text, asking, project=ours, context=context), as_json=as_json
            )
            return
        found = at.knowledge.troubleshoot(text, project=ours, context=context, use_ai=False if no_llm else True if always else None)
    if as_json:
        say_json(_as_data(found))
    else:
        _tell(found)


def _tell(found: Troubleshooting) -> None:
    for one in found.seen.answers:
        say(answer_line(one))
    for met in found.seen.met:
        solved = "" if met.is_solved else ", and did not solve it there"
        say(f"{paint(f'[{met.project} s{met.session}.{met.turn}]', 'cyan')} met this{solved}.")
    if found.diagnosis:
        _tell_diagnosis(found.diagnosis)
    elif not found.seen.answers:
        note("No fix is known yet.")
    advice = found.advice
    _lines(
        "By rules, for errors of this kind",
        (("Likely", advice.causes), ("Do", advice.steps), ("Run", advice.commands), ("Prevent", advice.prevention)),
    )
    note(f"Model: {printable(found.llm)}." if not found.llm.endswith(".") else f"Model: {printable(found.llm)}")


def _tell_diagnosis(one: Diagnosis) -> None:
    cause = (one.root_cause,) if one.root_cause else ()
    _lines(f"{one.model} says", (("Likely", cause), ("Do", one.steps), ("Run", one.code), ("Prevent", one.prevention)))
    for evidence in one.evidence:
        say(f"Because: {_evidence(evidence)}")
    if one.removed:
        why = ", ".join(dict.fromkeys(f"{line.reason} {line.about}".strip() for line in one.removed))
        note(f"Not kept of what it wrote: {len(one.removed)} lines ({printable(why)[:300]}).")
    cost = "at no known price" if one.cost_usd is None else f"{one.cost_usd:.5f} USD"
    note(f"{one.input_tokens + one.output_tokens:,} tokens, {cost}.")


def _lines(title: str, parts: tuple[tuple[str, Sequence[str]], ...]) -> None:
    say(paint(f"{printable(title)}:", "bold"))
    for name, lines in parts:
        for line in lines:
            say(f"  {name}: {printable(line)}")


def _evidence(one: Evidence) -> str:
    place = " ".join(filter(None, (one.project, one.handle)))
    return f"{paint(f'[{place}]', 'cyan') if place else 'what you wrote'} {printable(' '.join(one.text.split()))[:300]}"


def _tell_estimate(found: models.Estimate | None, *, as_json: bool) -> None:
    if as_json:
        say_json(found._asdict() if found else {"calls": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0})
    elif found is None:
        say("No model would be asked: none is set up (onward llm-key set).")
    else:
        cost = "at no known price" if found.cost_usd is None else f"{found.cost_usd:.5f} USD at most"
        say(f"One request: {found.input_tokens:,} tokens in, at most {found.output_tokens:,} out, {cost}.")


def _as_data(found: Troubleshooting) -> dict[str, object]:
    told = {"root_causes": found.root_causes, "steps": found.steps, "code": found.code, "prevention": found.prevention}
    diagnosis = found.diagnosis
    made = None
    if diagnosis:
        names = ("root_cause", "steps", "code", "prevention", "model", "input_tokens", "output_tokens", "cost_usd")
        made = {name: getattr(diagnosis, name) for name in names}
        made |= {"evidence": [one._asdict() for one in diagnosis.evidence], "removed": [one._asdict() for one in diagnosis.removed]}
    history = [one._asdict() for one in found.passages]
    return {
        "answers": found.seen.answers,
        "met": found.seen.met,
        "history": history,
        **told,
        "category": found.advice.category,
        "diagnosis": made,
        "llm": found.llm,
    }
