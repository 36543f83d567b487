"""The first step of the next session.

It is, in this order, the request or call that was cut off, the step the agent announced, the steps the person is asked to take, the
question that waits for an answer, or what the last report names as missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

from onward.core.extract.goal import is_trial, wants
from onward.core.extract.labels import label_kind
from onward.core.extract.orders import is_standing_order
from onward.core.extract.phrases import PHRASES, PhraseGroup, pattern
from onward.core.extract.replies import REPLY_MARK, last_question
from onward.core.extract.reports import tells_intent
from onward.core.extract.repository_state import shown_chores
from onward.core.extract.sentence_phrases import PAST, tells_action, tells_outcome
from onward.core.extract.session_end import SessionEnd
from onward.core.extract.trace import RecordedCall, Trace
from onward.core.extract.units import Unit
from onward.core.extract.wording import whole
from onward.core.facts.fact import FactKind
from onward.core.text.prose import content_words, one_line
from onward.core.text.sentences import sentences
from onward.message import Message

_MIN_QUESTION_WORDS = 3
"""A shorter question asks for nothing: "anything else?"."""
_CLOSING_QUESTIONS = 3
"""The question of a report is among this many last sentences, not counting a list at its end."""
_MIN_REQUEST_STEMS, _TELLING_STEMS, _MANY_STEMS = 3, 5, 12
"""Content words of a request: fewer than the first say nothing ("go on"), the second make it clear by itself, and more than the third need
no earlier request as context.
"""
_MAX_LEAD_CHARS, _MAX_CALL_CHARS, _MAX_STEPS = 160, 160, 4
_ORDERS_SHARE = 0.6
"""The share of a list's items that give an order if the list tells the person what to do."""
_MIN_ANSWERED_SHARE = 0.8
"""A missing result means an interruption only if at least this share of calls has a result: some logs store none."""
_POINTING = re.compile(
    r"\b(?:it|that|this|these|them|those|itu|ini|es|das|dies|dafür|ça|cela|eso|esto|isso|isto|questo|это|ці|це|bunu)\b", re.I
)
_ALTERNATIVE = re.compile(r"\b(?:or|atau|oder|ou|o|oppure|или|або|hoặc|veya|ya da)\b|还是|或者|または|それとも|또는|아니면|\bأو\b", re.I)
_ASIDE_WORDS = 9
"""A shorter question to a working agent is an aside."""
_CHORES, _CHORE_WORDS = frozenset(("commit", "push", "merge", "pr")), 14
"""Words for repository chores, and the other words of a request that asks only for chores."""
_CLOSING_ORDERS = 2
"""This many last sentences of a report may give the person orders."""
_NEXT_UP = re.compile(
    r"(?:\w+ )?next (?:steps?|up)\b[^:]{0,60}: \S|what (?:would|could|should|i would|i['’]d) [^:?]{0,40}\bnext: \S|proceed (?:to|with) ",
    re.I,
)
_TO_PERSON = re.compile(
    r"(?:now |then )?(?:you (?:can|may|might|could|should|need to|have to) (?:now |then |also |want to )*|please |try )"
    r"(?:re-?)?(?:run|start|test|try|open|check|verify|commit|push|deploy|review|reload|restart|merge|install|add|set|running|reloading)\w*\b",
    re.I,
)
"""How an English sentence that asks the person to act begins."""
_ALL_LANGUAGES = frozenset(PHRASES)
_FENCED_LINE = re.compile(r"[\s*_]*```(?:bash|sh|shell|console|zsh|powershell|cmd)?\n(?:#[^\n]*\n)?[ \t]*([^\n`]{3,120})\n")
"""The first line, below any comment, of the code block that follows."""
_STEP_NUMBER = re.compile(r"^\W*\d+[.)]\s*")


class FirstStep(NamedTuple):
    """The sentence with the first step, and its kind of fact. `text` replaces the sentence and `lead` introduces it if it is unclear alone;
    `turns` are the evidence if no sentence says it.
    """

    unit: Unit | None
    kind: FactKind
    text: Message | str = ""
    turns: tuple[int, ...] = ()
    lead: str = ""


