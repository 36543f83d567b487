"""Planted canaries, a second check beside the probes: thirty typed items that cannot be guessed, ten of them changed later, over five
sessions through the store.

    python -m bench.canaries [--seeds 11,12] [--budgets 2000,4000,8000] [--hosts FILE FILE FILE …]

Thirty sentences are spread over a copy of a real session, in the format of its agent (`bench.planted_canaries`). Half of the ten
changes occur later in the same session, the others in the second and third. Five sessions of the same agent go through the store, each
completed. After each, every item is looked up in the master handoff by the scorer's rules, as a probe: one window must hold the value
that is current by then and a word of its subject. An item is stale when the document asserts its old value. A second figure adds what
one search of 1,000 tokens finds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.distillation import complete, store_with
from bench.intervals import format_share
from bench.planted_canaries import Canary, PlantedSentence, canaries, plant
from bench.probe_sets import SHARED, Frozen, Pairs, add_budgets
from bench.report import keep, table
from bench.transcripts import Agent, sources
from onward.app.handoffs import handoffs
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.core.analytics.intervals import wilson_interval
from onward.store import Store

ROUNDS = 5
SEARCH_TOKENS = 1_000
_IN_THE_SAME_SESSION = 5
"""This many changes occur in the session that states the item; the others in the next two."""


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """One canary looked up in one handoff. `reached` also counts the result of one search."""

    host: str
    seed: int
    round: int
    budget_tokens: int
    canary: str
    kind: str
    is_changed: bool
    is_kept: bool
    stale: bool
    reached: bool


def scripts(items: Sequence[Canary], sessions: int) -> tuple[list[list[PlantedSentence]], dict[str, int]]:
    """Return the sentences of each of *sessions* (three at least), and the session in which each changed canary changes."""
    rounds: list[list[PlantedSentence]] = [[] for _ in range(sessions)]
    changes: dict[str, int] = {}
    spread = sorted(items, key=lambda canary: canary.value[::-1])  # An order independent of the kinds.
    changing = [canary for canary in spread if canary.old]
    for place, canary in enumerate(spread):
        # A change within the same session goes into the second half, its first statement into the first half.
        at = (place + 0.5) / len(spread)
        if canary.old:
            number = changing.index(canary)
            in_round = 0 if number < _IN_THE_SAME_SESSION else 1 + number % 2
            changes[canary.id] = in_round
            rounds[in_round].append(PlantedSentence(canary.template.by, canary.change, 0.55 + 0.4 * number / len(changing)))
            at *= 0.5
        rounds[0].append(PlantedSentence(canary.template.by, canary.first, at))
    return rounds, changes


def rounds_of(host: str, files: Sequence[bytes], seed: int, at: Sequence[int], frozen: Frozen) -> Iterable[CanaryResult]:
    """Yield every lookup after every round of one host and seed."""
    items = canaries(seed)
    rounds, changes = scripts(items, len(files))
    pairs: Pairs = set()
    with TemporaryDirectory(prefix="onward-bench-") as folder, store_with("canaries") as (store, [project]):
        for number in range(len(files)):
            path = Path(folder) / f"{number + 1}.jsonl"
            path.write_bytes(plant(files[number], rounds[number], seed))
            complete(store, project, path)
            pairs |= frozen.scorer.pairs_of(frozen.scorer.full_text(str(path)))
            search_texts = {canary.id: _search_text(store, project, canary.template.question) for canary in items}
            for budget in at:
                document = handoffs.current_handoff(store, project, budget_tokens=budget).markdown
                for canary in items:
                    is_changed = bool(canary.old) and changes[canary.id] <= number
                    probe = canary.probe(is_changed=is_changed)
                    [is_kept] = frozen.answered([probe], document, budget, pairs)
                    [stale] = frozen.stale([probe], document, budget)
                    [by_search] = frozen.answered([probe], search_texts[canary.id], SEARCH_TOKENS, pairs)
                    yield CanaryResult(
                        host=host,
                        seed=seed,
                        round=number + 1,
                        budget_tokens=budget,
                        canary=canary.id,
                        kind=canary.template.kind,
                        is_changed=is_changed,
                        is_kept=is_kept,
                        stale=stale,
                        reached=is_kept or by_search,
                    )


def _search_text(store: Store, project: Project, question: str) -> str:
    return "\n\n".join(
        excerpt.text for excerpt in search_results.search(store, question, project=project, budget_tokens=SEARCH_TOKENS).excerpts
    )


def hosts(given: Sequence[Path], data: Path) -> dict[str, list[bytes]]:
    """Return the sessions that canaries are planted in, by host: the files given, or the first of each agent."""
    if given:
        return {"named": [path.read_bytes() for path in given]}
    agents: tuple[Agent, ...] = ("claude-code", "codex")
    sessions_by_agent = {agent: [source.lines for source in sources(data, agent)[:ROUNDS]] for agent in agents}
    return {agent: files for agent, files in sessions_by_agent.items() if len(files) == ROUNDS}


def main(arguments: list[str] | None = None) -> None:
    """Plant, complete, look up, print the tables, and write the JSON."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of probes, gold facts and transcripts")
    argument_parser.add_argument("--seeds", default="11,12", help="seeds of the name generator, separated by commas (%(default)s)")
    argument_parser.add_argument("--hosts", type=Path, nargs="+", default=[], help="at least three transcripts of one project, in order")
    argument_parser.add_argument(
        "--misses", action="store_true", help="also list what is lost or stale in the largest document after the last session"
    )
    add_budgets(argument_parser, (2_000, 4_000, 8_000))
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    results = [
        result
        for host, files in hosts(options.hosts, frozen.data).items()
        for seed in map(int, options.seeds.split(","))
        for result in rounds_of(host, files, seed, options.budgets, frozen)
    ]
    _print(results, options.budgets)
    if options.misses:
        _print_misses(
            [result for result in results if (result.budget_tokens, result.round) == (max(options.budgets), _rounds(results)[-1])]
        )
    keep(
        "canaries",
        {"seeds": options.seeds, "totals": totals(results, options.budgets), "asked": [asdict(result) for result in results]},
        arguments,
    )


