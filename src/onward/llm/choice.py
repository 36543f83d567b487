"""From lines that may stand to the handoff that is kept: put back, measure, choose.

Whatever the rules' handoff shows and no line carries is put back in the rules' own words. What the measure then misses, or finds stale or unsupported, is put back, too. Where some kind is
worse even so, the rules' handoff stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from onward.core.compose import line_saying
from onward.core.facts import Fact
from onward.core.handoff import Handoff, Line, Section, render
from onward.core.ledger import Ledger, order
from onward.core.master import Master, reserve_tokens
from onward.core.preservation import Loss, Preservation
from onward.core.text import one_line
from onward.llm.guard import Removed

MOST_ROUNDS = 8
"""Times that what is worse is put back and all is measured again."""


MOST_TOGETHER, MOST_TOGETHER_CHARS = 5, 600
"""Facts that one line tells, and its characters, up to which neighbours are put on it."""

_HANDLE_TOKENS = 5
_WORTH_TOKENS = 25
"""Room that is worth filling."""


@dataclass(frozen=True, slots=True)
class Written:
    """Lines that passed the guard: those of the head by their names, and the others."""

    head: Mapping[str, Line]
    lines: Sequence[Line]

    def __bool__(self) -> bool:
        return bool(self.head or self.lines)

    def all(self) -> list[Line]:
        """Return every line."""
        return [*self.head.values(), *self.lines]

    def without(self, gone: Iterable[Line]) -> Written:
        """Return the same without some lines."""
        names = {id(line) for line in gone}
        return Written(
            {name: line for name, line in self.head.items() if id(line) not in names},
            [line for line in self.lines if id(line) not in names],
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be kept: `made` is None where the rules' handoff stands, and `why` says what speaks against anything else."""

    made: Master | None
    why: str
    standing: Written
    removed: list[Removed]
    put_back: int
    """Facts that the model was given and that are told in the rules' words."""


def choose(
    rules: Master,
    ledger: Ledger,
    written: Written,
    count_tokens: Callable[[str], int],
    measured: Callable[[Handoff], Master],
    composed: Callable[[int], Handoff],
    given: Iterable[str] = (),
) -> Choice:
    """Return the handoff to keep: the rules' one with the *written* lines in it, as far as no kind is worse by the measure.

    *measured* measures a handoff and closes it; *composed* gives the rules' one for so many tokens, for the room that shorter lines leave. *given* are the ids of the facts that the model
    was given.
    """
    facts = {fact.id: fact for fact in ledger.facts}
    room = rules.budget_tokens - reserve_tokens(rules.budget_tokens)
    in_sections = {name for section in rules.handoff.sections for line in section.lines for name in line.facts}
    names = {name for name, _ in rules.handoff.head}
    elsewhere = [line for line in written.lines if in_sections.isdisjoint(line.facts)]
    elsewhere += (line for name, line in written.head.items() if name not in names)
    removed = [Removed("twice", line.text) for line in elsewhere]
    written = written.without(elsewhere)
    why = "Nothing that the model wrote may stand."
    for _ in range(MOST_ROUNDS):
        written = _fitting(rules.handoff, facts, written, room, count_tokens, removed)
        if not written:
            break
        made = measured(woven(rules.handoff, facts, written))
        if _lines(made.handoff) == _lines(rules.handoff):
            why = "The model changed nothing."
            break
        worse = worse_kinds(rules.preservation, made.preservation)
        if not worse:
            carried = {name for line in written.all() for name in line.facts}
            rewritten = partial(_rewritten, facts, written, measured)
            wider = _wider(made, room, count_tokens, composed, rewritten)
            return Choice(wider or made, "", written, removed, len(set(given) - carried))
        why = f"Worse than the rules' handoff: {', '.join(worse)}."
        blamed = _blamed(written, rules.preservation, made.preservation) or written.all()
        removed += (Removed("lost", line.text, ", ".join(worse)) for line in blamed)
        written = written.without(blamed)
    return Choice(None, why, Written({}, ()), removed, len(set(given)))


def _wider(
    made: Master,
    room_tokens: int,
    count_tokens: Callable[[str], int],
    composed: Callable[[int], Handoff],
    rewritten: Callable[[Handoff], Master],
) -> Master | None:
    """Return the handoff that tells more facts in the room that *made* leaves; None where none does that is at least as good.

    *composed* gives the rules' one for a budget, *rewritten* puts the model's lines in.
    """
    shown = made.handoff.fact_ids()
    saved = room_tokens - count_tokens(render(replace(made.handoff, closing=())))
    for tokens in (int(saved * share) for share in (1.0, 0.6)):
        if tokens < _WORTH_TOKENS:
            break
        more = composed(room_tokens + tokens)
        if not more.fact_ids() > shown:
            continue
        wider = rewritten(more)
        fits = count_tokens(render(replace(wider.handoff, closing=()))) <= room_tokens
        if fits and not worse_kinds(made.preservation, wider.preservation):
            return wider
    return None


def _rewritten(facts: Mapping[str, Fact], written: Written, measured: Callable[[Handoff], Master], handoff: Handoff) -> Master:
    return measured(woven(handoff, facts, written))


def _lines(handoff: Handoff) -> set[str]:
    return {line.text for line in (*(line for _, line in handoff.head), *(line for section in handoff.sections for line in section.lines))}


