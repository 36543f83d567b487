"""One line of evidence: what a person, an agent or a tool shows at one turn."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from onward.core.facts.fact import Handle

Voice: TypeAlias = Literal["person", "agent", "report", "summary", "git", "task", "run", "file", "edit", "sub-agent", "handoff"]
"""Who or what a line is from. `report` is the agent's last text of a round, `handoff` a line of the standing handoff."""

PROVING_VOICES: frozenset[Voice] = frozenset(("person", "git", "run", "file"))
"""The voices that prove something. What an agent says, also in its task list, is a claim."""

_LABELS: dict[Voice, str] = {
    "person": "person: ",
    "agent": "agent: ",
    "report": "agent, end of a round: ",
    "summary": "agent's summary: ",
    "git": "shown by git: ",
    "task": "task list, ",
    "run": "ran ",
    "file": "file ",
    "edit": "in ",
    "sub-agent": "answer of ",
    "handoff": "",
}


class EvidenceLine(NamedTuple):
    """What one turn shows. `text` may have several lines of its own."""

    handle: Handle
    voice: Voice
    text: str

    def labelled(self) -> str:
        """Return the text after the name of its voice."""
        return _LABELS[self.voice] + self.text

    def render(self) -> str:
        """Return the line as a prompt shows it."""
        return f"[{self.handle}] {self.labelled()}"
