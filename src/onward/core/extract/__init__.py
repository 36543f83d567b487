"""Turns in, facts out: one rule family per file, put together here.

`trace` says what the session shows, `worked` reads the tools, `spoken` what was said; `echoes` knows what is only repeated from a
handoff, `claims` holds what an agent says against what the log shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from onward.core.extract.claims import checked
from onward.core.extract.echoes import Echoes
from onward.core.extract.spoken import heard
from onward.core.extract.trace import observe
from onward.core.extract.worked import shown
from onward.core.facts import Fact, Handle, fact_id
from onward.core.transcript import SessionHead, Turn


def extract(number: int, head: SessionHead, turns: Iterable[tuple[int, Turn]]) -> list[Fact]:
    """Return the facts of session *number* from its main path of (ordinal, turn), in order. Times fall back to the last one known."""
    pairs = list(turns)
    times = _times(head, pairs)
    seen = observe(pairs)
    facts: dict[str, Fact] = {}
    for work in shown(seen, head.cwd):
        sources = tuple(Handle(number, t) for t in dict.fromkeys(work.turns))
        name = fact_id(work.kind, work.subject, work.text, sources[0])
        facts[name] = Fact(
            name,
            work.kind,
            work.subject,
            work.text,
            sources,
            times.get(sources[0].turn),
            work.weight,
            retires=work.retires,
            evidence=work.evidence,
            author=work.author,
        )
    echoes = Echoes(seen.handed)
    for said in (checked(one, seen) for one in heard(seen) if not echoes.has(one)):
        sources = tuple(Handle(number, t) for t in dict.fromkeys(said.turns))
        source = sources[0]
        name = fact_id(said.kind, "", said.text, source)
        facts[name] = Fact(
            name, said.kind, "", said.text, sources, times.get(source.turn), said.weight, said.lead, said.place, said.retires,
            evidence=said.evidence, author=said.author,
        )  # fmt: skip
    return list(facts.values())


def _times(head: SessionHead, pairs: Iterable[tuple[int, Turn]]) -> dict[int, datetime | None]:
    out: dict[int, datetime | None] = {}
    now = head.started_at
    for ordinal, turn in pairs:
        now = turn.at or now
        out[ordinal] = now
    return out
