"""Sessions that a client writes as a page of Markdown: OpenCode's and Qwen Code's `/export`, Copilot CLI's `/share`, Gemini CLI's
`/chat share`, Antigravity's export, and the pages that exporters such as Claude Conversation Extractor write of Claude Code's sessions.

`markdown_pages` divides a page into sections and parts; here they become turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code, parse_arguments, parse_call, parse_result
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_list, as_object, as_text, as_time
from onward.formats.markdown_calls import parse_act
from onward.formats.markdown_pages import LAYOUTS, PageLayout, PagePart, PageSection, read_sections
from onward.formats.parts import SETUP_ANSWER, pair_results, read_parts
from onward.formats.source import TranscriptSource

NAME = "markdown-export"
VERSIONS = ()
"""No version is known to have been seen: the pages name none."""
UNRECORDED = {
    "opencode: times": "only the session has a time",
    "qwen-code: times": "only the session has a time",
    "gemini-cli: times": "the page has no time",
    "usage": "a page counts no tokens, or only all of them",
    "opencode: exit code": "the output of a command stands alone",
    "gemini-cli: model": "the page names no model",
    "claude-code: model": "the page names no model",
    "copilot: model": "the page names no model",
    "antigravity: times": "the page has no time",
    "antigravity: model": "the page names no model",
    "antigravity: result": "an act shows no output",
    "antigravity: exit code": "an act shows no output",
    "antigravity: todo state": "an act says that the tasks changed, not which",
}
"""What transcripts of this format do not record, with the reason."""

_MODEL = re.compile(r"(?m)^- \*\*Model\*\*: (.+)$")
_FOLDER = re.compile(r"(?m)^- \*\*(?:Working Directory|Project Path)\*\*: `(.+)`$")
_FIRST_TIME = re.compile(r"(?m)^- \*\*First Message\*\*: (.+)$")
_THOUGHT_WORDS = re.compile(
    r"(?i)\bthe user(?:'s)?\b(?! (?:table|model|interface|id)\b)|^(?:i should|i need to|wait|actually|hmm|let me|so i)\b"
)
"""What a paragraph of a thought says: the model speaks of the person, or to itself. The models think in English."""
_HEADING = re.compile(r"#{1,4} \S")
_DURATION = re.compile(r"<sub>\D*?(?:(\d+)h ?)?(?:(\d+)m ?)?(?:(\d+)s)?</sub>")
_COMMAND = "<command-message>"
"""How Claude Code's envelope of a command that represents a prompt begins."""
_ESCAPED = re.compile(r"\\([<>])")
"""How Copilot's page writes the brackets of tags in a prompt."""
_CODE_LINK = re.compile(r"\[([^\[\]\n]+)\]\(cci:\d+://\S+?:\d+:\d+-\d+:\d+\)")
"""What Antigravity's page makes of a name in backticks: a link to where it stands in the code."""
_CALL_KEYS = {"command": "functionCall", "response": "functionResponse"}
_TASK = re.compile(r"(?m)^- \[([x -])\] (.+)$")
_CLOCK = re.compile(r"(\d{1,4})([./-])(\d{1,2})[./-](\d{1,4}),? +(\d{1,2}):(\d\d):(\d\d)(?:[\s\u202f]*([AaPp])\.?[Mm])?")


