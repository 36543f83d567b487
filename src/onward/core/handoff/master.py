"""The master handoff of a project, from its ledger: the one path that distilling files and completing sessions
share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onward.core.facts.fact import Fact, FactKind, Handle, fact_id
from onward.core.facts.headings import OMISSION_PREFIX
from onward.core.facts.kinds import KINDS
from onward.core.facts.ledger import Ledger
from onward.core.handoff.composer import compose
from onward.core.handoff.document import Handoff, render
from onward.core.handoff.session_summary import SessionSummary
from onward.core.handoff.versions import MasterHandoff
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import Reference
from onward.core.transcript.transcript import Turn

MIN_BUDGET_TOKENS, MAX_BUDGET_TOKENS, BUDGET_SHARE = 2_000, 8_000, 0.02
"""The default budget: this share of the sessions' tokens, within these bounds."""


def default_budget(sessions: Iterable[SessionSummary]) -> int:
    """Return the default token budget of a handoff over *sessions*."""
    return min(MAX_BUDGET_TOKENS, max(MIN_BUDGET_TOKENS, int(BUDGET_SHARE * sum(s.tokens for s in sessions))))


def completion_facts(number: int, at: datetime | None, accomplishments: Iterable[str], blockers: Iterable[str]) -> list[Fact]:
    """Return what a person stated on completing session *number*, as facts. Their source is turn 0 of the session."""
    source = Handle(number, 0)
    statements: list[tuple[FactKind, str]] = [("done", text) for text in accomplishments] + [("blocker", text) for text in blockers]
    return [
        Fact(
            id=fact_id(kind, "", text, source),
            kind=kind,
            subject="",
            statement=text,
            sources=(source,),
            at=at,
            weight=0.95,
            evidence="claimed",
            author="user",
        )
        for kind, text in statements
    ]


def build_handoff(
    ledger: Ledger,
    references: Sequence[Reference],
    sessions: Sequence[SessionSummary],
    count_tokens: Callable[[str], int],
    read_turns: Callable[[Collection[Handle]], Mapping[Handle, Turn]],
    budget_tokens: int | None = None,
) -> MasterHandoff:
    """Return the master handoff after the last of *sessions*: composed, measured, and closed with lines on what it preserves and omits.

    *read_turns* returns the turns behind handles that exist: each line is checked against the turns it cites.
    """
    budget = budget_tokens or default_budget(sessions)
    handoff = compose(ledger, sessions, budget - reserve_tokens(budget), count_tokens)
    return close_handoff(handoff, ledger, references, sessions, count_tokens, read_turns, budget)


def reserve_tokens(budget_tokens: int) -> int:
    """Return the part of a budget that is reserved for the closing lines."""
    return 60 + budget_tokens // 50


def close_handoff(
    handoff: Handoff,
    ledger: Ledger,
    references: Sequence[Reference],
    sessions: Sequence[SessionSummary],
    count_tokens: Callable[[str], int],
    read_turns: Callable[[Collection[Handle]], Mapping[Handle, Turn]],
    budget_tokens: int,
) -> MasterHandoff:
    """Return *handoff*, by any author, measured and with new closing lines on what it preserves and omits."""
    handoff = replace(handoff, closing=())
    text = render(handoff)
    preservation = measure(
        text,
        _without_retracted(references, ledger),
        document_tokens=count_tokens(text),
        session_tokens=sum(s.tokens for s in sessions),
        sessions=len(sessions),
        source_text=_source_text(ledger, handoff, read_turns),
    )
    omitted = _omitted(ledger, handoff)
    preservation = preservation.with_omissions(Counter(KINDS[fact.kind].group for fact in omitted))
    omission_line = _omission_line(omitted)
    limit_tokens = max(50, reserve_tokens(budget_tokens) - count_tokens(omission_line))
    full, bare, short = preservation.line(limit_tokens), preservation.line(0), preservation.short_line()
    closings = ((full, omission_line), (bare, omission_line), (bare,), (short, omission_line), (short,))
    closed = (replace(handoff, closing=tuple(line for line in lines if line)) for lines in closings)
    fitting = (version for version in closed if count_tokens(render(version)) <= budget_tokens)
    return MasterHandoff(next(fitting, handoff), preservation, budget_tokens)


def _without_retracted(references: Sequence[Reference], ledger: Ledger) -> list[Reference]:
    """Return *references* without those that a person retracted from the ledger: they are unwanted, not lost."""
    retracted: dict[Handle, list[str]] = {}
    for fact in ledger.facts:
        if fact.state == "retracted":
            for source in fact.sources:
                retracted.setdefault(source, []).append(fact.text)
    return [
        reference
        for reference in references
        if not any(text in reference.text or reference.text in text for text in retracted.get(reference.handle, ()))
    ]


def _source_text(
    ledger: Ledger, handoff: Handoff, read_turns: Callable[[Collection[Handle]], Mapping[Handle, Turn]]
) -> Callable[[Handle], str]:
    """Return a function for the full text of a turn that *handoff* cites: prose, arguments and results; for turn 0,
    what a person stated.
    """
    lines = [line for _, line in handoff.head] + [line for section in handoff.sections for line in section.lines]
    cited = {handle for line in lines for handle in line.sources}
    turns = read_turns([handle for handle in cited if handle.turn])
    statements: dict[Handle, list[str]] = {}
    for fact in ledger.facts:
        if fact.sources and not fact.turn:
            statements.setdefault(fact.sources[0], []).append(fact.text)

    def source_text(handle: Handle) -> str:
        turn = turns.get(handle)
        return "\n".join(statements.get(handle, ())) if turn is None else _turn_text(turn)

    return source_text


def _turn_text(turn: Turn) -> str:
    calls = (call.arguments if isinstance(call.arguments, str) else str(call.arguments) for call in turn.calls)
    return "\n".join((turn.text, *calls, *(result.text for result in turn.results)))


def _omitted(ledger: Ledger, handoff: Handoff) -> list[Fact]:
    """Return the live facts missing from the document."""
    shown_ids = handoff.fact_ids()
    return [fact for fact in ledger.live() if fact.id not in shown_ids]


def _omission_line(omitted: Iterable[Fact]) -> str:
    """Return the line that counts the omitted facts by section."""
    counts = Counter(KINDS[fact.kind].section.short_title.lower() for fact in omitted)
    if not counts:
        return ""
    largest = ", ".join(f"{name} {n}" for name, n in counts.most_common(4))
    rest = sum(counts.values()) - sum(n for _, n in counts.most_common(4))
    return f"{OMISSION_PREFIX}{largest}{f', others {rest}' if rest else ''}. `onward search WORDS` reaches them."
