"""`onward hook EVENT`, which agents call. It answers at once and never fails: if anything goes wrong, the agent continues as if there were
no hook.

At the start of a session it answers with the master handoff and what changed in the repository since. Before a compaction and at the end, a
background process imports the session. No language model is called, and nothing is written outside the data folder.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import sys
import time

from onward import locations
from onward.agents import hook_log, session_notes
from onward.agents.hook_input import read_input
from onward.agents.payload import END, EVENTS, START, STOP, HookPayload
from onward.core.agents import HOOK_AGENT_IDS, agent_id, find_agent

DEADLINE_SECONDS = 8.0
"""After this time the answer is empty. Agents are configured to wait a little longer."""

STOP_INTERVAL_SECONDS = 60.0
"""After an answer of the agent, a session is imported at most this often."""

NO_ANSWER = "{}\n"


def run(arguments: list[str]) -> int | None:
    """Answer a hook and return 0; return None for `--help` or an invalid call at a terminal, which the command-line framework handles."""
    started = time.monotonic()
    call = _HookCall(arguments)
    if call.asks_for_help or (call.fault and sys.stdin is not None and sys.stdin.isatty()):
        return None
    answer = _HookAnswer(call, started)
    try:
        answer.send(_build_answer(call, started))
    except BaseException:  # noqa: BLE001 - whatever happens, the agent must continue
        answer.send(NO_ANSWER)
    return 0


class _HookCall:
    """The arguments of the command line."""

    def __init__(self, arguments: list[str]) -> None:
        self.event = self.agent = self.fault = ""
        self.as_json = False
        self.asks_for_help = bool({"--help", "-h"} & set(arguments))
        rest = iter(arguments)
        for word in rest:
            name, equals, value = word.partition("=")
            if name == "--agent":
                value = value if equals else next(rest, "")
                self.agent = agent_id(value)
                self.fault = self.fault or ("" if self.agent in HOOK_AGENT_IDS else f"unknown agent {value!r}")
            elif word == "--json":
                self.as_json = True
            elif not self.event and word in EVENTS:
                self.event = word
            else:
                self.fault = self.fault or f"unknown argument {word!r}"
        self.fault = self.fault or ("" if self.event else "no event was given")


class _HookAnswer:
    """The one answer of the process, sent by the first of its threads. At the deadline an empty answer is sent and the process ends."""

    def __init__(self, call: _HookCall, started: float) -> None:
        self._call, self._started = call, started
        self._lock = _thread.allocate_lock()
        _thread.start_new_thread(self._give_up, ())

    def send(self, text: str) -> None:
        if self._lock.acquire(blocking=False):
            # The agent may be gone.
            with contextlib.suppress(OSError):
                os.write(1, text.encode("utf-8", "replace"))

    def _give_up(self) -> None:
        time.sleep(DEADLINE_SECONDS)
        self.send(_late_answer(self._call))
        with contextlib.suppress(Exception):
            fault, hint = (
                f"no answer within {DEADLINE_SECONDS:g} s",
                "Check the store's server and the disk: onward doctor",
            )
            hook_log.add(
                locations.data_folder(os.environ), agent=self._call.agent, event=self._call.event, session="", started=self._started,
                outcome="nothing", fault=fault, hint=hint,
            )  # fmt: skip
        os._exit(0)


def _late_answer(call: _HookCall) -> str:
    """Return the answer at the deadline: at a start, how the agent gets the handoff itself."""
    if call.event != START or call.fault or not call.agent or call.as_json:
        return NO_ANSWER
    from onward.agents.session_start import LATE_HANDOFF

    return _answer_text(call.agent, LATE_HANDOFF)


def _build_answer(call: _HookCall, started: float) -> str:
    home = locations.data_folder(os.environ)
    payload = HookPayload(call.agent, call.event, read_input())
    outcome, text, hint = "nothing", "", "The agent, or this version of it, calls hooks in an unknown way. See docs/agents.md."
    try:
        if call.fault:
            payload.fault = f"invalid call: {call.fault}"
        elif payload.event == START:
            from onward.agents.session_start import start_session

            outcome, text = start_session(home, payload, os.environ, started)
        else:
            outcome = _schedule_capture(home, payload)
    except Exception as error:  # noqa: BLE001 - the agent must continue; the log has the error
        payload.fault, hint = _describe_fault(error)
    fault, hint = payload.fault, hint if payload.fault else ""
    if call.as_json:
        # With --json a person or a program calls, no agent.
        return _format_answer(payload, text, as_json=True)
    hook_log.add(
        home, agent=payload.agent, event=payload.event, session=payload.session, started=started, outcome=outcome, fault=fault, hint=hint
    )
    return _format_answer(payload, text, as_json=False)


def _schedule_capture(home: str, payload: HookPayload) -> str:
    """Write the note of the session, start its import, and return what was done."""
    from onward.agents.background_process import DetachedProcess
    from onward.app.repository.detection import find_repository

    if not payload.session and not payload.transcript:
        payload.fault = payload.fault or "the agent sent no session id"
        return "nothing"
    with session_notes.locked(home):
        note = session_notes.open_note(home, payload.agent, payload.session or payload.transcript)
        if payload.event == STOP and (note.state == session_notes.ENDED or time.time() - note.requested_at < STOP_INTERVAL_SECONDS):
            return "nothing: it was imported a moment ago"
        note.cwd = payload.cwd or note.cwd or os.getcwd()
        note.root = note.root or find_repository(note.cwd)[0]
        note.transcript = payload.transcript or note.transcript
        note.state = session_notes.ENDED if payload.event == END else note.state
        note.requested_at = time.time()
        note.write()
    DetachedProcess("onward.agents.capture", payload.event, note.path, folder=home)
    return hook_log.IMPORT_STARTED


def _format_answer(payload: HookPayload, text: str, *, as_json: bool) -> str:
    """Return the answer in the agent's format."""
    if not text and not as_json:
        return NO_ANSWER
    if not as_json:
        return _answer_text(payload.agent, text)
    # Already imported by the payload module.
    import json

    shape = {"agent": payload.agent, "event": payload.event, "session": payload.session, "text": text, "fault": payload.fault}
    return json.dumps(shape, ensure_ascii=False) + "\n"


def _answer_text(agent: str, text: str) -> str:
    """Return *text* as *agent* reads it."""
    import json

    key = _answer_key(agent)
    shape = {key: text} if key else {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}
    return json.dumps(shape, ensure_ascii=False) + "\n"


def _answer_key(agent: str) -> str:
    known_agent = find_agent(agent)
    return known_agent.hooks.answer_key if known_agent and known_agent.hooks else ""


def _describe_fault(error: BaseException) -> tuple[str, str]:
    """Return what went wrong, and what to do."""
    if type(error).__module__ == "sqlite3":
        return f"the store cannot be read: {error}", "Run `onward doctor` to check the store."
    message = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
    return str(message), str(getattr(error, "hint", "")) or "Run `onward doctor`."