def detect(head: bytes) -> bool:
    """Whether the page begins as that of a known exporter."""
    return _find_layout(_preface(head)) is not None


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Every non-blank line is a record."""
    preface = _preface(source.head)
    layout = _find_layout(preface)
    if layout is None:
        return
    head = _head(layout, preface)
    yield head
    writer = _TurnWriter(layout, _find(_MODEL, preface) or None, head.started_at)
    for section in read_sections(source, layout, report):
        yield from writer.take(section)


def _preface(head: bytes) -> str:
    return head.translate(None, b"\0\r").decode("utf-8", "replace").lstrip()


def _find_layout(preface: str) -> PageLayout | None:
    return next((layout for layout in LAYOUTS if layout.start.match(preface)), None)


def _head(layout: PageLayout, preface: str) -> SessionHead:
    match = layout.start.match(preface)
    assert match is not None
    fields = match.groupdict()
    title = preface.partition("\n")[0].removeprefix("# ") if layout.agent == "opencode" else ""
    return SessionHead(
        agent=layout.agent,
        id=fields.get("id"),
        title="" if title.startswith("New session - ") else title,
        started_at=_parse_clock(fields.get("at") or _find(_FIRST_TIME, preface)),
        cwd=_find(_FOLDER, preface),
    )


def _find(pattern: re.Pattern[str], preface: str) -> str:
    """Return what *pattern* finds above the first rule of a page."""
    match = pattern.search(preface.partition("\n---\n")[0])
    return match[1] if match else ""


def _parse_clock(text: str) -> datetime | None:
    """Return a time as a browser of any country writes it, or in ISO 8601. Its zone is unknown, and taken as UTC."""
    if (at := as_time(text.strip())) or not (match := _CLOCK.search(text)):
        return at
    first, mark, second, third, hour, minute, clock_second, half = match.groups()
    year, month, day = (first, second, third) if len(first) == 4 else (third, first, second)
    if len(first) != 4 and (mark == "." or not half):
        day, month = first, second
    hours = int(hour) % 12 + 12 * (half in "pP") if half else int(hour)
    try:
        return datetime(int(year), int(month), int(day), hours, int(minute), int(clock_second), tzinfo=UTC)
    except ValueError:
        return None


class _TurnWriter:
    """The turns of one page, section by section."""

    def __init__(self, layout: PageLayout, model: str | None, started_at: datetime | None) -> None:
        self.layout = layout
        self.model = model
        self.started_at = started_at
        self.turn = Turn(role="assistant")
        self.results: list[Turn] = []
        self.unanswered: list[ToolCall] = []
        self.is_command = False
        """The last section was a command of the person's, and the prompt that it stands for follows in their name."""

    def take(self, section: PageSection) -> Iterator[Turn]:
        """Yield the turns of one section."""
        is_expanded, self.is_command = self.is_command and section.role == "user", False
        for turn in self._turns(section):
            turn.sidechain = section.sidechain
            if turn.role == "user":
                self.is_command = section.first_words.startswith(_COMMAND)
                turn.mark = "injected" if is_expanded else turn.mark
            yield turn

    def _turns(self, section: PageSection) -> Iterator[Turn]:
        model = section.model or self.model
        self.turn = Turn(role=section.role, model=model if section.role == "assistant" else None, line=section.line)
        if self.layout.agent == "gemini-cli":
            yield from self._take_messages(section)
            return
        self.turn.at = self._find_time(section.clock)
        if section.parts and section.parts[0].kind == "call" and self.layout.agent == "copilot":
            call, result = parse_section_call(section)
            yield replace(self.turn, calls=(call,))
            yield Turn(role="tool", results=(result,), at=self.turn.at, line=section.line)
            return
        if blocks := _parse_blocks(section):
            yield from self._take_blocks(blocks)
            return
        for index, part in enumerate(section.parts):
            if part.kind in {"text", "thought"} and self.turn.calls and part.text.strip(" \n-"):
                # The agent's words after a call are a separate turn, after the result of the call.
                yield from self._close()
                self.turn = Turn(role="assistant", model=model, line=part.line)
            elif part.kind == "act" and self.turn.role != "assistant":
                # What the agent does first stands below the prompt.
                yield from self._close()
                self.turn = Turn(role="assistant", model=model, line=part.line)
            self._take_part(part, is_last=index == len(section.parts) - 1)
        if section.is_summary and self.turn.text:
            self.turn.mark = "summary"
        yield from self._close()

    def _find_time(self, clock: str) -> datetime | None:
        """Return the time of a section, which stands there, or after how long it began."""
        after = _DURATION.search(clock)
        if after is None or self.started_at is None:
            return _parse_clock(clock)
        hours, minutes, seconds = (int(number or 0) for number in after.groups())
        return self.started_at + timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def _take_part(self, part: PagePart, *, is_last: bool) -> None:
        match part.kind:
            case "thought":
                thought, words = split_thought(part.text, has_answer=is_last)
                self.turn.thinking = "\n\n".join(filter(None, (self.turn.thinking, thought)))
                self._add_text(words)
            case "reasoning":
                self.turn.thinking = _without_rule(part.text)
            case "call":
                name, _, purpose = part.text.partition(": ")
                call = ToolCall(f"line-{part.line}", name, {"description": purpose} if purpose else {})
                self.turn.calls = (*self.turn.calls, call)
                self.unanswered = [call]
            case "act":
                call, result = parse_act(part.text, part.line)
                self.turn.calls = (*self.turn.calls, call)
                self.results.append(Turn(role="tool", results=(result,), line=part.line))
            case "input" | "value":
                if self.turn.calls:
                    self.turn.calls[-1].arguments = parse_arguments(part.text.strip())
            case "status":
                if part.text == "failed":
                    self._add_result("", is_error=True)
            case "output" | "error" | "diff":
                self._add_result(part.text, is_error=True if part.kind == "error" else None)
            case "answer" | "failure":
                self._add_result(_without_rule(part.text), is_error=True if part.kind == "failure" else None)
            case "text":
                self._add_text(part.text)
            case _:
                """A list of files, which the arguments name too."""

    def _add_text(self, text: str) -> None:
        words = _without_rule(text)
        if not words:
            return
        if self.turn.role == "user":
            words = _ESCAPED.sub(r"\1", words) if self.layout.agent == "copilot" else words
            self.turn.text, self.turn.mark = extract_typed([words])
        else:
            words = _CODE_LINK.sub(r"`\1`", words) if self.layout.agent == "antigravity" else words
            self.turn.text = f"{self.turn.text}\n\n{words}" if self.turn.text else words
            self.turn.mark = "injected" if self.turn.role == "system" else "said"

    def _add_result(self, text: str, *, is_error: bool | None) -> None:
        if not text and not is_error:
            return
        call = self.unanswered[-1] if self.unanswered else None
        if call is not None and call.name == "TodoList" and (todos := _parse_tasks(text)):
            call.arguments = {"todos": todos}
        last = self.results[-1].results[0] if self.results else None
        if last is None or call is None or last.call_id != call.id:
            last = ToolResult(call.id if call is not None else "", text, is_error)
            self.results.append(Turn(role="tool", results=(last,), line=self.turn.line))
        else:
            last.text = "\n".join(filter(None, (last.text, text)))
            last.is_error = last.is_error or is_error
        last.exit_code = find_exit_code("Exit Code: ", last.text) if self.layout.agent == "qwen-code" else None

    def _close(self) -> Iterator[Turn]:
        if self.turn.text or self.turn.calls or self.turn.thinking:
            yield self.turn
        results, self.results = self.results, []
        yield from results

    def _take_messages(self, section: PageSection) -> Iterator[Turn]:
        """Yield the turns of a section of Gemini's, whose blocks are the parts of its API."""
        parts: list[object] = []
        for part in section.parts:
            text = _without_rule(part.text)
            if key := _CALL_KEYS.get(part.kind):
                parts.append({key: _parse_json(text)})
            elif text:
                parts.append({"text": text})
        content = read_parts(parts, ImportReport())
        pair_results(section.line, content, self.unanswered)
        if content.results:
            yield Turn(role="tool", results=tuple(content.results), line=section.line)
        self.turn.calls = tuple(content.calls)
        self._add_text(content.text)
        self.turn.mark = "injected" if self.turn.text == SETUP_ANSWER else self.turn.mark
        yield from self._close()
        if content.attached:
            yield Turn(role="user", text="\n".join(content.attached), mark="injected", line=section.line)

    def _take_blocks(self, blocks: list[dict[str, Any]]) -> Iterator[Turn]:
        """Yield the turns of a section that is a list of the blocks of Anthropic's API."""
        results = tuple(parse_result(block) for block in blocks if block.get("type") == "tool_result")
        for result in results:
            result.exit_code = find_exit_code("Exit code ", result.text[:20]) if result.is_error else None
        if results:
            yield replace(self.turn, role="tool", results=results, model=None)
        self.turn.calls = tuple(parse_call(block) for block in blocks if block.get("type") == "tool_use")
        self.turn.thinking = "\n\n".join(as_text(block.get("thinking")) for block in blocks if block.get("type") == "thinking")
        self._add_text("\n\n".join(as_text(block.get("text")) for block in blocks if block.get("type") == "text"))
        yield from self._close()


