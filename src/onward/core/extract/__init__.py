"""Turns in, facts out: one rule family per file, put together here.

`trace` says what the session shows, `worked` reads the tools, `spoken` what was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from onward.core.extract.spoken import spoken
from onward.core.extract.trace import trace
from onward.core.extract.worked import worked
from onward.core.facts import Fact, Handle, fact_id
from onward.core.transcript import SessionHead, Turn


def extract(number: int, head: SessionHead, turns: Iterable[tuple[int, Turn]]) -> list[Fact]:
    """Return the facts of session *number* from its main path of (ordinal, turn), in order. Times fall back to the last one known."""
    pairs = list(turns)
    times = _times(head, pairs)
    seen = trace(pairs)
    facts: dict[str, Fact] = {}
    for shown in worked(seen, head.cwd):
        sources = tuple(Handle(number, t) for t in dict.fromkeys(shown.turns))
        name = fact_id(shown.kind, shown.subject, shown.text, sources[0])
        facts[name] = Fact(
            name,
            shown.kind,
            shown.subject,
            shown.text,
            sources,
            times.get(sources[0].turn),
            shown.weight,
            evidence=shown.evidence,
            author=shown.author,
        )
    for heard in spoken(seen):
        source = Handle(number, heard.said.turn)
        name = fact_id(heard.kind, "", heard.text, source)
        facts[name] = Fact(
            name, heard.kind, "", heard.text, (source,), times.get(source.turn), heard.weight, heard.lead, heard.retires,
            evidence=heard.evidence, author=heard.said.author,
        )  # fmt: skip
    return list(facts.values())


def _times(head: SessionHead, pairs: Iterable[tuple[int, Turn]]) -> dict[int, datetime | None]:
    out: dict[int, datetime | None] = {}
    now = head.started_at
    for ordinal, turn in pairs:
        now = turn.at or now
        out[ordinal] = now
    return out
