"""What programs write under a person's name: reminders, command envelopes, what an editor has open. The person's own words are taken out of it."""

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
"""Tags around what a person typed."""
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
"""What a person typed stands below this heading, after what the editor added."""


def extract_typed(texts: list[str]) -> tuple[str, Mark]:
    """The parts of one message under a person's name: what the person typed, as `said`; if that is nothing, all of it, as `injected` or `summary`."""
    typed_parts = [text for text in map(strip_envelopes, texts) if text]
    if typed_parts:
        joined = "\n\n".join(typed_parts)
        return joined, "summary" if joined.startswith(_SUMMARY_START) else "said"
    rest = "\n\n".join(text.strip() for text in texts if text.strip())
    return rest, "injected" if rest else "said"


def strip_envelopes(text: str) -> str:
    """*text* without what programs wrap around it: envelopes at its beginning, reminders wherever a line begins with one."""
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