def parse_section_call(section: PageSection) -> tuple[ToolCall, ToolResult]:
    """Return the call of a section of its own, and its result: the page shows what it is for, a command or a path, and the output."""
    words = "\n".join(filter(None, (_without_rule(part.text) for part in section.parts if part.kind == "text")))
    purpose, _, rest = words.partition("\n") if words.startswith("**") else ("", "", words)
    purpose, shown = purpose.strip("*"), rest.strip()
    arguments: dict[str, object] = {"description": purpose} if purpose else {}
    if shown.startswith("$ "):
        arguments["command"] = shown[2:]
    elif shown:
        arguments["path" if shown.startswith(("/", "~", ".")) or shown[1:3] == ":\\" else "query"] = shown
    for part in section.parts:
        if part.kind == "arguments" and isinstance(value := parse_arguments(part.text.strip()), dict):
            arguments |= value
    call = ToolCall(f"line-{section.line}", section.parts[0].text, arguments)
    text = next((part.text for part in reversed(section.parts) if part.kind == "output"), "")
    return call, ToolResult(call.id, text, True if section.is_failed else None, find_exit_code("<exited with exit code ", text[-80:]))


def _parse_blocks(section: PageSection) -> list[dict[str, Any]]:
    """Return the blocks of a section that is a JSON list of them, else an empty list."""
    text = _without_rule(section.parts[0].text) if len(section.parts) == 1 and section.parts[0].kind == "text" else ""
    value = _parse_json(text) if text.startswith("[\n  {") else None
    blocks = [as_object(block) for block in as_list(value)]
    return blocks if all(block.get("type") for block in blocks) else []


