"""Builds the refined handoff from accepted lines: restore, measure, choose.

Facts of the rules' handoff that no line carries are restored in the words of the rules. Lines that lower the preservation or are
outdated or unsupported are then dropped and their facts restored. If a category is still worse, the rules' handoff is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from onward.core.facts.fact import Fact
from onward.core.facts.ledger import Ledger
from onward.core.handoff.composer import line_from_facts
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, render
from onward.core.handoff.master import MasterHandoff, reserve_tokens
from onward.core.preservation import Loss, Preservation
from onward.core.text.prose import one_line
from onward.llm.guard import RejectedLine
from onward.message import Message, join_messages

MAX_ROUNDS = 8
"""How often regressions are restored and the handoff is measured again."""

_HANDLE_TOKENS = 5
_MIN_SPARE_TOKENS = 25
"""The fewest spare tokens worth filling."""


@dataclass(frozen=True, slots=True)
class AcceptedLines:
    """Lines that passed the guard: the lines of the head by name, and the others."""

    head: Mapping[str, CitedLine]
    lines: Sequence[CitedLine]

    def __bool__(self) -> bool:
        return bool(self.head or self.lines)

    def all_lines(self) -> list[CitedLine]:
        """Return every line."""
        return [*self.head.values(), *self.lines]

    def without(self, dropped: Iterable[CitedLine]) -> AcceptedLines:
        """Return a copy without the *dropped* lines."""
        dropped_ids = {id(line) for line in dropped}
        return AcceptedLines(
            {name: line for name, line in self.head.items() if id(line) not in dropped_ids},
            [line for line in self.lines if id(line) not in dropped_ids],
        )


@dataclass(frozen=True, slots=True)
class HandoffChoice:
    """The chosen handoff. `handoff` is None if the rules' handoff is kept, and `why` is the reason."""

    handoff: MasterHandoff | None
    why: str | Message
    accepted: AcceptedLines
    removed: list[RejectedLine]
    restored_count: int
    """Facts offered to the model that are in the words of the rules."""


def choose_handoff(
    rules: MasterHandoff,
    ledger: Ledger,
    accepted: AcceptedLines,
    count_tokens: Callable[[str], int],
    measure: Callable[[Handoff], MasterHandoff],
    compose: Callable[[int], Handoff],
    offered_ids: Iterable[str] = (),
) -> HandoffChoice:
    """Return the rules' handoff with the *accepted* lines inserted, as long as no category is preserved worse.

    *measure* measures and closes a handoff. *compose* returns the rules' handoff for a number of tokens; it fills the room that
    shorter lines leave. *offered_ids* are the ids of the facts that the model was given.
    """
    facts = {fact.id: fact for fact in ledger.facts}
    room_tokens = rules.budget_tokens - reserve_tokens(rules.budget_tokens)
    section_fact_ids = {fact_id for section in rules.handoff.sections for line in section.lines for fact_id in line.facts}
    head_names = {name for name, _ in rules.handoff.head}
    misplaced = [line for line in accepted.lines if section_fact_ids.isdisjoint(line.facts)]
    misplaced += (line for name, line in accepted.head.items() if name not in head_names)
    removed = [RejectedLine("twice", line.text) for line in misplaced]
    accepted = accepted.without(misplaced)
    why: str | Message = "No line of the model was accepted."
    for _ in range(MAX_ROUNDS):
        accepted = _fit_budget(rules.handoff, facts, accepted, room_tokens, count_tokens, removed)
        if not accepted:
            break
        candidate = measure(insert_lines(rules.handoff, facts, accepted))
        if _line_texts(candidate.handoff) == _line_texts(rules.handoff):
            why = "The model made no changes."
            break
        regressions = find_regressions(rules.preservation, candidate.preservation)
        if not regressions:
            carried_ids = {fact_id for line in accepted.all_lines() for fact_id in line.facts}
            rewrite = partial(_rewrite, facts, accepted, measure)
            longer = _lengthen(candidate, room_tokens, count_tokens, compose, rewrite)
            return HandoffChoice(
                handoff=longer or candidate, why="", accepted=accepted, removed=removed, restored_count=len(set(offered_ids) - carried_ids)
            )
        why = Message("The AI version preserves less: {regressions}.", regressions=join_messages(regressions))
        culprits = _find_culprits(accepted, rules.preservation, candidate.preservation) or accepted.all_lines()
        removed += (RejectedLine("lost", line.text, ", ".join(map(str, regressions))) for line in culprits)
        accepted = accepted.without(culprits)
    return HandoffChoice(handoff=None, why=why, accepted=AcceptedLines({}, ()), removed=removed, restored_count=len(set(offered_ids)))


def _lengthen(
    candidate: MasterHandoff,
    room_tokens: int,
    count_tokens: Callable[[str], int],
    compose: Callable[[int], Handoff],
    rewrite: Callable[[Handoff], MasterHandoff],
) -> MasterHandoff | None:
    """Return a handoff with more facts in the room that *candidate* leaves; None if there is none that preserves at least as much.

    *compose* returns the rules' handoff for a budget, *rewrite* inserts the model's lines.
    """
    shown_ids = candidate.handoff.fact_ids()
    spare_tokens = room_tokens - count_tokens(render(replace(candidate.handoff, closing=())))
    for extra_tokens in (int(spare_tokens * share) for share in (1.0, 0.6, 0.3)):
        if extra_tokens < _MIN_SPARE_TOKENS:
            break
        longer_rules = compose(room_tokens + extra_tokens)
        if not longer_rules.fact_ids() > shown_ids:
            continue
        longer = rewrite(longer_rules)
        # The room for the closing lines is scarce: a longer document must still say what it keeps.
        fits = count_tokens(render(replace(longer.handoff, closing=()))) <= room_tokens and longer.handoff.closing
        if fits and not find_regressions(candidate.preservation, longer.preservation):
            return longer
    return None


