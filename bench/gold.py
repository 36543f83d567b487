"""Recall and precision of the distiller against annotated facts: how many are found, shown, of the right kind, and retired correctly.

    python -m bench.gold [--only NAMES] [--budgets 2000,4000] [--misses]

A gold fact is found when one of Onward's facts has its words at its place (or nearly all of its words anywhere), or names its exact
value. Recall counts gold facts in the session's ledger (the pool) and in the document at a budget. Precision counts Onward's facts that
match an annotation: a gold fact or only a negative. A fact that matches neither is unmarked, which is not wrong, since the annotators
marked only a part. The annotations have one author and overlapping kinds, so groups are reported beside kinds.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bench.distillation import Distillation, distil_sessions
from bench.intervals import format_share, share, share_interval
from bench.probe_sets import Gold, GoldSession, add_budgets, create_parser, gold_sessions
from bench.report import keep, table
from onward.core.facts.fact import FACT_KINDS, Fact, Handle
from onward.core.text.prose import content_words, identifiers

GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": ("next_step", "blocker", "question"),
    "asked": ("goal", "rule", "requirement"),
    "state": ("done", "file", "command", "value"),
    "reasons": ("decision", "error", "dead_end", "lesson"),
}
GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
_HARD = ("file", "command", "value")
_PASSING = ("next_step", "blocker", "question", "goal", "requirement")
"""Kinds that are dropped once resolved; a resolved error is still worth showing, with its fix."""
_COVERED, _ALIKE, _HELD, _SAME = 0.6, 0.3, 0.8, 0.8
"""Shares of words that two texts must have in common: at the same place, of the shorter text and of both together, or of the gold text;
anywhere, of both together.
"""
_NEAR_TURNS = 1

Counts = list[tuple[int, int]]
"""(found, all) by session."""


class TextWords:
    """The words of a text, prepared for comparison."""

    __slots__ = ("named", "words")

    def __init__(self, text: str) -> None:
        self.words = frozenset(content_words(text))
        self.named = frozenset(name.lower().rsplit("/", 1)[-1] for name in identifiers(text) if len(name) > 2)


def likeness(gold: TextWords, candidate: TextWords, *, near: bool) -> float:
    """Return how alike (0..1) two texts are; 0 if they do not match. At the same place the candidate may be longer and contain the gold
    fact.
    """
    common = len(gold.words & candidate.words)
    if common < 2:
        return 0.0
    both = common / len(gold.words | candidate.words)
    alike = both > _SAME
    if near:
        alike = (
            alike or common / len(gold.words) > _HELD or (both > _ALIKE and common / min(len(gold.words), len(candidate.words)) > _COVERED)
        )
    return both if alike else 0.0


@dataclass(slots=True)
class SessionMatch:
    """One annotated session and its distillation. `by_gold` holds Onward's matching facts for each annotation, best first."""

    session: GoldSession
    distillation: Distillation
    by_gold: dict[str, list[Fact]]

    @property
    def facts(self) -> list[Gold]:
        """The annotations that are facts."""
        return [fact for fact in self.session.facts if fact.kind != "none"]

    def labels(self) -> dict[str, Gold]:
        """Return the annotation that each of Onward's facts matches, by fact id; a gold fact takes precedence over a negative."""
        gold_by_id: dict[str, Gold] = {}
        for gold in sorted(self.session.facts, key=lambda gold: gold.kind == "none"):
            for fact in self.by_gold[gold.id]:
                gold_by_id.setdefault(fact.id, gold)
        return gold_by_id


def match_facts(session: GoldSession, distillation: Distillation) -> SessionMatch:
    """Match the facts of the ledger with the annotations."""
    # One file may hold several sessions.
    places = sorted((turn.line, Handle(path.number, ordinal)) for path in distillation.paths for ordinal, turn in path.turns)
    starts = [line for line, _ in places]
    ledger_facts = [(fact, TextWords(f"{fact.lead} {fact.text}"), TextWords(fact.text)) for fact in distillation.ledger.facts]
    by_gold: dict[str, list[Fact]] = {}
    for gold in session.facts:
        turns = {places[max(0, bisect_right(starts, line) - 1)][1] for line in gold.lines}
        by_gold[gold.id] = _matches(gold, turns, ledger_facts)
    return SessionMatch(session, distillation, by_gold)


