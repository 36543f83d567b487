"""Written handoffs: what their evidence packs hold, what they answer, and what the guard refuses.

    python -m bench writer        python -m bench.writer [--shared FOLDER] [--recordings FOLDER] [--wait SECONDS] [--only NAMES]

A page is also written after each session of a project, from the page before it: how much of earlier sessions does it carry?

The packs' ceiling is the share of the frozen probes whose answer stands in a pack. The written handoffs come from recorded answers: each
prompt is a file of the folder of recordings, and its answer another, written by somebody who sees only the prompt. Prompts without an
answer are listed. The guard judges every recorded line as it is, and with mistakes made on purpose (`bench.mutations`). No model is asked.

What the guard refuses is told apart for the projects that it may be tuned on and for every second of those without a chain, which are left
out: no line of these is looked at. Some kinds of mistakes are set aside in the same way.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.mutations import MUTATIONS, SET_ASIDE
from bench.probe_sets import Frozen, ProbeSet, create_parser, pairs_of, sets_by_project
from bench.recorded_endpoint import RecordedEndpoint, serve_recorded
from bench.report import ROOT, keep, table
from onward import samples
from onward.app.handoffs import distillation, writer
from onward.app.handoffs.writer import PageAnswers, SessionSources, WriterPlan, WriterResult
from onward.app.models.gateway import ModelContext
from onward.app.turns.reader import MainPath, TranscriptReader
from onward.core.evidence.pack import build_pack
from onward.core.handoff.document import render
from onward.llm.acceptance import standing_lines
from onward.llm.checks.guard import WrittenLine, judge
from onward.llm.endpoint import Endpoint
from onward.llm.page import parse_handoff
from onward.settings import LLMSettings
from onward.store import Store
from onward.tokens import count_tokens

PACK_BUDGETS = (1_000, 2_000, 3_000, 6_000)
PAGE_BUDGETS = (1_000, 1_500, 2_000)
RECORDINGS = ROOT / "bench" / "recordings"
"""Recorded answers about the bundled samples; those about other people's transcripts lie outside the repository."""
CHAIN_SESSIONS = 5
"""The fewest sessions of a project whose pages are written one after the other."""
_SEEDS = (1, 2, 3)
_FEWEST_PACK_TOKENS = 200


@dataclass(frozen=True)
class WrittenPage:
    """One written handoff: what the writer answered first, how it was judged, and the document by rules beside it."""

    name: str
    plan: WriterPlan
    lines: Sequence[WrittenLine]
    result: WriterResult
    is_left_out: bool = False


@lru_cache(maxsize=64)
def read_sessions(path: Path) -> tuple[MainPath, ...]:
    """Return the sessions of a transcript that have turns."""
    reading = TranscriptReader()
    reading.read(path)
    return tuple(session for session in reading.paths if session.turns)


