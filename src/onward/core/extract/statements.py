"""Facts from what was said: the sentences worth keeping, each with its kind, its worth and its state at the end of the session.

The worth is learned (`worth`). Rules decide the rest, in this order: who speaks, the round, how the round's request ended, the heading, and
last phrases (`phrases`). A missing phrase costs a better heading, never the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from onward.core.extract import sentence_worth as form
from onward.core.extract.aftermath import Aftermath, read_aftermath
from onward.core.extract.completion import request_outcome
from onward.core.extract.first_step import FirstStep, find_first_step
from onward.core.extract.goal import find_goal, goal_continuation, goal_lead, goal_tail
from onward.core.extract.labels import OPEN_LABELS, label_kind
from onward.core.extract.last_message import find_last_message
from onward.core.extract.orders import is_standing_order
from onward.core.extract.phrases import PhraseGroup, pattern
from onward.core.extract.replies import REPLY_WORDS, created_path, is_mere_agreement, numbered_note, reply_lead
from onward.core.extract.reports import is_only_names
from onward.core.extract.reversals import changes_value, retired_values
from onward.core.extract.rounds import Fate, Round, rounds_of
from onward.core.extract.sentence_phrases import PAST, tells_dead_end, tells_outcome
from onward.core.extract.session_end import SessionEnd
from onward.core.extract.statement_draft import StatementDraft
from onward.core.extract.templates import template_positions
from onward.core.extract.trace import Statement, Trace
from onward.core.extract.units import Unit, feature_vectors, units_of
from onward.core.extract.wording import GENERIC_LEAD, clean, whole
from onward.core.extract.worth import worth
from onward.core.facts.fact import (
    FIRST_STEP,
    LAST_MESSAGE,
    OPEN_REQUEST,
    SESSION_END,
    SESSION_STATE,
    FactKind,
    FactState,
)
from onward.core.facts.kinds import KINDS
from onward.core.text.languages import languages_of
from onward.core.text.prose import content_words, numbers, one_line
from onward.core.transcript.tools import FINISHING_TOOLS
from onward.message import Message

MAX_STATEMENTS = 220
"""The most sentences of one session: several times what the largest handoff can show."""

MIN_WORTH = 0.045
"""Sentences with less worth are dropped: readers strike out nine of ten of them."""

RULE_WORTH, GOAL_WORTH, ANSWER_WORTH = 0.6, 0.5, 0.25
"""The least worth of a person's standing rule, of their goal and of their choice in a dialog, wherever they are."""

_ANSWER_CHARS = 200
"""In an answer up to this length every sentence is the person's choice; a longer one includes a paste."""

HEAD_WORTH = 0.5
"""The worth of text that only the head of a handoff has."""

