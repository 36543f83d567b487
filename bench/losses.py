"""Probes that the handoff does not answer, by the step that lost the answer.

    python -m bench.losses [--only NAMES] [--budgets 2000,4000,8000] [--misses]

For every unanswered probe of the session itself (and, for carried probes, of all sessions up to it), the steps are checked backwards:

* *unlike prose*: one window of the document holds the answer but does not read like prose;
* *parted*: the document holds every part, but not within one window of 60 words;
* *left out*: a live fact of the ledger holds the answer, but the budget was used for others;
* *retired*: a superseded, resolved or contradicted fact holds it;
* *in pieces*: facts of the ledger hold every part, but no single fact holds all;
* *not a fact*: it was said, but no fact was extracted;
* *only tools*: only a tool call or its output shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.distillation import Distillation, distil_sessions
from bench.probe_sets import Frozen, Pairs, Probe, ProbeSet, add_budgets, create_parser, pairs_of
from bench.report import keep, table
from onward.core.facts.fact import Fact
from onward.core.handoff.document import render

STEPS = ("unlike prose", "parted", "left out", "retired", "in pieces", "not a fact", "only tools")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe and one document; `lost_at` is the step that lost the answer, empty if the document answers. `is_rule` marks requirements
    in the user's own words.
    """

    id: str
    type: str
    is_rule: bool
    is_carried: bool
    budget_tokens: int
    lost_at: str
    question: str
    answer: str


def ask_probes(frozen: Frozen, sets: Sequence[ProbeSet], probe_set: ProbeSet, at: Sequence[int]) -> Iterator[ProbeResult]:
    """Yield every probe of one session, and every carried one, at every budget."""
    yield from _ask_probes(frozen, distil_sessions([probe_set.file]), probe_set.probes, probe_set.pairs, at, is_carried=False)
    if probe_set.carried:
        chain = sorted((s for s in sets if s.project == probe_set.project and s.index <= probe_set.index), key=lambda s: s.index)
        yield from _ask_probes(frozen, distil_sessions([s.file for s in chain]), probe_set.carried, pairs_of(chain), at, is_carried=True)


def _ask_probes(
    frozen: Frozen, distillation: Distillation, probes: Sequence[Probe], pairs: Pairs, at: Sequence[int], *, is_carried: bool
) -> Iterator[ProbeResult]:
    for budget in at:
        document = render(distillation.master(budget).handoff)
        for probe, is_kept in zip(probes, frozen.answered(probes, document, budget, pairs), strict=True):
            is_rule = probe["type"] == "requirement" and bool(probe.get("user_authored"))
            lost_at = "" if is_kept else lost_step(frozen, probe, document, distillation)
            yield ProbeResult(
                id=probe["id"],
                type=probe["type"],
                is_rule=is_rule,
                is_carried=is_carried,
                budget_tokens=budget,
                lost_at=lost_at,
                question=probe["question"],
                answer=probe["answer"],
            )


def lost_step(frozen: Frozen, probe: Probe, document: str, distillation: Distillation) -> str:
    """Return the step at which the answer to *probe* was lost on its way into *document*."""
    if any(frozen.scorer.hit(probe, window) for window in frozen.scorer.windows(document)):
        return "unlike prose"
    if _holds(frozen, probe, document):
        return "parted"
    holding = [fact for fact in distillation.ledger.facts if _holds(frozen, probe, _fact_text(fact))]
    if holding:
        return "left out" if any(fact.state == "live" for fact in holding) else "retired"
    if _holds(frozen, probe, "\n".join(map(_fact_text, distillation.ledger.live()))) and _near(frozen, probe, distillation.ledger.live()):
        return "in pieces"
    spoken = (turn.text for turn in distillation.full_turns.values() if turn.mark in ("said", "queued", "summary"))
    return (
        "not a fact" if any(frozen.scorer.hit(probe, window) for text in spoken for window in frozen.scorer.windows(text)) else "only tools"
    )


def _fact_text(fact: Fact) -> str:
    return f"{fact.lead} {fact.text}"


def _holds(frozen: Frozen, probe: Probe, text: str) -> bool:
    """Say whether *text* holds every part of the answer, anywhere."""
    return bool(frozen.scorer.hit(probe, frozen.scorer.norm(text)))


def _near(frozen: Frozen, probe: Probe, facts: Iterable[Fact]) -> bool:
    """Say whether facts of one turn hold every part; parts from different turns are not one answer."""
    by_turn: dict[tuple[int, int], list[str]] = {}
    for fact in facts:
        by_turn.setdefault((fact.session, fact.turn), []).append(_fact_text(fact))
    return any(_holds(frozen, probe, "\n".join(texts)) for texts in by_turn.values())


def counts(results: Sequence[ProbeResult], budget: int, *, is_carried: bool) -> list[tuple[str, int, int, Mapping[str, int]]]:
    """Return (kind, asked, lost, lost by step) at one budget, the kinds in order and then all."""
    here = [result for result in results if result.budget_tokens == budget and result.is_carried == is_carried]
    out: list[tuple[str, int, int, Mapping[str, int]]] = []
    for kind in [*sorted({result.type for result in here}), "rules", "all"]:
        of_kind = [result for result in here if kind in (result.type, "all") or (kind == "rules" and result.is_rule)]
        if of_kind:
            steps = Counter(result.lost_at for result in of_kind if result.lost_at)
            out.append((kind, len(of_kind), sum(steps.values()), steps))
    return out


def main(arguments: list[str] | None = None) -> None:
    """Check, trace, print the tables, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser, (2_000, 4_000, 8_000))
    argument_parser.add_argument("--misses", action="store_true", help="also list every lost probe with its question and answer")
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    sets = frozen.sets(options.only)
    results = [each for probe_set in sets for each in ask_probes(frozen, sets, probe_set, options.budgets)]
    for is_carried in (False, True):
        for budget in options.budgets:
            rows = [
                (kind, n, lost, *(steps.get(s, 0) for s in STEPS))
                for kind, n, lost, steps in counts(results, budget, is_carried=is_carried)
            ]
            if rows:
                print(f"{'carried' if is_carried else 'single session'}, {budget:,} tokens: probes lost, by the step that lost them\n")
                print(table(("kind", "asked", "lost", *STEPS), rows) + "\n")
    for result in results:
        if result.lost_at and (options.misses or (result.is_rule and result.budget_tokens > 1_000)):
            print(
                f"  {result.budget_tokens} {result.id} {'rule' if result.is_rule else result.type}, {result.lost_at}: {result.question} "
                f"— {result.answer}"
            )
    keep("losses", {"asked": [asdict(result) for result in results]}, arguments)


if __name__ == "__main__":
    main()
