"""What of a model's mistakes reaches a handoff: wrong values and dropped rules against the guard, and right lines that it turned away for nothing.

    python -m bench refine        python -m bench.refine [--shared FOLDER] [--seeds 1,2,3]

Wrong lines are made of the facts of real ledgers, and of right rewordings of the bundled sessions, by mutations that know nothing of the guard (`bench.wrong`). No model is asked, so the
figures are the same on every machine.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.report import ROOT, keep, table
from bench.wrong import CHANGES, Wrong, wrong_lines
from onward import samples
from onward.app.distilling import Basis, basis
from onward.app.reading import Reading
from onward.core.facts import Fact, Handle
from onward.core.handoff import Handoff, render
from onward.core.ledger import Ledger
from onward.core.master import Master
from onward.core.transcript import Turn
from onward.llm.choice import Choice, Written, choose, woven
from onward.llm.guard import Evidence, Proposed, guard, is_writable
from onward.llm.writer import quotes
from onward.tokens import count_tokens

REWORDINGS = Path(__file__).with_name("rewordings.json")
INJECTED = 100

_SOURCES = {
    "cipher-box": ("cipher-box/*.jsonl", 4),
    "entire-cli": ("entire-cli/**/*_claude_*.jsonl", 4),
    "agentv": ("agentv/codex/*.jsonl", 3),
    "aider": ("aider-afi-core/*.md", 1),
}
"""Projects of the shared data: their transcripts, and how many of them."""


@dataclass(frozen=True)
class Known:
    """A project as what its handoff stands on, with the turns behind it and the handoff that the rules make."""

    name: str
    basis: Basis
    turns: dict[Handle, Turn]
    rules: Master

    @classmethod
    def of(cls, name: str, paths: Iterable[Path], budget_tokens: int | None = None) -> Known:
        """Return the project that the sessions at *paths* make, in order."""
        reading = Reading()
        for path in paths:
            reading.read(path)
        turns = {Handle(path.number, ordinal): turn for path in reading.paths for ordinal, turn in path.turns}
        made = basis(reading.paths)
        return cls(name, made, turns, made.master(budget_tokens))

    @property
    def ledger(self) -> Ledger:
        """The ledger of all sessions."""
        return self.basis.ledger

    def measured(self, handoff: Handoff) -> Master:
        """Return *handoff* measured as the rules' one is."""
        return self.basis.measured(handoff, self.rules.budget_tokens)

    @property
    def writable(self) -> list[Fact]:
        """The facts that a model may put in its own words."""
        return [fact for fact in self.ledger.live() if is_writable(fact)]

    @property
    def evidence(self) -> Evidence:
        """What lines are held against."""
        return Evidence(self.ledger, quotes(self.ledger.live(), self.basis.turns_of), lambda handle: handle in self.turns)


def bundled(folder: Path) -> Known:
    """Return the bundled sample sessions, written to *folder*."""
    return Known.of("samples", samples.write(folder))


def rewordings(known: Known, *, shown: bool = False) -> list[Proposed]:
    """Return right rewordings of facts of the bundled sessions; with *shown*, of those that their handoff shows."""
    found: list[Proposed] = []
    for one in json.loads(REWORDINGS.read_text("utf-8")):
        names = [next(fact.id for fact in known.ledger.live() if fact.text.startswith(beginning)) for beginning in one["facts"]]
        if not shown or known.rules.handoff.fact_ids().issuperset(names):
            found.append(Proposed(tuple(names), one["text"]))
    return found


def wrong_rewordings(known: Known, chance: random.Random) -> list[Wrong]:
    """Return the right rewordings with a wrong value in each, in every way there is."""
    facts = known.writable
    return [
        Wrong(f"reworded: {kind}", one.facts, changed, one.text)
        for one in rewordings(known)
        for kind, change in CHANGES.items()
        if (changed := change(one.text, chance, facts)) and changed != one.text
    ]


def survivors(wrong: Iterable[Wrong], evidence: Evidence) -> list[Wrong]:
    """Return the wrong lines that the guard lets stand, each judged by itself."""
    return [one for one in wrong if guard([Proposed(one.facts, one.text)], evidence).lines]


def turned_away(right: Iterable[Proposed], evidence: Evidence) -> list[str]:
    """Return why right lines were turned away, each judged by itself."""
    return [f"{gone.reason} ({gone.about}): {gone.text}" for one in right for gone in guard([one], evidence).removed]


_WEAKER = (
    (r"\b[Nn]ever\b", "rarely"),
    (r"\b[Aa]lways\b", "usually"),
    (r"\b(?:do not|don't|jangan)\b", "try not to"),
    (r"\bmust\b", "may"),
    (r"\bonly\b", ""),
)