def _matches(gold: Gold, turns: Collection[Handle], ledger_facts: Iterable[tuple[Fact, TextWords, TextWords]]) -> list[Fact]:
    quote_words, text_words = TextWords(gold.quote), TextWords(gold.text)
    exact = quote_words.named & text_words.named if gold.kind in _HARD else frozenset[str]()
    matches: list[tuple[float, Fact]] = []
    for fact, whole, bare in ledger_facts:
        near = any(s.session == t.session and abs(s.turn - t.turn) <= _NEAR_TURNS for s in fact.sources for t in turns)
        alike = max(
            likeness(quote_words, whole, near=near),
            likeness(quote_words, bare, near=near),
            likeness(text_words, whole, near=near) if near else 0.0,
        )
        if (
            not alike
            and exact
            and exact <= whole.named
            and (fact.kind == gold.kind or len(text_words.words & whole.words) > len(exact) + 1)
        ):
            alike = _ALIKE
        if alike:
            matches.append((alike, fact))
    return [fact for _, fact in sorted(matches, key=lambda pair: -pair[0])]


@dataclass(slots=True)
class Recall:
    """Counts for the gold facts of one kind or group: total, in the pool, in the documents, and with the right kind."""

    pool: Counts = field(default_factory=Counts)
    documents: dict[int, Counts] = field(default_factory=lambda: defaultdict(Counts))
    kind_right: Counts = field(default_factory=Counts)
    group_right: Counts = field(default_factory=Counts)


def recall(
    sessions: Sequence[SessionMatch], ids_by_budget: Mapping[int, Sequence[frozenset[str]]], wanted: Collection[str], least: int = 1
) -> Recall:
    """Return the recall of gold facts of the *wanted* kinds with an importance of at least *least* (1..3)."""
    out = Recall()
    for place, match in enumerate(sessions):
        facts = [gold for gold in match.facts if gold.kind in wanted and gold.importance >= least]
        if not facts:
            continue
        matched_facts = [gold for gold in facts if match.by_gold[gold.id]]
        out.pool.append((len(matched_facts), len(facts)))
        for budget, ids in ids_by_budget.items():
            out.documents[budget].append((sum(any(f.id in ids[place] for f in match.by_gold[gold.id]) for gold in facts), len(facts)))
        out.kind_right.append((sum(match.by_gold[gold.id][0].kind == gold.kind for gold in matched_facts), len(matched_facts)))
        out.group_right.append(
            (sum(GROUP_OF[match.by_gold[gold.id][0].kind] == GROUP_OF[gold.kind] for gold in matched_facts), len(matched_facts))
        )
    return out


@dataclass(slots=True)
class Precision:
    """Counts for Onward's facts: those that match a gold fact among those that match any annotation, and those that match none."""

    right: Counts = field(default_factory=Counts)
    kind_right: Counts = field(default_factory=Counts)
    unmarked: int = 0


def precision(sessions: Sequence[SessionMatch], shown_ids: Sequence[Collection[str]] | None, wanted: Collection[str]) -> Precision:
    """Return the precision of Onward's facts of the *wanted* kinds: of those in *shown_ids*, or of all live ones."""
    out = Precision()
    for place, match in enumerate(sessions):
        labels = match.labels()
        facts = [
            fact for fact in match.distillation.ledger.live() if fact.kind in wanted and (shown_ids is None or fact.id in shown_ids[place])
        ]
        marked = [(fact, labels[fact.id]) for fact in facts if fact.id in labels]
        right = [(fact, gold) for fact, gold in marked if gold.kind != "none"]
        out.right.append((len(right), len(marked)))
        out.kind_right.append((sum(fact.kind == gold.kind for fact, gold in right), len(right)))
        out.unmarked += len(facts) - len(marked)
    return out


