"""The handoff as a prompt that can be pasted into any agent: for a goal that is named, and for the agent that is to reach it."""

from __future__ import annotations

from onward.core.handoff import Handoff, Line, render, render_line
from onward.core.headings import BEARING, PREAMBLE, WORKING_AS
from onward.core.text import content_words, stem

MOST_BEARING = 8
"""Lines that are named beside the goal, at most."""
MOST_AGENT_CHARS = 60

_NAMES = {
    "claude-code": "Claude Code", "codex": "Codex", "gemini": "Gemini CLI", "copilot": "Copilot CLI", "cursor": "Cursor", "opencode": "OpenCode", "openhands": "OpenHands",
    "chatgpt": "ChatGPT", "claude-ai": "Claude.ai", "claude": "Claude Code", "aider": "aider", "goose": "goose", "cline": "Cline",
}  # fmt: skip
_TALKING = frozenset({"ChatGPT", "Claude.ai"})
_BY_HAND = "you run nothing yourself here, so say which command is to be run and which file you need, and ask for the turns behind a handle where a line is not enough."
_BY_SHELL = "you run commands yourself, so `onward search WORDS` finds what this page leaves out, and `onward source HANDLE` the turns behind a line."


def render_prompt(handoff: Handoff, *, next_goal: str = "", agent: str = "") -> str:
    """Return the handoff as a prompt. With *next_goal*, the lines that bear on it are named first; with *agent*, it is told how to work with the page."""
    goal, name = " ".join(next_goal.split()), " ".join(agent.split())[:MOST_AGENT_CHARS]
    parts = [PREAMBLE]
    if name:
        called = _NAMES.get(name.lower().replace(" ", "-"), name)
        parts.append(f"{WORKING_AS} {called}: {_BY_HAND if called in _TALKING else _BY_SHELL}")
    parts.append(f"Your task now: {goal}" if goal else "Go on from *Do first*; ask before you undo anything under *Decided*.")
    if lines := bearing(handoff, goal):
        parts.append("\n".join((f"## {BEARING}", *(f"- {render_line(line)}" for line in lines))))
    return "\n\n".join((*parts, render(handoff)))


def bearing(handoff: Handoff, goal: str) -> list[Line]:
    """Return the lines of *handoff* that share most words with *goal*, the rarest words counting most; the best first."""
    wanted = {stem(word) for word in content_words(goal)}
    lines = [line for section in handoff.sections for line in section.lines]
    said = [{stem(word) for word in content_words(line.text)} for line in lines]
    among = {word: sum(word in one for one in said) for word in wanted}
    scored = [(sum(1 / among[word] for word in wanted & one), -place) for place, one in enumerate(said) if wanted & one]
    return [lines[-place] for _, place in sorted(scored, reverse=True)[:MOST_BEARING]]