class _Leftovers:
    """Finds the work that a session leaves open."""

    def __init__(
        self,
        units: Sequence[Unit],
        worths: Sequence[float],
        trace: Trace,
        languages: frozenset[str],
        announced: Callable[[Unit], FactKind | None],
        state: Container[int],
    ) -> None:
        self._units = units
        self._worths = worths
        self._trace = trace
        self._languages = languages
        self._announced = announced
        self._state = state

    def _opens(self, group: PhraseGroup, text: str) -> bool:
        return pattern(group, self._languages).match(text) is not None

    def says(self, group: PhraseGroup, text: str) -> bool:
        return pattern(group, self._languages).search(text) is not None

    def report(self, position: int) -> list[Unit]:
        return [unit for unit in self._units if unit.statement.position == position and not unit.by_user]

    def unanswered_call(self, number: int) -> RecordedCall | None:
        """Return the last call of a round if it changes something and its result is not in the log."""
        calls = self._trace.calls
        if not calls or sum(call.is_answered for call in calls) < _MIN_ANSWERED_SHARE * (len(calls) - 1):
            return None
        last = calls[-1]
        if any(statement.author == "agent" and statement.turn > last.turn for statement in self._trace.statements):
            return None
        return last if last.has_effect and not last.is_answered and not last.hands_in and last.round == number else None

    def cut_off(self, numbers: Sequence[int], last_closing: int) -> FirstStep | None:
        """Return the request of the last of these unfinished rounds. If it says too little, return an earlier request, or what the agent
        announced.
        """
        texts = [unit for unit in self._units if unit.by_user and unit.statement.round in numbers]
        requests = [unit for unit in texts if not is_standing_order(unit.text, self._languages)]
        last = [unit for unit in requests if unit.statement.round == numbers[-1]]
        if any(
            statement.author == "user" and statement.round == numbers[-1] and is_trial(statement.text)
            for statement in self._trace.statements
        ):
            return None
        if self._is_done_chore(last, numbers[-1]):
            return None
        bare = self._bare_request(numbers[-1])
        if bare and str(bare.text).startswith("/"):
            return FirstStep(unit=last[0], kind="requirement") if last else bare
        if telling := [unit for unit in last if len(unit.stems) >= _TELLING_STEMS]:
            worthiest = max(telling, key=lambda unit: self._worths[unit.order])
            best = next((unit for unit in telling if wants(unit, self._languages)), worthiest)
            return FirstStep(unit=best, kind="requirement", lead=self._question_before(best, requests))
        if telling := [unit for unit in requests if len(unit.stems) >= _MIN_REQUEST_STEMS]:
            fullest = max(telling, key=lambda unit: min(len(unit.stems), _MANY_STEMS))
            return FirstStep(unit=next((unit for unit in telling if wants(unit, self._languages)), fullest), kind="requirement")
        intents = [unit for unit in self.report(last_closing) if unit.statement.round == numbers[-1] and unit.is_narration]
        if intents:
            return FirstStep(unit=intents[-1], kind="next_step")
        return FirstStep(unit=last[-1], kind="requirement") if last else None if texts else bare

    def _is_done_chore(self, requests: Sequence[Unit], number: int) -> bool:
        """Whether the last message asks only for repository chores, and later commands did them without an error."""
        words = {word.lower().rstrip("s") for unit in requests for word in unit.text.replace(",", " ").split()} & _CHORES
        is_short = sum(unit.size for unit in requests) <= _CHORE_WORDS
        return bool(words) and is_short and words <= shown_chores(run for run in self._trace.runs if run.round == number)

    def _question_before(self, unit: Unit, requests: Sequence[Unit]) -> str:
        """Return the unanswered question of the previous round that a remark belongs to: "why a new one? I have one already"."""
        before = [mate for mate in requests if mate.statement.round == unit.statement.round - 1]
        is_remark = not unit.text.endswith(("?", "？")) and bool(before) and before[-1].text.endswith(("?", "？"))
        return one_line(before[-1].text, _MAX_LEAD_CHARS) if is_remark else ""

    def interrupted_work(self, number: int) -> FirstStep | None:
        """Return the agent's last words at work, if the next round only asks a short question aside."""
        request = [unit for unit in self._units if unit.by_user and unit.statement.round == number]
        is_aside = len(request) == 1 and request[0].text.endswith(("?", "？")) and request[0].size < _ASIDE_WORDS
        if not is_aside or any(call.round == number for call in self._trace.calls):
            return None
        closing = [unit for unit in self._units if unit.statement.round == number - 1 and unit.statement.is_closing and not unit.by_user]
        is_working = bool(closing) and any(
            call.round == number - 1 and call.turn >= closing[0].statement.turn for call in self._trace.calls
        )
        return FirstStep(unit=closing[-1], kind="next_step") if is_working else None

    def _bare_request(self, number: int) -> FirstStep | None:
        """Return a request of one word: a command of the client, or a "yes" with the question that it answers."""
        texts = [statement for statement in self._trace.statements if statement.round == number and statement.author == "user"]
        if not texts or len(texts[-1].text) > _MAX_LEAD_CHARS:
            return None
        before = self._trace.statements[texts[-1].position - 1] if texts[-1].position else None
        question = last_question(before.text) if before and before.author == "agent" else ""
        text = f"{one_line(question, _MAX_LEAD_CHARS)}{REPLY_MARK} {texts[-1].text}" if question else texts[-1].text
        return FirstStep(unit=None, kind="requirement", text=text, turns=(texts[-1].turn,))

    def without_done(self, report: Sequence[Unit]) -> list[Unit]:
        """Return a report without the work that it announces first and claims further down: "I will move it. … It was moved."."""
        claims = (place for place, unit in enumerate(report) if not unit.sentence.is_item and tells_outcome(unit.text, self._languages))
        last_claim = max(claims, default=-1)
        return [unit for place, unit in enumerate(report) if place > last_claim or not tells_intent(unit, self._opens)]

    def announced_step(self, report: Sequence[Unit]) -> FirstStep | None:
        steps = [unit for unit in report if self._announced(unit) == "next_step" and not _is_mere_lead(unit)]
        steps = [unit for unit in steps if unit.sentence.is_item] or steps
        return FirstStep(unit=steps[0], kind="next_step") if steps else None

    def question(self, report: Sequence[Unit]) -> FirstStep | None:
        """Return the closing question of a report. If it refers back, it includes the sentence before it, unless the state already has that
        sentence.
        """
        end = next((place for place in range(len(report), 0, -1) if not report[place - 1].sentence.is_item), 0)
        closing = report[max(0, end - _CLOSING_QUESTIONS) :]
        asking = [unit for unit in closing if self._asks(unit)] or [unit for unit in closing if self._offers_a_choice(unit)]
        if not asking:
            return self._offered_steps(report)
        unit = asking[-1]
        previous = report[report.index(unit) - 1] if report.index(unit) else None
        lead = ""
        is_told = previous is not None and previous.order in self._state
        if (
            previous
            and not is_told
            and _POINTING.search(unit.text)
            and not previous.is_narration
            and not previous.text.endswith(("?", "？"))
        ):
            lead = whole(one_line(previous.text, _MAX_LEAD_CHARS))
        return FirstStep(unit=unit, kind="question", lead=lead)

    def _offered_steps(self, report: Sequence[Unit]) -> FirstStep | None:
        """Return the last list of a report if the agent offers to do what it says: "if you agree, I would: …"."""
        lists = [unit for unit in report if unit.sentence.is_item and self._opens("offer", unit.sentence.lead.strip("*_ "))]
        if not lists:
            return None
        lead = lists[-1].sentence.lead
        starts = [unit for unit in lists if unit.sentence.part == 0 and unit.sentence.lead == lead]
        text = " ".join(whole(unit.text) for unit in starts[:_MAX_STEPS])
        return FirstStep(unit=starts[0], kind="question", text=f"{lead.replace('**', '')} {text}") if starts else None

    def person_steps(self, report: Sequence[Unit]) -> FirstStep | None:
        """Return the list of orders at the end of a report: what the person should run or change by hand."""
        lists = [unit for unit in report if unit.sentence.is_item and not unit.sentence.is_row]
        if not lists:
            return None
        last = lists[-1].sentence
        items = [unit for unit in lists if (unit.sentence.lead, unit.sentence.heading) == (last.lead, last.heading)]
        starts = [unit for unit in items if unit.sentence.part == 0]
        ordering = [unit for unit in starts if self._orders(unit)]
        if len(ordering) < _ORDERS_SHARE * len(starts):
            return None
        if self._tells_what_was_done(last.lead) or self._is_closed(f"{last.lead} {starts[0].text}"):
            return None
        text = " ".join(whole(unit.text) for unit in starts[:_MAX_STEPS])
        return FirstStep(
            unit=starts[0], kind="next_step", text=f"{last.lead} {text}" if last.lead and len(last.lead) <= _MAX_LEAD_CHARS else text
        )

    def _leads_to_steps(self, lead: str) -> bool:
        """Whether what introduces a list may introduce steps: nothing, or words that say what comes next and do not say what was done."""
        return not lead or ((self.says("next", lead) or self.says("instruct", lead)) and not self._tells_what_was_done(lead))

    def _tells_what_was_done(self, lead: str) -> bool:
        """Whether the lead-in of a list says that its items are done, rather than to be done."""
        claim = pattern("did", self._languages).search(lead)
        is_claim = PAST.match(lead) is not None or (claim is not None and claim.start() > 0)
        return is_claim and not self.says("next", lead) and not self.says("instruct", lead)

    def _is_closed(self, step: str) -> bool:
        """Whether the person's last message rejects a step: "no need to run it"."""
        last = max((unit.statement.round for unit in self._units if unit.by_user), default=0)
        stems = frozenset(content_words(step))
        dismissal = pattern("dismiss", self._languages)
        return any(
            dismissal.search(part.text) and stems & frozenset(content_words(dismissal.sub(" ", part.text)))
            for statement in self._trace.statements
            if statement.author == "user" and statement.round == last
            for part in sentences(statement.text)
        )

    def _orders(self, unit: Unit) -> bool:
        text = _STEP_NUMBER.sub("", unit.text)
        return tells_action(text) or pattern("instruct", self._languages).match(text) is not None

    def blocker(self, report: Sequence[Unit]) -> FirstStep | None:
        blocked = [
            (self._worths[unit.order], -unit.order, unit)
            for unit in report
            if self._announced(unit) == "blocker" or self.says("unfinished", unit.text)
        ]
        return FirstStep(unit=max(blocked)[2], kind="blocker") if blocked else None

    def order(self, report: Sequence[Unit]) -> FirstStep | None:
        report = [unit for unit in report if not unit.sentence.is_item or self._leads_to_steps(unit.sentence.lead)]
        orders = [unit for unit in report if tells_action(unit.text) and self.says("next", unit.text) and not self._offers(unit)]
        orders = orders or [unit for unit in report if _NEXT_UP.match(unit.text)]
        orders = orders or [unit for unit in report[-_CLOSING_ORDERS:] if _TO_PERSON.match(unit.text)]
        steps = (self._with_command(unit) for unit in orders)
        return next((step for step in steps if step), None)

    def _with_command(self, unit: Unit) -> FirstStep | None:
        """Return an order as a step. An order that ends in a colon takes the command it introduces; without a command, None."""
        if not unit.text.endswith((":", "：")):
            return FirstStep(unit=unit, kind="next_step") if unit.size > _MIN_QUESTION_WORDS else None
        fence = _FENCED_LINE.match(unit.statement.text.partition(unit.text)[2])
        text = f"{unit.text.rstrip(':：')}: `{fence.group(1).strip()}`" if fence else ""
        return FirstStep(unit=unit, kind="next_step", text=text) if text else None

    def _offers(self, unit: Unit) -> bool:
        return pattern("offer", self._languages).match(unit.text) is not None

    def _offers_a_choice(self, unit: Unit) -> bool:
        """Whether a report lets the person choose who acts: "let me know if I should run `make`, or if you do it"."""
        return self._offers(unit) and bool(unit.names) and _ALTERNATIVE.search(unit.text) is not None

    def _asks(self, unit: Unit) -> bool:
        is_question = unit.text.endswith(("?", "？")) and unit.text.count("`") % 2 == 0 and unit.size >= _MIN_QUESTION_WORDS
        return is_question and not self.offers_help(unit)

    def offers_help(self, unit: Unit) -> bool:
        """Whether a question only offers help or asks for any work at all."""
        return unit.text.endswith(("?", "？")) and pattern("idle", _ALL_LANGUAGES).search(unit.text) is not None