def _rewrite(
    facts: Mapping[str, Fact], accepted: AcceptedLines, measure: Callable[[Handoff], MasterHandoff], handoff: Handoff
) -> MasterHandoff:
    return measure(insert_lines(handoff, facts, accepted))


def _line_texts(handoff: Handoff) -> set[str]:
    return {line.text for line in (*(line for _, line in handoff.head), *(line for section in handoff.sections for line in section.lines))}


def insert_lines(rules: Handoff, facts: Mapping[str, Fact], accepted: AcceptedLines) -> Handoff:
    """Return the rules' handoff with each *accepted* line in the place of the first fact that it carries."""
    carried_ids = {fact_id for line in accepted.all_lines() for fact_id in line.facts}
    head = tuple((name, _head_line(line, accepted.head.get(name), facts)) for name, line in rules.head)
    head_fact_ids = {fact_id for _, line in head for fact_id in line.facts}
    covered_ids = carried_ids | head_fact_ids
    pending = list(accepted.lines)
    sections: list[HandoffSection] = []
    for section in rules.sections:
        lines: list[CitedLine] = []
        for line in section.lines:
            placed = [written for written in pending if not set(written.facts).isdisjoint(line.facts)]
            pending = [written for written in pending if written not in placed]
            remaining = _remaining_line(line, covered_ids, facts)
            lines += placed if remaining is None else [*placed, remaining]
        if lines:
            sections.append(HandoffSection(section.title, tuple(lines)))
    return replace(rules, head=head, sections=tuple(sections), closing=())


def _remaining_line(line: CitedLine, covered_ids: Collection[str], facts: Mapping[str, Fact]) -> CitedLine | None:
    """Return a rules' line reduced to the facts not in *covered_ids*; None if no fact is left."""
    remaining_ids = [fact_id for fact_id in line.facts if fact_id not in covered_ids]
    if len(remaining_ids) == len(line.facts):
        return line
    return line_from_facts([facts[fact_id] for fact_id in remaining_ids]) if remaining_ids else None


def _head_line(rules_line: CitedLine, accepted: CitedLine | None, facts: Mapping[str, Fact]) -> CitedLine:
    """Return the *accepted* line, extended by the facts of the rules' line that it lacks."""
    if accepted is None:
        return rules_line
    missing_ids = [fact_id for fact_id in rules_line.facts if fact_id in facts and fact_id not in accepted.facts]
    if not missing_ids:
        return accepted
    missing_line = line_from_facts([facts[fact_id] for fact_id in missing_ids])
    ordered = (missing_line, accepted) if rules_line.facts[0] in missing_ids else (accepted, missing_line)
    text = " ".join(line.text if line.text[-1:] in ".!?…" else f"{line.text}." for line in ordered)
    return CitedLine(
        text,
        tuple(dict.fromkeys(handle for line in ordered for handle in line.sources)),
        tuple(fact_id for line in ordered for fact_id in line.facts),
    )


def find_regressions(before: Preservation, after: Preservation) -> list[Message]:
    """Return what is worse *after* than *before*: groups with fewer preserved facts, more outdated or more unsupported lines."""
    kept_by_group = {group.group: group.kept_count for group in after.groups}
    regressions = [
        Message(
            "{group} {count} instead of {before}",
            group=Message(group.group),
            count=kept_by_group.get(group.group, 0),
            before=group.kept_count,
        )
        for group in before.groups
        if kept_by_group.get(group.group, 0) < group.kept_count
    ]
    if len(after.stale) > len(before.stale):
        regressions.append(Message("outdated {count} instead of {before}", count=len(after.stale), before=len(before.stale)))
    unsupported, unsupported_before = len(after.unsupported or ()), len(before.unsupported or ())
    if unsupported > unsupported_before:
        regressions.append(Message("unsupported {count} instead of {before}", count=unsupported, before=unsupported_before))
    return regressions


def _find_culprits(accepted: AcceptedLines, before: Preservation, after: Preservation) -> list[CitedLine]:
    """Return the lines that cause a regression: they cite the turn of a lost fact, or are outdated or unsupported."""
    new_losses = set(after.lost) - set(before.lost)
    bad_lines = [
        line.lstrip("-* ")
        for line in (*after.stale, *(after.unsupported or ()))
        if line not in before.stale and line not in (before.unsupported or ())
    ]
    return [
        line
        for line in accepted.all_lines()
        if _cites_loss(line, new_losses) or any(one_line(line.text, 100)[:90] in text for text in bad_lines)
    ]


def _cites_loss(line: CitedLine, losses: set[Loss]) -> bool:
    return any(loss.handle in line.sources for loss in losses)


def _fit_budget(
    rules: Handoff,
    facts: Mapping[str, Fact],
    accepted: AcceptedLines,
    room_tokens: int,
    count_tokens: Callable[[str], int],
    removed: list[RejectedLine],
) -> AcceptedLines:
    """Return *accepted* without the longest lines, measured against their facts, until the document fits."""

    def surplus(line: CitedLine) -> int:
        saved_tokens = sum(count_tokens(facts[fact_id].text) + count_tokens(facts[fact_id].lead) for fact_id in line.facts)
        return count_tokens(line.text) + _HANDLE_TOKENS * (len(line.sources) - 1) - saved_tokens

    while accepted and count_tokens(render(insert_lines(rules, facts, accepted))) > room_tokens:
        longest = max(accepted.all_lines(), key=surplus)
        removed.append(RejectedLine("over budget", longest.text, f"{surplus(longest)} tokens more than its facts"))
        accepted = accepted.without([longest])
    return accepted
