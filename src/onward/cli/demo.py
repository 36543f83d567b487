"""`onward demo`: the full workflow on sample sessions, in a temporary store or in your own."""

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
from onward.cli.handoff_output import OutputFormat, format_handoff
from onward.cli.presentation import paint, quantity, say
from onward.cli.turns_jsonl import json_line
from onward.core.project import Project
from onward.settings import Settings, read_settings

if TYPE_CHECKING:
    from onward.store import Store

SECRET = re.compile(r"\[secret:[\w-]+:[0-9a-f]+\]")

OPENING = """A queue app for a small clinic, built in three sessions with two agents by a developer who writes English and Indonesian.
Onward imports and completes each session; each handoff is the start of the next session. {where}
"""
HANDOFF_INTRO = """
The master handoff after session 3. Each line ends in the turns that support it. The last lines say what it preserves and what it lost.
"""
CLOSING = """
Session 4 starts with this handoff. With your own sessions (in a clone, run `. .venv/bin/activate` first):
  onward distill SESSION.jsonl      one transcript to one handoff, nothing stored; see ~/.claude/projects and ~/.codex/sessions
  onward import --complete          import all sessions of your agents; `onward session start` then starts the next one
"""


@dataclass(frozen=True, slots=True)
class SampleResult:
    """The result of one sample session.

    `settled` counts the facts that are resolved or superseded after it, `handoff_tokens` is the size of its handoff.
    """

    session: int
    origin: str
    turns: int
    tokens: int
    facts: int
    settled: int
    secrets: int
    handoff_tokens: int


@click.command()
@click.option("--no-serve", is_flag=True, expose_value=False, help="Print only (default).")
@click.option("--keep", is_flag=True, help="Store the project, antre, in your own store.")
@json_option
def demo(keep: bool, as_json: bool) -> None:
    """Run the full workflow on sample sessions: import, complete, hand over.

    Three sessions of a small project with Claude Code and Codex are imported into a temporary store. Prints the result of each, then
    the master handoff and its preservation. Your own store is not changed unless you add --keep.

    \b
    Examples:
      onward demo
      onward demo --keep
    """
    if not as_json:
        say(OPENING.format(where="(Stored in your own store, as project antre.)" if keep else "(Nothing is stored.)"))
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
    output_format: OutputFormat = "json" if as_json else "markdown"
    sys.stdout.write(
        format_handoff(
            current_handoff.handoff, current_handoff.preservation, output_format, extra={"sessions": [asdict(result) for result in results]}
        )
    )
    if not as_json:
        say(CLOSING.rstrip())


def _temporary_settings(folder: Path) -> Settings:
    """Return settings that depend on no environment variable or file."""
    return read_settings(environment={"ONWARD_HOME": str(folder / "home")}, folder=folder)


def _run_samples(store: Store, project: Project, transcripts: list[Path]) -> Iterator[SampleResult]:
    """Import and complete each transcript; yield its result."""
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
    secrets_note = f" · {quantity(result.secrets, 'secret')} redacted" if result.secrets else ""
    settled_note = f" · {result.settled} resolved or replaced so far" if result.settled else ""
    origin_text = f"session {result.session}  {result.origin:23}  {quantity(result.turns, 'turn')}, {result.tokens:,} tokens"
    facts_note = f"{quantity(result.facts, 'fact')}{settled_note}{secrets_note}"
    return f"{paint(origin_text, 'bold')} → {facts_note} → handoff of {result.handoff_tokens:,} tokens"
