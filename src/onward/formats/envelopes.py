"""Text that programs add to the user's messages: reminders, command envelopes, editor context. The user's own words are extracted."""

from __future__ import annotations

from onward.core.transcript.transcript import Mark

_TAGS = (
    "system-reminder",
    "command-name",
    "command-message",
    "command-contents",
    "local-command-caveat",
    "local-command-stdout",
    "local-command-stderr",
    "bash-input",
    "bash-stdout",
    "bash-stderr",
    "ide_opened_file",
    "ide_selection",
    "task-notification",
    "user-prompt-submit-hook",
    "environment_context",
    "user_instructions",
    "INSTRUCTIONS",
    "collaboration_mode",
    "permissions",
    "turn_aborted",
    "skill",
    "subagent_notification",
    "user_shell_command",
    "model_switch",
)
_WRAPPERS = ("command-args", "user-memory-input")
"""Tags around typed text."""
_INJECTED_STARTS = (
    "[Request interrupted",
    "Caveat: The messages below",
    "[Image: source:",
    "Base directory for this skill:",
    "# AGENTS.md instructions",
)
_SUMMARY_START = "This session is being continued from a previous conversation"
_REMINDER = "<system-reminder>"
_REQUEST_HEADING = "## My request for Codex:"
"""The heading before typed text, after the editor's additions."""


def extract_typed(texts: list[str]) -> tuple[str, Mark]:
    """Return the parts of one message in the user's name: the typed text, as `said`; if there is none, all of it, as `injected` or
    `summary`.
    """
    typed_parts = [text for text in map(strip_envelopes, texts) if text]
    if typed_parts:
        joined = "\n\n".join(typed_parts)
        return joined, "summary" if joined.startswith(_SUMMARY_START) else "said"
    rest = "\n\n".join(text.strip() for text in texts if text.strip())
    return rest, "injected" if rest else "said"


def strip_envelopes(text: str) -> str:
    """Return *text* without wrappers of programs: envelopes at its beginning, and reminders at the beginning of any line."""
    text = text.strip()
    if text.startswith(_INJECTED_STARTS) or text == "</image>" or (text.startswith("<image name=") and text.endswith(">")):
        return ""
    if text.startswith("# Context from my IDE") and _REQUEST_HEADING in text:
        return text.partition(_REQUEST_HEADING)[2].strip()
    while text.startswith("<"):
        tag = text[1:40].partition(">")[0].partition(" ")[0]
        if tag not in _TAGS and tag not in _WRAPPERS:
            break
        body, closing, rest = text[text.find(">") + 1 :].partition(f"</{tag}>")
        if tag in _WRAPPERS:
            return "\n".join(filter(None, (body.strip(), strip_envelopes(rest))))
        text = rest.strip() if closing else ""
    if _REMINDER in text:
        text = _without_reminders(text)
    return text


def _without_reminders(text: str) -> str:
    pieces: list[str] = []
    position = 0
    while True:
        start = text.find(_REMINDER, position)
        while start > 0 and text[start - 1] != "\n":
            start = text.find(_REMINDER, start + 1)
        if start < 0:
            pieces.append(text[position:])
            return "".join(pieces).strip()
        pieces.append(text[position:start])
        end = text.find("</system-reminder>", start)
        if end < 0:
            return "".join(pieces).strip()
        position = end + len("</system-reminder>")