def retirement(sessions: Sequence[SessionMatch], ids_by_budget: Mapping[int, Sequence[frozenset[str]]]) -> dict[str, dict[str, int]]:
    """Return, by the state of a gold fact at the end of its session, the state of Onward's fact and the number of documents that assert
    it.
    """
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for place, match in enumerate(sessions):
        for gold in match.facts:
            if gold.state == "resolved" and gold.kind not in _PASSING:
                continue
            row = out[gold.state]
            row["gold"] += 1
            if ledger_facts := match.by_gold[gold.id]:
                row["found"] += 1
                state = ledger_facts[0].state
                row["retired" if state in ("superseded", "resolved") else state] += 1
                for budget, ids in ids_by_budget.items():
                    row[f"shown_at_{budget}"] += ledger_facts[0].id in ids[place]
    return {state: dict(row) for state, row in out.items()}


def across(sessions: Sequence[SessionMatch]) -> dict[str, int]:
    """Return how the ledger of full projects treats gold facts that a later session supersedes."""
    out: Counter[str] = Counter()
    for _, group in groupby(sessions, key=lambda match: match.session.project):
        several = list(group)
        whose = {gold.id: number for number, match in enumerate(several) for gold in match.facts}
        linked = [
            (number, gold)
            for number, match in enumerate(several)
            for gold in match.facts
            if gold.superseded_by and whose.get(gold.superseded_by, number) != number
        ]
        out["links"] += len(linked)
        if not linked:
            continue
        whole = distil_sessions([match.session.file for match in several])
        facts_by_text = {(fact.session, fact.turn, fact.text): fact for fact in whole.ledger.facts}
        for number, gold in linked:
            old = _in_project(several[number], number, gold.id, facts_by_text)
            new_number = whose[str(gold.superseded_by)]
            new = _in_project(several[new_number], new_number, str(gold.superseded_by), facts_by_text)
            out["both found"] += bool(old and new)
            if old and new:
                out["retired" if old.state in ("superseded", "resolved") else old.state] += 1
                out["successor live"] += new.state == "live"
    return dict(out)


def _in_project(match: SessionMatch, number: int, gold_id: str, facts_by_text: Mapping[tuple[int, int, str], Fact]) -> Fact | None:
    candidates = (facts_by_text.get((number + fact.session, fact.turn, fact.text)) for fact in match.by_gold[gold_id])
    return next((fact for fact in candidates if fact), None)


def _with_interval(counts: Counts) -> str:
    return format_share(share(counts), share_interval(counts)) if sum(total for _, total in counts) else "–"


def _per_cent(counts: Counts) -> str:
    return f"{100 * share(counts):.0f}" if sum(total for _, total in counts) else "–"


