"""Tool calls that a model wrote as XML into its text, as Cline and Roo ask it to: `<read_file><path>…</path></read_file>`."""

from __future__ import annotations

from typing import NamedTuple

_TOOLS = frozenset(
    "access_mcp_resource apply_diff apply_patch ask_followup_question attempt_completion browser_action codebase_search condense edit_file "
    "execute_command fetch_instructions focus_chain generate_image generate_explanation insert_content list_code_definition_names list_files "
    "load_mcp_documentation new_rule new_task plan_mode_respond read_command_output read_file replace_in_file report_bug run_slash_command "
    "search_and_replace search_files search_replace summarize_task switch_mode update_todo_list use_mcp_tool use_skill use_subagents web_fetch "
    "web_search write_to_file".split()
)
_WHOLE = frozenset({"content", "diff", "args", "follow_up", "arguments", "new_str", "old_str"})
"""Parameters whose value may hold tags of its own, even its own: they end at the last closing tag."""
_THINKING, _THINKING_END = "<thinking>", "</thinking>"
_TAG_CHARACTERS = 40


class Parsed(NamedTuple):
    """A text taken apart: prose, what the model thought, and its calls as names and arguments in order."""

    prose: str
    thinking: str
    calls: list[tuple[str, dict[str, object]]]


def parsed(text: str) -> Parsed:
    """Take the calls and the thinking out of *text*. A call that was cut off keeps what is there of it."""
    thinking = ""
    if _THINKING in text:
        before, _, rest = text.partition(_THINKING)
        thinking, _, after_thinking = rest.partition(_THINKING_END)
        text = before + after_thinking
    calls: list[tuple[str, dict[str, object]]] = []
    prose: list[str] = []
    taken = 0
    position = text.find("<")
    while position >= 0:
        name, after = _tag(text, position)
        if name in _TOOLS and not text[text.rfind("\n", 0, position) + 1 : position].strip():
            end = text.find(f"</{name}>", after)
            inside = text[after : end if end >= 0 else len(text)]
            if arguments := _arguments(inside, is_whole=end >= 0):
                prose.append(text[taken:position])
                calls.append((name, arguments))
                taken = after = end + len(name) + 3 if end >= 0 else len(text)
        position = text.find("<", after)
    prose.append(text[taken:])
    return Parsed("".join(prose).strip(), thinking.strip(), calls)


def _tag(text: str, position: int) -> tuple[str, int]:
    """The name in the opening tag at *position* and where the tag ends; no name where it is none."""
    end = text.find(">", position, position + _TAG_CHARACTERS)
    name = text[position + 1 : end] if end >= 0 else ""
    return (name, end + 1) if name.replace("_", "").isalnum() else ("", position + 1)


def _arguments(inside: str, *, is_whole: bool) -> dict[str, object]:
    arguments: dict[str, object] = {}
    position = inside.find("<")
    while position >= 0:
        name, after = _tag(inside, position)
        if name:
            closing = f"</{name}>"
            end = inside.rfind(closing, after) if name in _WHOLE else inside.find(closing, after)
            if end >= 0:
                value = inside[after:end]
                arguments[name] = value.strip("\n") if name in _WHOLE else value.strip()
                after = end + len(closing)
            elif not is_whole:
                arguments[name] = inside[after:].strip("\n")
                break
        position = inside.find("<", after)
    return arguments
