"""Chooses the content of a handoff: from a project's facts to a document under a token budget.

The head (goal, state, first step) comes from evidence, and a part without evidence is omitted. Rules follow, with at most two fifths of the
budget, then files by folder and important commands, each under a limit, then all other facts by worth per token. Facts below a floor are
omitted even if there is room, and nothing is repeated. Equal ledgers give equal documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import log2

from onward.core.extract.tool_results import OUTDATED_TASK_WEIGHT, TASK_IN_PROGRESS_WEIGHT
from onward.core.facts.fact import (
    FAILED_PUSH,
    FIRST_STEP,
    GIT_STATE,
    LAST_MESSAGE,
    OPEN_REQUEST,
    SESSION_END,
    SESSION_STATE,
    TESTS_STATE,
    Fact,
    FactKind,
    Handle,
)
from onward.core.facts.headings import FILES_SECTION, SECTION_OF, SECTIONS
from onward.core.facts.ledger import OPEN_KINDS, Ledger, fact_names, fact_order
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, render, render_line
from onward.core.handoff.goal import choose_goal, worked_sessions
from onward.core.handoff.repetition import ShownLines
from onward.core.handoff.selection import RULE_KINDS, asks_nothing, fullest_rules, last_commits, telling_commands
from onward.core.handoff.session_summary import SessionSummary

RULES_SHARE = 0.4
"""The largest share of the budget for rules; `onward fact list --kind rule` lists the others."""

FILES_SHARE, FILES_TOKENS = 0.11, 400
"""The largest share of the budget, and the most tokens, for the list of files."""

_HAPPENED = SECTION_OF["done"]
_MAX_FILES_IN_FOLDER, _MAX_FOLDERS = 5, 8
_HANDLE_TOKENS = 9
"""The approximate tokens of a line's handles."""
_COST_EXPONENT = 0.2
"""How much cost counts against value: 0 ignores the length of a line, 1 compares value per token."""
_SESSION_DECAY, _OUTCOME_DECAY = 0.98, 0.85
"""The share of its value that a fact has one session later: reasons last longer than outcomes."""
_OPEN_DECAY = 0.8
_AGENT_OPEN_KINDS: frozenset[FactKind] = frozenset(("next_step", "question"))
"""An agent's proposals and questions lose more value with each session that does not mention them again."""
_LASTING_KINDS: frozenset[FactKind] = frozenset(("decision", "lesson", "dead_end"))
_LASTING_FACTOR, _PERSON_FACTOR = 1.7, 1.2
"""Factors on the value of reasons and lessons, and of a person's words, from earlier sessions: they stay valid longer than outcomes."""
_RECURRENCE_BONUS = 0.2
"""Added to the value of a fact for each further session that names the same thing, up to three."""
_TOLD_SHARE, _SHORT_SESSION_TOKENS = 0.3, 2_000
"""The largest share of the sessions' first tokens for an agent's reports: a handoff longer than its source is useless."""
_REPORTED_KINDS: frozenset[FactKind] = frozenset(("done", "lesson"))
"""Kinds that the handoff of a very short session leaves out first, because the session itself is quickly read."""
_FLOOR, _FLOOR_TOKENS, _FLOOR_SLOPE, _LEAST_FLOOR = 0.165, 2_000, 0.095, 0.045
"""The least worth of a shown fact up to a budget of so many tokens, how much it falls with each doubling of the budget, and its lower
limit.
"""
_FEW_FACTS = 30
"""With fewer facts the floor is lower, so that a short session is shown almost completely."""
_MAX_MESSAGE_CHARS = 600
"""The most characters of a message's requests on one line."""
_ASKED_FACTOR = 0.9
"""Factor on the value of a request that is done."""
_HEAD_ONLY = frozenset((SESSION_END, LAST_MESSAGE))
"""The subjects of facts that only the head shows, and only after their own session."""
_MAX_STATED = 3
"""The most statements of a person that are shown as the state."""
_LESSON_FACTOR, _TOOL_ERROR_FACTOR = 0.75, 0.5
"""Factors on the worth of a lesson without any mark of its kind, and of an error that only the log shows."""