_MAX_LEAD_CHARS = 90
_MAX_GOAL_CHARS = 640
_BARE_WORDS = 9
"""A list item with at most this many words needs its lead-in to name the subject."""
_OPEN_ANSWERS = 2
"""In a session without work, the last answers whose next steps are still open."""
_MAX_REPEATS = 3
"""A sentence repeated more often in a session is a stock phrase of the agent or a program."""
_DANGLING = re.compile(
    r"^(?:it|this|that|these|those|they|both|so|also|and|but|then|here|such|he|she|which|the former|the latter|es|das|dies|cela|ça|это|"
    r"esto|isso|questo|これ|それ|这|那)\b",
    re.I,
)
_SUMMARY_OPENING = re.compile(
    r"session is being continued from a previous|ran out of context|conversation is summarized below|^all user messages", re.I
)
_REFUSAL_CHARS, _DENIED_WORDS = 300, 3
"""The part of a refusal that counts, and how many words it shares with a sentence that it denies."""
_REVIVED_SHARE = 0.6
"""A later summary revives a denied claim if a sentence of it has this share of the claim's words."""
_NARRATED_CAUSE_FACTOR, _PRAISE_FACTOR, _ERRAND_FACTOR, _TEMPLATE_FACTOR, _ANSWERED_FACTOR = 0.5, 0.5, 0.5, 0.3, 0.3
_CODE_FACTOR = 0.4
"""Factor on the worth of a person's sentence that is mostly paths and signs."""
_REFUTED_FACTOR = 0.5
"""Factor on the worth of a report that the person answered with an error."""
_FATE_FACTORS: dict[Fate, float] = {"refused": 0.4, "passed": 0.6, "withdrawn": 0.3}
"""Factors on the worth of a report, by the fate of its request: refused, passed over, withdrawn."""
_REASON_FACTOR, _CAUSE_FACTOR, _PASSED_FACTOR = 1.3, 1.2, 1.6
"""Factors on the worth of a reason or limit, of a cause or fix, and of passing tests."""
_ADDRESS_FACTOR, _OFFER_FACTOR, _PAST_STEP_FACTOR, _REMARK_FACTOR = 0.35, 0.2, 0.6, 0.65
"""Factors on the worth of a sentence in an earlier report that speaks to the person, offers work or names a step; and of a remark at work.
"""
_BARE_REQUEST_WORDS, _BARE_REQUEST_FACTOR = 4, 0.6
"""A finished request without a name and with at most this many content words depends on its context; the factor on its worth."""
_HOPE_FACTOR, _STEP_FACTOR, _GUESS_FACTOR = 0.3, 0.6, 0.7
"""Factors on the worth of what an earlier text expects, asks the person to do, or thinks possible."""
_HANGING_FACTOR, _SOUND_FACTOR = 0.6, 0.3
"""Factors on the worth of a sentence that depends on the one before it, and of what an earlier text finds correct."""
_ANNOUNCED_FACTOR = 0.4
"""Factor on the worth of a sentence that announces code, which a handoff does not repeat."""
_BOAST_FACTOR, _PLAN_FACTOR = 0.35, 0.3
"""Factors on the worth of a success without a measure, and of what an earlier text says a file or the agent will do."""
_CAUSE_GROUPS: tuple[PhraseGroup, ...] = ("cause", "fix", "tried")
_HOPELESS_WORTH = 0.02
"""A learned worth that no factor can raise above the least worth."""
_PASSED_MARK, _FAILED_MARK = re.compile("[✅✓✔☑👍🟢]"), re.compile("[❌⚠✗✘❓🔴🟡🟠]")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|“[^”]*”|«[^»]*»")
_ERROR_NAME = re.compile(
    r"\b\w+(?:Error|Exception)\b|\bE[A-Z]{4,}\b|\bexit (?:code|status) \d|\bHTTP \d{3}\b|\b(?:4|5)\d\d (?:[A-Z]\w+|error)"
)
"""The name of an error, in any language."""


class _Session(NamedTuple):
    trace: Trace
    languages: frozenset[str]
    rounds: dict[int, Round]
    last_closing: int
    open_closings: frozenset[int]
    """Positions of the reports after which no file was changed, so that their next steps are still open."""
    templates: frozenset[int]
    reviews: frozenset[int]
    """Positions of the reports that mark some things as correct and others as wrong: correct ones need no line."""
    lead_ins: frozenset[tuple[int, str]]
    """Position and text of each sentence that introduces items, which include it if they need it."""
    last_runs: dict[int, bool]
    """Whether the last command of a round failed, by round."""
    aftermath: Aftermath
    items: form.ReportItems
    denials: tuple[frozenset[str], ...] = ()
    """The words of each claim that the person denied: a later summary does not revive it."""

    def says(self, group: PhraseGroup, text: str) -> bool:
        """Whether *text* contains a phrase of *group* in one of the session's languages."""
        return pattern(group, self.languages).search(text) is not None

    def opens(self, group: PhraseGroup, text: str) -> bool:
        """Whether *text* begins with a phrase of *group*."""
        return pattern(group, self.languages).match(text) is not None


class _Head(NamedTuple):
    """What the head of the handoff takes from the session: the goal, the first step, and the sentences of the state with their lead-ins."""

    goal: Unit | None
    goal_lead: str
    continuation: str
    step: FirstStep | None
    state: dict[int, str]

    def holds(self, unit: Unit) -> bool:
        return unit is self.goal or self.is_step(unit) or unit.order in self.state

    def is_step(self, unit: Unit) -> bool:
        return self.step is not None and unit is self.step.unit

    def place(self, unit: Unit) -> str:
        """Return the subject of a unit by its place in the head."""
        if self.is_step(unit):
            return OPEN_REQUEST if unit.by_user else FIRST_STEP
        return SESSION_STATE if unit.order in self.state and not unit.by_user else ""