def dropped(rule: Fact, beside: Fact) -> list[Proposed]:
    """Return what a model makes of a rule that it does not keep: weakened, cut short, drowned in another line, told from afar, told as a guideline, or left out."""
    weaker = rule.text
    for pattern, instead in _WEAKER:
        weaker = re.sub(pattern, instead, weaker)
    words = rule.text.split()
    return [
        Proposed((rule.id,), weaker),
        Proposed((rule.id,), " ".join(words[: max(2, len(words) // 2)])),
        Proposed((rule.id, beside.id), f"Follow the usual conventions; {beside.text}"),
        Proposed((rule.id,), f"The team agreed on: {rule.text.lower()[:40]}"),
        Proposed((rule.id,), f"Guideline: {' '.join(words[1:])}"),
        Proposed((), "The usual rules apply."),
    ]


def rules_kept(known: Known) -> tuple[int, int]:
    """Return how many rules the handoff holds word for word after a model dropped them all, in each way in turn, and how many there were."""
    shown = known.rules.handoff.fact_ids()
    rules = [fact for fact in known.ledger.live() if fact.kind == "rule" and fact.id in shown]
    told = [fact for section in known.rules.handoff.sections for line in section.lines for fact in known.writable if fact.id in line.facts]
    facts = {fact.id: fact for fact in known.ledger.facts}
    held = seen = 0
    for answers in zip(*(dropped(rule, told[0]) for rule in rules), strict=True):
        text = render(woven(known.rules.handoff, facts, Written({}, guard(answers, known.evidence).lines)))
        held += sum(rule.text.rstrip(";") in text for rule in rules)
        seen += len(rules)
    return held, seen


def refined(known: Known) -> Choice:
    """Return what becomes of the right rewordings of what the handoff shows."""
    given = rewordings(known, shown=True)
    lines = guard(given, known.evidence).lines
    return choose(
        known.rules,
        known.ledger,
        Written({}, lines),
        count_tokens,
        known.measured,
        known.basis.composed,
        [name for one in given for name in one.facts],
    )


def drawn(all_wrong: Sequence[Wrong], chance: random.Random, count: int = INJECTED) -> list[Wrong]:
    """Return *count* wrong lines, every kind in turn."""
    by_kind: dict[str, list[Wrong]] = {}
    for one in chance.sample(list(all_wrong), len(all_wrong)):
        by_kind.setdefault(one.kind, []).append(one)
    found: list[Wrong] = []
    while len(found) < count and any(by_kind.values()):
        found += (ones.pop() for ones in by_kind.values() if ones)
    return found[:count]


def main(arguments: list[str] | None = None) -> None:
    """Print the figures, and write them as JSON."""
    asked = argparse.ArgumentParser(
        prog="python -m bench.refine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="the folder of real transcripts")
    asked.add_argument("--seeds", default="1", help="numbers to mutate by")
    given = asked.parse_args(sys.argv[1:] if arguments is None else arguments)
    seeds = [int(seed) for seed in given.seeds.split(",")]
    with TemporaryDirectory(prefix="onward-bench-") as folder:
        projects = [bundled(Path(folder))]
        for name, (pattern, most) in _SOURCES.items():
            if paths := sorted((given.shared / "data").glob(pattern))[:most]:
                projects.append(Known.of(name, paths))
        kinds, stood = Counter[str](), Counter[str]()
        rows: list[list[object]] = []
        pool: list[tuple[Wrong, Evidence]] = []
        rules_seen, rules_held = 0, 0
        for known in projects:
            evidence = known.evidence
            wrong = [one for seed in seeds for one in wrong_lines(known.writable, random.Random(seed))]
            if known is projects[0]:
                wrong += [one for seed in seeds for one in wrong_rewordings(known, random.Random(seed))]
            alive = survivors(wrong, evidence)
            kinds.update(one.kind for one in wrong)
            stood.update(one.kind for one in alive)
            verbatim = [Proposed((fact.id,), fact.text) for fact in known.writable]
            held, seen = rules_kept(known)
            rules_held, rules_seen = rules_held + held, rules_seen + seen
            rows.append([known.name, len(known.writable), len(wrong), len(alive), len(turned_away(verbatim, evidence)), f"{held}/{seen}"])
            pool += ((one, evidence) for one in drawn(wrong, random.Random(seeds[0]), INJECTED // len(projects)))
        reworded = rewordings(projects[0])
        away = turned_away(reworded, projects[0].evidence)
        choice = refined(projects[0])
    survived = sum(len(survivors([one], evidence)) for one, evidence in pool)
    print(f"wrong values injected, every kind in turn: {len(pool)}; survived: {survived}")
    print(f"rules dropped: {rules_seen}; not back word for word: {rules_seen - rules_held}")
    print(f"right rewordings turned away: {len(away)} of {len(reworded)}\n")
    print(table(["project", "facts", "wrong lines", "survived", "right lines turned away", "rules kept"], rows))
    print()
    print(table(["kind of mistake", "lines", "survived"], [[kind, kinds[kind], stood[kind]] for kind in sorted(kinds)]))
    if choice.made:
        before, after = projects[0].rules.preservation, choice.made.preservation
        print(f"\nrules:   {before.line()}\nrefined: {after.line()}")
    keep(
        "refine",
        {
            "injected": len(pool), "survived": survived, "rules": rules_seen, "rules_lost": rules_seen - rules_held,
            "rewordings": len(reworded), "rewordings_turned_away": away, "projects": rows, "kinds": {kind: [stood[kind], kinds[kind]] for kind in kinds},
        },
        arguments,
    )  # fmt: skip


if __name__ == "__main__":
    main()
