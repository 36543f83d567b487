"""Planted canaries, a second referee beside the probes: thirty typed items that nobody could guess, ten of them changed later, over five sessions through the store.

    python -m bench.canaries [--seeds 11,12] [--budgets 2000,4000,8000] [--hosts FILE FILE FILE …]

Into a copy of a real session go thirty sentences at spread places, in its agent's own format (`bench.planting`); half of the ten changes stand later in the same session, the others in the second and
third. Five sessions of the same agent follow one another through the store, each completed. After each, every item is asked of the master handoff by the scorer's own rules, as a probe: does it hold the value that is right by then, with a word
of what it is a value of, within one window? It is stale when it asserts the value before a change. Beside the document: whether one search of 1,000 tokens holds it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.frozen import SHARED, Frozen, Pairs, budgets
from bench.intervals import shown
from bench.made import complete, store_with
from bench.planting import Canary, Sentence, canaries, planted
from bench.report import keep, table
from bench.transcripts import Agent, sources
from onward.app import handoffs, searching
from onward.app.projects import Project
from onward.core.intervals import wilson
from onward.store import Store

ROUNDS = 5
SEARCH_TOKENS = 1_000
_IN_THE_SAME_SESSION = 5
"""So many changes stand in the session of their items; the others in the two that follow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One canary asked of one handoff. `reached` says that the document or one search holds it."""

    host: str
    seed: int
    round: int
    budget_tokens: int
    canary: str
    kind: str
    is_changed: bool
    kept: bool
    stale: bool
    reached: bool


def scripts(items: Sequence[Canary], sessions: int) -> tuple[list[list[Sentence]], dict[str, int]]:
    """Return what is said in each of so many *sessions* (three at least), and in which each changed canary changes."""
    rounds: list[list[Sentence]] = [[] for _ in range(sessions)]
    changes: dict[str, int] = {}
    spread = sorted(items, key=lambda one: one.value[::-1])  # An order that has nothing to do with kinds.
    changing = [one for one in spread if one.old]
    for place, one in enumerate(spread):
        # What changes in the same session stands in its first half, the change in its second.
        at = (place + 0.5) / len(spread)
        if one.old:
            number = changing.index(one)
            in_round = 0 if number < _IN_THE_SAME_SESSION else 1 + number % 2
            changes[one.id] = in_round
            rounds[in_round].append(Sentence(one.template.by, one.change, 0.55 + 0.4 * number / len(changing)))
            at *= 0.5
        rounds[0].append(Sentence(one.template.by, one.first, at))
    return rounds, changes


def rounds_of(host: str, files: Sequence[bytes], seed: int, at: Sequence[int], frozen: Frozen) -> Iterable[Asked]:
    """Yield every question about every round of one host and seed."""
    items = canaries(seed)
    said, changes = scripts(items, len(files))
    pairs: Pairs = set()
    with TemporaryDirectory(prefix="onward-bench-") as folder, store_with("canaries") as (store, [project]):
        for number in range(len(files)):
            path = Path(folder) / f"{number + 1}.jsonl"
            path.write_bytes(planted(files[number], said[number], seed))
            complete(store, project, path)
            pairs |= frozen.scorer.pairs_of(frozen.scorer.full_text(str(path)))
            found = {one.id: _searched(store, project, one.template.question) for one in items}
            for budget in at:
                document = handoffs.current(store, project, budget_tokens=budget).markdown
                for one in items:
                    is_changed = bool(one.old) and changes[one.id] <= number
                    probe = one.probe(is_changed=is_changed)
                    [kept] = frozen.answered([probe], document, budget, pairs)
                    [stale] = frozen.stale([probe], document, budget)
                    [by_search] = frozen.answered([probe], found[one.id], SEARCH_TOKENS, pairs)
                    yield Asked(host, seed, number + 1, budget, one.id, one.template.kind, is_changed, kept, stale, kept or by_search)


def _searched(store: Store, project: Project, question: str) -> str:
    return "\n\n".join(one.text for one in searching.search(store, question, project=project, budget_tokens=SEARCH_TOKENS).excerpts)


def hosts(given: Sequence[Path], data: Path) -> dict[str, list[bytes]]:
    """Return the sessions that canaries are planted in, by host: the files that were named, or the first of each agent."""
    if given:
        return {"named": [path.read_bytes() for path in given]}
    agents: tuple[Agent, ...] = ("claude-code", "codex")
    found = {agent: [one.lines for one in sources(data, agent)[:ROUNDS]] for agent in agents}
    return {agent: files for agent, files in found.items() if len(files) == ROUNDS}


def main(arguments: list[str] | None = None) -> None:
    """Plant, complete, ask, print the tables, and write the JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--shared", type=Path, default=SHARED, help="the folder of probes, gold facts and transcripts")
    asked.add_argument("--seeds", default="11,12", help="of the generator of names, by commas (%(default)s)")
    asked.add_argument("--hosts", type=Path, nargs="+", default=[], help="transcripts of one project, in order: three at least")
    asked.add_argument(
        "--misses", action="store_true", help="also list what is lost or stale in the largest document after the last session"
    )
    budgets(asked, (2_000, 4_000, 8_000))
    given = asked.parse_args(arguments)
    frozen = Frozen(given.shared)
    found = [
        one
        for host, files in hosts(given.hosts, frozen.data).items()
        for seed in map(int, given.seeds.split(","))
        for one in rounds_of(host, files, seed, given.budgets, frozen)
    ]
    _print(found, given.budgets)
    if given.misses:
        _print_misses([one for one in found if (one.budget_tokens, one.round) == (max(given.budgets), _rounds(found)[-1])])
    keep("canaries", {"seeds": given.seeds, "totals": totals(found, given.budgets), "asked": [asdict(one) for one in found]}, arguments)


