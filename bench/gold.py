"""How many of the annotated facts the distiller finds and shows, of which kind, and whether it retires the right ones.

    python -m bench.gold [--only NAMES] [--budgets 2000,4000] [--misses]

A gold fact is found when one of ours has its words at its place (or nearly all of its words anywhere), or names its exact value. Recall counts gold facts, in the session's own ledger
(the pool) and in the document at a budget. Precision counts our facts that match an annotation: those that match a gold fact against those that match only a negative. What matches neither is unmarked, which is
not wrong: annotators marked a part. The annotations have one author and soft borders between kinds, so groups are given beside kinds.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bench.frozen import Gold, GoldSession, budgets, gold_sessions, parser
from bench.intervals import share, share_interval, shown
from bench.made import Made, made_of
from bench.report import keep, table
from onward.core.facts import KINDS, Fact, Handle
from onward.core.text import content_words, identifiers

GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": ("next_step", "blocker", "question"),
    "asked": ("goal", "rule", "requirement"),
    "state": ("done", "file", "command", "value"),
    "reasons": ("decision", "error", "dead_end", "lesson"),
}
GROUP_OF = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
_HARD = ("file", "command", "value")
_PASSING = ("next_step", "blocker", "question", "goal", "requirement")
"""Kinds that being resolved puts away; a resolved error stays worth telling, with its fix."""
_COVERED, _ALIKE, _HELD, _SAME = 0.6, 0.3, 0.8, 0.8
"""Of the words of two texts, what must be shared: at one place more than these shares of the shorter one and of both together, or more than this of the gold one; anywhere more than this of both."""
_NEAR_TURNS = 1

Counts = list[tuple[int, int]]
"""(found, all) by session."""


class Words:
    """What one text says, for comparing."""

    __slots__ = ("named", "said")

    def __init__(self, text: str) -> None:
        self.said = frozenset(content_words(text))
        self.named = frozenset(name.lower().rsplit("/", 1)[-1] for name in identifiers(text) if len(name) > 2)


def likeness(gold: Words, ours: Words, *, near: bool) -> float:
    """Return how far (0..1) two texts say the same; 0 where they do not. Of one place, ours may say more: several sentences, of which the gold fact is one."""
    common = len(gold.said & ours.said)
    if common < 2:
        return 0.0
    both = common / len(gold.said | ours.said)
    alike = both > _SAME
    if near:
        alike = alike or common / len(gold.said) > _HELD or (both > _ALIKE and common / min(len(gold.said), len(ours.said)) > _COVERED)
    return both if alike else 0.0


@dataclass(slots=True)
class Matched:
    """One annotated session beside what the distiller made of it. `by_gold` holds, for each annotation, our facts that match it, the best first."""

    session: GoldSession
    made: Made
    by_gold: dict[str, list[Fact]]

    @property
    def facts(self) -> list[Gold]:
        """The annotations that are facts."""
        return [one for one in self.session.facts if one.kind != "none"]

    def labels(self) -> dict[str, Gold]:
        """Return the annotation that each of our facts matches, by its id: a gold fact before a negative."""
        found: dict[str, Gold] = {}
        for one in sorted(self.session.facts, key=lambda one: one.kind == "none"):
            for fact in self.by_gold[one.id]:
                found.setdefault(fact.id, one)
        return found


def matched(session: GoldSession, made: Made) -> Matched:
    """Return which facts of the ledger match which annotations."""
    # One file may hold several sessions.
    places = sorted((turn.line, Handle(path.number, ordinal)) for path in made.paths for ordinal, turn in path.turns)
    starts = [line for line, _ in places]
    ours = [(fact, Words(f"{fact.lead} {fact.text}"), Words(fact.text)) for fact in made.ledger.facts]
    by_gold: dict[str, list[Fact]] = {}
    for one in session.facts:
        turns = {places[max(0, bisect_right(starts, line) - 1)][1] for line in one.lines}
        by_gold[one.id] = _matches(one, turns, ours)
    return Matched(session, made, by_gold)


def _matches(gold: Gold, turns: Collection[Handle], ours: Iterable[tuple[Fact, Words, Words]]) -> list[Fact]:
    quoted, told = Words(gold.quote), Words(gold.text)
    exact = quoted.named & told.named if gold.kind in _HARD else frozenset[str]()
    found: list[tuple[float, Fact]] = []
    for fact, whole, bare in ours:
        near = any(s.session == t.session and abs(s.turn - t.turn) <= _NEAR_TURNS for s in fact.sources for t in turns)
        alike = max(
            likeness(quoted, whole, near=near), likeness(quoted, bare, near=near), likeness(told, whole, near=near) if near else 0.0
        )
        if not alike and exact and exact <= whole.named and (fact.kind == gold.kind or len(told.said & whole.said) > len(exact) + 1):
            alike = _ALIKE
        if alike:
            found.append((alike, fact))
    return [fact for _, fact in sorted(found, key=lambda pair: -pair[0])]


@dataclass(slots=True)
class Recall:
    """Of the gold facts of one kind or group: how many there are, are in the pool, are in the documents; and how many were given the right kind."""

    pool: Counts = field(default_factory=Counts)
    documents: dict[int, Counts] = field(default_factory=lambda: defaultdict(Counts))
    kind_right: Counts = field(default_factory=Counts)
    group_right: Counts = field(default_factory=Counts)


def recall(sessions: Sequence[Matched], kept: Mapping[int, Sequence[frozenset[str]]], wanted: Collection[str], least: int = 1) -> Recall:
    """Return the recall of gold facts of the *wanted* kinds that matter at *least* so much (1..3)."""
    out = Recall()
    for place, one in enumerate(sessions):
        facts = [gold for gold in one.facts if gold.kind in wanted and gold.importance >= least]
        if not facts:
            continue
        found = [gold for gold in facts if one.by_gold[gold.id]]
        out.pool.append((len(found), len(facts)))
        for budget, ids in kept.items():
            out.documents[budget].append((sum(any(f.id in ids[place] for f in one.by_gold[gold.id]) for gold in facts), len(facts)))
        out.kind_right.append((sum(one.by_gold[gold.id][0].kind == gold.kind for gold in found), len(found)))
        out.group_right.append((sum(GROUP_OF[one.by_gold[gold.id][0].kind] == GROUP_OF[gold.kind] for gold in found), len(found)))
    return out


@dataclass(slots=True)
class Precision:
    """Of our facts: how many match a gold fact among those that match any annotation, and how many match none."""

    right: Counts = field(default_factory=Counts)
    kind_right: Counts = field(default_factory=Counts)
    unmarked: int = 0


def precision(sessions: Sequence[Matched], kept: Sequence[Collection[str]] | None, wanted: Collection[str]) -> Precision:
    """Return the precision of our facts of the *wanted* kinds: of those in *kept*, or of all live ones."""
    out = Precision()
    for place, one in enumerate(sessions):
        labels = one.labels()
        facts = [fact for fact in one.made.ledger.live() if fact.kind in wanted and (kept is None or fact.id in kept[place])]
        marked = [(fact, labels[fact.id]) for fact in facts if fact.id in labels]
        right = [(fact, gold) for fact, gold in marked if gold.kind != "none"]
        out.right.append((len(right), len(marked)))
        out.kind_right.append((sum(fact.kind == gold.kind for fact, gold in right), len(right)))
        out.unmarked += len(facts) - len(marked)
    return out


def retirement(sessions: Sequence[Matched], kept: Mapping[int, Sequence[frozenset[str]]]) -> dict[str, dict[str, int]]:
    """Return, by how a gold fact stands at the end of its session, how ours stands, and in how many documents it is asserted."""
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for place, one in enumerate(sessions):
        for gold in one.facts:
            if gold.state == "resolved" and gold.kind not in _PASSING:
                continue
            row = out[gold.state]
            row["gold"] += 1
            if found := one.by_gold[gold.id]:
                row["found"] += 1
                state = found[0].state
                row["retired" if state in ("superseded", "resolved") else state] += 1
                for budget, ids in kept.items():
                    row[f"shown_at_{budget}"] += found[0].id in ids[place]
    return {state: dict(row) for state, row in out.items()}


def across(sessions: Sequence[Matched]) -> dict[str, int]:
    """Return how the ledger of whole projects treats gold facts that a later session supersedes."""
    out: Counter[str] = Counter()
    for _, group in groupby(sessions, key=lambda one: one.session.project):
        several = list(group)
        whose = {gold.id: number for number, one in enumerate(several) for gold in one.facts}
        linked = [
            (number, gold)
            for number, one in enumerate(several)
            for gold in one.facts
            if gold.superseded_by and whose.get(gold.superseded_by, number) != number
        ]
        out["links"] += len(linked)
        if not linked:
            continue
        whole = made_of([one.session.file for one in several])
        told = {(fact.session, fact.turn, fact.text): fact for fact in whole.ledger.facts}
        for number, gold in linked:
            old = _in_project(several[number], number, gold.id, told)
            new_number = whose[str(gold.superseded_by)]
            new = _in_project(several[new_number], new_number, str(gold.superseded_by), told)
            out["both found"] += bool(old and new)
            if old and new:
                out["retired" if old.state in ("superseded", "resolved") else old.state] += 1
                out["successor live"] += new.state == "live"
    return dict(out)


def _in_project(one: Matched, number: int, gold_id: str, told: Mapping[tuple[int, int, str], Fact]) -> Fact | None:
    found = (told.get((number + fact.session, fact.turn, fact.text)) for fact in one.by_gold[gold_id])
    return next((fact for fact in found if fact), None)


def _told(counts: Counts) -> str:
    return shown(share(counts), share_interval(counts)) if sum(total for _, total in counts) else "–"


def _short(counts: Counts) -> str:
    return f"{100 * share(counts):.0f}" if sum(total for _, total in counts) else "–"


def main(arguments: list[str] | None = None) -> None:
    """Match, print the tables, and write the JSON."""
    asked = parser(__doc__)
    budgets(asked, (2_000, 4_000))
    asked.add_argument("--misses", action="store_true", help="also list the important gold facts that no document shows")
    given = asked.parse_args(arguments)
    wanted = [word for word in given.only.split(",") if word]
    annotated = [one for one in gold_sessions(given.shared) if not wanted or any(w in one.project or w in one.name for w in wanted)]
    if not annotated:
        print(f"no gold facts in {given.shared}", file=sys.stderr)
        return
    sessions = [matched(one, made_of([one.file])) for one in annotated]
    kept = {budget: [one.made.master(budget).handoff.fact_ids() for one in sessions] for budget in given.budgets}
    rows = _print_recall(sessions, kept, given.budgets)
    exact = _print_precision(sessions, kept, given.budgets)
    retired, links = _print_retirement(sessions, kept)
    if given.misses:
        _print_misses(sessions, kept[max(kept)])
    keep(
        "gold", {"sessions": len(sessions), "recall": rows, "precision": exact, "retirement": retired, "across_sessions": links}, arguments
    )


def _print_recall(sessions: Sequence[Matched], kept: Mapping[int, Sequence[frozenset[str]]], at: Sequence[int]) -> list[dict[str, object]]:
    names: list[tuple[str, tuple[str, ...], int]] = [(kind, (kind,), 1) for kind in KINDS]
    names += [(f"= {group}", kinds, 1) for group, kinds in GROUPS.items()]
    names += [("= all", KINDS, 1), ("= all that matter most", KINDS, 3)]
    shown_rows, out = [], []
    for name, kinds, least in names:
        one = recall(sessions, kept, kinds, least)
        total = sum(n for _, n in one.pool)
        told = _told if name.startswith("=") else _short
        shown_rows.append(
            (name, total, told(one.pool), *(told(one.documents[b]) for b in at), _short(one.kind_right), _short(one.group_right))
        )
        out.append(
            {
                "of": name, "n": total, "pool": share(one.pool), "pool_interval": share_interval(one.pool),
                "at": {b: share(one.documents[b]) for b in at}, "at_interval": {b: share_interval(one.documents[b]) for b in at},
                "kind_right": share(one.kind_right), "group_right": share(one.group_right),
            }
        )  # fmt: skip
    print(f"{len(sessions)} annotated sessions: gold facts found, in per cent (95 % interval over sessions)\n")
    print(table(("gold kind", "facts", "in the pool", *(f"shown at {b:,}" for b in at), "kind right", "group right"), shown_rows))
    return out


def _print_precision(
    sessions: Sequence[Matched], kept: Mapping[int, Sequence[frozenset[str]]], at: Sequence[int]
) -> list[dict[str, object]]:
    places: list[tuple[str, Sequence[frozenset[str]] | None]] = [("the pool", None), *((f"{b}", kept[b]) for b in at)]
    out: list[dict[str, object]] = []
    rows = []
    for name, kinds in [*((kind, (kind,)) for kind in KINDS), ("= all", KINDS)]:
        cells: list[object] = []
        for where, ids in places:
            one = precision(sessions, ids, kinds)
            marked = sum(n for _, n in one.right)
            cells += [_told(one.right) if name == "= all" else _short(one.right), marked]
            out.append(
                {
                    "of": name, "in": where, "marked": marked, "unmarked": one.unmarked, "right": share(one.right),
                    "right_interval": share_interval(one.right), "kind_right": share(one.kind_right),
                }
            )  # fmt: skip
        rows.append((name, *cells, _short(one.kind_right), one.unmarked))
    heads = [head for where, _ in places for head in (f"right in {where}", "of marked")]
    print("\nour facts that match a gold fact and not a negative, in per cent of those that match either\n")
    print(table(("our kind", *heads, "kind right", "unmarked"), rows))
    return out


def _print_retirement(
    sessions: Sequence[Matched], kept: Mapping[int, Sequence[frozenset[str]]]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    retired, links = retirement(sessions, kept), across(sessions)
    columns = ("gold", "found", "retired", "contradicted", "live", *(f"shown_at_{b}" for b in kept))
    print("\nhow gold facts stand at their session's end, and how ours do (resolved: open items and requests only)\n")
    print(
        table(("gold state", *(c.replace("_", " ") for c in columns)), [(s, *(r.get(c, 0) for c in columns)) for s, r in retired.items()])
    )
    print(
        f"\nsuperseded by a later session: {links.get('links', 0)} links, both ends found {links.get('both found', 0)}; of these retired "
        f"{links.get('retired', 0)}, marked as in part replaced {links.get('contradicted', 0)}, still live {links.get('live', 0)}; successor live {links.get('successor live', 0)}"
    )
    return retired, links


def _print_misses(sessions: Sequence[Matched], ids: Sequence[frozenset[str]]) -> None:
    print("\nimportant gold facts that are not in the largest document")
    for place, one in enumerate(sessions):
        for gold in one.facts:
            if gold.importance == 3 and gold.state == "live" and not any(f.id in ids[place] for f in one.by_gold[gold.id]):
                print(f"  {gold.id} {gold.kind}{'' if one.by_gold[gold.id] else ' (not in the pool)'}: {gold.text}")


if __name__ == "__main__":
    main()
