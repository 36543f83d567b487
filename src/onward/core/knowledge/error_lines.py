"""Where a text names an error: the output of a command, a log, or what a person pasted."""

from __future__ import annotations

import re

from onward.core.extract.command_lines import COLOURS, find_error_line
from onward.core.text.prose import one_line

MAX_ERROR_CHARS = 320
_READ_CHARS = 20_000
"""How much of the end of an output is read: errors are there."""
_MAX_PASTED_CHARS = 6_000
_MAX_NAMED, _MAX_FURTHER = 3, 2
"""The lines with a name, and the lines after the one that names it best, that belong to an error's text."""

_NAMED_ERROR = re.compile(
    r"\b\w*(?:Error|Exception|Failure|Warning|Fault|Panic)\b(?:\s*\[\w+\])?:\s*\S|^error(?:\[\w+\])?:|: error:|ERR!|\bE[A-Z]{4,}\b"
    r"|\bERR_[A-Z_]{3,}|^(?:[a-z_]\w*\.)+[A-Z]\w+: \S|\b(?:ERROR|FATAL|CRITICAL|SEVERE|FAILED|PANIC)\b\]?\s*[\[:]|\[(?:error|crit|alert|emerg|fatal|critical)\]"
    r"|! \[(?:remote )?rejected\]\s+\S|^--- FAIL: \S|^[⚠✖❌⛔]\ufe0f?\s+[^\W\d].*[^:\s]$"
)
_PROGRAM_SAYS = re.compile(
    r"(?:^|: )(?=[^:]*[/\\.\[\]\d_])[^:]{1,120}: [^:]*\b(?:no such|not found|denied|refused|cannot|can't|fail(?:ed|ure)|unable|"
    r"timed? ?out)\b|^(?=.*\w://).*\b(?:refused|denied|blocked|forbidden|not allowed|timed out|failed with|returned [45]\d\d)\b",
    re.I,
)
"""A program with its path, and what it could not do, as programs say it in one line."""
_EMPTY_ERROR = re.compile(
    r"task failed|some errors were emitted|could not compile|aborting due to|build failed|command (?:failed|aborted|exited)|lifecycle script|^FAIL\b|truncated output|"
    r"^\W*(?:code|errno|syscall|name|status|type|kind): |^\W*(?:found )?\d+ (?:errors?|problems?|warnings?)\b|found \d+ errors?|[│┃·]|^\W*>?\s*\d+ [|│]|exit (?:code|status) \d+\W*$"
    r"|exited with code \d+|script failed\b|failed to push some refs|^hint: |^(?:ERROR|FAIL): test\w* \(|^\* \w+: \d+$|^\d+ issues?\b",
    re.I,
)
"""Lines that sound like an error and name none: counts, heads of failed tests, what wraps an error, and excerpts of code."""
_LINE_HEAD = re.compile(r"^(?:\d+\|[\w-]+\s*\|\s*|[\w-]+-\d+\s+\|\s*|npm (?:ERR!|error) )+")
"""What process managers, composed containers and npm print before each line."""
_NO_ERROR = re.compile(r"\b\w*Warning\b.*?:|^[-*•] ", re.I)
"""Lines of logs and of pasted text that name no error: warnings, and items of a list."""
_STACK = re.compile(r"\s*(?:at |File \"|-->|[|^~]|\d+ \||\.{3})|\s*$")


def error_line(output: str) -> str:
    """Return the line of a command's *output* that names its error best: one with the error's own name, the last of
    them, else the first that sounds like one; empty if there is none.
    """
    telling = _telling_lines(output)
    named = [line for line in telling if _NAMED_ERROR.search(line)]
    return one_line(named[-1], 200) if named else find_error_line("\n".join(telling))


def failure_line(output: str) -> str:
    """Return the line that names the error of a command that failed: `error_line`, else the last one that says something of something,
    else the last.
    """
    lines = _telling_lines(output)
    return error_line(output) or one_line(next((line for line in reversed(lines) if ": " in line), lines[-1] if lines else ""), 200)


def logged_error(output: str) -> str:
    """Return the last line of a log that has an error's own name; empty if there is none."""
    return one_line(next((line for line in reversed(_telling_lines(output)) if _is_shown_error(line)), ""), 200)


def pasted_error(text: str) -> str:
    """Return the last line of what a person wrote that a program must have printed, and that names an error; empty if
    there is none.
    """
    lines = _telling_lines(text[:_MAX_PASTED_CHARS])
    return one_line(next((line for line in reversed(lines) if _is_shown_error(line) or _is_said_by_program(line)), ""), 200)


def _is_shown_error(line: str) -> bool:
    return bool(_NAMED_ERROR.search(line)) and not _NO_ERROR.search(line)


def _is_said_by_program(line: str) -> bool:
    return bool(_PROGRAM_SAYS.search(line)) and not _NO_ERROR.search(line)


def error_text(output: str, line: str) -> str:
    """Return what *output* says of the error that *line* names: the line, others with a name, and the lines that continue it."""
    lines = [_LINE_HEAD.sub("", text) for text in COLOURS.sub("", output[-_READ_CHARS:]).split("\n")]
    place = next((at for at in reversed(range(len(lines))) if one_line(lines[at].strip(), 200) == line), -1)
    further: list[str] = []
    for text in lines[place + 1 : place + 1 + _MAX_FURTHER] if place >= 0 else ():
        if _STACK.match(text):
            break
        if not _EMPTY_ERROR.search(text):
            further.append(text)
    named = [text for text in _telling_lines(output) if _NAMED_ERROR.search(text)][-_MAX_NAMED:]
    return one_line(" ".join(dict.fromkeys(one_line(text, 400) for text in (line, *further, *named))), MAX_ERROR_CHARS)


def without_head(line: str) -> str:
    """Return a line of an output without what the program that prints it puts before every line."""
    return _LINE_HEAD.sub("", line.strip())


def _telling_lines(output: str) -> list[str]:
    lines = [without_head(line) for line in COLOURS.sub("", output[-_READ_CHARS:]).split("\n")]
    return [line for line in lines if 8 < len(line) < 400 and not _EMPTY_ERROR.search(line)]
