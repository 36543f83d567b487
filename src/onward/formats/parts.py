"""The content of messages in the form of Gemini's API: a list of parts, each a text, a thought, a call or the response to one."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from onward.core.transcript.transcript import ImportReport, ToolCall, ToolResult
from onward.formats.blocks import content_text, find_exit_code, parse_arguments
from onward.formats.fields import as_list, as_object, as_text

_SIGNS = frozenset({"text", "thought", "thoughtSignature", "functionCall", "functionResponse"})
"""What a part may have without content for a reader."""
SETUP_ANSWER = "Got it. Thanks for the context!"
"""What the client lets the model say to its first message."""
_FILES_START = "--- Content from referenced files ---"


@dataclass(slots=True)
class PartContent:
    """The parts of one message. `attached` is the text of files that the agent put behind a prompt; `result_names` are the tools of the
    results.
    """

    texts: list[str] = field(default_factory=list[str])
    attached: list[str] = field(default_factory=list[str])
    thoughts: list[str] = field(default_factory=list[str])
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    results: list[ToolResult] = field(default_factory=list[ToolResult])
    result_names: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """The texts, joined."""
        return "\n".join(self.texts).strip()


def read_parts(parts: object, report: ImportReport) -> PartContent:
    """Return the content of *parts*: a list of parts, one part, or text. Parts of unknown kinds are counted in *report*."""
    content = PartContent()
    is_attached = False
    for part in parts if isinstance(parts, list) else [parts]:
        text = as_text(part) or as_text(as_object(part).get("text"))
        fields = as_object(part)
        is_attached = is_attached or text.strip().startswith(_FILES_START)
        if call := as_object(fields.get("functionCall")):
            content.calls.append(ToolCall(as_text(call.get("id")), as_text(call.get("name")), parse_arguments(call.get("args"))))
        elif response := as_object(fields.get("functionResponse")):
            content.results.append(_parse_response(response))
            content.result_names.append(as_text(response.get("name")))
        elif fields.get("thought"):
            content.thoughts += [text] if text else []
        elif text:
            (content.attached if is_attached else content.texts).append(text)
        elif "inlineData" in fields or "fileData" in fields:
            content.texts.append("[image]" if "image" in as_text(as_object(fields.get("inlineData")).get("mimeType")) else "[file]")
        elif unknown := fields.keys() - _SIGNS:
            report.meet_unknown_part(min(unknown))
    return content


def pair_results(index: int, content: PartContent, unanswered: list[ToolCall]) -> None:
    """Give calls and results without ids an id each: a result answers the first open call of its tool."""
    for number, call in enumerate(content.calls):
        call.id = call.id or f"{index}:{number}"
        unanswered.append(call)
    for result, name in zip(content.results, content.result_names, strict=True):
        answered = next((call for call in unanswered if call.id == result.call_id or (not result.call_id and call.name == name)), None)
        if answered is not None:
            unanswered.remove(answered)
        result.call_id = answered.id if answered is not None else ""


def _parse_response(response: dict[str, object]) -> ToolResult:
    answer = response.get("response")
    fields = as_object(answer)
    error = content_text(fields.get("error"))
    text = content_text(fields.get("output")) or error or content_text(as_list(fields.get("content"))) or as_text(answer)
    if not text and fields:
        text = orjson.dumps(fields).decode()
    return ToolResult(as_text(response.get("id")), text, bool(error) or None, find_exit_code("Exit Code: ", text))