def find_first_step(
    units: Sequence[Unit],
    worths: Sequence[float],
    trace: Trace,
    end: SessionEnd,
    languages: frozenset[str],
    announced: Callable[[Unit], FactKind | None],
) -> FirstStep | None:
    """Return the first step of the next session; None if the session leaves nothing open. *announced* gives the kind that a sentence's
    heading announces.
    """
    left = _Leftovers(units, worths, trace=trace, languages=languages, announced=announced, state=end.leads())
    last = end.last_round
    last_closing = max((statement.position for statement in trace.statements if statement.is_closing), default=-1)
    if call := left.unanswered_call(last):
        text = Message("Check whether `{call}` ran: its result is not in the log.", call=one_line(call.subject, _MAX_CALL_CHARS))
        return FirstStep(unit=None, kind="next_step", text=text, turns=(call.turn,))
    if not end.is_reported():
        if work := left.interrupted_work(last):
            return work
        if announcement := end.announced_work():
            return FirstStep(unit=announcement, kind="next_step")
        cut_off = left.cut_off(end.unreported_rounds() or [last], last_closing)
        if cut_off:
            return cut_off
    report = [unit for unit in left.without_done(left.report(last_closing)) if not left.offers_help(unit)]
    finders = (left.announced_step, left.question, left.person_steps, left.blocker, left.order)
    return next((step for finder in finders if (step := finder(report))), None)


def _is_mere_lead(unit: Unit) -> bool:
    return unit.text.endswith((":", "：")) or label_kind(unit.text) is not None