def compose(ledger: Ledger, sessions: Sequence[SessionSummary], budget_tokens: int, count_tokens: Callable[[str], int]) -> Handoff:
    """Return the handoff after the last of *sessions*, of at most *budget_tokens* by *count_tokens* without its closing lines."""
    last = sessions[-1] if sessions else SessionSummary(0)
    by_id = {fact.id: fact for fact in ledger.facts}
    worked = worked_sessions(ledger.facts, {session.number: session.tokens for session in sessions})
    number = _last_telling_session(ledger.facts, last.number, worked)
    facts = [_cite_closing(fact, by_id) for fact in ledger.facts if _can_be_told(fact, last.number, number)]
    head = _head([fact for fact in facts if fact.state != "resolved" or fact.subject == LAST_MESSAGE], number, worked)
    origin = ", ".join(part for part in (last.date, last.agent) if part)
    base = Handoff(session=last.number, origin=origin, head=head)
    shown_ids = {name for _, line in head for name in line.facts}
    remaining = fullest_rules(last_commits([fact for fact in facts if fact.id not in shown_ids and fact.subject not in _HEAD_ONLY]))
    document = _Document(base, budget_tokens, count_tokens)
    document.add_all(
        _by_worth([fact for fact in remaining if fact.kind in RULE_KINDS or fact.pinned], last.number, {}),
        int(budget_tokens * RULES_SHARE),
    )
    files = [fact for fact in remaining if fact.kind == "file"]
    reserved = document.reserve(file_lines(files), min(FILES_TOKENS, int(budget_tokens * FILES_SHARE)))
    commands = telling_commands([fact for fact in remaining if fact.kind == "command"], "\n".join(line.text for _, line in head))
    document.add_all(_by_worth(commands, last.number, {})[: _max_commands(budget_tokens)], budget_tokens // 6)
    _add_prose(document, [fact for fact in remaining if fact.kind not in (*RULE_KINDS, "file", "command") and not fact.pinned], sessions)
    # The list of files omits the purpose of a file that another section mentions.
    document.add_lines(FILES_SECTION, file_lines(files, document.shown.has), reserved)
    document.add_all(_by_worth([fact for fact in remaining if fact.kind in RULE_KINDS], last.number, {}), budget_tokens)
    handoff = document.fit()
    return replace(handoff, files=_existing_files(handoff, facts))


def _add_prose(document: _Document, prose: Sequence[Fact], sessions: Sequence[SessionSummary]) -> None:
    """Add the facts from prose above the floor. After a very short session, reports get little room."""
    number = sessions[-1].number if sessions else 0
    recurrences = _count_recurrences(prose)
    floor = floor_of(document.budget) * min(1.0, len(prose) / _FEW_FACTS)
    worthy = _by_worth((fact for fact in prose if value_of(fact, number, recurrences.get(fact.id, 0)) >= floor), number, recurrences)
    room = _room_to_report(sessions, document.budget)
    reports = [fact for fact in worthy if room < document.budget and fact.kind in _REPORTED_KINDS and fact.author == "agent"]
    document.add_all((fact for fact in worthy if fact not in reports), document.budget)
    document.add_all(reports, room)
    # Merged lines cost less than separate ones, which leaves room for more.
    document.recount()
    document.add_all((fact for fact in worthy if fact not in reports), document.budget)


def _room_to_report(sessions: Sequence[SessionSummary], budget_tokens: int) -> int:
    """Return the tokens available for an agent's reports: less than the budget only after very short sessions."""
    total = sum(session.tokens for session in sessions)
    share = max(int(total * _TOLD_SHARE), total - int(_SHORT_SESSION_TOKENS * (1 - _TOLD_SHARE)))
    return min(budget_tokens, share) if total else budget_tokens


def floor_of(budget_tokens: int) -> float:
    """Return the least worth of a shown fact for a budget. A larger budget has a lower floor, but no budget is filled for its own sake."""
    return max(_LEAST_FLOOR, _FLOOR - _FLOOR_SLOPE * log2(max(1.0, budget_tokens / _FLOOR_TOKENS)))


def value_of(fact: Fact, session_number: int, recurrences: int = 0) -> float:
    """Return the value of a fact to the session after *session_number*: its worth, reduced by age and if its request is done."""
    value = fact.weight * (1 + _RECURRENCE_BONUS * min(3, recurrences))
    if fact.kind in RULE_KINDS or fact.pinned:
        return value
    if fact.state == "resolved":
        value *= _ASKED_FACTOR
    if fact.kind == "lesson":
        value *= _LESSON_FACTOR
    elif fact.kind == "error" and fact.author == "tool":
        value *= _TOOL_ERROR_FACTOR
    if fact.session < session_number:
        value *= _LASTING_FACTOR if fact.kind in _LASTING_KINDS else _PERSON_FACTOR if fact.author == "user" else 1.0
    decay = _OUTCOME_DECAY if fact.kind == "done" else _OPEN_DECAY if fact.kind in _AGENT_OPEN_KINDS else _SESSION_DECAY
    return float(value * decay ** (session_number - fact.session))


def _last_telling_session(facts: Sequence[Fact], session_number: int, worked: frozenset[int]) -> int:
    """Return the number of the newest session, up to *session_number*, that changes the state. A session in which a person only tested the
    agent or asked something does not.
    """
    known = {fact.session for fact in facts if fact.session <= session_number and fact.subject != SESSION_END}
    return max(known & worked, default=max(known, default=session_number))


def _can_be_told(fact: Fact, session_number: int, telling: int) -> bool:
    """Whether a fact may be in a document.

    Valid and open facts may, and so may requests that are done, as history. How an earlier session broke off may not, and neither may the
    repository's state before session *telling*, which gives the current one.
    """
    if fact.session > session_number or (fact.subject in _HEAD_ONLY and fact.session < session_number):
        return False
    if (fact.subject == GIT_STATE and fact.session < telling) or asks_nothing(fact, session_number):
        return False
    is_finished_request = fact.kind == "requirement" and fact.session_state == "resolved"
    return fact.state in ("live", "contradicted") or (fact.state == "resolved" and is_finished_request)


def _is_perhaps_done(fact: Fact) -> bool:
    return fact.state == "contradicted" and (fact.kind in OPEN_KINDS or fact.kind == "requirement")


def _cite_closing(fact: Fact, by_id: Mapping[str, Fact]) -> Fact:
    """Return an open item that is perhaps done with the turn that suggests so among its sources."""
    closing = by_id.get(fact.superseded_by or "") if _is_perhaps_done(fact) else None
    return fact._replace(sources=tuple(dict.fromkeys((*fact.sources, *closing.sources[:1])))) if closing else fact


def _max_commands(budget_tokens: int) -> int:
    return 2 if budget_tokens < 1_500 else 4 if budget_tokens < 3_000 else 6


def _by_worth(facts: Iterable[Fact], session_number: int, recurrences: dict[str, int]) -> list[Fact]:
    def rank(fact: Fact) -> tuple[float, object]:
        cost = 12 + len(fact.text) / 4 + _HANDLE_TOKENS
        return (-value_of(fact, session_number, recurrences.get(fact.id, 0)) / cost**_COST_EXPONENT, fact_order(fact))

    return sorted(facts, key=rank)


def _count_recurrences(facts: Sequence[Fact]) -> dict[str, int]:
    """Return, by fact, how many further sessions name one of its things: recurring things matter longer."""
    if len({fact.session for fact in facts}) < 2:
        return {}
    mentions = {fact.id: (fact.session, fact_names(fact)) for fact in facts}
    sessions: dict[str, set[int]] = {}
    for session, names in mentions.values():
        for name in names:
            sessions.setdefault(name, set()).add(session)
    return {fact: max((len(sessions[name]) for name in names), default=1) - 1 for fact, (_, names) in mentions.items()}


class _Document:
    """A document under construction: facts in the order they were chosen, lines by section, and the remaining budget."""

    def __init__(self, base: Handoff, budget_tokens: int, count_tokens: Callable[[str], int]) -> None:
        self._base = base
        self.budget = budget_tokens
        self._count = count_tokens
        self._left = budget_tokens - count_tokens(render(base))
        self._reserved = 0
        self._chosen: list[Fact] = []
        self._chosen_ids: set[str] = set()
        self._fixed: dict[str, list[CitedLine]] = {}
        self.shown = ShownLines(line.text for _, line in base.head)
        self._sections: set[str] = set()

    def add_all(self, facts: Iterable[Fact], max_tokens: int) -> None:
        """Add *facts* in order if they fit and are new, with at most *max_tokens*."""
        room = min(max_tokens, self._left)
        for fact in facts:
            is_repeated = (self.shown.has_rule if fact.kind in RULE_KINDS else self.shown.has)(fact.text, fact.lead)
            if fact.id in self._chosen_ids or (is_repeated and not fact.pinned):
                continue
            title = section_title(fact)
            cost = self._cost(line_from_facts([fact])) + (0 if title in self._sections else self._count(f"\n## {title}\n"))
            if cost > room:
                continue
            room -= cost
            self._left -= cost
            self._sections.add(title)
            self.shown.add(fact.text, fact.lead)
            self._chosen.append(fact)
            self._chosen_ids.add(fact.id)

    def _cost(self, line: CitedLine) -> int:
        return self._count(f"- {render_line(line)}\n")

    def reserve(self, lines: Iterable[CitedLine], max_tokens: int) -> int:
        """Reserve room for as many of the first *lines* as fit into *max_tokens*, and return it."""
        reserved = 0
        for line in lines:
            cost = self._cost(line)
            if cost > min(max_tokens, self._left) - reserved:
                break
            reserved += cost
        self._left -= reserved
        self._reserved = reserved
        return reserved

    def recount(self) -> None:
        """Set the remaining budget to what the document and the reserved room leave."""
        document = replace(self._base, sections=tuple(self._render_sections()))
        self._left = self.budget - self._count(render(document)) - self._reserved

    def add_lines(self, title: str, lines: Iterable[CitedLine], reserved_tokens: int) -> None:
        """Add finished *lines* to the section *title* as long as they fit into the room *reserved* for them."""
        self._left += reserved_tokens
        for line in lines:
            cost = self._cost(line)
            if cost > reserved_tokens:
                return
            reserved_tokens -= cost
            self._left -= cost
            self._fixed.setdefault(title, []).append(line)

    def fit(self) -> Handoff:
        """Return the document, without the last choices if it is too long."""
        while True:
            document = replace(self._base, sections=tuple(self._render_sections()))
            excess = self._count(render(document)) - self.budget
            if excess <= 0 or not (self._chosen or self._fixed):
                return document
            if self._chosen:
                del self._chosen[-max(1, excess // 40) :]
            else:
                self._fixed.clear()

    def _render_sections(self) -> Iterable[HandoffSection]:
        by_title: dict[str, list[Fact]] = {}
        for fact in self._chosen:
            by_title.setdefault(section_title(fact), []).append(fact)
        for title in SECTIONS:
            lines = _lines_by_subject(_reading_order(by_title.get(title, ()))) + self._fixed.get(title, [])
            if lines:
                yield HandoffSection(title, tuple(lines))


def _lines_by_subject(facts: Sequence[Fact]) -> list[CitedLine]:
    """Return the lines of a section.

    All requests of one message share a line; every other fact has its own. The lead-in of several list items is printed only before the
    first.
    """
    lines: list[CitedLine] = []
    leads: set[tuple[Handle, str]] = set()
    message: list[Fact] = []
    for fact in (*facts, None):
        if message and not (fact and _is_asked(fact) and fact.turn == message[0].turn and _chars([*message, fact]) <= _MAX_MESSAGE_CHARS):
            lines.append(line_from_facts(message))
            message = []
        if fact is None:
            break
        if _is_asked(fact):
            message.append(fact)
        else:
            lead = (fact.sources[0], fact.lead) if fact.sources and fact.author == "agent" else None
            lines.append(line_from_facts([fact._replace(lead="") if lead in leads else fact]))
            leads |= {lead} if lead else set()
    return lines


def _is_asked(fact: Fact) -> bool:
    """Whether a fact is a person's request that is done."""
    return fact.kind == "requirement" and fact.author == "user" and fact.state == "resolved" and not fact.lead


def _chars(facts: Iterable[Fact]) -> int:
    return sum(len(fact.text) for fact in facts)


def _reading_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts in reading order: the newest session first, and within a session in order of events."""
    return sorted(facts, key=lambda fact: (-fact.session, fact_order(fact)))


def section_title(fact: Fact) -> str:
    """Return the section of a fact; a finished request is shown as an event."""
    was_asked = fact.kind == "goal" or (fact.kind == "requirement" and fact.state != "live")
    return _HAPPENED if was_asked else SECTION_OF[fact.kind]


def file_lines(facts: Iterable[Fact], is_said: Callable[[str], bool] | None = None) -> list[CitedLine]:
    """Return the list of files by folder: files of the newest session, and those with most changes, first.

    A folder is one line and omits deleted files if it has others. A purpose that *is_said* in another section is omitted.
    """
    folders: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        path = fact.subject.partition(":")[2]
        folders[path.rpartition("/")[0]].append(fact)
    ranked = sorted(folders.items(), key=lambda item: max((fact.session, fact.weight) for fact in item[1]), reverse=True)
    lines: list[CitedLine] = []
    for folder, files in ranked[:_MAX_FOLDERS]:
        members = [fact for fact in files if not fact.is_deleted_file] or files
        members.sort(key=lambda fact: (-fact.session, -fact.weight, fact.subject))
        shown = members[:_MAX_FILES_IN_FOLDER]
        if len(members) == 1:
            fact = members[0]
            if fact.remark and is_said and is_said(fact.remark.wording):
                fact = fact._replace(remark=None, sources=fact.sources[:1])
            lines.append(line_from_facts([fact]))
            continue
        names = ", ".join(f"`{fact.subject.partition(':')[2].rpartition('/')[2]}`" for fact in shown)
        rest = f" and {len(members) - len(shown)} more" if len(members) > len(shown) else ""
        place = f"`{folder}/`" if folder else "at the root"
        sources: tuple[Handle, ...] = tuple(dict.fromkeys(fact.sources[0] for fact in shown if fact.sources))[:3]
        lines.append(CitedLine(f"{place}: {names}{rest}", sources, tuple(fact.id for fact in members)))
    return lines


def _existing_files(handoff: Handoff, facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return the paths of files in the list of files that still exist."""
    paths = {fact.id: fact.subject.partition(":")[2] for fact in facts if fact.kind == "file" and not fact.is_deleted_file}
    lines = [line for section in handoff.sections if section.title == FILES_SECTION for line in section.lines]
    return tuple(paths[name] for line in lines for name in line.facts[:_MAX_FILES_IN_FOLDER] if name in paths)


def _head(live: Sequence[Fact], session_number: int, worked: frozenset[int]) -> tuple[tuple[str, CitedLine], ...]:
    """Return goal, state and first step, each only if the sessions show it. *worked* are the sessions that worked on their goal."""
    here = [fact for fact in live if fact.session == session_number or fact.subject == SESSION_END]
    goal = choose_goal(live, worked)
    first_step = _first_step(here)
    evidence = [next((fact for fact in here if fact.subject == subject), None) for subject in (GIT_STATE, TESTS_STATE)]
    lines = (
        ("Goal", [goal, next((fact for fact in here if goal and fact.subject == LAST_MESSAGE), None)]),
        (
            "State",
            [*evidence, *_report(here, first_step)],
        ),
        ("Do first", [first_step]),
    )
    return tuple((name, _head_line(name, facts)) for name, options in lines if (facts := [fact for fact in options if fact]))


def _head_line(name: str, facts: Sequence[Fact]) -> CitedLine:
    line = line_from_facts(facts, in_head=True)
    if name == "Do first" and facts[0].kind in ("requirement", "goal"):
        return replace(line, text=f"{line.text} (asked last, not finished)")
    if name == "Do first" and facts[0].kind == "question":
        return replace(line, text=f"Answer the agent's question: {line.text}")
    return line


def _report(here: Sequence[Fact], first_step: Fact | None) -> list[Fact]:
    """Return the state at a session's end: what a person stated on completing it, else the claims of its last report, else what it leaves
    open beside the first step.
    """
    stated = [fact for fact in here if fact.kind == "done" and fact.author == "user" and not fact.turn]
    report = sorted((fact for fact in here if fact.subject == SESSION_STATE), key=fact_order)
    report = report or [fact for fact in here if fact.subject == FIRST_STEP and fact is not first_step and fact.author == "agent"]
    return stated[:_MAX_STATED] or [*report, *(fact for fact in here if fact.subject == SESSION_END)]


def _first_step(here: Sequence[Fact]) -> Fact | None:
    """Return the first step: the task in progress, the work that the session leaves open, or the next task on the list."""
    tasks = sorted(
        (fact for fact in here if fact.subject.startswith("todo:") and fact.kind == "next_step" and fact.weight > OUTDATED_TASK_WEIGHT),
        key=lambda fact: (-fact.weight, fact.turn, fact.position),
    )
    steps = [fact for subject in (OPEN_REQUEST, FIRST_STEP, FAILED_PUSH) for fact in here if fact.subject == subject]
    in_progress = [task for task in tasks if task.weight >= TASK_IN_PROGRESS_WEIGHT]
    return next(iter([*in_progress, *steps, *tasks]), None)


def line_from_facts(facts: Sequence[Fact], *, in_head: bool = False) -> CitedLine:
    """Return one line for *facts*, which share a lead-in. Outside the head, a goal is shown as a request of its session."""
    parts: list[str] = []
    lead = ""
    for fact in facts:
        text = fact.text if len(facts) == 1 or fact.text[-1:] in ".!?…:;。！？" else f"{fact.text}."
        if fact.state == "contradicted" and not (in_head and fact.kind == "goal"):
            text += " (perhaps done since)" if _is_perhaps_done(fact) else " (in part replaced since)"
        if fact.lead and fact.lead != lead:
            lead = fact.lead
            text = f"{lead} {text}" if lead[-1] in ".!?。！？" else f"{lead.rstrip(':')}: {text}"
        parts.append(f"Last message: {text}" if fact.subject == LAST_MESSAGE else text)
    if facts[0].kind == "requirement" and all(fact.state == "resolved" for fact in facts):
        is_done, is_likely = all(fact.is_done_request for fact in facts), all(fact.is_likely_done for fact in facts)
        parts = ["Asked:", *parts, *(["(done)"] if is_done else ["(perhaps done)"] if is_likely else [])]
    elif facts[0].kind == "goal" and not in_head:
        parts = ["Asked:", *parts]
    sources = tuple(dict.fromkeys(handle for fact in facts for handle in fact.sources))
    return CitedLine(" ".join(parts), sources, tuple(fact.id for fact in facts))