def main(arguments: list[str] | None = None) -> None:
    """Match, print the tables, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser, (2_000, 4_000))
    argument_parser.add_argument("--misses", action="store_true", help="also list the important gold facts that no document shows")
    options = argument_parser.parse_args(arguments)
    wanted = [word for word in options.only.split(",") if word]
    annotated = [
        session for session in gold_sessions(options.shared) if not wanted or any(w in session.project or w in session.name for w in wanted)
    ]
    if not annotated:
        print(f"no gold facts in {options.shared}", file=sys.stderr)
        return
    sessions = [match_facts(session, distil_sessions([session.file])) for session in annotated]
    ids_by_budget = {budget: [match.distillation.master(budget).handoff.fact_ids() for match in sessions] for budget in options.budgets}
    rows = _print_recall(sessions, ids_by_budget, options.budgets)
    exact = _print_precision(sessions, ids_by_budget, options.budgets)
    retired, links = _print_retirement(sessions, ids_by_budget)
    if options.misses:
        _print_misses(sessions, ids_by_budget[max(ids_by_budget)])
    keep(
        "gold", {"sessions": len(sessions), "recall": rows, "precision": exact, "retirement": retired, "across_sessions": links}, arguments
    )


def _print_recall(
    sessions: Sequence[SessionMatch], ids_by_budget: Mapping[int, Sequence[frozenset[str]]], at: Sequence[int]
) -> list[dict[str, object]]:
    names: list[tuple[str, tuple[str, ...], int]] = [(kind, (kind,), 1) for kind in FACT_KINDS]
    names += [(f"= {group}", kinds, 1) for group, kinds in GROUPS.items()]
    names += [("= all", FACT_KINDS, 1), ("= all that matter most", FACT_KINDS, 3)]
    shown_rows, out = [], []
    for name, kinds, least in names:
        figures = recall(sessions, ids_by_budget, kinds, least)
        total = sum(n for _, n in figures.pool)
        format_counts = _with_interval if name.startswith("=") else _per_cent
        shown_rows.append(
            (
                name,
                total,
                format_counts(figures.pool),
                *(format_counts(figures.documents[b]) for b in at),
                _per_cent(figures.kind_right),
                _per_cent(figures.group_right),
            )
        )
        out.append(
            {
                "of": name, "n": total, "pool": share(figures.pool), "pool_interval": share_interval(figures.pool),
                "at": {b: share(figures.documents[b]) for b in at}, "at_interval": {b: share_interval(figures.documents[b]) for b in at},
                "kind_right": share(figures.kind_right), "group_right": share(figures.group_right),
            }
        )  # fmt: skip
    print(f"{len(sessions)} annotated sessions: gold facts found, in per cent (95 % interval over sessions)\n")
    print(table(("gold kind", "facts", "in the pool", *(f"shown at {b:,}" for b in at), "kind right", "group right"), shown_rows))
    return out


def _print_precision(
    sessions: Sequence[SessionMatch], ids_by_budget: Mapping[int, Sequence[frozenset[str]]], at: Sequence[int]
) -> list[dict[str, object]]:
    places: list[tuple[str, Sequence[frozenset[str]] | None]] = [("the pool", None), *((f"{b}", ids_by_budget[b]) for b in at)]
    out: list[dict[str, object]] = []
    rows = []
    for name, kinds in [*((kind, (kind,)) for kind in FACT_KINDS), ("= all", FACT_KINDS)]:
        cells: list[object] = []
        for where, ids in places:
            figures = precision(sessions, ids, kinds)
            marked = sum(n for _, n in figures.right)
            cells += [_with_interval(figures.right) if name == "= all" else _per_cent(figures.right), marked]
            out.append(
                {
                    "of": name, "in": where, "marked": marked, "unmarked": figures.unmarked, "right": share(figures.right),
                    "right_interval": share_interval(figures.right), "kind_right": share(figures.kind_right),
                }
            )  # fmt: skip
        rows.append((name, *cells, _per_cent(figures.kind_right), figures.unmarked))
    heads = [head for where, _ in places for head in (f"right in {where}", "of marked")]
    print("\nfacts of Onward that match a gold fact rather than a negative, in per cent of those that match either\n")
    print(table(("kind", *heads, "kind right", "unmarked"), rows))
    return out


def _print_retirement(
    sessions: Sequence[SessionMatch], ids_by_budget: Mapping[int, Sequence[frozenset[str]]]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    retired, links = retirement(sessions, ids_by_budget), across(sessions)
    columns = ("gold", "found", "retired", "contradicted", "live", *(f"shown_at_{b}" for b in ids_by_budget))
    print("\nstates of gold facts at the end of their session, and of Onward's facts (resolved: open items and requests only)\n")
    print(
        table(("gold state", *(c.replace("_", " ") for c in columns)), [(s, *(r.get(c, 0) for c in columns)) for s, r in retired.items()])
    )
    print(
        f"\nsuperseded by a later session: {links.get('links', 0)} links, both ends found {links.get('both found', 0)}; of these retired "
        f"{links.get('retired', 0)}, marked as partly replaced {links.get('contradicted', 0)}, still live {links.get('live', 0)}; "
        f"successor live {links.get('successor live', 0)}"
    )
    return retired, links


def _print_misses(sessions: Sequence[SessionMatch], ids: Sequence[frozenset[str]]) -> None:
    print("\nimportant gold facts that are not in the largest document")
    for place, match in enumerate(sessions):
        for gold in match.facts:
            if gold.importance == 3 and gold.state == "live" and not any(f.id in ids[place] for f in match.by_gold[gold.id]):
                print(f"  {gold.id} {gold.kind}{'' if match.by_gold[gold.id] else ' (not in the pool)'}: {gold.text}")


if __name__ == "__main__":
    main()