def totals(found: Sequence[Asked], at: Sequence[int]) -> list[dict[str, object]]:
    """Return, by budget and round, how many canaries were kept and reached, and how many changed ones were stale."""
    out: list[dict[str, object]] = []
    for budget in at:
        for number in _rounds(found):
            here = [one for one in found if (one.budget_tokens, one.round) == (budget, number)]
            changed = [one for one in here if one.is_changed]
            out.append(
                {
                    "budget": budget, "round": number, "n": len(here), "kept": sum(one.kept for one in here), "reached": sum(one.reached for one in here),
                    "changed": len(changed), "changed_kept": sum(one.kept for one in changed), "stale": sum(one.stale for one in changed),
                }
            )  # fmt: skip
    return out


def _rounds(found: Sequence[Asked]) -> list[int]:
    return sorted({one.round for one in found})


def _print(found: Sequence[Asked], at: Sequence[int]) -> None:
    rounds = _rounds(found)
    end = rounds[-1]
    kinds = list(dict.fromkeys(one.kind for one in found))
    middle = at[len(at) // 2]

    def cell(several: Sequence[Asked], what: str) -> str:
        got = sum(bool(getattr(one, what)) for one in several)
        return f"{got}/{len(several)}"

    print(
        f"canaries kept by the master of {middle:,} tokens, by kind, after so many sessions; reached: the same or one search of 1,000 tokens\n"
    )
    rows = []
    for kind in kinds:
        here = [one for one in found if one.kind == kind and one.budget_tokens == middle]
        last = [one for one in here if one.round == end]
        rows.append(
            (
                kind,
                *(cell([one for one in here if one.round == n], "kept") for n in rounds),
                cell(last, "reached"),
                cell([one for one in last if one.is_changed], "stale"),
            )
        )
    print(table(("kind", *(f"after {n}" for n in rounds), f"reached after {end}", f"stale after {end}"), rows))
    print("\nper cent of all, with 95 % intervals\n")
    rows = []
    for budget in at:
        for name, what, only_changed in (("kept", "kept", False), ("kept or found", "reached", False), ("stale of changed", "stale", True)):
            cells = []
            for n in rounds:
                here = [one for one in found if (one.budget_tokens, one.round) == (budget, n) and (one.is_changed or not only_changed)]
                got = sum(bool(getattr(one, what)) for one in here)
                cells.append(shown(got / max(1, len(here)), wilson(got, len(here))))
            rows.append((f"{budget:,}: {name}", *cells))
    print(table(("budget", *(f"after {n}" for n in rounds)), rows))


def _print_misses(last: Sequence[Asked]) -> None:
    print("\nlost or stale")
    for one in last:
        if one.stale or not one.kept:
            item = next(item for item in canaries(one.seed) if item.id == one.canary)
            print(f"  {one.host} {one.seed} {one.kind}{' STALE' if one.stale else ''}: {item.change or item.first}")


if __name__ == "__main__":
    main()