def rank_statements(trace: Trace) -> Iterator[StatementDraft]:
    """Yield the sentences of the session that are worth keeping, best first, without repeats."""
    languages = languages_of(statement.text for statement in trace.statements)
    rounds = rounds_of(trace, languages)
    units = units_of(trace, languages)
    learned = [worth(vector) for vector in feature_vectors(units, trace, rounds)]
    end = SessionEnd(units, learned, trace=trace, rounds=rounds, languages=languages)
    if not end.is_reported():
        rounds[end.last_round].fate = "open"
    closings = [statement.position for statement in trace.statements if statement.is_closing]
    session = _Session(
        trace=trace,
        languages=languages,
        rounds=rounds,
        last_closing=max(closings, default=-1),
        open_closings=_open_closings(trace, rounds),
        templates=template_positions(trace, units),
        lead_ins=frozenset((unit.statement.position, unit.sentence.lead) for unit in units if unit.sentence.lead),
        last_runs={run.round: bool(run.failed) for run in trace.runs},
        aftermath=read_aftermath(units, trace, rounds),
        items=form.read_items(units, trace.changes),
        reviews=frozenset(s.position for s in trace.statements if _PASSED_MARK.search(s.text) and _FAILED_MARK.search(s.text)),
    )
    session = session._replace(denials=tuple(u.stems for u in units if u.statement.is_closing and _is_denied(u, session)))
    judged = [_worth(unit, weight, session) for unit, weight in zip(units, learned, strict=True)]
    worths = form.crowded(units, form.without_examples(units, judged), session.last_closing)
    goal = find_goal(units, worths, trace, rounds, session.templates, languages)
    step = find_first_step(units, worths, trace, end, languages, _announced_kind)
    head = _Head(
        goal=goal,
        goal_lead=goal_lead(goal, units, trace) if goal else "",
        continuation=goal_continuation(goal, units, languages) if goal else "",
        step=step,
        state=end.leads(),
    )
    yield from _log_drafts(end, step)
    if goal and (last := find_last_message(goal, step and step.unit, units, worths, trace, rounds, session.templates, languages)):
        state: FactState = "resolved" if end.is_reported() else "live"
        yield _log_draft("requirement", LAST_MESSAGE, last.text, last.turns)._replace(author="user", state=state)
    yielded: set[frozenset[str] | str] = set()
    # The last of several repeats counts: states and lists change, and later words are usually better.
    for index in sorted(range(len(units)), key=lambda i: (not head.holds(units[i]), -worths[i], -i)):
        unit = units[index]
        if worths[index] < MIN_WORTH and not head.holds(unit):
            break
        key = unit.stems | numbers(unit.text) or unit.text.lower()
        if key in yielded:
            continue
        draft = _draft(unit, worths[index], session, head)
        if draft is None:
            continue
        yielded.add(key)
        yield draft
        if len(yielded) >= MAX_STATEMENTS:
            return


def _log_drafts(end: SessionEnd, step: FirstStep | None) -> Iterator[StatementDraft]:
    """Yield texts of the head that no sentence of the session has: how it ended, and a first step that only the log shows."""
    if end_state := end.end_state():
        yield _log_draft("done", SESSION_END, end_state.message, end_state.turns)
    if step and step.unit is None:
        yield _log_draft(step.kind, FIRST_STEP, step.text, step.turns)


def _log_draft(kind: FactKind, subject: str, text: Message | str, turns: tuple[int, ...]) -> StatementDraft:
    return StatementDraft(
        kind=kind, turns=turns, author="tool", text=str(text), lead="", position=0, weight=HEAD_WORTH, evidence="verified", retires=(),
        subject=subject, message=text if isinstance(text, Message) else None,
    )  # fmt: skip


def _open_closings(trace: Trace, rounds: dict[int, Round]) -> frozenset[int]:
    """Return the positions of the last reports after which no round changed a file or made a commit; in a chat, of the last two."""
    closed_rounds = sorted(number for number, current in rounds.items() if current.closing)
    chat_start = (closed_rounds[-_OPEN_ANSWERS:] or [0])[0]
    last_work = max((number for number, current in rounds.items() if current.edits or current.commits), default=chat_start)
    positions = [statement.position for statement in trace.statements if statement.is_closing]
    return frozenset(positions[-1:]) | frozenset(position for position in positions if trace.statements[position].round >= last_work)