def pack_text(path: Path, budget_tokens: int) -> str:
    """Return the packs of a transcript's sessions, which share *budget_tokens* by their length."""
    sessions = read_sessions(path)
    total = sum(max(1, session.tokens) for session in sessions)
    budgets = [max(_FEWEST_PACK_TOKENS, budget_tokens * session.tokens // total) for session in sessions]
    packs = [
        build_pack(session.number, session.head, session.turns, count_tokens, budget)
        for session, budget in zip(sessions, budgets, strict=True)
    ]
    return "\n".join(pack.render() for pack in packs)


def measure_ceiling(frozen: Frozen, sets: Sequence[ProbeSet]) -> dict[int, tuple[int, int]]:
    """Return for each budget how many probes the packs answer, and of how many."""
    answered: dict[int, tuple[int, int]] = {}
    for budget in PACK_BUDGETS:
        results = [
            bool(frozen.scorer.answered(probe, windows, None))
            for probe_set in sets
            for windows in [frozen.scorer.windows(pack_text(probe_set.file, budget))]
            for probe in probe_set.probes
        ]
        answered[budget] = (sum(results), len(results))
    return answered


@lru_cache(maxsize=4)
def read_project(files: tuple[Path, ...]) -> tuple[MainPath, ...]:
    """Return the sessions of a project's transcripts, numbered in their order."""
    reading = TranscriptReader()
    for path in files:
        reading.read(path)
    return tuple(session for session in reading.paths if session.turns)


def write_page(
    name: str, sessions: Sequence[MainPath], endpoint: RecordedEndpoint, store: Store, standing: Sequence[WrittenLine] = (), since: int = 0
) -> WrittenPage | None:
    """Return the page that the recorded answers make of *sessions*, or of the *standing* page, which tells the first *since* of them, and
    the others; None if the first answer is missing.
    """
    basis = distillation.basis(sessions)
    model = ModelContext(Endpoint(url=endpoint.url, model="recorded", key="none", answer_tokens=2_000), LLMSettings())
    plan = writer.build_plan(basis, 2_000, model, SessionSources(basis.paths[since:], standing))
    missing = len(endpoint.unanswered)
    page = PageAnswers()
    try:
        writer.write_page(store, model, plan, page, attempts=1)
    except writer.ProviderFailed:
        return None
    if len(endpoint.unanswered) > missing or not page.answers:
        return None
    lines = parse_handoff(page.answers[0].value).lines
    try:
        writer.repair_page(store, model, plan, page)
    except writer.ProviderFailed:
        print(f"{name}: the repair has no answer yet: {endpoint.unanswered[-1]}")
    return WrittenPage(name=name, plan=plan, lines=lines, result=writer.conclude(store, plan, model, page))


def write_chain(sets: Sequence[ProbeSet], endpoint: RecordedEndpoint, store: Store) -> Iterator[tuple[WrittenPage, ProbeSet]]:
    """Yield the page after each session of a project, each written from the last written page and the sessions since. An answer that is
    missing ends the chain.
    """
    sessions = read_project(tuple(probe_set.file for probe_set in sets))
    standing: Sequence[WrittenLine] = ()
    since = 0
    for count, probe_set in enumerate(sets, 1):
        if count > len(sessions):
            return
        page = write_page(f"{probe_set.project} {count}", sessions[:count], endpoint, store, standing, since)
        if page is None:
            return
        yield page, probe_set
        if page.result.handoff:
            standing, since = standing_lines(page.result.handoff.handoff), count


def score_chain(frozen: Frozen, chain: Sequence[tuple[WrittenPage, ProbeSet]]) -> list[object]:
    """Return a row: how many facts of earlier sessions each page still answers, at each budget, written and by rules."""
    row: list[object] = [chain[-1][0].name, len(chain)]
    total = sum(len(probe_set.carried) for _, probe_set in chain)
    for is_written in (True, False):
        for budget in PAGE_BUDGETS:
            hits = 0
            for position, (page, probe_set) in enumerate(chain):
                rules = page.plan.rules.handoff
                document = page.result.handoff.handoff if is_written and page.result.handoff else rules
                pairs = pairs_of(earlier for _, earlier in chain[: position + 1])
                hits += sum(frozen.answered(probe_set.carried, render(document), budget, pairs))
            row.append(f"{hits} ({100 * hits / max(1, total):.0f}%)")
    return [*row, total, sum(page.result.handoff is not None for page, _ in chain)]


def score_pages(frozen: Frozen, sets: Sequence[ProbeSet], pages: Sequence[WrittenPage]) -> list[list[object]]:
    """Return a row a page: its verdict, its tokens, and the probes answered at each budget, written and by rules."""
    rows: list[list[object]] = []
    sums: Counter[tuple[str, int]] = Counter()
    for page in pages:
        probe_set = next((probe_set for probe_set in sets if probe_set.transcript == page.name), None)
        if probe_set is None:
            continue
        rules = render(page.plan.rules.handoff)
        text = render(page.result.handoff.handoff) if page.result.handoff else rules
        report = page.result.report
        row: list[object] = [page.name, f"{report.standing}/{report.written}, {report.put_back} back", count_tokens(text)]
        for who, document in (("written", text), ("rules", rules)):
            for budget in PAGE_BUDGETS:
                hits = sum(frozen.answered(probe_set.probes, document, budget, probe_set.pairs))
                sums[who, budget] += hits
                row.append(hits)
        rows.append([*row, len(probe_set.probes), str(report.why)])
    total = sum(int(str(row[-2])) for row in rows)
    if total:
        shares = [f"{100 * sums[who, budget] / total:.0f}%" for who in ("written", "rules") for budget in PAGE_BUDGETS]
        rows.append(["all", "", "", *shares, total, ""])
    return rows


def measure_guard(pages: Sequence[WrittenPage]) -> tuple[tuple[int, int], dict[str, tuple[int, int]], list[str]]:
    """Return how many honest lines are refused and of how many; by mutation how many wrong ones are refused and of how many; and why."""
    refused_honest, honest, whys = 0, 0, list[str]()
    wrong: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for page in pages:
        evidence = page.plan.task.evidence
        paths = sorted({path for text in evidence.texts for path in re.findall(r"[\w.-]+(?:/[\w.-]+)+\.\w+", text.text)})
        for line in page.lines:
            verdict = judge(line, evidence)
            honest += 1
            if verdict.line is None:
                refused_honest += 1
                whys.append(f"{page.name}: {verdict.reason} ({verdict.detail}): {line.section}: {line.text}")
        for seed in _SEEDS:
            chance = random.Random(seed)
            for line in page.lines:
                for kind, mutate in {**MUTATIONS, **SET_ASIDE}.items():
                    text = mutate(line, page.lines, paths, chance)
                    if text and text != line.text:
                        is_refused = judge(WrittenLine(line.section, text, line.handles), evidence).line is None
                        wrong[kind] = [wrong[kind][0] + is_refused, wrong[kind][1] + 1]
    return (refused_honest, honest), {kind: (refused, total) for kind, (refused, total) in wrong.items()}, whys


def left_out_projects(sets: Sequence[ProbeSet]) -> frozenset[str]:
    """Return every second of the projects without a chain: the guard is not tuned on their pages."""
    short = [project for project, project_sets in sets_by_project(sets).items() if len(project_sets) < CHAIN_SESSIONS]
    return frozenset(short[1::2])


def print_guard(title: str, pages: Sequence[WrittenPage], *, shows_refused: bool) -> dict[str, object]:
    """Print what the guard refuses of *pages*, and return it."""
    (refused, honest), wrong, whys = measure_guard(pages)
    rows = [
        [f"{kind}{' (set aside)' if kind in SET_ASIDE else ''}", total, refused_wrong, f"{100 * refused_wrong / total:.0f}%"]
        for kind, (refused_wrong, total) in wrong.items()
    ]
    print(f"\n{title}: {len(pages)} pages; honest lines refused: {refused} of {honest} ({100 * refused / max(1, honest):.1f}%)")
    print(table(["mistake", "lines", "refused", "share"], rows))
    if shows_refused:
        print("\n".join(whys))
    return {"honest": [refused, honest], "wrong": {kind: list(counts) for kind, counts in wrong.items()}}


def _chains(sets: Sequence[ProbeSet]) -> list[list[ProbeSet]]:
    return [project_sets for project_sets in sets_by_project(sets).values() if len(project_sets) >= CHAIN_SESSIONS]


def read_samples() -> list[MainPath]:
    """Return the bundled sample sessions."""
    with TemporaryDirectory(prefix="onward-bench-") as folder:
        reading = TranscriptReader()
        for path in samples.write(Path(folder)):
            reading.read(path)
    return [session for session in reading.paths if session.turns]


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, and write the JSON."""
    parser = create_parser(__doc__)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="the folder of prompts and answers")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait for the answer of each prompt")
    parser.add_argument("--refused", action="store_true", help="print each honest line that the guard refuses, except those left out")
    options = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    result: dict[str, object] = {}
    pages: list[WrittenPage] = []
    with (
        TemporaryDirectory(prefix="onward-bench-") as folder,
        Store.at_folder(Path(folder)) as store,
        serve_recorded(options.recordings, options.wait) as endpoint,
    ):
        if page := write_page("samples", read_samples(), endpoint, store):
            pages.append(page)
        if (options.shared / "probes").is_dir():
            frozen = Frozen(options.shared)
            sets = frozen.sets(options.only)
            ceiling = measure_ceiling(frozen, sets)
            result["ceiling"] = {budget: list(counts) for budget, counts in ceiling.items()}
            rows = [[f"{budget:,} tokens", hits, total, f"{100 * hits / total:.1f}%"] for budget, (hits, total) in ceiling.items()]
            print(table(["pack", "answered", "probes", "share"], rows))
            left_out = left_out_projects(sets)
            pages += (
                replace(page, is_left_out=probe_set.project in left_out)
                for probe_set in sets
                if (page := write_page(probe_set.transcript, read_sessions(probe_set.file), endpoint, store))
            )
            head = ["page", "stand", "tokens", *(f"{who} @{budget}" for who in ("written", "rules") for budget in PAGE_BUDGETS)]
            rows = score_pages(frozen, sets, pages)
            result["pages"] = rows
            print(f"\n{table([*head, 'probes', 'why by rules'], rows)}")
            chains = [list(write_chain(project_sets, endpoint, store)) for project_sets in _chains(sets)]
            rows = [score_chain(frozen, chain) for chain in chains if chain]
            result["chains"] = rows
            pages += (replace(page, is_left_out=probe_set.project in left_out) for chain in chains for page, probe_set in chain)
            head = ["chain", "sessions", *(f"{who} @{budget}" for who in ("written", "rules") for budget in PAGE_BUDGETS), "carried"]
            print(f"\n{table([*head, 'accepted'], rows)}")
        if endpoint.unanswered:
            print(f"\n{len(endpoint.unanswered)} prompts have no answer yet, such as {endpoint.unanswered[0]}")
    groups = {"tuned on": [page for page in pages if not page.is_left_out], "left out": [page for page in pages if page.is_left_out]}
    for title, group in groups.items():
        if group:
            result[title] = print_guard(title, group, shows_refused=options.refused and title == "tuned on")
    keep("writer", result, arguments)


if __name__ == "__main__":
    main()
