"""What the scripted model does: a `[[name]]` in a prompt chooses a scenario, and the calls since then its step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.clients.dialogue import Call, Entry, Reply, Request, Tool
from onward.agents.handoff_command import STEPS
from onward.core.transcript.onward_calls import CALL_MARK

MARK = re.compile(r"\[\[([a-z]+)\]\]")
RULE = "Never call the courier more than once a minute."
BUILD = f"Please build the parcel tracker [[build]]. {RULE}"
DECISION = "Use SQLite for the parcels, because one file is enough"
SUMMARY = "## Progress\n- `tracker.py` polls the courier.\n\n## Next\n- Add the retry queue.\n- SUMMARYMARK"
ANSWER = "Done: `tracker.py` polls the courier every 90 seconds.\n\nNext:\n- Add the retry queue."
FULL_TOKENS = 195_000
"""What the model reports as the size of a request where a client should compact its context of 200,000 tokens."""

TOOL_MARK, UNSAID = "toolmark", "UNSAIDMARK"
_EVIDENCE = re.compile(r"(?m)^\[(s\d+\.\d+)\] (person|agent, end of a round)(?:: |, | )(.+)$")
_ASKS_FOR_SUMMARY = re.compile(r"summar(y|i[sz]e)|checkpoint|state_snapshot", re.IGNORECASE)


@dataclass(frozen=True)
class Action:
    """What the model does with a tool: run `command`, write `content` to `path`, look for Onward's `tool`, or call it with `arguments`."""

    kind: str
    command: str = ""
    path: str = ""
    content: str = ""
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Step:
    """One answer. The last step of a scenario has no action and ends the turn."""

    text: str
    action: Action | None = None
    input_tokens: int = 1_000


PAGE = {
    "goal": "Build the parcel tracker.",
    "state": "The decision is noted.",
    "do_first": "Add the retry queue.",
    "lines": [{"section": "rule", "text": f'"{RULE}"', "proof": RULE}],
    "unsaid": [f"{UNSAID}: the courier's test server is slow in the morning."],
}
"""What the running agent writes as its handoff."""

SCENARIOS: dict[str, tuple[Step, ...]] = {
    "build": (
        Step(
            "I write the file.", Action("write", path="tracker.py", content="POLL_SECONDS = 90\n\n\ndef poll(parcel):\n    return None\n")
        ),
        Step("I try it.", Action("shell", command="python3 -c 'import tracker; tracker.pol(1)'")),
        Step("The name is misspelt.", Action("shell", command="python3 -c 'import tracker; print(tracker.poll(1))'")),
        Step(ANSWER),
    ),
    "note": (
        Step("I wait for the tools.", Action("shell", command="python3 -c 'import time; time.sleep(12)'")),
        Step("I look for the tools.", Action("find", tool="record_fact")),
        Step("I note the decision.", Action("tool", tool="record_fact", arguments={"kind": "decision", "text": DECISION})),
        Step("Done: the decision is noted."),
    ),
    "full": (
        Step("I look around.", Action("shell", command="ls"), input_tokens=FULL_TOKENS),
        Step("I look again.", Action("shell", command="ls -a"), input_tokens=FULL_TOKENS),
        Step("Done: looked around.", input_tokens=FULL_TOKENS),
    ),
    "handoff": (
        Step("I wait for the tools.", Action("shell", command="python3 -c 'import time; time.sleep(12)'")),
        Step("I look for the tools.", Action("find", tool="complete_session")),
        Step("I complete the session.", Action("tool", tool="complete_session")),
        Step("I look again.", Action("find", tool="write_handoff")),
        Step("I write the handoff.", Action("tool", tool="write_handoff", arguments=PAGE)),
        Step("Done: the handoff is written."),
    ),
    "short": (Step("Done: SHORTMARK looked at it."),),
}


class ScriptedModel:
    """Answers requests. `folder` is where the client works."""

    def __init__(self) -> None:
        self.folder = Path()

    def answer(self, request: Request) -> Reply:
        """Return the next step of the scenario; a summary, a title or a handoff where the client asks for one."""
        entries = request.entries
        if asks_for_handoff(request):
            return self._write(request)
        marked = [place for place, entry in enumerate(entries) if entry.kind == "user" and _scenario(entry)]
        if asks_for_summary(request):
            return Reply(SUMMARY) if request.tools else Reply(SUMMARY, input_tokens=FULL_TOKENS)
        if not marked or not request.tools:
            return Reply(json.dumps({"title": "Parcel tracker"}))
        steps = SCENARIOS[_scenario(entries[marked[-1]])]
        step = steps[min(_count_calls(entries[marked[-1] :]), len(steps) - 1)]
        call = self._call(step.action, request.tools) if step.action else None
        return Reply(step.text, (call,) if call else (), step.input_tokens)

    def _write(self, request: Request) -> Reply:
        """Return a handoff in the words of its evidence; before, a call of a tool where the client offers one."""
        if request.tools and not any(entry.kind == "result" for entry in request.entries):
            call = self._call(Action("shell", command=f"echo {TOOL_MARK} > {TOOL_MARK}"), request.tools)
            if call:
                return Reply("", (call,))
        evidence = [match for entry in request.entries for match in _EVIDENCE.finditer(entry.text)]
        persons = [match for match in evidence if match[2] == "person"]
        if not persons:
            return Reply("Nothing to change.")
        lines = [f"- {match[3]} [{match[1]}]" for match in evidence if match[2] != "person"]
        first, last = persons[0], persons[-1]
        head = [f"**Goal.** {first[3]} [{first[1]}]", f"**State.** {last[3]} [{last[1]}]"]
        return Reply("\n".join(["# Handoff", *head, "## Learned", *lines]))

    def _call(self, action: Action, tools: Mapping[str, Tool]) -> Call | None:
        script = next((tool for tool in tools.values() if tool.is_script and tool.name == "exec"), None)
        if script:
            return Call(script, _script(action))
        return _CALLS[action.kind](action, tools, self.folder)