def _worth(unit: Unit, learned: float, session: _Session) -> float:
    """Return the worth of a sentence after rules reduced narration, praise, templates and mere lead-ins."""
    text = unit.text
    if unit.by_user:
        if unit.statement.position in session.templates:
            return learned * _TEMPLATE_FACTOR
        if is_standing_order(text, session.languages):
            return max(learned, RULE_WORTH)
        if unit.statement.is_answer and (unit.sentence.position == 0 or len(unit.statement.text) <= _ANSWER_CHARS):
            return max(learned, ANSWER_WORTH)
        if not FINISHING_TOOLS.isdisjoint(unit.names):
            return 0.0  # How to submit the work.
        if form.is_code(text):
            return 0.0
        if not form.is_prose(text):
            return learned * _CODE_FACTOR
        if session.says("reason", text):
            learned *= _REASON_FACTOR
        return learned * _ERRAND_FACTOR if session.opens("agree", text) and unit.size <= REPLY_WORDS else learned
    return _agent_worth(unit, learned, session)


def _agent_worth(unit: Unit, learned: float, session: _Session) -> float:
    text, statement = unit.text, unit.statement
    if form.is_stub(unit, session.lead_ins):
        return 0.0
    if learned < _HOPELESS_WORTH or unit.repeats > _MAX_REPEATS or form.is_code(_QUOTED.sub("", text)):
        return 0.0
    if _is_denied(unit, session) or _is_sound_point(unit, session) or _asks_for_any_work(unit, session):
        return 0.0
    is_open_ended = text.endswith((":", "：")) and not unit.sentence.is_row
    if is_open_ended and (unit.size < 8 or unit.is_narration or not unit.names or (statement.position, text) in session.lead_ins):
        return 0.0
    learned *= form.form_factor(unit, is_last=statement.position == session.last_closing) * form.style_factor(text)
    if not session.says("cause", text) and not session.says("reason", text):
        learned *= form.item_factor(unit, session.items)
        learned *= _BOAST_FACTOR if not numbers(text) and session.says("boast", text) and not session.says("passed", text) else 1.0
    if is_open_ended and not tells_outcome(text, session.languages) and form.announces_code(unit):
        learned *= _ANNOUNCED_FACTOR
    if unit.is_narration:
        return learned * _NARRATED_CAUSE_FACTOR if session.says("cause", text) else 0.0
    if not statement.is_closing and not statement.is_summary and (session.opens("need", text) or session.opens("ahead", text)):
        return 0.0
    if statement.position != session.last_closing:
        if text.endswith(("?", "？")) or session.opens("offer", text) or form.weighs_options(unit):
            return 0.0
        learned *= session.aftermath.factor(unit)
        if session.opens("hope", text):
            learned *= _HOPE_FACTOR
        if statement.is_closing and session.opens("instruct", text):
            learned *= _STEP_FACTOR
        learned *= _GUESS_FACTOR if session.says("guess", text) else 1.0
        learned *= _PLAN_FACTOR if session.says("plan", text) else 1.0
        learned *= _OFFER_FACTOR if session.says("offer", text) else 1.0
        learned *= _PAST_STEP_FACTOR if session.says("next", text) else 1.0
        if statement.is_summary and session.rounds[statement.round].fate == "refused":
            learned *= _FATE_FACTORS["refused"]
        if statement.is_closing:
            following = session.rounds.get(statement.round + 1)
            learned *= (
                _REFUTED_FACTOR
                if following and form.shows_trouble(following.request)
                else _FATE_FACTORS.get(session.rounds[statement.round].fate, 1.0)
            )
            learned *= _ADDRESS_FACTOR if session.says("address", text) else 1.0
    return learned * _kind_factor(text, statement, session)


