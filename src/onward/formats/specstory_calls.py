"""The tool calls of SpecStory's pages: what a `<tool-use>` block shows of the arguments, the result and the exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from onward.core.transcript.transcript import ToolCall, ToolResult
from onward.formats.codex_items import find_header_code, parse_script
from onward.formats.fields import as_list, as_object
from onward.formats.json_repair import close_document

TOOL_END = "</details></tool-use>"
_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "powershell", "console", "cmd"})
_CHANGE_STARTS = ("The file ", "File created successfully at: ", "File updated successfully at: ")
_REFUSAL_STARTS = ("<tool_use_error>", "The user doesn't want to", "Error: ", "Exit code ")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))
INPUT = "input"
"""The language that marks the input of a tool, which has a fence of its own kind."""
_INPUT_STARTS = ("Input: ```", "Input (truncated): ```")
_COMMAND_START = "- command: `"
_QUOTED_COMMAND = re.compile(r"(?ms)^[ \t]*`([^`].*?)`[ \t]*$")
_UNTAGGED_CALL, _UNTAGGED_TASKS = "Tool use: **", "**Agent task list:**"
_RESULT_LABELS = frozenset({"Result", "Output", "Error"})
_UNTAGGED_KINDS = {
    "Read": "read", "NotebookRead": "read", "Write": "write", "Edit": "write", "MultiEdit": "write", "NotebookEdit": "write",
    "Bash": "shell", "run_terminal_cmd": "shell",
}  # fmt: skip
"""The kinds of the tools that pages of mid-2025 name without their kind."""
_PRIORITIES = "🔥🌡️❄️ "
"""How those pages mark the priority of a task."""
_PATCH_WORDS = {"Add": "Add", "Update": "Update", "Modify": "Update", "Delete": "Delete"}

_OLD_TOOLS = {
    "Listed directory": "list_dir",
    "Searched codebase": "codebase_search",
    "Grep search for": "grep_search",
    "Searched files": "file_search",
    "Read file": "read_file",
}
"""What blocks of the first generation begin with, and the tools that they show."""
_OLD_CALL = re.compile(rf"({'|'.join(_OLD_TOOLS)}): (\S+)$")
"""A call of a page of mid-2025 from Cursor: one line with its target."""


@dataclass(slots=True)
class ToolBlock:
    """An open `<tool-use>`: its prose lines and its code fences, in order."""

    line: int
    name: str
    kind: str
    prose: list[str] = field(default_factory=list[str])
    fences: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    in_fence: bool = False
    is_ambiguous: bool = False
    """A fence was opened inside a fence: its end cannot be distinguished from the end of the block."""
    is_untagged: bool = False
    """The page has no tags around the block: what cannot belong to it ends it."""

    def ends_before(self, line: str) -> bool:
        """Whether a block without tags has ended before *line*: at the next turn, at a rule, at prose below its result or its tasks."""
        if not self.is_untagged or not line.strip() or (self.in_fence and not (self.is_ambiguous and line.startswith("_**"))):
            return False
        if line.startswith(("---", "_**")):
            return True
        if self.kind == "task":
            return not line.lstrip().startswith("- [")
        return bool(self.fences) and not line.startswith("```") and line.strip("*: ") not in _RESULT_LABELS

    def take(self, line: str) -> bool:
        """Read one line; return whether it ended the block."""
        if line.startswith((TOOL_END, "</tool-use>")) and (not self.in_fence or self.is_ambiguous):
            return True
        if not self.in_fence and line.strip().startswith(_INPUT_STARTS):
            self.fences.append((INPUT, []))
            self.in_fence = True
        elif line.startswith("```"):
            language = line.strip("`").strip()
            if not self.in_fence:
                self.fences.append((language, []))
                self.in_fence = True
            elif language:
                self.is_ambiguous = True
                self.fences[-1][1].append(line)
            else:
                self.in_fence = False
        elif self.in_fence:
            self.fences[-1][1].append(line.removeprefix("\\") if line.startswith("\\```") else line)
        else:
            self.prose.append(line)
        return False


def untagged_block(number: int, line: str) -> ToolBlock | None:
    """Return the block that *line* opens in a page without tags: a call, with what stands beside its name, or a task list."""
    if line.strip() == _UNTAGGED_TASKS:
        return ToolBlock(line=number, name="TodoWrite", kind="task", is_untagged=True)
    if old := _OLD_CALL.match(line):
        return ToolBlock(line=number, name=_OLD_TOOLS[old[1]], kind="read", prose=[f"`{old[2]}`"], is_untagged=True)
    if not line.startswith(_UNTAGGED_CALL) or "**" not in line[len(_UNTAGGED_CALL) :]:
        return None
    name, _, rest = line.removeprefix(_UNTAGGED_CALL).partition("**")
    kind = _UNTAGGED_KINDS.get(name, "generic")
    return ToolBlock(line=number, name=name, kind=kind, prose=[rest.strip()], is_untagged=True)


def parse_step(block: ToolBlock, agent: str, *, is_complete: bool) -> tuple[ToolCall, ToolResult | None]:
    """Return the call of a block and its result, if it shows one. *is_complete* says whether the block was closed."""
    lines = [line.removeprefix("<details>") for line in block.prose if line]
    summary = next((line for line in lines if line.startswith("<summary>")), "").removeprefix("<summary>").removesuffix("</summary>")
    prose = [line for line in lines if not line.startswith("<summary>") and line != "</details>"]
    result, fences = _result(block, prose)
    call = ToolCall(f"line-{block.line}", block.name, {})
    if changes := _patch(prose, fences):
        call.arguments = changes
    elif inputs := [text for language, text in fences if language == INPUT]:
        call.arguments = inputs[0]
        scripted = parse_script(inputs[0], call.id)
        if len(scripted) == 1:
            call.arguments = scripted[0].arguments
    else:
        call.arguments = _arguments(block, prose, fences, unescape(summary), result)
    answer = ToolResult(call.id, result)
    labels = {line.strip("*: ") for line in prose} & _RESULT_LABELS
    is_complete = is_complete and (bool(labels) or not block.is_untagged)
    if result.startswith(_REFUSAL_STARTS) or (block.is_untagged and "Error" in labels):
        answer.is_error = True
        digits = result[10:14].split("\n", 1)[0].strip() if result.startswith("Exit code ") else ""
        answer.exit_code = int(digits) if digits.isdecimal() and digits.isascii() else None
    elif agent == "codex":
        answer.exit_code = find_header_code(result)
        answer.is_error = None if answer.exit_code is None else answer.exit_code != 0
    elif is_complete and block.kind == "shell" and agent == "claude-code" and not result.startswith("Command running in background"):
        answer.exit_code = 0  # Claude Code writes `Exit code N` above the output of every failed command.
    return call, answer if result or answer.exit_code is not None else None


def parse_details(lines: list[str], number: int) -> tuple[ToolCall, ToolResult | None]:
    """Return the call and result of a block of the first generation: `<details>` with a summary and a table."""
    summary = next((line.strip() for line in lines if line.strip().startswith("<summary>")), "")
    words = unescape(summary.removeprefix("<summary>").removesuffix("</summary>")).partition(" • ")[0]
    name = next((tool for start, tool in _OLD_TOOLS.items() if words.startswith(start)), "tool")
    target = words.removeprefix(next((start for start in _OLD_TOOLS if words.startswith(start)), "")).strip()
    text = "\n".join(line for line in lines if not line.strip().startswith(("<summary>", "</details>"))).strip()
    call = ToolCall(f"line-{number}", name, {"path" if name == "list_dir" else "query": target.strip('"')})
    return call, ToolResult(call.id, text) if text else None


def _patch(prose: list[str], fences: list[tuple[str, str]]) -> str:
    """Return the patch that headings such as **Update: `path`** and the diffs below them show; empty without any."""
    diffs = iter([text for language, text in fences if language == "diff"])
    lines: list[str] = []
    for line in prose:
        word, colon, rest = line.strip("* ").partition(": `")
        if line.startswith("**") and colon and word in _PATCH_WORDS:
            lines.append(f"*** {_PATCH_WORDS[word]} File: {rest.rstrip('`')}")
            if word != "Delete" and (text := next(diffs, "")):
                lines.append(text)
    return "\n".join(["*** Begin Patch", *lines, "*** End Patch"]) if lines else ""


def _result(block: ToolBlock, prose: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the result of the call, and the fences that belong to the call itself."""
    fences = [(language, "\n".join(lines)) for language, lines in block.fences]
    has_result_label = any(line.strip("*: ") in _RESULT_LABELS for line in prose)
    answer_line = next((line.partition(":")[2].strip() for line in prose if line.startswith(("Output: ", "**Answer:**"))), "")
    if fences and (has_result_label or fences[-1][0] in {"text", ""}):
        return fences[-1][1], fences[:-1]
    return answer_line.removeprefix("**").strip(), fences


