"""`onward demo`: the whole loop on sample sessions, in a folder that is gone afterwards, or kept as something to look at."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onward import samples
from onward.adapters import open_store
from onward.app.handoffs import handoffs
from onward.app.projects import facts, projects
from onward.app.sessions import sessions
from onward.app.transcripts.imports import import_paths
from onward.cli.context import json_option, local_settings
from onward.cli.handoff_output import Format, format_handoff
from onward.cli.presentation import paint, quantity, say
from onward.cli.turns_jsonl import json_line
from onward.core.project import Project
from onward.settings import Settings, read_settings

if TYPE_CHECKING:
    from onward.store import Store

SECRET = re.compile(r"\[secret:[\w-]+:[0-9a-f]+\]")

OPENING = """A small clinic's queue app, built over three sessions with two agents, by someone who mixes English and Indonesian.
Each transcript is read, kept and completed; the next session would begin with the handoff that comes out. {where}
"""
HANDOFF_INTRO = """
The master handoff now: rules that were said once, what was decided, what failed and why, what comes next. Each line ends in the turn that shows it; the last
lines say what was kept, of what kind, and what was lost.
"""
CLOSING = """
That is what session 4 begins with. With your own agent (in a clone, `. .venv/bin/activate` first):
  onward distill SESSION.jsonl                      the same from one transcript, nothing stored; they lie in ~/.claude/projects and ~/.codex/sessions
  onward import FOLDER --project NAME --complete    keep a project: all its sessions, one handoff; `onward session start` begins the next with it
"""


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What became of one sample session. `settled` counts facts that are resolved or superseded once it is complete, `handoff_tokens` its handoff's size."""

    session: int
    origin: str
    turns: int
    tokens: int
    facts: int
    settled: int
    secrets: int
    handoff_tokens: int


@click.command()
@click.option("--no-serve", is_flag=True, expose_value=False, help="Print only. (Nothing is served yet.)")
@click.option("--keep", is_flag=True, help="Keep the project, antre, in your own store: something to look at.")
@json_option
def demo(keep: bool, as_json: bool) -> None:
    """Show the whole loop on sample sessions: imported, completed, handed over.

    Three sessions of a small project, written with Claude Code and Codex, go into a temporary store. Prints what was kept of each, then the
    master handoff and what it keeps. Your own store is not touched, unless you say --keep.

    \b
    Examples:
      onward demo
      onward demo --keep
    """
    if not as_json:
        say(
            OPENING.format(where="(All of it stays in your store, as the project antre.)" if keep else "(All of it in a temporary folder.)")
        )
    with tempfile.TemporaryDirectory() as folder, open_store(local_settings() if keep else _temporary_settings(Path(folder))) as store:
        project = projects.create(store, "antre")
        results = []
        for result in _run_samples(store, project, samples.write(Path(folder) / "samples")):
            results.append(result)
            if not as_json:
                say(_result_line(result))
        current_handoff = handoffs.current_handoff(store, project)
    if not as_json:
        say(HANDOFF_INTRO)
    output_format: Format = "json" if as_json else "markdown"
    sys.stdout.write(
        format_handoff(
            current_handoff.handoff, current_handoff.preservation, output_format, extra={"sessions": [asdict(result) for result in results]}
        )
    )
    if not as_json:
        say(CLOSING.rstrip())


def _temporary_settings(folder: Path) -> Settings:
    """Return settings that nobody's environment or files change."""
    return read_settings(environment={"ONWARD_HOME": str(folder / "home")}, folder=folder)


def _run_samples(store: Store, project: Project, transcripts: list[Path]) -> Iterator[SampleResult]:
    """Import and complete each transcript, and tell of it."""
    for path in transcripts:
        file = import_paths(store, [path], project=project, complete=True).files[0]
        if file.error:
            raise file.error
        for imported in file.sessions:
            detail = sessions.show(store, sessions.require(store, project, imported.session.number))
            ledger = facts.list_facts(store, project, state=None)
            yield SampleResult(
                session=detail.session.number,
                origin=detail.handoff.handoff.origin if detail.handoff else "",
                turns=detail.session.turns,
                tokens=detail.session.tokens,
                facts=sum(fact.session == detail.session.number for fact in ledger),
                settled=sum(fact.state in ("resolved", "superseded") for fact in ledger),
                secrets=len(
                    {secret for stored in sessions.replay(store, detail.session) for secret in SECRET.findall(json_line(stored.turn, 0))}
                ),
                handoff_tokens=detail.handoff.preservation.document_tokens if detail.handoff else 0,
            )


def _result_line(result: SampleResult) -> str:
    secrets_note = f" · {quantity(result.secrets, 'secret')} taken out" if result.secrets else ""
    settled_note = f" · {result.settled} settled or replaced so far" if result.settled else ""
    origin_text = f"session {result.session}  {result.origin:23}  {quantity(result.turns, 'turn')}, {result.tokens:,} tokens"
    return f"{paint(origin_text, 'bold')} → {quantity(result.facts, 'fact')}{settled_note}{secrets_note} → handoff of {result.handoff_tokens:,} tokens"
