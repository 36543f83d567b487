"""Reading one session for what its handoff ought to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from onward.core.facts import Handle
from onward.core.own_words import own_words
from onward.core.preservation.did import Work, from_work
from onward.core.preservation.reference import GROUPS, Group, Reference, latest
from onward.core.preservation.said import from_agent, from_person
from onward.core.preservation.words import stems, telling
from onward.core.tools import action
from onward.core.transcript import Turn

MOST_EXPECTED: Mapping[Group, int] = {
    "rules": 10, "requirements": 8, "decisions": 6, "outcomes": 5, "fixes": 5, "dead ends": 4, "files": 8, "commands": 4, "open": 10,
    "values": 10,
}  # fmt: skip
"""How many references of each group one session adds, its weightiest: about what annotators find worth carrying in a long one."""


SHORTEST_TELLING = 70
"""Characters; what an agent says between two tool calls in fewer tells what it does next, not what it found."""


def references(number: int, turns: Iterable[tuple[int, Turn]]) -> list[Reference]:
    """Return what a handoff of session *number* ought to keep, from its *turns* with their 1-based ordinals, in order of (session,
    turn).

    Prose of people and agents is read by cues, tool calls by what they did; what a program put into anyone's mouth, a sub-agent's own
    turns and bulk tool output are not read.
    """
    work = Work()
    found: list[Reference] = []
    report: tuple[str, Handle] | None = None
    narrated: list[tuple[str, Handle]] = []
    heard: Counter[str] = Counter()
    for ordinal, turn in turns:
        if turn.sidechain is not None or turn.mark in ("injected", "summary"):
            continue
        handle = Handle(number, ordinal)
        for result in turn.results:
            work.answered(result, handle)
        said = own_words(turn.text)
        if turn.role == "user" and said:
            if report:
                found.extend(from_agent(*report, heard, is_closing=True, is_last=False))
                report = None
            found.extend(from_person(said, handle, heard))
        elif turn.role == "assistant":
            if said:
                if report and len(report[0]) >= SHORTEST_TELLING:
                    narrated.append(report)
                report = said, handle
            for call in turn.calls:
                act = action(call)
                work.take(call.id, act, handle)
                if act.text:
                    narrated.append((act.text, handle))
    if report:
        found.extend(from_agent(*report, heard, is_closing=True, is_last=True))
    for text, handle in narrated:
        found.extend(from_agent(text, handle, heard, is_closing=False, is_last=False))
    found.extend(from_work(work))
    return [_known_by(one, heard) for one in _weightiest(found)]


def _known_by(one: Reference, heard: Counter[str]) -> Reference:
    """Return *one* with the words it is known again by: of a statement its own, of a value those beside it, of a file or command none."""
    if one.group in ("files", "commands"):
        return one
    own = stems(one.subject) if one.group == "values" else ()
    return one._replace(keys=tuple(stem for stem in telling(one.text, heard) if stem not in own))


def _weightiest(found: list[Reference]) -> list[Reference]:
    """Return the weightiest of each group, the later first among equals; what is retired stays, since it says what would be stale."""
    said = Counter((one.group, one.subject) for one in found)
    named = {name for one in found if one.group == "files" for name in (one.subject, one.needles[0])}
    # "#5" says no more than the address of pull request 5 does.
    named |= {way for one in found if one.group == "values" for way in one.needles if way[0] == "#" and way != one.subject}
    chosen: list[Reference] = []
    by_group: dict[Group, list[Reference]] = {group: [] for group in GROUPS}
    for one in latest(found):
        if one.retired:
            chosen.append(one)
        elif one.group != "values" or not _is_named(one.subject, named):
            by_group[one.group].append(one)
    for group, standing in by_group.items():
        standing.sort(key=lambda one: (one.weight + 0.15 * min(4, said[one.group, one.subject]), one.handle), reverse=True)
        chosen += standing[: MOST_EXPECTED[group]]
    return latest(chosen)


def _is_named(value: str, named: set[str]) -> bool:
    """Say whether *value* is a file, or another spelling of a value, that is kept already."""
    return value in named or value.rsplit("/", 1)[-1] in named or "/".join(value.split("/")[-2:]) in named