def _kind_factor(text: str, statement: Statement, session: _Session) -> float:
    """Return the factor on the worth of an agent's sentence for what it says: reasons, causes, dead ends and passing tests are worth more;
    praise and remarks during the work without a cause or reason are worth less.
    """
    factor = _PRAISE_FACTOR if session.opens("praise", text) else 1.0
    if statement.position != session.last_closing and session.says("sound", text):
        factor *= _SOUND_FACTOR
    is_cause = any(session.says(group, text) for group in _CAUSE_GROUPS)
    has_reason = session.says("reason", text)
    factor *= _CAUSE_FACTOR if is_cause else 1.0
    factor *= _REASON_FACTOR if has_reason else 1.0
    if not session.says("tried", text) and (session.opens("dangle", text) or session.opens("join", text)):
        factor *= _HANGING_FACTOR
    if statement.is_closing:
        return factor * (_PASSED_FACTOR if session.says("passed", text) else 1.0)
    return factor if is_cause or has_reason else factor * _REMARK_FACTOR


def _asks_for_any_work(unit: Unit, session: _Session) -> bool:
    """Whether an agent only asks whether there is anything else, or lists a bare name among its next steps."""
    if unit.text.endswith(("?", "？")):
        return session.says("idle", unit.text)
    return is_only_names(unit) and _announced_kind(unit) in OPEN_LABELS


def _is_sound_point(unit: Unit, session: _Session) -> bool:
    """Whether a point of a review says that something is correct."""
    sentence = unit.sentence
    return unit.statement.position in session.reviews and any(
        _PASSED_MARK.match(part.lstrip("([0123456789)]. ")) for part in (sentence.text, sentence.lead, sentence.heading) if part
    )


def _is_denied(unit: Unit, session: _Session) -> bool:
    """Whether the person's next message denies an agent's sentence; for a summary one common word is enough."""
    if unit.statement.is_summary and _SUMMARY_OPENING.search(unit.text):
        return True
    if unit.statement.is_summary and any(len(unit.stems & stems) >= _REVIVED_SHARE * len(stems) for stems in session.denials):
        return True
    following = session.rounds.get(unit.statement.round + 1)
    if following is None or not following.refuses:
        return False
    common = unit.stems & frozenset(content_words(following.request[:_REFUSAL_CHARS]))
    return len(common) >= (1 if unit.statement.is_summary else _DENIED_WORDS)


def _draft(unit: Unit, weight: float, session: _Session, head: _Head) -> StatementDraft | None:
    statement, text, message = unit.statement, clean(unit.text), None
    is_step, is_goal = head.is_step(unit), unit is head.goal
    if unit.by_user:
        kind, state = (
            ("requirement", "live") if is_step and not is_goal and not statement.is_answer else _user_kind(unit, session, is_goal=is_goal)
        )
        if kind is None:
            return None
        lead, turns = reply_lead(unit, session.trace) if kind not in ("rule", "goal") else ("", (statement.turn,))
        lead = head.goal_lead if kind == "goal" else head.step.lead or lead if head.step and is_step else lead
        if kind == "goal":
            text = _goal_text(unit, head)
        if path := created_path(unit, session.trace):
            message = Message("{request} (it became `{path}`)", request=text, path=path)
        text = str(message) if message else text + numbered_note(unit, session.trace)
        weight = max(weight, GOAL_WORTH) if kind == "goal" else weight
        if kind == "requirement" and text.endswith(("?", "？")) and session.rounds[statement.round].fate == "answered":
            weight *= _ANSWERED_FACTOR
        elif kind == "requirement" and state == "resolved" and not unit.names and len(unit.stems) <= _BARE_REQUEST_WORDS:
            weight *= _BARE_REQUEST_FACTOR
    else:
        label, text = (None, text) if unit.order in head.state else _split_label(text)
        kind, state = (head.step.kind, "live") if head.step and is_step else _agent_kind(unit, session, label)
        text = clean(str(head.step.text)) if head.step and is_step and head.step.text else text
        introduction = head.step.lead if head.step and is_step else head.state.get(unit.order, "")
        lead, turns = introduction or _item_lead(unit, text), (statement.turn,)
    is_over = kind == "requirement" and state == "resolved"
    is_reversal = session.says("decide", text) or changes_value(text) or unit.by_user
    return StatementDraft(
        kind=kind,
        turns=turns,
        author=statement.author,
        text=text,
        lead=lead,
        position=unit.sentence.position,
        weight=min(1.0, weight),
        evidence="verified" if unit.by_user else "claimed",
        retires=retired_values(text, by_user=unit.by_user) if is_reversal and not unit.is_narration else (),
        state=state,
        subject=head.place(unit),
        outcome=request_outcome(unit, session.rounds, session.last_runs, session.languages) if is_over else None,
        message=message,
    )


