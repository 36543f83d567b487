"""Extracts the facts of a session from its turns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from onward.core.extract.claims import check_claim
from onward.core.extract.echoes import EchoFilter
from onward.core.extract.statements import rank_statements
from onward.core.extract.tool_results import draft_tool_facts
from onward.core.extract.trace import observe
from onward.core.facts.fact import Fact, Handle, fact_id
from onward.core.transcript.transcript import SessionHead, Turn
from onward.message import Message


def extract(number: int, head: SessionHead, turns: Iterable[tuple[int, Turn]]) -> list[Fact]:
    """Return the facts of session *number* from its main path of (ordinal, turn), in order. A turn without a time takes the time of the
    turn before it.
    """
    pairs = list(turns)
    times = _times(head, pairs)
    trace = observe(pairs)
    facts: dict[str, Fact] = {}
    for tool_draft in draft_tool_facts(trace, head.cwd, head.branch):
        sources = tuple(Handle(number, t) for t in dict.fromkeys(tool_draft.turns))
        name = fact_id(tool_draft.kind, tool_draft.subject, tool_draft.text, sources[0])
        facts[name] = Fact(
            id=name,
            kind=tool_draft.kind,
            subject=tool_draft.subject,
            statement=str(tool_draft.statement),
            sources=sources,
            at=times.get(sources[0].turn),
            weight=tool_draft.weight,
            retires=tool_draft.retires,
            evidence=tool_draft.evidence,
            author=tool_draft.author,
            outcome=tool_draft.outcome,
            position=tool_draft.position,
            remark=tool_draft.remark,
            message=tool_draft.statement if isinstance(tool_draft.statement, Message) else None,
        )
    echoes = EchoFilter(trace.handoff_lines)
    for statement in (check_claim(draft, trace) for draft in rank_statements(trace) if not echoes.is_echo(draft)):
        sources = tuple(Handle(number, t) for t in dict.fromkeys(statement.turns))
        source = sources[0]
        name = fact_id(statement.kind, statement.subject, statement.full_text, source)
        facts[name] = Fact(
            id=name, kind=statement.kind, subject=statement.subject, statement=statement.text, sources=sources,
            at=times.get(source.turn), weight=statement.weight, message=statement.message,
            lead=statement.lead, remark=statement.remark, position=statement.position, retires=statement.retires,
            evidence=statement.evidence, author=statement.author,
            state=statement.state, session_state=statement.state, outcome=statement.outcome,
        )  # fmt: skip
    return list(facts.values())


def _times(head: SessionHead, pairs: Iterable[tuple[int, Turn]]) -> dict[int, datetime | None]:
    times: dict[int, datetime | None] = {}
    now = head.started_at
    for ordinal, turn in pairs:
        now = turn.at or now
        times[ordinal] = now
    return times
