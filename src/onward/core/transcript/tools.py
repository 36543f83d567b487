"""Classification of tool calls, for every agent.

Agents give the same few tools different names, and this module is the one place that knows them. A call is classified
by its name and arguments: a command, file changes, a todo list, a question, or a plan or report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal, NamedTuple, TypeAlias, cast

from onward.core.transcript.transcript import ToolCall

ChangeKind: TypeAlias = Literal["created", "edited", "deleted", "renamed"]


class FileChange(NamedTuple):
    """One file change of a call. Lines are None if the call does not show them; `old_path` is the old name of a
    renamed file.
    """

    path: str
    kind: ChangeKind
    added_lines: int | None = None
    removed_lines: int | None = None
    old_path: str = ""


class Todo(NamedTuple):
    """One entry of an agent's task list."""

    text: str
    status: Literal["pending", "in_progress", "completed", "cancelled"]


class TaskChange(NamedTuple):
    """A change of one entry of a task list: a new entry if `id` is empty; empty fields of a change keep their value."""

    id: str
    text: str
    status: str


class Action(NamedTuple):
    """What one call did; empty for a call that only read."""

    command: str = ""
    changes: tuple[FileChange, ...] = ()
    todos: tuple[Todo, ...] = ()
    """The full task list, if the call sets it."""
    task: TaskChange | None = None
    """One task, if the call adds or changes only that."""
    questions: tuple[str, ...] = ()
    text: str = ""
    """Prose that the call hands to the user: a plan, a completion report."""
    purpose: str = ""
    """The agent's description of the command."""


NO_ACTION = Action()

CLIENT_CALL = "client:"
"""How the id of a call begins that the client made by itself with an answer, as Aider applies the blocks of one and commits them."""

_COMMAND_KEYS = ("command", "cmd", "script", "CommandLine")
_PATH_KEYS = (
    *("file_path", "filePath", "path", "target_file", "relativeWorkspacePath", "relPath", "notebook_path", "TargetFile", "filename"),
    "filepath",
)
_OLD_KEYS = ("old_string", "oldString", "old_str", "oldStr", "oldText", "search", "TargetContent")
_NEW_KEYS = (
    *("new_string", "newString", "new_str", "newStr", "newText", "new_text", "replace", "content", "file_text", "contents", "new_source"),
    *("ReplacementContent", "CodeContent", "changes"),
)
_TODO_KEYS = ("todos", "todoList", "todo_list", "task_list", "plan", "items", "checklist", "content")
_PROGRESS = "task_progress"
"""The task list that a call of Cline's carries beside what it does."""
_EDITOR_COMMANDS = ("view", "create", "str_replace", "strReplace", "insert", "append")
"""Values of `command` for an editing tool."""
_PURPOSE_KEYS = ("description", "explanation", "justification")
_TEXT_KEYS = ("plan", "result")
_ASKING_TOOLS = frozenset("askuserquestion askuser askfollowupquestion question askquestion askquestions requestuserinput askhuman".split())
"""Tools that ask a person, by name without separators: their result is the person's word."""
_PLAN_TOOLS = frozenset("exitplanmode planexit presentplan planmoderespond".split())
"""Tools that show a plan to a person, who approves it or not."""
DELEGATING_TOOLS = frozenset("new_task task delegate delegate_task spawn_agent runsubagent dispatch_agent call_agent agent".split())
"""Tools that give work to another agent, in lower case: what comes back is its report."""
FINISHING_TOOLS = frozenset("attempt_completion finish submit submit_and_exit complete_task task_complete finish_task".split())
"""Tools and commands with which an agent hands in its work: nothing is expected of it after them."""
_READING = re.compile(r"read|view|glob|grep|search|list|^ls$|^cat$|fetch|find|open|lookup|status", re.I)
_SEARCHING = re.compile(r"glob|grep|search|list|^ls$|fetch|find|lookup|status", re.I)
_CREATING = re.compile(r"write|create|new_file|save", re.I)
_EDITING = re.compile(r"edit|replace|patch|diff|insert|update|change", re.I)
_PATCH_FILE = r"(?m)^\*\*\* (Add|Update|Delete) File: (.+?)\s*$|^\*\*\* Move to: (.+?)\s*$"
_CHECKBOX = r"(?m)^\s*(?:[-*]|\d+[.)])?\s*\[([ xX~-]|[a-z_-]{4,12})\]\s+(.+)$"
_MARKS = {" ": "pending", "x": "completed", "X": "completed", "~": "in_progress", "-": "in_progress"}
_STATUS = {
    "completed": "completed",
    "done": "completed",
    "in_progress": "in_progress",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "deleted": "cancelled",
}


