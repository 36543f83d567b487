"""Taking a session in, away from the agent: its transcript is imported, and the session completed. Run by a hook as a process of its own.

    python -m onward.agents.capturing EVENT NOTE…

Whatever is cut off stays noted, and is taken in by the next one: importing and completing again change nothing but what is new.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onward.agents import notes, record
from onward.agents.notes import Note
from onward.agents.payload import STOP
from onward.app.belonging import Belonging, standing_in
from onward.app.discovery import agent_folders, files_in
from onward.app.finding import looked_at
from onward.core.project import Project
from onward.core.transcript import ImportReport, Turn
from onward.desk import Desk, open_desk
from onward.errors import BadInput, OnwardError
from onward.formats import open_source, read
from onward.settings import Settings, project_of_folder, read_machine, read_settings

NAMES = {"claude-code": "Claude Code", "codex": "Codex CLI", "gemini-cli": "Gemini CLI", "cursor": "Cursor"}
"""What `discovery` calls the agents."""

MOST_SECONDS = 900
ROUNDS = 3
"""An agent may write its last lines while it is read: a file that changed is read again, so often."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a note: the project and session numbers that are in, and how many turns are new; or why nothing is. `fault` is something to mend."""

    note: Note
    project: str = ""
    numbers: tuple[int, ...] = ()
    new_turns: int = 0
    why_not: str = ""
    fault: OnwardError | None = None

    def sentence(self) -> str:
        """Return it in one line."""
        if self.fault:
            return f"not taken in: {self.fault.message}"
        if self.why_not:
            return f"nothing: {self.why_not}"
        told = ", ".join(f"session {number}" for number in self.numbers)
        return f"{told} of {self.project}: {self.new_turns} new turn{'' if self.new_turns == 1 else 's'}"


def main(arguments: list[str]) -> int:
    """Take in the sessions of the notes that *arguments* name, one after another; what became of each goes into the log."""
    event, *paths = arguments
    if hasattr(os, "nice"):
        os.nice(10)
    if hasattr(signal, "alarm"):
        # What hangs is ended; its note stays.
        signal.alarm(MOST_SECONDS)
    for path in paths:
        note = notes.read(path)
        if note:
            _logged(Path(path).parents[2], event, note)
    return 0


def _logged(home: Path, event: str, note: Note) -> None:
    began = time.monotonic()
    try:
        taken = take(note, complete=event != STOP)
        what, fault, hint = taken.sentence(), taken.fault.message if taken.fault else "", taken.fault.hint if taken.fault else ""
    except Exception as error:  # noqa: BLE001 - one session's failure never costs the next one
        what, fault, hint = "not taken in", f"{type(error).__name__}: {error}", "Run `onward sweep` to see it happen."
    record.add(
        str(home), agent=note.agent, event=f"taken in ({event})", session=note.session, began=began, what=what, fault=fault, hint=hint
    )


def take(note: Note, *, complete: bool = True, settings: Settings | None = None) -> Taken:
    """Import the transcript of the noted session, and complete it. What failed stays noted."""
    settings = settings or read_settings(folder=Path(note.cwd))
    try:
        taken = _taken(note, settings, complete=complete)
    except OnwardError as error:
        taken = Taken(note, fault=error)
    _settle(taken, complete=complete)
    return taken


def _settle(taken: Taken, *, complete: bool) -> None:
    """Leave the note as it has to be for the next one. A hook may have written it again in the meantime: that stands.

    What failed stays noted as it was, and is tried again; a transcript that cannot be read, not before it has changed.
    """
    note = taken.note
    can_wait = taken.fault is not None and not isinstance(taken.fault, BadInput)
    if note.state == notes.ENDED and complete and not can_wait:
        note.remove()
        return
    now = notes.read(note.path)
    if now:
        now.transcript = note.transcript
        if complete and not can_wait:
            now.taken = note.taken
        with contextlib.suppress(OSError):
            now.keep()


def _taken(note: Note, settings: Settings, *, complete: bool) -> Taken:
    paths = list(_transcripts(note))
    if not paths:
        return Taken(note, why_not="no transcript: the session has no turn yet, or its agent keeps it elsewhere")
    note.transcript = str(paths[0])
    taken = Taken(note, why_not="no turn in its transcript yet")
    if not _has_turn(paths[0]):
        # Nor is a project made for it.
        return taken
    with open_desk(settings) as at:
        project = _project(at, note, paths[0])
        for _ in range(ROUNDS):
            before = notes.stamp(note.transcript)
            taken = _imported(taken, at, paths, project, complete=complete)
            note.taken = before
            if taken.fault or notes.stamp(note.transcript) == before:
                break
    return taken


def _imported(taken: Taken, at: Desk, paths: list[Path], project: Project | None, *, complete: bool) -> Taken:
    outcome = at.imports.paths(
        paths, project=project, complete=complete, budget_tokens=at.settings.budget_tokens, worktrees=at.settings.worktrees
    )  # fmt: skip
    found = [one for file in outcome.files for one in file.sessions]
    if not found:
        fault = next((file.error for file in outcome.files if file.error), None)
        return replace(taken, fault=fault)
    name = at.projects.meant(Belonging(str(found[0].session.project_id))).name
    numbers = tuple(dict.fromkeys(one.session.number for one in found))
    new_turns = taken.new_turns + sum(file.new_turns for file in outcome.files)
    return replace(taken, project=name, numbers=numbers, new_turns=new_turns, fault=outcome.files[0].error, why_not="")


def _project(at: Desk, note: Note, path: Path) -> Project | None:
    """Return the project that is named for all; or, where the transcript does not say where it ran, that of the folder that the hook said."""
    if at.settings.project_for_all:
        return at.projects.meant(Belonging(at.settings.project_for_all), create=True)
    head = looked_at(path, named=False).head
    if head is not None and (head.cwd or head.remote):
        return None
    here = Path(note.cwd)
    return at.projects.meant(standing_in(here, at.settings.worktrees, project_of_folder(here)), create=True)


def _transcripts(note: Note) -> Iterator[Path]:
    """Yield the session's transcript and those of its sub-agents. Where the agent said may be wrong, or of another session: then it is found by its id."""
    said = Path(note.transcript) if note.transcript else None
    path = said if said and _is_of(said, note.session) else _found(note) or (said if said and _is_of(said, "") else None)
    if path:
        yield path
        yield from sorted((path.with_suffix("") / "subagents").rglob("*.jsonl"))


def _found(note: Note) -> Path | None:
    if not note.session:
        return None
    folders = [one for one in agent_folders(read_machine(), Path(note.cwd)) if one.agent == NAMES.get(note.agent) and not one.holds_many]
    # Some write the whole id into the name, some its beginning.
    likely = [path for path in files_in(folders) if note.session[:8] in str(path) and "subagents" not in path.parts]
    return next((path for path in likely if _is_of(path, note.session)), None)


def _has_turn(path: Path) -> bool:
    return any(isinstance(item, Turn) for item in read(open_source(path), ImportReport()))


def _is_of(path: Path, session: str) -> bool:
    """Whether *path* is a transcript, and of *session* where it says of which."""
    if not path.is_file():
        return False
    found = looked_at(path, named=False)
    return found.error is None and (not session or found.head is None or found.head.id in (None, session))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
