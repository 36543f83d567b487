"""Tool calls that a model wrote as XML in its text, as Cline and Roo instruct it: `<read_file><path>…</path></read_file>`."""

from __future__ import annotations

from typing import NamedTuple

_TOOLS = frozenset(
    "access_mcp_resource apply_diff apply_patch ask_followup_question attempt_completion browser_action codebase_search condense edit_file "
    "execute_command fetch_instructions focus_chain generate_image generate_explanation insert_content list_code_definition_names "
    "list_files "
    "load_mcp_documentation new_rule new_task plan_mode_respond read_command_output read_file replace_in_file report_bug run_slash_command "
    "search_and_replace search_files search_replace summarize_task switch_mode update_todo_list use_mcp_tool use_skill use_subagents "
    "web_fetch "
    "web_search write_to_file".split()
)
_RAW_PARAMETERS = frozenset({"content", "diff", "args", "follow_up", "arguments", "new_str", "old_str"})
"""Parameters whose value may contain tags, even their own: they end at the last closing tag."""
_THINKING, _THINKING_END = "<thinking>", "</thinking>"
_TAG_CHARACTERS = 40


class ParsedText(NamedTuple):
    """A parsed text: prose, the model's thinking, and its calls as names and arguments in order."""

    prose: str
    thinking: str
    calls: list[tuple[str, dict[str, object]]]


def parse_calls(text: str) -> ParsedText:
    """Extract the calls and the thinking from *text*. An incomplete call keeps what is there."""
    thinking = ""
    if _THINKING in text:
        text_before, _, rest = text.partition(_THINKING)
        thinking, _, text_after = rest.partition(_THINKING_END)
        text = text_before + text_after
    calls: list[tuple[str, dict[str, object]]] = []
    prose: list[str] = []
    prose_start = 0
    position = text.find("<")
    while position >= 0:
        name, tag_end = _read_tag(text, position)
        if name in _TOOLS and not text[text.rfind("\n", 0, position) + 1 : position].strip():
            end = text.find(f"</{name}>", tag_end)
            body = text[tag_end : end if end >= 0 else len(text)]
            if arguments := _parse_arguments(body, is_complete=end >= 0):
                prose.append(text[prose_start:position])
                calls.append((name, arguments))
                prose_start = tag_end = end + len(name) + 3 if end >= 0 else len(text)
        position = text.find("<", tag_end)
    prose.append(text[prose_start:])
    return ParsedText("".join(prose).strip(), thinking.strip(), calls)


def _read_tag(text: str, position: int) -> tuple[str, int]:
    """Return the name in the opening tag at *position* and the end of the tag; no name if it is no tag."""
    end = text.find(">", position, position + _TAG_CHARACTERS)
    name = text[position + 1 : end] if end >= 0 else ""
    return (name, end + 1) if name.replace("_", "").isalnum() else ("", position + 1)


def _parse_arguments(body: str, *, is_complete: bool) -> dict[str, object]:
    arguments: dict[str, object] = {}
    position = body.find("<")
    while position >= 0:
        name, tag_end = _read_tag(body, position)
        if name:
            closing = f"</{name}>"
            end = body.rfind(closing, tag_end) if name in _RAW_PARAMETERS else body.find(closing, tag_end)
            if end >= 0:
                value = body[tag_end:end]
                arguments[name] = value.strip("\n") if name in _RAW_PARAMETERS else value.strip()
                tag_end = end + len(closing)
            elif not is_complete:
                arguments[name] = body[tag_end:].strip("\n")
                break
        position = body.find("<", tag_end)
    return arguments
