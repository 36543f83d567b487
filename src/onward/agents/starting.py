"""What a session begins with: the master handoff of its project, what changed since, and what sessions before it left behind."""

from __future__ import annotations

import os
from collections.abc import Mapping

from onward.agents import master, notes
from onward.agents.payload import Payload
from onward.app import since
from onward.core import page
from onward.core.headings import FILES, NOTICES, PREAMBLE, SINCE_THEN

CATCH_UP_SECONDS = 4.0
"""So long a session may wait for those before it that never said goodbye."""

MOST_BYTES = {"claude-code": 9_500, "codex": 9_500}
"""Where these agents get more from a hook, they put it into a file and show where it begins. The others take all."""

FIRST = f"{NOTICES[0]}there is none yet, and the first is made when this session ends."
GO_ON = "The person's next message says what to do; where it is only to go on, begin with *Do first*."


def begin(home: str, payload: Payload, environment: Mapping[str, str]) -> tuple[str, str]:
    """Note that the session began, and return what was done and what the agent is told."""
    cwd = payload.cwd or os.getcwd()
    told = master.Told(home, os.path.join(os.getcwd(), cwd), environment)
    caught_up = ""
    try:
        caught_up = _catch_up(home, payload, told)
        _note(home, payload, told)
    except OSError as error:
        # A full disk keeps the session from being noted; the handoff can be read all the same.
        payload.fault = payload.fault or f"the session cannot be noted: {error}"
    found = _find(told)
    if found is None or not found.page:
        return "no handoff yet", FIRST + caught_up
    if payload.source == "resume" and payload.session and found.session == payload.session:
        return "nothing: the session knows its own handoff", caught_up.strip()
    text = f"{PREAMBLE} {GO_ON}\n\n{_with_changes(found, told)}"
    most = MOST_BYTES.get(payload.agent)
    if most:
        text = page.within(text, most - len(caught_up.encode()))
    return f"handoff {found.number} of {found.name}, {len(text.encode()):,} bytes", text + caught_up


def _find(told: master.Told) -> master.Master | None:
    if told.is_elsewhere:
        # Imported here: it costs half a second, and only those whose store is elsewhere pay.
        from onward.agents.asking import find

        return find(told)
    return master.find(told)


def _with_changes(found: master.Master, told: master.Told) -> str:
    """Return the page with what changed in the repository since, where one is at hand."""
    question = since.Question(since.repository_of(told.cwd, found.root, found.remote), found.since)
    files = page.files_named(page.lines_of(found.page, FILES))
    change = question.answer(files)
    # Where the project has no place, a repository in which nothing is that the handoff names is of other work.
    if change is None or (not found.root and not found.remote and len(change[2]) == len(files)):
        return found.page
    return page.with_head_line(found.page, SINCE_THEN, since.sentence(*change))


def _note(home: str, payload: Payload, told: master.Told) -> None:
    if not payload.session and not payload.transcript:
        payload.fault = payload.fault or "the agent does not say which session it is"
        return
    note = notes.of(home, payload.agent, payload.session or payload.transcript)
    note.cwd, note.root, note.state = told.cwd, told.root, notes.OPEN
    note.transcript = payload.transcript or note.transcript
    note.write()


def _catch_up(home: str, payload: Payload, told: master.Told) -> str:
    """Have the sessions of this place that are not taken in, taken in, and wait a moment for it; return what to say where that was not enough."""
    ours = payload.session or payload.transcript
    left = [note for note in notes.listed(home) if note.root == told.root and note.session != ours and note.has_news()]
    if not left:
        return ""
    from onward.agents.detached import Detached

    process = Detached("onward.agents.capturing", "catch-up", *(note.path for note in left), folder=home)
    if process.has_ended(CATCH_UP_SECONDS):
        return ""
    return f"\n\n{NOTICES[1]}the session before this one: `onward handoff` has it in a moment."
