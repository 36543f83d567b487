"""VS Code's chat with Copilot as text: what `Copy All` of the chat's menu puts on the clipboard.

A message begins below a blank line with the name of its speaker: the person's account, and `GitHub Copilot`. What the agent did stands in
paragraphs of the answer, in the past tense and without a result: `Ran terminal command: …`, `Read [](file:///…)`, `Made changes.`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_folder
from onward.formats.source import TranscriptSource

NAME = "copilot-copy"
AGENT = "copilot-chat"
VERSIONS = ()
"""No version is known to have been seen: the text names none."""
UNRECORDED = {
    "times": "a message has no time",
    "result": "an act stands there without what it returned",
    "exit code": "an act stands there without what it returned",
    "todo state": "only the number of the tasks, or the name of one",
    "usage": "the text counts no tokens",
    "model": "the text names no model",
}
"""What transcripts of this format do not record, with the reason."""

_PERSON = re.compile(r"([^\s#>*`|{\[(<\-][^:\n]{0,59}): \S")
_ANSWER = re.compile(r"GitHub Copilot:(?: |$)")
_BLANK_AND_ANSWER = re.compile(r"\n[ \t]*\r?\nGitHub Copilot:(?: |\r?\n)")
_COMMAND = "Ran terminal command: "
_INPUT = "\nCompleted with input: "
"""Begins the line that repeats a command that is complete."""
_FILE = re.compile(r"(\w+) \[[^\]\n]*\]\((file://[^)\s]+)\)(?:, .*)?$")
_FILE_TOOLS = {"Created": "create_file", "Edited": "replace_string_in_file"}
"""What an act on a file is, by the verb; every other one, in any language, reads the file."""
_NOTICE = re.compile(
    r"(?s)Made changes\.$|.*\n\[object Object\]$|(?:Created \d+ todos|(?:Starting|Completed): \*.*\* \(\d+/\d+\))$"
    r"|(?:Searched for|Checked|Ran) .*(?:, (?:no|\d+) (?:matches|match|results?|references?))$"
)
"""Words of the client in an answer: a dialog, the number of its tasks, a search."""
_BUTTON = re.compile(r'@\w+ [^\n:]{1,40}: "[^\n"]*"$')
"""The message that a button of a dialog sends in the person's name."""
_FAILURE = re.compile(
    r"(?:Copilot failed to get a response|Chat failed to get ready|Sorry, (?:no response was returned|your request failed|you have been))"
)


def detect(head: bytes) -> bool:
    """Whether the text begins with a person's message, and Copilot answers below."""
    text = head.translate(None, b"\0").decode("utf-8", "replace").lstrip("\ufeff\r\n ")
    return _PERSON.match(text) is not None and not _ANSWER.match(text) and _BLANK_AND_ANSWER.search(text) is not None


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Every non-blank line is a record."""
    yield SessionHead(agent=AGENT)
    person, is_answer, first, lines, above = "", False, 0, list[str](), ""
    for number, line in source.text_lines():
        words = line.rstrip("\r\n").removeprefix("\ufeff")
        if words.strip():
            report.keep()
        if not person and (match := _PERSON.match(words)):
            person = f"{match[1]}: "
        opens_answer = _ANSWER.match(words) is not None
        if not above.strip() and (opens_answer or (person and words.startswith(person))):
            yield from _message(is_answer, lines, first)
            is_answer, first, lines = opens_answer, number, [words.partition(":")[2].strip()]
        else:
            lines.append(words)
        above = words
    yield from _message(is_answer, lines, first)


def _message(is_answer: bool, lines: list[str], line: int) -> Iterator[Turn]:
    text = "\n".join(lines).strip()
    if not text:
        return
    if is_answer:
        yield from _answer(text.removeprefix("GitHub Copilot\n").strip(), line)
    elif _BUTTON.match(text):
        yield Turn(role="user", text=text, mark="injected", line=line)
    else:
        words, mark = extract_typed([text])
        yield Turn(role="user", text=words, mark=mark, line=line)


def _answer(text: str, line: int) -> Iterator[Turn]:
    """Yield the words of an answer and its acts, in their order."""
    if _FAILURE.match(text):
        yield Turn(role="assistant", text=text, mark="injected", line=line)
        return
    words: list[str] = []
    for index, paragraph in enumerate(_paragraphs(text)):
        call = _call(paragraph.strip(), f"line-{line}-{index}")
        if call is None:
            if not _NOTICE.match(paragraph.strip()):
                words.append(paragraph)
            continue
        yield Turn(role="assistant", text="\n\n".join(words).strip(), calls=(call,), line=line)
        yield Turn(role="tool", results=(ToolResult(call.id, ""),), line=line)
        words = []
    if any(paragraph.strip() for paragraph in words):
        yield Turn(role="assistant", text="\n\n".join(words).strip(), line=line)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of an answer. A command ends where its quotes are closed."""
    command = ""
    for paragraph in text.split("\n\n"):
        if command:
            command += f"\n\n{paragraph}"
        elif paragraph.startswith(_COMMAND) and paragraph.count('"') % 2:
            command = paragraph
        else:
            yield paragraph
        if command.count('"') % 2 == 0 and command:
            yield command
            command = ""
    if command:
        yield from command.split("\n\n")


def _call(paragraph: str, call_id: str) -> ToolCall | None:
    """Return the call that a paragraph tells of, if any."""
    if paragraph.startswith(_COMMAND):
        return ToolCall(call_id, "run_in_terminal", {"command": paragraph.removeprefix(_COMMAND).partition(_INPUT)[0].strip()})
    if match := _FILE.match(paragraph):
        return ToolCall(call_id, _FILE_TOOLS.get(match[1], "read_file"), {"filePath": as_folder(match[2].partition("#")[0])})
    return None
