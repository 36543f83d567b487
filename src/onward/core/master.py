"""From what a project's sessions established to its master handoff: the one path that distilling files and completing sessions share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from onward.core.compose import SECTION_OF, SessionLine, compose
from onward.core.facts import Fact, Handle, Kind, fact_id
from onward.core.handoff import Handoff, render
from onward.core.ledger import Ledger
from onward.core.preservation import Preservation, Reference, measure
from onward.core.transcript import ToolCall, ToolResult, Turn

LEAST_TOKENS, MOST_TOKENS, SHARE = 2_000, 8_000, 0.02
"""The budget, when nobody names one: this share of the sessions' tokens, within these bounds."""

_RESULT_HEAD, _RESULT_TAIL = 1_000, 3_000


class Master(NamedTuple):
    """A project's handoff with the measure of what it keeps and the budget it was made for."""

    handoff: Handoff
    preservation: Preservation
    budget_tokens: int


def lightened(turn: Turn) -> Turn:
    """Return *turn* with what nothing is learned from left out: thinking, and the middle of long tool results. A light turn is returned as it is."""
    long = [r for r in turn.results if len(r.text) > _RESULT_HEAD + _RESULT_TAIL]
    if not turn.thinking and not long:
        return turn
    return replace(turn, thinking="", results=tuple(map(_shortened, turn.results)) if long else turn.results)


def _shortened(result: ToolResult) -> ToolResult:
    if len(result.text) <= _RESULT_HEAD + _RESULT_TAIL:
        return result
    return ToolResult(
        result.call_id, f"{result.text[:_RESULT_HEAD]}\n...\n{result.text[-_RESULT_TAIL:]}", result.is_error, result.exit_code
    )


def turn_tokens(turn: Turn) -> int:
    """Return about how many tokens a turn costs a reader: four characters each, tool traffic included."""
    length = len(turn.text)
    for result in turn.results:
        length += len(result.text)
    for call in turn.calls:
        length += _length(call)
    return length // 4


def _length(call: ToolCall) -> int:
    if isinstance(call.arguments, str):
        return len(call.arguments)
    return sum([len(v) for v in call.arguments.values() if isinstance(v, str)])


def default_budget(sessions: Iterable[SessionLine]) -> int:
    """Return the tokens that a handoff over *sessions* may take when nobody says."""
    return min(MOST_TOKENS, max(LEAST_TOKENS, int(SHARE * sum(s.tokens for s in sessions))))


def stated(number: int, at: datetime | None, accomplishments: Iterable[str], blockers: Iterable[str]) -> list[Fact]:
    """Return what a person said on completing session *number*, as facts. Their source is the session's own record, turn 0."""
    source = Handle(number, 0)
    said: list[tuple[Kind, str]] = [("done", text) for text in accomplishments] + [("blocker", text) for text in blockers]
    return [
        Fact(fact_id(kind, "", text, source), kind, "", text, (source,), at, weight=0.95, evidence="claimed", author="user")
        for kind, text in said
    ]


def master(
    ledger: Ledger,
    references: Sequence[Reference],
    sessions: Sequence[SessionLine],
    count_tokens: Callable[[str], int],
    turns_of: Callable[[Collection[Handle]], Mapping[Handle, Turn]],
    budget_tokens: int | None = None,
) -> Master:
    """Return the master handoff after the last of *sessions*: composed, measured, and closed with what it keeps and leaves out.

    *turns_of* gives the turns behind handles, those that are there: each line is held against the turns that it cites.
    """
    budget = budget_tokens or default_budget(sessions)
    handoff = compose(ledger, sessions, budget - reserve_tokens(budget), count_tokens)
    return closed(handoff, ledger, references, sessions, count_tokens, turns_of, budget)


def reserve_tokens(budget_tokens: int) -> int:
    """Return the part of a budget that is kept for the closing lines."""
    return 60 + budget_tokens // 50


def closed(
    handoff: Handoff,
    ledger: Ledger,
    references: Sequence[Reference],
    sessions: Sequence[SessionLine],
    count_tokens: Callable[[str], int],
    turns_of: Callable[[Collection[Handle]], Mapping[Handle, Turn]],
    budget_tokens: int,
) -> Master:
    """Return *handoff*, whoever wrote it, measured, and closed with what it keeps and leaves out; a closing that it had before is written anew."""
    handoff = replace(handoff, closing=())
    text = render(handoff)
    preservation = measure(
        text,
        references,
        document_tokens=count_tokens(text),
        session_tokens=sum(s.tokens for s in sessions),
        sessions=len(sessions),
        source_text=_source_text(ledger, handoff, turns_of),
    )
    left_out = _left_out(ledger, handoff)
    kept = preservation.line(max(50, reserve_tokens(budget_tokens) - count_tokens(left_out)))
    closing = tuple(line for line in (kept, left_out) if line)
    while count_tokens(render(replace(handoff, closing=closing))) > budget_tokens and closing:
        closing = closing[:-1]
    return Master(replace(handoff, closing=closing), preservation, budget_tokens)


def _source_text(
    ledger: Ledger, handoff: Handoff, turns_of: Callable[[Collection[Handle]], Mapping[Handle, Turn]]
) -> Callable[[Handle], str]:
    """Return what gives the whole text of a turn that *handoff* cites: prose, arguments and results; for turn 0, what a person said on completing."""
    lines = [line for _, line in handoff.head] + [line for section in handoff.sections for line in section.lines]
    cited = {handle for line in lines for handle in line.sources}
    found = turns_of([handle for handle in cited if handle.turn])
    stated_in: dict[Handle, list[str]] = {}
    for fact in ledger.facts:
        if fact.sources and not fact.turn:
            stated_in.setdefault(fact.sources[0], []).append(fact.text)

    def source_text(handle: Handle) -> str:
        turn = found.get(handle)
        return "\n".join(stated_in.get(handle, ())) if turn is None else _spelled(turn)

    return source_text


def _spelled(turn: Turn) -> str:
    calls = (call.arguments if isinstance(call.arguments, str) else str(call.arguments) for call in turn.calls)
    return "\n".join((turn.text, *calls, *(result.text for result in turn.results)))


def _left_out(ledger: Ledger, handoff: Handoff) -> str:
    """Return the line that counts the live facts which the document does not show, by section."""
    shown = handoff.fact_ids()
    counts = Counter(SECTION_OF[f.kind].split(" (")[0].split(",")[0].lower() for f in ledger.live() if f.id not in shown)
    if not counts:
        return ""
    most = ", ".join(f"{name} {n}" for name, n in counts.most_common(4))
    rest = sum(counts.values()) - sum(n for _, n in counts.most_common(4))
    return f"Left out: {most}{f', others {rest}' if rest else ''}. `onward search WORDS` reaches them."