def asks_for_handoff(request: Request) -> bool:
    """Return whether Onward asks the client to write a handoff."""
    return any(entry.kind in {"user", "system"} and CALL_MARK in entry.text for entry in request.entries)


def asks_for_summary(request: Request) -> bool:
    """Return whether a client asks for the summary of a compaction. Some put the whole session into the question, without tools."""
    last = next((entry for entry in reversed(request.entries) if entry.kind in {"user", "result"}), Entry("user"))
    is_question = last.kind == "user" and not (request.tools and _scenario(last))
    return is_question and _ASKS_FOR_SUMMARY.search(last.text) is not None


def _scenario(entry: Entry) -> str:
    if STEPS.partition("\n")[0] in entry.text:
        return "handoff"
    return next((name for name in reversed(MARK.findall(entry.text)) if name in SCENARIOS), "")


def _count_calls(entries: list[Entry]) -> int:
    """Return the number of answers with calls: parallel calls count once."""
    kinds = [entry.kind for entry in entries]
    return sum(kind == "call" and before != "call" for before, kind in zip(["user", *kinds], kinds, strict=False))


def _script(action: Action) -> str:
    """Return the JavaScript of Codex's code mode."""
    if action.kind == "shell":
        return f"const result = await tools.exec_command({json.dumps({'cmd': action.command})});\ntext(result.output);\n"
    if action.kind == "write":
        return f"text(await tools.apply_patch({json.dumps(_patch(action))}));\n"
    if action.kind == "tool":
        return f"text(await tools.mcp__onward__{action.tool}({json.dumps(dict(action.arguments))}));\n"
    return "text(ALL_TOOLS.map((tool) => tool.name).filter((name) => name.includes('onward')));\n"


def _patch(action: Action) -> str:
    lines = "".join(f"+{line}\n" for line in action.content.splitlines())
    return f"*** Begin Patch\n*** Add File: {action.path}\n{lines}*** End Patch\n"


_SHELLS = ("Bash", "bash", "exec_command", "shell_command", "run_shell_command", "run_commands", "execute_command")
_WRITERS = ("Write", "write_file", "write", "create", "write_to_file", "editor")
_FINDERS = ("ToolSearch", "tool_search")


def _first(tools: Mapping[str, Tool], names: tuple[str, ...]) -> Tool | None:
    return next((tools[name] for name in names if name in tools), None)


def _fill(tool: Tool | None, values: dict[str, Any]) -> Call | None:
    """Return a call with those of *values* that the tool has."""
    return Call(tool, {name: value for name, value in values.items() if name in tool.schema}) if tool else None


def _shell(action: Action, tools: Mapping[str, Tool], _: Path) -> Call | None:
    command = action.command
    values = {"command": command, "cmd": command, "commands": [command], "description": "Try it", "is_background": False}
    return _fill(_first(tools, _SHELLS), values)


def _write(action: Action, tools: Mapping[str, Tool], folder: Path) -> Call | None:
    path = str(folder / action.path)
    names = dict.fromkeys(("file_path", "filePath", "path"), path)
    texts = dict.fromkeys(("content", "file_text", "new_text"), action.content)
    return _fill(_first(tools, _WRITERS), {"command": "create", **names, **texts})


def _find(action: Action, tools: Mapping[str, Tool], folder: Path) -> Call | None:
    """Look for tools that the client hides; where it hides none, do nothing useful."""
    finder = _first(tools, _FINDERS)
    query = {"query": f"select:mcp__onward__{action.tool}", "max_results": 5}
    return _fill(finder, query) if finder else _shell(Action("shell", command="true"), tools, folder)


def _onward_tool(action: Action, tools: Mapping[str, Tool], _: Path) -> Call | None:
    """Call Onward's tool, whatever the client calls it; a tool that it hides, by the name under which it was found."""
    offered = [tool for tool in tools.values() if "onward" in tool.namespace + tool.name and tool.name.endswith(action.tool)]
    hidden = [Tool(f"mcp__onward__{action.tool}")] if _first(tools, _FINDERS) else []
    return next((Call(tool, dict(action.arguments)) for tool in [*offered, *hidden]), None)


_CALLS: dict[str, Callable[[Action, Mapping[str, Tool], Path], Call | None]] = {
    "shell": _shell,
    "write": _write,
    "find": _find,
    "tool": _onward_tool,
}
