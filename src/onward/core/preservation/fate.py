"""What became of the requests of a session: judged from its turns by simple rules of the measure's own.

A session is a row of rounds: a person asks, the agent works and reports. What the person says next, and how the round
ended, show whether the request is still open.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.core.facts.fact import Handle
from onward.core.preservation.cues import cues_of, is_complaint, is_interruption, is_postponed, is_task, spoken_words

_OPENING_WORDS = 25
"""The first words of a person's answer: there it says whether what was done is right."""


@dataclass(slots=True)
class RequestRound:
    """What a person asked in one turn, and what followed until they spoke again.

    `report` is the last prose of the agent. `has_work` says whether it changed a file, ran a command with an effect or
    completed a todo, `has_failure` whether the last check failed.
    """

    handle: Handle
    text: str
    report: str = ""
    has_work: bool = False
    has_failure: bool = False
    next_text: str = field(default="")
    is_last: bool = True

    @property
    def has_answer(self) -> bool:
        """Whether the agent did or said anything."""
        return bool(self.report or self.has_work)

    def is_finished(self) -> bool:
        """Return whether what was asked is done or answered at the session's end."""
        if not self.has_answer:
            return False
        if not self.is_last:
            opening = spoken_words(self.next_text)[:_OPENING_WORDS]
            return not is_interruption(self.next_text) and not is_complaint(opening)
        if self.text.rstrip().endswith("?"):
            return bool(self.report)
        return self.has_work and not self.has_failure and "done" in cues_of(spoken_words(self.report))


def join_unanswered(rounds: list[RequestRound]) -> None:
    """Give a round without an answer that of the next: a person who writes two messages in a row gets one answer."""
    for round_, following in zip(reversed(rounds[:-1]), reversed(rounds[1:]), strict=True):
        round_.is_last, round_.next_text = False, following.text
        if not round_.has_answer and not is_interruption(following.text):
            round_.report, round_.has_work, round_.has_failure = following.report, following.has_work, following.has_failure
            round_.next_text, round_.is_last = following.next_text, following.is_last


def is_finished(text: str, round_: RequestRound) -> bool:
    """Return whether the clause *text* of a person's turn asked for something that is done or answered at the session's
    end. How things are or should be is never finished, nor what was put off.
    """
    return (text.endswith("?") or is_task(spoken_words(text))) and not is_postponed(text) and round_.is_finished()
