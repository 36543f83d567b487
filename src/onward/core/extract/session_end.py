"""How a session ended: the opening claim of its last report, and what happened after it without a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from onward.core.extract.interruptions import Interruption
from onward.core.extract.phrases import PhraseGroup, pattern
from onward.core.extract.reports import GUESS, opening_of, points_back, report_of, tells_intent
from onward.core.extract.repository_state import name_files
from onward.core.extract.rounds import Round
from onward.core.extract.sentence_phrases import tells_outcome
from onward.core.extract.trace import RecordedCall, Trace
from onward.core.extract.units import Unit
from onward.core.extract.wording import GENERIC_LEAD, clean, whole
from onward.core.text.prose import one_line
from onward.message import Message, as_message

_RECENT_ROUNDS = 4
"""The report that gives the state is from one of this many last rounds."""
_MAX_ASKED_CHARS, _MAX_ACT_CHARS = 140, 90
_FAREWELL_WORDS, _LAST_SENTENCES = 5, 3
"""After an agreement of at most this many words nothing more is expected, unless one of this many last sentences of the report asks for it.
"""
_LAST_TEXTS, _MAX_FINDINGS, _MIN_FINDING_WORDS, _MAX_FINDING_CHARS = 3, 2, 6, 260
"""Findings at work come from this many last texts of the agent; the most findings, the fewest words of one, and the most characters of all.
"""
_ANSWERED, _MAX_ANSWER_UNITS = "Answered last", 2
"""The lead-in of an answer after the last report, and how many sentences of it are in the state."""
_HOPED, _SUPPOSED = "Expected by the agent, not shown", "Supposed by the agent"
"""The lead-ins of an expectation and of a supposition."""
_PROPOSAL = re.compile(r"^<{5,9} SEARCH\b[\s\S]*^>{5,9} REPLACE", re.M)
"""A change of a file as a block for the client to apply."""
_SHORT_ANSWER_CHARS = 200
"""An answer up to this length to mere agreement says nothing about the state."""


class EndState(NamedTuple):
    """What the log shows about the end of a session, and the turns that show it."""

    message: Message
    turns: tuple[int, ...]


class SessionEnd:
    """Finds out how a session ended."""

    def __init__(
        self, units: Sequence[Unit], worths: Sequence[float], trace: Trace, rounds: dict[int, Round], languages: frozenset[str]
    ) -> None:
        self._units = units
        self._worths = worths
        self._trace = trace
        self._rounds = rounds
        self._languages = languages
        requested = [number for number in sorted(rounds) if rounds[number].requests]
        asking = [number for number in requested if not self._is_thanks(rounds[number])]
        self.last_round = (asking or requested or [0])[-1]

    def leads(self) -> dict[int, str]:
        """Return the sentences that give the state, by their order, each with its lead-in; empty if no report gives it."""
        leads = _leads(self._last_report, self._asked()) | _leads(self._last_answer, _ANSWERED)
        unsure = {unit.order: _SUPPOSED for unit in self._last_report if GUESS.search(unit.text)}
        unsure |= {unit.order: _HOPED for unit in self._last_report if self._opens("hope", unit.text)}
        return {order: unsure.get(order, lead) for order, lead in leads.items()}

    def end_state(self) -> EndState | None:
        """Return what happened after the last report without a new one: a request, the agent's last act, and what stopped it."""
        return self._unreported(self._last_report)

    def is_reported(self) -> bool:
        """Whether the last round with a request has a report or an answer, and nothing stopped the agent after it."""
        return self._is_answered(self.last_round)

    def announced_work(self) -> Unit | None:
        """Return the last sentence of an answer that explains and then announces work that the log does not show."""
        current = self._rounds.get(self.last_round)
        if current is None or current.closing is None or self.is_reported():
            return None
        sentences = [unit for unit in self._units if unit.statement is current.closing]
        is_intent = bool(sentences) and tells_intent(sentences[-1], self._opens)
        return sentences[-1] if is_intent and len(self._report_of(self.last_round)) > 1 else None

    def unreported_rounds(self) -> list[int]:
        """Return the rounds at the end of the session that have no report."""
        numbers: list[int] = []
        for number in range(self.last_round, 0, -1):
            if self._is_answered(number):
                break
            numbers.append(number)
        return numbers[::-1]

    def _is_answered(self, number: int) -> bool:
        """Whether the agent's last words in a round are a report, or, if no call followed, at least no announcement of work."""
        sentences = self._last_words(number)
        if sentences and self._rounds[number].is_handed_in:
            return True
        if not sentences:
            return self._is_committed(number) or self._is_answered_in_code(number)
        if tells_intent(sentences[-1], self._opens):
            return False
        turn = sentences[0].statement.turn
        if self._only_proposes(number):
            return False
        return bool(self._report_of(number)) or not any(self._works(call, number, turn) for call in self._trace.calls)

    def _is_answered_in_code(self, number: int) -> bool:
        """Whether a round closes with a block of code and no sentence, and the agent did nothing else in it."""
        current = self._rounds[number]
        is_stopped = any(interruption.round == number for interruption in self._trace.interruptions)
        is_code = current.closing is not None and "```" in current.closing.text and not self._only_proposes(number)
        return is_code and not is_stopped and not any(call.round == number for call in self._trace.calls)

    def _is_committed(self, number: int) -> bool:
        """Whether a round ends with nothing but code that the client committed."""
        current = self._rounds[number]
        is_stopped = any(interruption.round == number for interruption in self._trace.interruptions)
        return bool(current.closing and current.commits) and not is_stopped

    def _works(self, call: RecordedCall, number: int, turn: int) -> bool:
        """Whether a call is the agent's own work in a round, from a turn on."""
        return call.round == number and call.turn >= turn and not call.by_client and not call.hands_in

    def _only_proposes(self, number: int) -> bool:
        """Whether the last words of a round contain a change to a file that was not applied."""
        current = self._rounds[number]
        return bool(current.closing and not current.edits and not current.commits and _PROPOSAL.search(current.closing.text))

    def _report_of(self, number: int) -> list[Unit]:
        """Return the opening of the report of a round; empty if it has none."""
        return opening_of(report_of(self._last_words(number), self._opens), self._worths, self._opens)

    def _last_words(self, number: int) -> list[Unit]:
        """Return the last sentences of a round; none if the agent was stopped or kept working after them."""
        current = self._rounds.get(number)
        closing = current.closing if current else None
        if closing is None or any(
            interruption.round == number and interruption.turn >= closing.turn for interruption in self._trace.interruptions
        ):
            return []
        sentences = [unit for unit in self._units if unit.statement is closing]
        works_on = any(self._works(call, number, closing.turn) for call in self._trace.calls)
        return [] if works_on and any(unit.is_narration for unit in sentences) else sentences

    def _opens(self, group: PhraseGroup, text: str) -> bool:
        return pattern(group, self._languages).match(text) is not None

    @property
    def _last_report(self) -> list[Unit]:
        """Return the opening of the last report that was not denied: that of the last round with work if only talk followed it."""
        return self._reports[0]

    @property
    def _last_answer(self) -> list[Unit]:
        """Return the opening of the last answer if it came after the last report and no work goes on after it."""
        return self._reports[1][:_MAX_ANSWER_UNITS]

    @cached_property
    def _reports(self) -> tuple[list[Unit], list[Unit]]:
        """Return the openings of the last report and of an answer after it."""
        is_working_on = not self.is_reported() and any(call.round == self.last_round for call in self._trace.calls)
        talk: list[Unit] = []
        for number in range(self.last_round, max(-1, self.last_round - _RECENT_ROUNDS), -1):
            current = self._rounds.get(number)
            if current is None or self._is_thanks(current):
                continue
            if current.fate == "refused":
                break  # A denied report is no state, and earlier reports are out of date.
            opening = self._report_of(number) or self._shown_result(current)
            is_work = current.edits or current.commits or current.runs or self._reports_work(current, opening)
            if opening and (is_work or self._is_chat):
                return opening, ([] if is_working_on else talk)
            talk = talk or opening
        return ([] if is_working_on else talk), []

    def _shown_result(self, current: Round) -> list[Unit]:
        """Return the last sentence of a round that introduces a result in a code block: "it now prints:"."""
        if not current.edits or not self._is_answered(current.number):
            return []
        words = [unit for unit in self._last_words(current.number) if unit.text.endswith((":", "：")) and not unit.is_narration]
        return words[:1]

    @property
    def _is_chat(self) -> bool:
        """Whether the log shows no act of the agent, so that its last answer is the state."""
        return not self._trace.calls

    def _reports_work(self, current: Round, opening: Sequence[Unit]) -> bool:
        """Whether a round without work of the agent reports work, for example of another agent: its request is no question."""
        if not opening:
            return False
        is_question = "?" in current.request or "？" in current.request
        return not is_question and tells_outcome(opening[0].text, self._languages)

    def _is_thanks(self, current: Round) -> bool:
        """Whether a person only agreed and the agent only answered."""
        closing = current.closing
        if any(call.round == current.number for call in self._trace.calls) or not self._opens("agree", current.request):
            return False
        if closing is None:
            return len(current.request.split()) <= _FAREWELL_WORDS and not self._is_asked(current.number - 1)
        if len(closing.text) > _SHORT_ANSWER_CHARS or len(current.request) > _SHORT_ANSWER_CHARS:
            return False
        is_stopped = any(
            interruption.round == current.number and interruption.turn >= closing.turn for interruption in self._trace.interruptions
        )
        is_intent = self._opens("narrate", closing.text)
        return not is_stopped and not is_intent

    def _is_asked(self, number: int) -> bool:
        """Whether the agent's last words of a round end with a question or an offer, or the round has no report."""
        sentences = self._last_words(number)
        return not sentences or any(
            unit.text.endswith(("?", "？")) or self._opens("offer", unit.text) for unit in sentences[-_LAST_SENTENCES:]
        )

    def _asked(self) -> str:
        """Return the request if the first sentence of the report depends on it."""
        report = self._last_report
        request = self._rounds[report[0].statement.round].request if report else ""
        leans = bool(report) and (points_back(report[0].text) or report[0].text.endswith((":", "：")))
        return f"Asked: {one_line(request, _MAX_ASKED_CHARS)}" if request and leans else ""

    def _unreported(self, report: Sequence[Unit]) -> EndState | None:
        """Return what happened after the last report without a new one: a request, the agent's last act, and what stopped it."""
        reported_turn = report[0].statement.turn if report else 0
        if self.last_round == 0 or self.is_reported():
            return None
        current = self._rounds[self.last_round]
        request_turn = current.requests[-1].turn
        acts = [call for call in self._trace.calls if call.turn >= request_turn and call.turn > reported_turn]
        interruptions = [interruption for interruption in self._trace.interruptions if interruption.turn >= request_turn]
        words: list[Message | str] = []
        turns = [request_turn]
        if acts:
            act, error = one_line(acts[-1].subject, _MAX_ACT_CHARS), acts[-1].error.replace("`", "'")
            if error:
                words.append(
                    Message("The last request has no report; the last act was `{act}`, which failed: `{error}`.", act=act, error=error)
                )
            elif acts[-1].is_answered:
                words.append(Message("The last request has no report; the last act was `{act}`.", act=act))
            else:
                words.append(Message("The last request has no report; the last act was `{act}`, its result is not in the log.", act=act))
            turns.append(acts[-1].turn)
        elif current.closing is None:
            words.append(Message("The last request has no reply."))
        elif self._only_proposes(self.last_round):
            words.append(Message("The last answer proposes a change of a file that was not applied."))
        elif current.number in {unit.statement.round for unit in (*self._last_report, *self._last_answer)}:
            words.append(Message("The last answer announces work that the log does not show."))
        else:
            words.append(Message("The last request has no report."))
        if edited := self._edited_since(request_turn, reported_turn):
            words.append(edited)
        if errors := [request.error for request in current.requests if request.error]:
            words.append(Message("The request names the error: `{error}`.", error=errors[0]))
        if finding := self._found_at_work(acts):
            words.append(finding)
        if interruptions:
            words.append(_interruption_message(interruptions[-1]))
            turns.append(interruptions[-1].turn)
        return EndState(_join_sentences(words), tuple(turns))

    def _edited_since(self, request_turn: int, reported_turn: int) -> Message | None:
        """Return the files edited for the request without a report, and whether no command was run after; None without an edit."""
        edits = [c for c in self._trace.changes if c.turn >= request_turn and c.turn > reported_turn]
        if not edits:
            return None
        files = name_files({c.change.path for c in edits})
        if not self._trace.is_whole or any(run.turn > edits[-1].turn for run in self._trace.runs):
            return Message("Edited for it: {files}.", files=files)
        return Message("Edited for it: {files}, and nothing was run after that.", files=files)

    def _found_at_work(self, acts: Sequence[RecordedCall]) -> str:
        """Return the agent's last finding or cause while it worked on the request without a report, not what it announced."""
        texts: dict[int, list[Unit]] = {}
        for unit in self._units if acts else ():
            if unit.statement.round == self.last_round and not unit.by_user:
                texts.setdefault(unit.statement.position, []).append(unit)
        for position in sorted(texts, reverse=True)[:_LAST_TEXTS]:
            report = [unit for unit in texts[position] if not unit.text.endswith((":", "："))]
            claims = [
                unit
                for unit in opening_of(report, self._worths, self._opens)
                if unit.size >= _MIN_FINDING_WORDS and not GUESS.search(unit.text)
            ]
            if claims:
                return whole(one_line(" ".join(whole(unit.text) for unit in claims[:_MAX_FINDINGS]), _MAX_FINDING_CHARS))
        return ""


def _leads(opening: Sequence[Unit], request: str) -> dict[int, str]:
    leads = {unit.order: _introduction(unit) for unit in opening}
    return {order: lead or (request if place == 0 else "") for place, (order, lead) in enumerate(leads.items())}


def _introduction(unit: Unit) -> str:
    lead = unit.sentence.lead.rstrip(":： ")
    is_telling = unit.sentence.is_item and lead and len(lead) <= _MAX_ASKED_CHARS and not GENERIC_LEAD.match(lead)
    return clean(lead) if is_telling else ""


def _interruption_message(interruption: Interruption) -> Message:
    notice = interruption.text.rstrip(".")
    if interruption.cause == "interrupted":
        return Message("The agent was interrupted.")
    if interruption.cause == "failed":
        return Message("It ended with an error: {notice}.", notice=notice)
    return Message("It ended at a limit: {notice}.", notice=notice)


def _join_sentences(words: Sequence[Message | str]) -> Message:
    *earlier, last = words
    joined = as_message(last)
    for sentence in reversed(earlier):
        joined = Message("{sentence} {following}", sentence=sentence, following=joined)
    return joined