def _arguments(block: ToolBlock, prose: list[str], fences: list[tuple[str, str]], summary: str, result: str) -> dict[str, object]:
    """Return the arguments of the call, as far as they are shown."""
    arguments: dict[str, object] = {}
    detail = summary.partition(" • ")[2]
    for line in prose:
        arguments.update(_named_arguments(line, block.kind))
    for language, text in fences:
        if language == "json" and isinstance(value := _json(text), dict):
            arguments.update(value)
        elif language in _SHELLS and block.kind == "shell":
            arguments["command"] = text
        elif block.kind == "write" and "content" not in arguments:
            arguments["diff" if language == "diff" else "content"] = text
    if block.kind == "shell" and "command" not in arguments and (command := _summary_command(summary) or _listed_command(prose)):
        arguments["command"] = command
    if block.kind == "shell" and "command" not in arguments and (quoted := _QUOTED_COMMAND.search("\n".join(block.prose))):
        arguments["command"] = quoted[1].strip()
    if block.kind in {"write", "read"} and "file_path" not in arguments:
        path = detail.partition(": ")[2] or _find_changed_path(result)
        if path:
            arguments["file_path"] = path
    todos = _parse_todos(prose) or _result_todos(block.name, result)
    if todos:
        arguments["todos"] = todos
    questions = [line.strip("* ") for line in prose if line.startswith("**") and line.rstrip("* ").endswith("?")]
    if questions and "question" in block.name.lower() + "askuser" * (block.name == "AskUser"):
        arguments["questions"] = [{"question": question} for question in questions]
    if not arguments and (words := detail or "\n".join(prose).strip()):
        arguments["description"] = words
    return arguments