def woven(rules: Handoff, facts: Mapping[str, Fact], written: Written) -> Handoff:
    """Return the rules' handoff with the *written* lines in the place of the facts that they carry, each under the heading that these stood under."""
    carried = {name for line in written.all() for name in line.facts}
    head = tuple((name, _head_line(line, written.head.get(name), facts)) for name, line in rules.head)
    in_head = {name for _, line in head for name in line.facts}
    told = carried | in_head
    titles = {name: section.title for section in rules.sections for line in section.lines for name in line.facts}
    by_title: dict[str, list[Line]] = {}
    for section in rules.sections:
        rest = (_rest(line, told, facts) for line in section.lines)
        by_title[section.title] = [line for line in rest if line is not None]
    for line in written.lines:
        by_title[next(titles[name] for name in line.facts if name in titles)].append(line)
    made = (Section(title, tuple(_together(sorted(lines, key=partial(_first, facts))))) for title, lines in by_title.items() if lines)
    return replace(rules, head=head, sections=tuple(made), closing=())


def _rest(line: Line, told: Collection[str], facts: Mapping[str, Fact]) -> Line | None:
    """Return what a line of the rules says that is not *told* elsewhere, in its own words; None where nothing is left."""
    left = [name for name in line.facts if name not in told]
    if len(left) == len(line.facts):
        return line
    return line_saying([facts[name] for name in left]) if left else None


def _first(facts: Mapping[str, Fact], line: Line) -> tuple[Any, ...]:
    return min((order(facts[name]) for name in line.facts if name in facts), default=())


def _together(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield *lines*, neighbours from one turn as one: they share their handle, as the rules' lines do."""
    before: Line | None = None
    for line in lines:
        if before and _is_near(before, line):
            text = before.text if before.text[-1:] in ".!?…:;" else f"{before.text};"
            before = Line(f"{text} {line.text}", tuple(dict.fromkeys((*before.sources, *line.sources))), (*before.facts, *line.facts))
            continue
        if before:
            yield before
        before = line
    if before:
        yield before


def _is_near(line: Line, following: Line) -> bool:
    is_short = len(line.facts) + len(following.facts) <= MOST_TOGETHER and len(line.text) + len(following.text) < MOST_TOGETHER_CHARS
    return is_short and bool(line.sources) and line.sources[:1] == following.sources[:1]


def _head_line(before: Line, written: Line | None, facts: Mapping[str, Fact]) -> Line:
    """Return the *written* line with what the rules' one says beside it."""
    if written is None:
        return before
    rest = [name for name in before.facts if name in facts and name not in written.facts]
    if not rest:
        return written
    beside = line_saying([facts[name] for name in rest])
    told = (beside, written) if before.facts[0] in rest else (written, beside)
    text = " ".join(line.text if line.text[-1:] in ".!?…" else f"{line.text}." for line in told)
    return Line(
        text, tuple(dict.fromkeys(handle for line in told for handle in line.sources)), tuple(name for line in told for name in line.facts)
    )


def worse_kinds(before: Preservation, after: Preservation) -> list[str]:
    """Return what the measure finds worse *after* than *before*, by kind: fewer kept of a group, more stale lines, more unsupported ones."""
    kept = {group.group: group.kept for group in after.groups}
    found = [
        f"{group.group} {kept.get(group.group, 0)} instead of {group.kept}"
        for group in before.groups
        if kept.get(group.group, 0) < group.kept
    ]
    if len(after.stale) > len(before.stale):
        found.append(f"stale {len(after.stale)} instead of {len(before.stale)}")
    if len(after.unsupported or ()) > len(before.unsupported or ()):
        found.append(f"unsupported {len(after.unsupported or ())} instead of {len(before.unsupported or ())}")
    return found


def _blamed(written: Written, before: Preservation, after: Preservation) -> list[Line]:
    """Return the lines on account of which something is worse: that cite the turn of what is lost, or are the stale or unsupported ones themselves."""
    lost = set(after.lost) - set(before.lost)
    wrong = [
        line.lstrip("-* ")
        for line in (*after.stale, *(after.unsupported or ()))
        if line not in before.stale and line not in (before.unsupported or ())
    ]
    return [line for line in written.all() if _loses(line, lost) or any(one_line(line.text, 100)[:90] in text for text in wrong)]


def _loses(line: Line, lost: set[Loss]) -> bool:
    return any(loss.handle in line.sources for loss in lost)


def _fitting(
    rules: Handoff,
    facts: Mapping[str, Fact],
    written: Written,
    room_tokens: int,
    count_tokens: Callable[[str], int],
    removed: list[Removed],
) -> Written:
    """Return *written* without the lines that take more room than they save, until the document fits."""

    def surplus(line: Line) -> int:
        saved = sum(count_tokens(facts[name].text) + count_tokens(facts[name].lead) for name in line.facts)
        return count_tokens(line.text) + _HANDLE_TOKENS * (len(line.sources) - 1) - saved

    while written and count_tokens(render(woven(rules, facts, written))) > room_tokens:
        longest = max(written.all(), key=surplus)
        removed.append(Removed("over budget", longest.text, f"{surplus(longest)} tokens more than its facts"))
        written = written.without([longest])
    return written
