"""Search quality: whether a question finds the turn with its evidence, and an answer within the budget.

    python -m bench.recall [--only NAMES] [--search-budget 1000] [--commands 24] [--meaning]

All sessions with probes are imported into one store, each in its project, and every question is searched in its project. A probe quotes
its evidence literally: `found at k` is the share of questions with an excerpt from a turn with the evidence among the first k.
`answered` is the scorer's verdict on the excerpts together, as `onward search` prints them. Latency is wall time, and CPU time, which
depends less on the load of the machine: in process, and for some questions as a command, which includes the start of Python. With
`--meaning`, turns are also found by meaning, with the model that ONWARD_EMBEDDINGS_MODEL and ONWARD_EMBEDDINGS_URL name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.distillation import complete
from bench.intervals import format_share, percentile, share, share_interval
from bench.probe_sets import Frozen, Probe, ProbeSet, create_parser, pairs_of, sets_by_project
from bench.quotes import text_of
from bench.report import keep, table
from onward.adapters import build_embedding_model
from onward.app.projects import projects as kept_projects
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.app.search.embedder import make_all
from onward.app.sessions import sessions
from onward.core.facts.fact import Handle
from onward.core.text.printable import printable
from onward.llm.embeddings import EmbeddingModel
from onward.settings import read_settings
from onward.store import Store

FIRST = (1, 3, 5)
_EVIDENCE_CHARS = 12
"""Shorter evidence occurs in too many turns to identify one."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One question: the rank of the first excerpt with the evidence (1-based; 0: none; None: no turn holds the evidence literally),
    whether the excerpts answer it, their tokens, and the time it took: wall and CPU.
    """

    id: str
    transcript: str
    type: str
    rank: int | None
    answered: bool
    tokens: int
    took_ms: float
    cpu_ms: float


def evidence_turns(frozen: Frozen, probe: Probe, turns: Mapping[Handle, str]) -> set[Handle]:
    """Return the turns with the evidence of *probe*; *turns* are normalised as by the scorer."""
    evidence = frozen.scorer.norm(probe.get("evidence") or "")
    if len(evidence) < _EVIDENCE_CHARS:
        return set()
    return {handle for handle, text in turns.items() if evidence in text}


def ask_questions(
    frozen: Frozen, store: Store, project: Project, sets: Sequence[ProbeSet], budget_tokens: int, model: EmbeddingModel | None = None
) -> Iterator[SearchResult]:
    """Yield the search result of every question about the sessions of one project. With *model*, turns are also found by meaning."""
    turns = _turns(frozen, store, project)
    pairs = pairs_of(sets)
    for probe_set in sets:
        for probe in probe_set.probes:
            started, busy = time.perf_counter(), time.process_time()
            result = search_results.search(store, probe["question"], project=project, budget_tokens=budget_tokens, embedding_model=model)
            took_ms, cpu_ms = (time.perf_counter() - started) * 1_000, (time.process_time() - busy) * 1_000
            rank = _rank([excerpt.handle for excerpt in result.excerpts], evidence_turns(frozen, probe, turns))
            text = "\n\n".join(f"[{excerpt.handle}] {excerpt.kind}\n{printable(excerpt.text)}" for excerpt in result.excerpts)
            [answered] = frozen.answered([probe], text, budget_tokens, pairs)
            yield SearchResult(
                id=probe["id"],
                transcript=probe_set.transcript,
                type=probe["type"],
                rank=rank,
                answered=answered,
                tokens=frozen.tokens(text),
                took_ms=took_ms,
                cpu_ms=cpu_ms,
            )


def _turns(frozen: Frozen, store: Store, project: Project) -> dict[Handle, str]:
    return {
        Handle(session.number, stored.ordinal): frozen.scorer.norm(text_of(stored.turn))
        for session in sessions.list_sessions(store, project)
        for stored in sessions.replay(store, session)
    }


def _rank(handles: Sequence[Handle], wanted: Collection[Handle]) -> int | None:
    if not wanted:
        return None
    return next((place for place, handle in enumerate(handles, 1) if handle in wanted), 0)


def commands(home: Path, questions: Sequence[tuple[str, str]], budget_tokens: int) -> list[float]:
    """Return how long each of *questions* (project, words) takes as a command, in milliseconds."""
    took: list[float] = []
    for project, words in questions:
        command = [sys.executable, "-m", "onward", "search", words, "--project", project, "--budget", str(budget_tokens)]
        started = time.perf_counter()
        subprocess.run(command, env={**os.environ, "ONWARD_HOME": str(home)}, capture_output=True, check=True)
        took.append((time.perf_counter() - started) * 1_000)
    return took


def main(arguments: list[str] | None = None) -> None:
    """Import, search, print the tables, and write the JSON."""
    argument_parser = create_parser(__doc__)
    argument_parser.add_argument(
        "--search-budget", type=int, default=search_results.DEFAULT_BUDGET_TOKENS, help="tokens of excerpts (%(default)s)"
    )
    argument_parser.add_argument(
        "--commands", type=int, default=24, help="number of questions that are also run as a command (%(default)s)"
    )
    argument_parser.add_argument("--misses", action="store_true", help="also list the questions that were not answered")
    argument_parser.add_argument("--meaning", action="store_true", help="also find turns by meaning, with the model of the settings")
    options = argument_parser.parse_args(arguments)
    model = build_embedding_model(read_settings()) if options.meaning else None
    if options.meaning and model is None:
        argument_parser.error("set ONWARD_EMBEDDINGS_MODEL")
    frozen = Frozen(options.shared)
    by_project = sets_by_project(frozen.sets(options.only))
    results: list[SearchResult] = []
    with TemporaryDirectory(prefix="onward-bench-") as folder:
        home = Path(folder) / "home"
        with Store.at_folder(home) as store:
            for name, sets in by_project.items():
                project = kept_projects.create(store, name)
                complete(store, project, *(probe_set.file for probe_set in sets))
                if model:
                    make_all(store, model, 0, lambda _done, _total: None)
                results += ask_questions(frozen, store, project, sets, options.search_budget, model)
        questions = [(name, probe["question"]) for name, sets in by_project.items() for probe_set in sets for probe in probe_set.probes]
        every = max(1, len(questions) // max(1, options.commands))
        command_ms = commands(home, questions[::every][: options.commands], options.search_budget)
    figures = summary(results, options.search_budget)
    _print(figures, results, command_ms)
    if options.misses:
        print("\nnot answered: " + ", ".join(result.id for result in results if not result.answered))
    keep(
        "recall_meaning" if model else "recall",
        {**figures, "command_ms": command_ms, "searched": [asdict(result) for result in results]},
        arguments,
    )


def summary(results: Sequence[SearchResult], budget_tokens: int) -> dict[str, object]:
    """Return the shares with their intervals, over questions and by session."""
    by_session: dict[str, list[SearchResult]] = {}
    for result in results:
        by_session.setdefault(result.transcript, []).append(result)
    out: dict[str, object] = {
        "questions": len(results),
        "named": sum(result.rank is not None for result in results),
        "budget": budget_tokens,
    }
    for k in FIRST:
        counts = [_within(several, k) for several in by_session.values()]
        out[f"found_at_{k}"] = [share(counts), *share_interval([pair for pair in counts if pair[1]])]
    counts = [(sum(result.answered for result in several), len(several)) for several in by_session.values()]
    out["answered"] = [share(counts), *share_interval(counts)]
    out["over_budget"] = sum(result.tokens > budget_tokens for result in results)
    out["median_cpu_ms"] = percentile([result.cpu_ms for result in results], 0.5)
    out["median_ms"], out["p95_ms"] = (percentile([result.took_ms for result in results], of) for of in (0.5, 0.95))
    return out


def _within(several: Sequence[SearchResult], k: int) -> tuple[int, int]:
    named = [result.rank for result in several if result.rank is not None]
    return sum(0 < rank <= k for rank in named), len(named)


def _print(figures: Mapping[str, object], results: Sequence[SearchResult], command_ms: Sequence[float]) -> None:
    print(
        f"{len(results)} questions, of {figures['named']} the evidence occurs literally in a turn; per cent with the 95 % interval "
        "over sessions\n"
    )
    named = [(f"evidence turn among the first {k}", figures[f"found_at_{k}"]) for k in FIRST] + [
        ("answered within the budget", figures["answered"])
    ]
    print(table(("", "per cent"), [(name, _shown(value)) for name, value in named]))
    kinds = sorted({result.type for result in results})
    rows = []
    for kind in kinds:
        here = [result for result in results if result.type == kind]
        got, total = _within(here, 5)
        rows.append((kind, f"{got}/{total}", f"{sum(result.answered for result in here)}/{len(here)}"))
    print("\n" + table(("kind", "found at 5", "answered"), rows))
    print(f"\nover budget: {figures['over_budget']} of {len(results)}")
    print(f"in process: median {figures['median_ms']:.0f} ms, p95 {figures['p95_ms']:.0f} ms; CPU {figures['median_cpu_ms']:.0f} ms median")
    if command_ms:
        median, p95 = percentile(command_ms, 0.5), percentile(command_ms, 0.95)
        print(f"as a command: median {median:.0f} ms, p95 {p95:.0f} ms over {len(command_ms)}")


def _shown(value: object) -> str:
    assert isinstance(value, list)
    figure, low, high = value
    return format_share(figure, (low, high))


if __name__ == "__main__":
    main()
