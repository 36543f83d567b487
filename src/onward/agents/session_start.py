"""The start of a session: it gets the master handoff of its project, what changed since, and the import of sessions before it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from onward.agents import session_notes, stored_handoff
from onward.agents.payload import CATCH_UP, HookPayload
from onward.app.repository import git_changes
from onward.app.repository.moved_folder import remap_command
from onward.core.agents import find_agent
from onward.core.facts.headings import NOTICE_PREFIXES, PREAMBLE, SINCE_THEN, START_PLACES
from onward.core.handoff import page

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not from `typing`, whose import takes milliseconds.
    from onward.agents.background_process import DetachedProcess

CATCH_UP_SECONDS, REMOTE_CATCH_UP_SECONDS = 5.0, 3.0
"""How long after its start the hook waits for the import of sessions before; less where the handoff is then fetched from a server."""

RUNNING_SECONDS = 30.0
"""An ended session whose import was requested this recently is being imported by the process that its hook started."""

POLL_SECONDS = 0.02

NO_HANDOFF = f"{NOTICE_PREFIXES[0]}there is none yet, and the first is made when this session ends."
LATE_HANDOFF = f"{NOTICE_PREFIXES[0]}it could not be read in time, and `onward handoff` prints it."
INSTRUCTION = "The person's next message says what to do; where it is only to go on, begin with"


def start_session(home: str, payload: HookPayload, environment: Mapping[str, str], started: float) -> tuple[str, str]:
    """Write the note of the session, and return what was done and the text for the agent. *started* is when the hook was called."""
    cwd = payload.cwd or os.getcwd()
    context = stored_handoff.FolderContext(home, os.path.join(os.getcwd(), cwd), environment)
    caught_up = ""
    try:
        caught_up = _catch_up(home, payload, context, started)
        _note_session(home, payload, context)
    except OSError as error:
        # The disk may be full; the handoff can still be read.
        payload.fault = payload.fault or f"the note of the session cannot be written: {error}"
    handoff = _find_handoff(context)
    notices = _moved_notice(context) + caught_up
    if handoff is None or not handoff.page:
        return "no handoff yet", NO_HANDOFF + notices
    if payload.source == "resume" and payload.session and handoff.session == payload.session:
        return "nothing: a resumed session has its handoff already", notices.strip()
    place = next((name for name in START_PLACES if f"\n**{name}." in handoff.page), "")
    text = f"{PREAMBLE} {INSTRUCTION} {f'*{place}*' if place else 'this page'}.\n\n{_add_changes(handoff, context)}"
    agent = find_agent(payload.agent)
    # Some agents store a longer text in a file and show only its start.
    limit_bytes = agent.hooks.max_context_bytes if agent and agent.hooks else None
    if limit_bytes:
        text = page.shorten_page(text, limit_bytes - len(notices.encode()))
    return f"handoff {handoff.number} of {handoff.name}, {len(text.encode()):,} bytes", text + notices


def _find_handoff(context: stored_handoff.FolderContext) -> stored_handoff.RenderedHandoff | None:
    if context.is_elsewhere:
        # Imported here: the import takes half a second, which only a remote store needs.
        from onward.agents.remote_handoff import find_handoff

        return find_handoff(context)
    return stored_handoff.find_handoff(context)


def _moved_notice(context: stored_handoff.FolderContext) -> str:
    """Return the notice for the agent if the folder of a project was moved here; else empty."""
    moved = stored_handoff.find_moved_project(context)
    if moved is None:
        return ""
    command = remap_command(context.root, moved.project)
    return f"\n\n{NOTICE_PREFIXES[2]}{moved.project}, which was at {moved.root}. Tell the person: `{command}` brings its sessions here."


def _add_changes(handoff: stored_handoff.RenderedHandoff, context: stored_handoff.FolderContext) -> str:
    """Return the page with what changed in the repository since, if there is one."""
    question = git_changes.GitQuery(git_changes.choose_folder(context.cwd, handoff.root, handoff.remote), handoff.since)
    change = question.read_answer(handoff.files)
    # If the project has no repository, a repository without any of the handoff's files belongs to other work.
    if change is None or (not handoff.root and not handoff.remote and len(change[2]) == len(handoff.files)):
        return handoff.page
    return page.insert_head_line(handoff.page, SINCE_THEN, git_changes.sentence(*change))


def _note_session(home: str, payload: HookPayload, context: stored_handoff.FolderContext) -> None:
    if not payload.session and not payload.transcript:
        payload.fault = payload.fault or "the agent sent no session id"
        return
    with session_notes.locked(home):
        note = session_notes.open_note(home, payload.agent, payload.session or payload.transcript)
        note.cwd, note.root, note.state = context.cwd, context.root, session_notes.OPEN
        note.transcript = payload.transcript or note.transcript
        note.write()


def _catch_up(home: str, payload: HookPayload, context: stored_handoff.FolderContext, started: float) -> str:
    """Import the open sessions of this repository, wait for a moment, and return a notice if they are not finished."""
    session_id = payload.session or payload.transcript
    pending = [
        note for note in session_notes.list_notes(home) if note.root == context.root and note.session != session_id and note.has_news()
    ]
    if not pending:
        return ""
    deadline = started + (REMOTE_CATCH_UP_SECONDS if context.is_elsewhere else CATCH_UP_SECONDS)
    running = [note for note in pending if note.state == session_notes.ENDED and time.time() - note.requested_at < RUNNING_SECONDS]
    waiting = [note for note in pending if note not in running]
    process = _start_captures(home, waiting)
    if context.is_elsewhere:
        # Loaded while the process works: the client takes half a second.
        import onward.client  # noqa: F401
    if (process is None or process.has_ended(deadline - time.monotonic())) and _have_ended(running, deadline):
        return ""
    return f"\n\n{NOTICE_PREFIXES[1]}the session before this one: `onward handoff` has it in a moment."


def _start_captures(home: str, notes: list[session_notes.Note]) -> DetachedProcess | None:
    """Start to import the sessions of *notes*; None if there are none."""
    if not notes:
        return None
    # Imported here: most starts need no process.
    from onward.agents.background_process import DetachedProcess

    return DetachedProcess("onward.agents.capture", CATCH_UP, *(note.path for note in notes), folder=home)


def _have_ended(notes: list[session_notes.Note], deadline: float) -> bool:
    """Wait until the running imports of *notes* are finished, and return whether they were before *deadline*."""
    while any((latest := session_notes.read(note.path)) and latest.has_news() for note in notes):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