def totals(results: Sequence[CanaryResult], at: Sequence[int]) -> list[dict[str, object]]:
    """Return, by budget and round, how many canaries were kept and reached, and how many changed ones were stale."""
    out: list[dict[str, object]] = []
    for budget in at:
        for number in _rounds(results):
            here = [result for result in results if (result.budget_tokens, result.round) == (budget, number)]
            changed = [result for result in here if result.is_changed]
            out.append(
                {
                    "budget": budget,
                    "round": number,
                    "n": len(here),
                    "kept": sum(result.is_kept for result in here),
                    "reached": sum(result.reached for result in here),
                    "changed": len(changed),
                    "changed_kept": sum(result.is_kept for result in changed),
                    "stale": sum(result.stale for result in changed),
                }
            )
    return out


def _rounds(results: Sequence[CanaryResult]) -> list[int]:
    return sorted({result.round for result in results})


def _print(results: Sequence[CanaryResult], at: Sequence[int]) -> None:
    rounds = _rounds(results)
    end = rounds[-1]
    kinds = list(dict.fromkeys(result.kind for result in results))
    middle = at[len(at) // 2]

    def cell(several: Sequence[CanaryResult], what: str) -> str:
        got = sum(bool(getattr(result, what)) for result in several)
        return f"{got}/{len(several)}"

    print(
        f"canaries kept by the master of {middle:,} tokens, by kind and number of sessions; reached: kept, or found by one search of 1,000 "
        "tokens\n"
    )
    rows = []
    for kind in kinds:
        here = [result for result in results if result.kind == kind and result.budget_tokens == middle]
        last = [result for result in here if result.round == end]
        rows.append(
            (
                kind,
                *(cell([result for result in here if result.round == n], "is_kept") for n in rounds),
                cell(last, "reached"),
                cell([result for result in last if result.is_changed], "stale"),
            )
        )
    print(table(("kind", *(f"after {n}" for n in rounds), f"reached after {end}", f"stale after {end}"), rows))
    print("\nper cent of all, with 95 % intervals\n")
    rows = []
    for budget in at:
        for name, what, only_changed in (
            ("kept", "is_kept", False),
            ("kept or found", "reached", False),
            ("stale of changed", "stale", True),
        ):
            cells = []
            for n in rounds:
                here = [
                    result
                    for result in results
                    if (result.budget_tokens, result.round) == (budget, n) and (result.is_changed or not only_changed)
                ]
                got = sum(bool(getattr(result, what)) for result in here)
                cells.append(format_share(got / max(1, len(here)), wilson_interval(got, len(here))))
            rows.append((f"{budget:,}: {name}", *cells))
    print(table(("budget", *(f"after {n}" for n in rounds)), rows))


def _print_misses(last: Sequence[CanaryResult]) -> None:
    print("\nlost or stale")
    for result in last:
        if result.stale or not result.is_kept:
            item = next(item for item in canaries(result.seed) if item.id == result.canary)
            print(f"  {result.host} {result.seed} {result.kind}{' STALE' if result.stale else ''}: {item.change or item.first}")


if __name__ == "__main__":
    main()
