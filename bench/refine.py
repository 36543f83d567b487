"""Model mistakes that reach a handoff: wrong values and dropped rules against the guard, and correct lines that the guard refuses.

    python -m bench refine        python -m bench.refine [--shared FOLDER] [--seeds 1,2,3]

Wrong lines are made from the facts of real ledgers, and from correct rewordings of the bundled sessions, by mutations that are
independent of the guard (`bench.wrong_values`). No model is called, so the figures are the same on every machine.
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
from bench.wrong_values import CHANGES, WrongLine, wrong_lines
from onward import samples
from onward.app.handoffs.distillation import HandoffBasis, basis
from onward.app.turns.reader import TranscriptReader
from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Ledger
from onward.core.handoff.document import Handoff, render
from onward.core.handoff.master import MasterHandoff
from onward.core.transcript.transcript import Turn
from onward.llm.acceptance import AcceptedLines, HandoffChoice, choose_handoff, insert_lines
from onward.llm.guard import GuardEvidence, ProposedLine, guard, is_writable
from onward.llm.writer import collect_quotes
from onward.tokens import count_tokens

REWORDINGS = Path(__file__).with_name("rewordings.json")
INJECTED = 100

_SOURCES = {
    "cipher-box": ("cipher-box/*.jsonl", 4),
    "entire-cli": ("entire-cli/**/*_claude_*.jsonl", 4),
    "agentv": ("agentv/codex/*.jsonl", 3),
    "aider": ("aider-afi-core/*.md", 1),
}
"""Projects of the shared data: their transcripts, and how many of them to use."""


@dataclass(frozen=True)
class KnownProject:
    """A project: the basis of its handoff, the turns behind it, and the handoff by rules."""

    name: str
    basis: HandoffBasis
    turns: dict[Handle, Turn]
    rules: MasterHandoff

    @classmethod
    def of(cls, name: str, paths: Iterable[Path], budget_tokens: int | None = None) -> KnownProject:
        """Return the project that the sessions at *paths* make, in order."""
        reading = TranscriptReader()
        for path in paths:
            reading.read(path)
        turns = {Handle(path.number, ordinal): turn for path in reading.paths for ordinal, turn in path.turns}
        project_basis = basis(reading.paths)
        return cls(name, project_basis, turns, project_basis.master(budget_tokens))

    @property
    def ledger(self) -> Ledger:
        """The ledger of all sessions."""
        return self.basis.ledger

    def measured(self, handoff: Handoff) -> MasterHandoff:
        """Return *handoff* measured like the handoff by rules."""
        return self.basis.measure_handoff(handoff, self.rules.budget_tokens)

    @property
    def writable(self) -> list[Fact]:
        """The facts that a model may reword."""
        return [fact for fact in self.ledger.live() if is_writable(fact)]

    @property
    def evidence(self) -> GuardEvidence:
        """The evidence that lines are checked against."""
        return GuardEvidence(self.ledger, collect_quotes(self.ledger.live(), self.basis.find_turns), lambda handle: handle in self.turns)


def bundled(folder: Path) -> KnownProject:
    """Return the bundled sample sessions, written to *folder*."""
    return KnownProject.of("samples", samples.write(folder))


def rewordings(known: KnownProject, *, shown: bool = False) -> list[ProposedLine]:
    """Return correct rewordings of facts of the bundled sessions; with *shown*, only of those that their handoff shows."""
    head_names = {name: title for title, line in known.rules.handoff.head for name in line.facts}
    proposals: list[ProposedLine] = []
    for rewording in json.loads(REWORDINGS.read_text("utf-8")):
        names = [next(fact.id for fact in known.ledger.live() if fact.text.startswith(beginning)) for beginning in rewording["facts"]]
        if not shown or known.rules.handoff.fact_ids().issuperset(names):
            proposals.append(ProposedLine(tuple(names), rewording["text"], head_names.get(names[0], "")))
    return proposals


def wrong_rewordings(known: KnownProject, chance: random.Random) -> list[WrongLine]:
    """Return the correct rewordings with one wrong value in each, for every kind of change."""
    facts = known.writable
    return [
        WrongLine(f"reworded: {kind}", rewording.facts, changed, rewording.text)
        for rewording in rewordings(known)
        for kind, change in CHANGES.items()
        if (changed := change(rewording.text, chance, facts)) and changed != rewording.text
    ]


def survivors(wrong: Iterable[WrongLine], evidence: GuardEvidence) -> list[WrongLine]:
    """Return the wrong lines that the guard accepts, each checked by itself."""
    return [line for line in wrong if guard([ProposedLine(line.facts, line.text)], evidence).lines]


def refusals(right: Iterable[ProposedLine], evidence: GuardEvidence) -> list[str]:
    """Return why the guard refuses correct lines, each checked by itself."""
    return [f"{gone.reason} ({gone.about}): {gone.text}" for line in right for gone in guard([line], evidence).removed]


_WEAKER = (
    (r"\b[Nn]ever\b", "rarely"),
    (r"\b[Aa]lways\b", "usually"),
    (r"\b(?:do not|don't|jangan)\b", "try not to"),
    (r"\bmust\b", "may"),
    (r"\bonly\b", ""),
)


def drop_rule(rule: Fact, beside: Fact) -> list[ProposedLine]:
    """Return how a model may break a rule: weakened, cut short, mixed into another line, as history, as a guideline, or left out."""
    weaker = rule.text
    for pattern, instead in _WEAKER:
        weaker = re.sub(pattern, instead, weaker)
    words = rule.text.split()
    return [
        ProposedLine((rule.id,), weaker),
        ProposedLine((rule.id,), " ".join(words[: max(2, len(words) // 2)])),
        ProposedLine((rule.id, beside.id), f"Follow the usual conventions; {beside.text}"),
        ProposedLine((rule.id,), f"The team agreed on: {rule.text.lower()[:40]}"),
        ProposedLine((rule.id,), f"Guideline: {' '.join(words[1:])}"),
        ProposedLine((), "The usual rules apply."),
    ]


def count_kept_rules(known: KnownProject) -> tuple[int, int]:
    """Return how many rules the handoff holds word for word after a model dropped them all, over all kinds of dropping, and the total."""
    shown = known.rules.handoff.fact_ids()
    rules = [fact for fact in known.ledger.live() if fact.kind == "rule" and fact.id in shown]
    shown_facts = [
        fact for section in known.rules.handoff.sections for line in section.lines for fact in known.writable if fact.id in line.facts
    ]
    facts = {fact.id: fact for fact in known.ledger.facts}
    held = total = 0
    for answers in zip(*(drop_rule(rule, shown_facts[0]) for rule in rules), strict=True):
        text = render(insert_lines(known.rules.handoff, facts, AcceptedLines({}, guard(answers, known.evidence).lines)))
        held += sum(rule.text.rstrip(";") in text for rule in rules)
        total += len(rules)
    return held, total


def refine_known(known: KnownProject) -> HandoffChoice:
    """Return the refinement with the correct rewordings of what the handoff shows."""
    given = rewordings(known, shown=True)
    checked = guard(given, known.evidence)
    return choose_handoff(
        known.rules,
        known.ledger,
        AcceptedLines(checked.head, checked.lines),
        count_tokens,
        known.measured,
        known.basis.compose_handoff,
        [name for proposal in given for name in proposal.facts],
    )


def draw_lines(all_wrong: Sequence[WrongLine], chance: random.Random, count: int = INJECTED) -> list[WrongLine]:
    """Return *count* wrong lines, every kind in turn."""
    by_kind: dict[str, list[WrongLine]] = {}
    for line in chance.sample(list(all_wrong), len(all_wrong)):
        by_kind.setdefault(line.kind, []).append(line)
    lines: list[WrongLine] = []
    while len(lines) < count and any(by_kind.values()):
        lines += (ones.pop() for ones in by_kind.values() if ones)
    return lines[:count]


def main(arguments: list[str] | None = None) -> None:
    """Print the figures, and write the JSON."""
    argument_parser = argparse.ArgumentParser(
        prog="python -m bench.refine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    argument_parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="the folder of real transcripts")
    argument_parser.add_argument("--seeds", default="1", help="seeds of the mutations")
    options = argument_parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    with TemporaryDirectory(prefix="onward-bench-") as folder:
        projects = [bundled(Path(folder))]
        for name, (pattern, most) in _SOURCES.items():
            if paths := sorted((options.shared / "data").glob(pattern))[:most]:
                projects.append(KnownProject.of(name, paths))
        kinds, stood = Counter[str](), Counter[str]()
        rows: list[list[object]] = []
        pool: list[tuple[WrongLine, GuardEvidence]] = []
        rules_seen, rules_held = 0, 0
        for known in projects:
            evidence = known.evidence
            wrong = [line for seed in seeds for line in wrong_lines(known.writable, random.Random(seed))]
            if known is projects[0]:
                wrong += [line for seed in seeds for line in wrong_rewordings(known, random.Random(seed))]
            alive = survivors(wrong, evidence)
            kinds.update(line.kind for line in wrong)
            stood.update(line.kind for line in alive)
            verbatim = [ProposedLine((fact.id,), fact.text) for fact in known.writable]
            held, total = count_kept_rules(known)
            rules_held, rules_seen = rules_held + held, rules_seen + total
            rows.append([known.name, len(known.writable), len(wrong), len(alive), len(refusals(verbatim, evidence)), f"{held}/{total}"])
            pool += ((line, evidence) for line in draw_lines(wrong, random.Random(seeds[0]), INJECTED // len(projects)))
        reworded = rewordings(projects[0])
        away = refusals(reworded, projects[0].evidence)
        choice = refine_known(projects[0])
    survived = sum(len(survivors([line], evidence)) for line, evidence in pool)
    print(f"wrong values injected: {len(pool)}; survived: {survived}")
    print(f"rules dropped: {rules_seen}; not restored: {rules_seen - rules_held}")
    print(f"correct rewordings refused: {len(away)} of {len(reworded)}\n")
    print(table(["project", "facts", "wrong lines", "survived", "correct lines refused", "rules kept"], rows))
    print()
    print(table(["kind of mistake", "lines", "survived"], [[kind, kinds[kind], stood[kind]] for kind in sorted(kinds)]))
    if choice.handoff:
        before, after = projects[0].rules.preservation, choice.handoff.preservation
        print(f"\nrules:   {before.line()}\nrefined: {after.line()}")
    keep(
        "refine",
        {
            "injected": len(pool),
            "survived": survived,
            "rules": rules_seen,
            "rules_lost": rules_seen - rules_held,
            "rewordings": len(reworded),
            "rewordings_turned_away": away,
            "projects": rows,
            "kinds": {kind: [stood[kind], kinds[kind]] for kind in kinds},
        },
        arguments,
    )


if __name__ == "__main__":
    main()