def split_thought(text: str, *, has_answer: bool) -> tuple[str, str]:
    """Return the thought at the beginning of *text*, and the words after it, which no mark divides. *has_answer* says that nothing follows,
    so that the last paragraph is the answer. A thought ends above the first heading at the latest.
    """
    paragraphs = re.split(r"\n{2,}(?!\s*[-*\d`])", _without_rule(text))
    limit = len(paragraphs) - 1 if has_answer and len(paragraphs) > 1 else len(paragraphs)
    limit = next((index for index, paragraph in enumerate(paragraphs[:limit]) if index and _HEADING.match(paragraph)), limit)
    last = max((index for index, paragraph in enumerate(paragraphs[:limit]) if _THOUGHT_WORDS.search(paragraph)), default=0)
    return "\n\n".join(paragraphs[: last + 1]).strip(), "\n\n".join(paragraphs[last + 1 :]).strip()


def _without_rule(text: str) -> str:
    """Return *text* without the rule that ends its section."""
    return f"\n{text.strip()}".removesuffix("\n---").strip()


def _parse_tasks(text: str) -> list[dict[str, str]]:
    """Return the tasks of a list `- [x] text`."""
    marks = {"x": "completed", "-": "in_progress", " ": "pending"}
    return [{"content": words, "status": marks[mark]} for mark, words in _TASK.findall(text)]


def _parse_json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
