"""The handoff as a prompt for any agent, for a named goal."""

from __future__ import annotations

from onward.core.agents import find_agent
from onward.core.facts.headings import AGENT_INTRO, PREAMBLE, RELEVANT_HEADING, START_PLACES
from onward.core.facts.kinds import KINDS
from onward.core.handoff.document import CitedLine, Handoff, render, render_line
from onward.core.text.prose import content_words, stem

MAX_RELEVANT_LINES = 8
"""The most lines that are repeated beside the goal."""
MAX_AGENT_CHARS = 60

_DECISIONS = KINDS["decision"].section.title

_CHAT_ADVICE = (
    "you run nothing yourself here, so say which command is to be run and which file you need, and ask for the turns "
    "behind a handle where a line is not enough."
)
_SHELL_ADVICE = (
    "you run commands yourself, so `onward search WORDS` finds what this page leaves out, and `onward source HANDLE` "
    "the turns behind a line."
)


def render_prompt(handoff: Handoff, *, next_goal: str = "", agent: str = "") -> str:
    """Return the handoff as a prompt. With *next_goal*, the lines that matter for it come first; with *agent*, the
    prompt says how that agent works with the page.
    """
    goal, name = " ".join(next_goal.split()), " ".join(agent.split())[:MAX_AGENT_CHARS]
    parts = [PREAMBLE]
    if name:
        known_agent = find_agent(name)
        label, is_chat = (known_agent.label, known_agent.is_chat) if known_agent else (name, False)
        parts.append(f"{AGENT_INTRO} {label}: {_CHAT_ADVICE if is_chat else _SHELL_ADVICE}")
    parts.append(f"Your task now: {goal}" if goal else _start_advice(handoff))
    if lines := relevant_lines(handoff, goal):
        parts.append("\n".join((f"## {RELEVANT_HEADING}", *(f"- {render_line(line)}" for line in lines))))
    return "\n\n".join((*parts, render(handoff)))


def _start_advice(handoff: Handoff) -> str:
    """Return advice on where to begin and what to leave unchanged, for the parts that the handoff has."""
    names = {name for name, _ in handoff.head}
    place = next((name for name in START_PLACES if name in names), "")
    advice = f"Go on from *{place}*" if place else "Go on with this work"
    has_decisions = any(section.title == _DECISIONS for section in handoff.sections)
    return f"{advice}; ask before you undo a decision under *{_DECISIONS}*." if has_decisions else f"{advice}."


def relevant_lines(handoff: Handoff, goal: str) -> list[CitedLine]:
    """Return the lines of *handoff* that share most words with *goal*, rare words counting more; the best first."""
    goal_stems = {stem(word) for word in content_words(goal)}
    lines = [line for section in handoff.sections for line in section.lines]
    stems_by_line = [{stem(word) for word in content_words(line.text)} for line in lines]
    line_counts = {word: sum(word in stems for stems in stems_by_line) for word in goal_stems}
    scored = [
        (sum(1 / line_counts[word] for word in goal_stems & stems), -position)
        for position, stems in enumerate(stems_by_line)
        if goal_stems & stems
    ]
    return [lines[-position] for _, position in sorted(scored, reverse=True)[:MAX_RELEVANT_LINES]]
