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
from onward.app import facts, handoffs, projects, sessions
from onward.app.imports import import_paths
from onward.cli.conversation import json_line
from onward.cli.desk import as_json, own_settings
from onward.cli.document import Format, written
from onward.cli.present import counted, paint, say
from onward.core.project import Project
from onward.settings import Settings, read_settings
from onward.wiring import open_store

if TYPE_CHECKING:
    from onward.store import Store

SECRET = re.compile(r"\[secret:[\w-]+:[0-9a-f]+\]")

BEFORE = """A small clinic's queue app, built over three sessions with two agents, by someone who mixes English and Indonesian.
Each transcript is read, kept and completed; the next session would begin with the handoff that comes out. {where}
"""
BETWEEN = """
The master handoff now: rules that were said once, what was decided, what failed and why, what comes next. Each line ends in the turn that shows it; the last
lines say what was kept, of what kind, and what was lost.
"""
AFTER = """
That is what session 4 begins with. With your own agent (in a clone, `. .venv/bin/activate` first):
  onward distill SESSION.jsonl                      the same from one transcript, nothing stored; they lie in ~/.claude/projects and ~/.codex/sessions
  onward import FOLDER --project NAME --complete    keep a project: all its sessions, one handoff; `onward session start` begins the next with it
"""


@dataclass(frozen=True, slots=True)
class Told:
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
@as_json
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
        say(BEFORE.format(where="(All of it stays in your store, as the project antre.)" if keep else "(All of it in a temporary folder.)"))
    with tempfile.TemporaryDirectory() as folder, open_store(own_settings() if keep else _settings(Path(folder))) as store:
        project = projects.new(store, "antre")
        told = []
        for one in _loop(store, project, samples.write(Path(folder) / "samples")):
            told.append(one)
            if not as_json:
                say(_line(one))
        found = handoffs.current(store, project)
    if not as_json:
        say(BETWEEN)
    form: Format = "json" if as_json else "markdown"
    sys.stdout.write(written(found.handoff, found.preservation, form, beside={"sessions": [asdict(one) for one in told]}))
    if not as_json:
        say(AFTER.rstrip())


def _settings(folder: Path) -> Settings:
    """Return settings that nobody's environment or files change."""
    return read_settings(environment={"ONWARD_HOME": str(folder / "home")}, folder=folder)


def _loop(store: Store, project: Project, transcripts: list[Path]) -> Iterator[Told]:
    """Import and complete each transcript, and tell of it."""
    for path in transcripts:
        file = import_paths(store, [path], project=project, complete=True).files[0]
        if file.error:
            raise file.error
        for one in file.sessions:
            found = sessions.show(store, sessions.find(store, project, one.session.number))
            ledger = facts.listed(store, project, state=None)
            yield Told(
                session=found.session.number,
                origin=found.made.handoff.origin if found.made else "",
                turns=found.session.turns,
                tokens=found.session.tokens,
                facts=sum(fact.session == found.session.number for fact in ledger),
                settled=sum(fact.state in ("resolved", "superseded") for fact in ledger),
                secrets=len(
                    {secret for stored in sessions.replay(store, found.session) for secret in SECRET.findall(json_line(stored.turn, 0))}
                ),
                handoff_tokens=found.made.preservation.document_tokens if found.made else 0,
            )


def _line(one: Told) -> str:
    secrets = f" · {counted(one.secrets, 'secret')} taken out" if one.secrets else ""
    settled = f" · {one.settled} settled or replaced so far" if one.settled else ""
    came = f"session {one.session}  {one.origin:23}  {counted(one.turns, 'turn')}, {one.tokens:,} tokens"
    return f"{paint(came, 'bold')} → {counted(one.facts, 'fact')}{settled}{secrets} → handoff of {one.handoff_tokens:,} tokens"