def _goal_text(unit: Unit, head: _Head) -> str:
    """Return the full text of the goal, with its continuation."""
    text = clean(unit.text, _MAX_GOAL_CHARS)
    if tail := goal_tail(unit):
        text = f"{text.removesuffix('.')}: {clean(tail)}"
    if head.continuation and len(text) <= _MAX_GOAL_CHARS // 2:
        text = f"{whole(text)} {head.continuation}"
    return text


def _user_kind(unit: Unit, session: _Session, *, is_goal: bool) -> tuple[FactKind | None, FactState]:
    """Return the kind and state of a person's sentence: a rule remains, a request is resolved if its round was reported."""
    current = session.rounds[unit.statement.round]
    if is_standing_order(unit.text, session.languages):
        return "rule", "live"
    if is_goal:
        return "goal", "live"
    if current.fate == "withdrawn" or is_mere_agreement(unit, session.languages):
        return None, "live"
    if unit.statement.is_answer or reply_lead(unit, session.trace)[0]:
        return "decision", "live"
    is_last_open = session.rounds[max(session.rounds)].fate == "open"
    is_open = current.fate == "open" or (current.fate == "passed" and is_last_open and session.trace.rounds - current.number <= 1)
    return "requirement", "live" if is_open else "resolved"


def _agent_kind(unit: Unit, session: _Session, label: FactKind | None) -> tuple[FactKind, FactState]:
    """Return the kind of an agent's sentence: by its heading or lead-in, else by its form and phrases; in doubt an outcome."""
    text = unit.text
    is_last = unit.statement.position in session.open_closings
    announced = label or _announced_kind(unit)
    says_done = tells_outcome(text, session.languages)
    if text.endswith(("?", "？")):
        return "question", "live" if unit.statement.position == session.last_closing else "resolved"
    if session.says("unfinished", text) and not announced and unit.statement.is_closing:
        return ("next_step", "live") if is_last else ("lesson", "live")
    if announced in ("next_step", "blocker", "question") or (session.says("next", text) and not says_done):
        if not is_last:
            return "done", "live"
        if announced in ("next_step", "blocker", "question"):
            return announced, "live"
        return "next_step", "live"
    if announced and announced not in ("done", "command", "file") and KINDS[announced].by_agent:
        return announced, "live"
    if announced in ("command", "file"):
        return "lesson", "live"
    unquoted = _QUOTED.sub("", text)
    if tells_dead_end(unquoted, session.languages):
        return "dead_end", "live"
    is_cause = session.says("cause", unquoted) and session.says("fix", unquoted)
    if (is_cause or _ERROR_NAME.search(unquoted)) and not PAST.match(unquoted):
        return "error", "live"
    if unit.statement.is_closing and (session.says("decide", unquoted) or session.says("reason", unquoted)):
        return "decision", "live"
    return ("done" if says_done or unit.statement.is_closing else "lesson"), "live"


def _announced_kind(unit: Unit) -> FactKind | None:
    """Return the kind that the lead-in or the heading above a sentence announces."""
    return label_kind(unit.sentence.lead.rstrip(":： ")) or label_kind(unit.sentence.heading)


def _split_label(text: str) -> tuple[FactKind | None, str]:
    """Return the kind that a label before a colon announces, and the text without the label."""
    label, colon, rest = text.partition(": ")
    if colon and len(label) < 30 and len(rest) > 15 and (kind := label_kind(label)):
        return kind, rest
    return None, text


def _item_lead(unit: Unit, text: str) -> str:
    """Return the lead-in that an item needs as its subject; empty if the item names it, or the lead-in only names a section."""
    sentence = unit.sentence
    if not sentence.is_item or not (unit.size <= _BARE_WORDS or _DANGLING.match(unit.text)):
        return ""
    lead = one_line(clean(sentence.lead.rstrip(":： ")), _MAX_LEAD_CHARS) or (clean(sentence.heading) if len(sentence.heading) < 60 else "")
    if not lead or GENERIC_LEAD.match(lead) or label_kind(lead) or lead.lower() in text.lower() or unit.is_narration:
        return ""
    return lead