def _summary_command(summary: str) -> str:
    """Return the command that the summary of a block shows: Tool use: **exec_command** `git status`."""
    rest = summary.partition("** `")[2]
    return rest.rpartition("`")[0].strip()


def _listed_command(prose: list[str]) -> str:
    """Return the command of a bullet that continues over several lines."""
    text = "\n".join(prose)
    start = text.find(_COMMAND_START)
    if start < 0:
        return ""
    return text[start + len(_COMMAND_START) :].partition("`")[0].strip("[]").strip()


def _result_todos(name: str, result: str) -> list[Any]:
    """Return the task list after a change, as its result shows it; of a truncated one, the entries that are whole."""
    if "todo" not in name.lower():
        return []
    value = _json(result)
    if value is None and result.lstrip().startswith(("{", "[")):
        value = close_document(result.encode("utf-8", "replace"))
    entries = as_list(as_object(value).get("finalTodos") or as_object(value).get("todos") or value)
    return [entry for entry in map(as_object, entries) if entry.get("content") and entry.get("status")]


def _named_arguments(line: str, kind: str) -> Iterator[tuple[str, object]]:
    """Arguments that a line of prose names: ` path `x` pattern `y``, `- command: `x``, `Path: `x``, or a bare `` `x` `` that was read."""
    stripped = line.strip()
    if kind == "shell" and not stripped.startswith("- "):
        return
    parts = stripped.removeprefix("- ").split("`")
    if len(parts) < 3 or len(parts) % 2 == 0 or parts[-1].strip():
        return
    for key, value in zip(parts[::2], parts[1::2], strict=False):
        name = key.strip(" :,").lower()
        if name.isidentifier() or not name:
            if kind in {"read", "write"} and name in {"", "path"}:
                name = "file_path"
            yield name or "query", value.strip("[]") if name == "command" else value


def _find_changed_path(result: str) -> str:
    for words in _CHANGE_STARTS:
        if result.startswith(words):
            return result.removeprefix(words).partition("\n")[0].partition(" has been ")[0].strip()
    return ""


def _parse_todos(prose: list[str]) -> list[dict[str, str]]:
    """`1. [completed] text` and `- [x] text` as the entries of a task list."""
    marks = {" ": "pending", "x": "completed", "X": "completed", "-": "in_progress", "⚡": "in_progress"}
    todos: list[dict[str, str]] = []
    for line in prose:
        bullet, bracket, rest = line.strip().partition("[")
        status, closing, text = rest.partition("] ")
        if bracket and closing and bullet.strip(" -*.0123456789") == "" and len(status) < 12 and bullet:
            todos.append({"content": text.strip().lstrip(_PRIORITIES), "status": marks.get(status, status)})
    return todos


def attribute(line: str, name: str) -> str:
    """Return an attribute of the line that opens a block."""
    return unescape(line.partition(f'data-tool-{name}="')[2].partition('"')[0])


def unescape(text: str) -> str:
    """Return *text* with HTML entities replaced by their characters."""
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return text


def _json(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