def is_asking_tool(name: str) -> bool:
    """Return whether a tool asks a person a question."""
    return _plain_name(name) in _ASKING_TOOLS


def is_plan_tool(name: str) -> bool:
    """Return whether a tool shows a plan to a person."""
    return _plain_name(name) in _PLAN_TOOLS


@cache
def _plain_name(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def classify_call(call: ToolCall) -> Action:
    """Return what *call* did; `NO_ACTION` for reading, searching and unknown tools."""
    action, arguments = _classify(call), call.arguments
    if isinstance(arguments, str) or not isinstance(progress := arguments.get(_PROGRESS), str) or action.todos:
        return action
    return action._replace(todos=_read_checkboxes(progress))


def _classify(call: ToolCall) -> Action:
    arguments = call.arguments
    if isinstance(arguments, str):
        return Action(changes=tuple(_patch_changes(arguments))) if "*** " in arguments else NO_ACTION
    if todos := _read_todos(call.name, arguments):
        return Action(todos=todos)
    if call.name in ("TaskCreate", "TaskUpdate"):
        return Action(task=TaskChange(*(str(arguments.get(key) or "") for key in ("taskId", "subject", "status"))))
    for key in _COMMAND_KEYS:
        if (command := arguments.get(key)) and not arguments.get("old_str"):
            return _command_action(call.name, command, arguments)
    if commands := _listed_commands(arguments.get("commands")):
        return Action(command=commands)
    if questions := _read_questions(call.name, arguments):
        return Action(questions=questions)
    for key in ("patch", "patchText", "input", "diff"):
        if isinstance(patch := arguments.get(key), str) and "*** " in patch:
            return Action(changes=tuple(_patch_changes(patch)))
    if changes := tuple(_file_changes(call.name, arguments)):
        return Action(changes=changes)
    for key in _TEXT_KEYS:
        if isinstance(text := arguments.get(key), str) and len(text) > 20:
            return Action(text=text)
    return NO_ACTION


def _command_action(name: str, command: object, arguments: Mapping[str, object]) -> Action:
    if isinstance(command, list):
        parts = [str(p) for p in cast("list[object]", command)]
        is_shell = len(parts) > 2 and parts[1] in ("-lc", "-c")
        command = parts[2] if is_shell else " ".join(parts)
    text = str(command)
    if name == "str_replace_editor" or text in _EDITOR_COMMANDS:
        path = _path(arguments)
        return Action(changes=(FileChange(path, "created" if text == "create" else "edited"),)) if path and text != "view" else NO_ACTION
    if "*** Begin Patch" in text:
        return Action(command=text.split("\n", 1)[0], changes=tuple(_patch_changes(text)))
    return Action(command=text, purpose=next((why for k in _PURPOSE_KEYS if isinstance(why := arguments.get(k), str)), ""))


def _listed_commands(commands: object) -> str:
    """Return the commands of a call that runs several, one a line; empty for anything else."""
    if not isinstance(commands, list):
        return ""
    entries = (cast("Mapping[str, object]", e).get("command") if isinstance(e, dict) else e for e in cast("list[object]", commands))
    return "\n".join(entry for entry in entries if isinstance(entry, str))


def _path(arguments: Mapping[str, object]) -> str:
    for key in _PATH_KEYS:
        if isinstance(path := arguments.get(key), str) and path:
            return path
    return ""


def find_read_file(call: ToolCall) -> str:
    """Return the one file that a reading tool was asked for; empty for any other call."""
    arguments = call.arguments
    if isinstance(arguments, str) or _SEARCHING.search(call.name):
        return ""
    is_reading = arguments.get("command") == "view" or (_READING.search(call.name) and not _EDITING.search(call.name))
    return _path(arguments) if is_reading else ""


def _file_changes(name: str, arguments: Mapping[str, object]) -> Iterator[FileChange]:
    path = _path(arguments)
    if not path or (_READING.search(name) and not _EDITING.search(name)):
        return
    old = next((v for k in _OLD_KEYS if isinstance(v := arguments.get(k), str)), None)
    new = next((v for k in _NEW_KEYS if isinstance(v := arguments.get(k), str)), None)
    if isinstance(edits := arguments.get("edits"), list):
        pairs = [cast("Mapping[str, object]", e) for e in cast("list[object]", edits) if isinstance(e, dict)]
        old = "\n".join(str(e.get("old_string") or e.get("oldText") or "") for e in pairs)
        new = "\n".join(str(e.get("new_string") or e.get("newText") or "") for e in pairs)
    if re.search("delete|remove", name, re.I):
        yield FileChange(path, "deleted")
    elif old is not None or _EDITING.search(name):
        yield FileChange(path=path, kind="edited", added_lines=_count_lines(new), removed_lines=_count_lines(old))
    elif _CREATING.search(name):
        yield FileChange(path=path, kind="created", added_lines=_count_lines(new), removed_lines=0)


def _count_lines(text: str | None) -> int | None:
    return None if text is None else text.count("\n") + 1 if text else 0


def _patch_changes(patch: str) -> Iterator[FileChange]:
    kinds: dict[str, ChangeKind] = {"Add": "created", "Update": "edited", "Delete": "deleted"}
    last_path = ""
    for match in re.finditer(_PATCH_FILE, patch):
        verb, path, new_path = match.groups()
        yield FileChange(new_path, "renamed", old_path=last_path) if new_path else FileChange(path, kinds[verb])
        last_path = path


def _read_todos(name: str, arguments: Mapping[str, object]) -> tuple[Todo, ...]:
    entries = next((entries for key in _TODO_KEYS if (entries := arguments.get(key))), None)
    if isinstance(entries, str):
        if "todo" not in name.lower() and "checklist" not in name.lower():
            return ()
        return _read_checkboxes(entries)
    if isinstance(entries, list):
        items = (cast("Mapping[str, object]", e) for e in cast("list[object]", entries) if isinstance(e, dict))
        pairs = (
            (e.get("content") or e.get("step") or e.get("title") or e.get("text") or e.get("description"), e.get("status")) for e in items
        )
        return tuple(create_todo(str(text), str(status)) for text, status in pairs if text and status)
    return ()


def _read_checkboxes(text: str) -> tuple[Todo, ...]:
    return tuple(create_todo(entry, _MARKS.get(mark, mark)) for mark, entry in re.findall(_CHECKBOX, text))


def create_todo(text: str, status: str) -> Todo:
    """Return a todo with a known status; an unknown status is pending."""
    known = _STATUS.get(status.lower().replace("-", "_"), "pending")
    return Todo(" ".join(text.split()), cast("Literal['pending', 'in_progress', 'completed', 'cancelled']", known))


def _read_questions(name: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    """Return the questions of a call to a person. Many tools take a question and return what they found; only tools
    that ask a person count.
    """
    questions = arguments.get("questions") or arguments.get("question")
    if not questions or (tool := _plain_name(name)) not in _ASKING_TOOLS or (tool == "askquestion" and isinstance(questions, str)):
        return ()
    if isinstance(questions, str):
        return (questions,)
    if isinstance(questions, list):
        entries = (cast("Mapping[str, object]", q) for q in cast("list[object]", questions) if isinstance(q, dict))
        return tuple(str(q["question"]) for q in entries if q.get("question"))
    return ()
