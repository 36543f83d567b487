"""Cost of completing session 1,000 compared with session 10, and whether the master stays within its budget.

    python -m bench.scale [--at 10,100,1000] [--session-kb 5000] [--runs 5] [--turns 1000000]

A project is filled with sessions cut from ten real ones, repeated under fresh ids and times, each imported and completed. Session 10,
100 and 1,000 hold the same turns. Each is completed several times, always in a fresh copy of the store before it; measured is user CPU
time, in process, with empty caches. The sessions are completed in turns, round by round, and the middle round counts. The limit is 1.2
times the cost at session 10. Also reported: the master's exact tokens against its budget, the size of the store, and search times.
`--turns` fills another store with that many turns, and measures what importing costs in the first and in the last tenth, searches, a
backup and restoring it: a million turns take about an hour and 2 GB. `--at ''` measures nothing else.
"""

from __future__ import annotations

import argparse
import gc
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.intervals import percentile
from bench.probe_sets import SHARED, Frozen
from bench.report import keep, table
from bench.transcripts import MEGABYTE, Source, many_sessions, sources
from onward.app.admin import backups
from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.search import search_results
from onward.app.sessions import completion
from onward.app.transcripts.imports import import_paths
from onward.core.text import prose as core_text
from onward.settings import Settings
from onward.store import Store

AGAIN = 10
"""Number of different sessions that are repeated: session 10, 100 and 1,000 hold the same turns."""
MAX_TO_TENTH_RATIO = 1.2
SESSIONS_AT_ONCE = 50
BUDGETS = (2_000, 8_000)
QUESTIONS = (
    "why was this approach chosen and not the other one",
    "which tests fail",
    "what did the user ask for first",
    "where is the configuration file",
    "error when running the migration",
    "which branch and pull request",
    "how is the key derived",
    "what is still open",
    "which command rebuilds it",
    "what was decided about the database",
    "TypeError cannot read properties",
    "git checkout main && git pull",
)


@dataclass(frozen=True, slots=True)
class ScaleMeasurement:
    """The cost of completing session `number`, in user CPU milliseconds (every run), and the state of the project then."""

    number: int
    user_ms: list[float]
    turns: int
    store_mb: float
    master_tokens: dict[int, int]
    search_median_ms: float
    search_p95_ms: float

    @property
    def middle_ms(self) -> float:
        """The cost of the middle run."""
        return median(self.user_ms)

    def times(self, first: ScaleMeasurement) -> float:
        """Return the ratio of this cost to that of *first* in the same round, for the middle round."""
        return median(this_ms / its for this_ms, its in zip(self.user_ms, first.user_ms, strict=True))


def shorten_sources(session_sources: Sequence[Source], session_kb: int) -> list[Source]:
    """Return the first ten sessions, each cut to *session_kb* at the end of a record. Raises `SystemExit` if there are fewer."""
    if len(session_sources) < AGAIN:
        raise SystemExit(f"{len(session_sources)} real sessions are not enough for a project: put the shared folder beside the clone")
    return [
        replace(source, lines=source.lines[: source.lines.rfind(b"\n", 0, session_kb * 1_000) + 1]) for source in session_sources[:AGAIN]
    ]


def measure(session_sources: Sequence[Source], at: Sequence[int], runs: int, frozen: Frozen) -> list[ScaleMeasurement]:
    """Fill one project and return the cost of completing each of the sessions *at*.

    They are completed in turns, round by round, so that other load on the machine affects all of them.
    """
    contents = many_sessions(list(session_sources), sys.maxsize)
    out: list[ScaleMeasurement] = []
    with TemporaryDirectory(prefix="onward-bench-") as name:
        home, folder = Path(name) / "home", Path(name) / "sessions"
        with Store.at_folder(home) as store:
            projects.create(store, "scale")
        done = 0
        for number in at:
            folder.mkdir(exist_ok=True)
            for content in islice(contents, number - 1 - done):
                done += 1
                (folder / f"{done:06}.jsonl").write_bytes(content)
            print(f"… {done} sessions", file=sys.stderr, flush=True)
            _fill(home, folder)
            shutil.copytree(home, Path(name) / f"before-{number}")
            target = Path(name) / f"{number:06}.jsonl"
            target.write_bytes(next(contents))
            shutil.copy(target, folder)
            _fill(home, folder)
            done += 1
            out.append(_measure_store(home, number, frozen))
        for round_ in range(runs + 1):
            for measurement in out:
                spent_ms = _time_completion(
                    Path(name) / f"before-{measurement.number}", Path(name) / "copy", Path(name) / f"{measurement.number:06}.jsonl"
                )
                if round_:  # The first round only fills caches.
                    measurement.user_ms.append(spent_ms)
    return out


def _fill(home: Path, folder: Path) -> None:
    with Store.at_folder(home) as store:
        imported = import_paths(store, [folder], project=projects.resolve(store, "scale"), complete=True)
    if bad := next((file.error for file in imported.files if file.error), None):
        raise bad
    shutil.rmtree(folder)
    folder.mkdir()


def _time_completion(home: Path, copy: Path, target: Path) -> float:
    """Return the cost of completing the session in *target* in a copy of the store, in user CPU milliseconds."""
    shutil.copytree(home, copy)
    with Store.at_folder(copy) as store:
        project = projects.resolve(store, "scale")
        [imported_session] = import_paths(store, [target], project=project).files[0].sessions
        core_text.clauses.cache_clear()
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        completion.complete(store, imported_session.session)
        spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    shutil.rmtree(copy)
    return spent * 1_000


def _measure_store(home: Path, number: int, frozen: Frozen) -> ScaleMeasurement:
    with Store.at_folder(home) as store:
        project = projects.resolve(store, "scale")
        tokens = {b: frozen.tokens(handoffs.current_handoff(store, project, budget_tokens=b).markdown) for b in BUDGETS}
        took = list(_searches(store, project))
        turns = projects.show(store, project).totals.turns
    size_mb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / MEGABYTE
    return ScaleMeasurement(
        number=number,
        user_ms=[],
        turns=turns,
        store_mb=size_mb,
        master_tokens=tokens,
        search_median_ms=percentile(took, 0.5),
        search_p95_ms=percentile(took, 0.95),
    )


def _searches(store: Store, project: projects.Project) -> Iterator[float]:
    search_results.search(store, "once, so that everything is loaded", project=project)
    for question in QUESTIONS * 3:
        started = time.perf_counter()
        search_results.search(store, question, project=project)
        yield (time.perf_counter() - started) * 1_000


def many_turns(session_sources: Sequence[Source], turns: int) -> dict[str, float]:
    """Return what importing, searching, backing up and restoring a store of at least *turns* turns cost. Nothing is completed."""
    costs: list[tuple[int, float]] = []
    with TemporaryDirectory(prefix="onward-bench-") as name:
        home, folder, copy = Path(name) / "home", Path(name) / "sessions", Path(name) / "backup.db"
        contents, turn_count = many_sessions(list(session_sources), sys.maxsize), 0
        with Store.at_folder(home) as store:
            project = projects.create(store, "many turns")
            while turn_count < turns:
                folder.mkdir()
                for place, content in enumerate(islice(contents, SESSIONS_AT_ONCE)):
                    (folder / f"{place:04}.jsonl").write_bytes(content)
                started = time.process_time()
                imported = import_paths(store, [folder], project=project)
                new_turns = sum(session.new_turns for file in imported.files for session in file.sessions)
                costs.append((new_turns, time.process_time() - started))
                turn_count += new_turns
                shutil.rmtree(folder)
                print(f"… {turn_count:,} turns", file=sys.stderr, flush=True)
            took = list(_searches(store, project))
        size_mb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / MEGABYTE
        settings = Settings(home, home)
        started = time.perf_counter()
        backups.backup(settings, copy)
        backed_up = time.perf_counter()
        restored = backups.restore(replace(settings, home=Path(name) / "restored"), copy)
        ended = time.perf_counter()
    assert restored.turns == turn_count
    tenth = max(1, len(costs) // 10)
    return {
        "turns": turn_count,
        "store_mb": size_mb,
        "first_import_us": _cost_of_turn(costs[:tenth]),
        "last_import_us": _cost_of_turn(costs[-tenth:]),
        "median_ms": percentile(took, 0.5),
        "p95_ms": percentile(took, 0.95),
        "backup_s": backed_up - started,
        "restore_s": ended - backed_up,
    }


def _cost_of_turn(costs: Sequence[tuple[int, float]]) -> float:
    """Return the CPU microseconds for each imported turn."""
    return 1e6 * sum(seconds for _, seconds in costs) / max(1, sum(turns for turns, _ in costs))


def _print_many_turns(many: dict[str, float]) -> None:
    heads = ("turns", "store MB", "import us/turn, first", "last tenth", "search ms", "p95 ms", "backup s", "restore s")
    print(table(heads, [(f"{many['turns']:,.0f}", *list(many.values())[1:])]))


def main(arguments: list[str] | None = None) -> None:
    """Fill, complete, search, print the tables, and write the JSON."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of probes, gold facts and transcripts")
    argument_parser.add_argument("--at", default="10,100,1000", help="sessions to measure, separated by commas (%(default)s)")
    argument_parser.add_argument("--session-kb", type=int, default=5_000, help="maximum size of a session (%(default)s)")
    argument_parser.add_argument("--runs", type=int, default=5, help="number of completions of each session (%(default)s)")
    argument_parser.add_argument("--turns", type=int, default=0, help="also fill a store with that many turns")
    options = argument_parser.parse_args(arguments)
    frozen = Frozen(options.shared)
    session_sources = sources(frozen.data, "claude-code")
    many = many_turns(session_sources, options.turns) if options.turns else None
    if many:
        _print_many_turns(many)
    if not (at := [int(number) for number in options.at.split(",") if number]):
        keep("turns", many or {}, arguments)
        return
    rows = measure(shorten_sources(session_sources, options.session_kb), at, options.runs, frozen)
    verdict = _print_sessions(rows)
    keep(
        "scale",
        {
            "session_kb": options.session_kb,
            "sessions": [
                {**asdict(measurement), "middle_ms": measurement.middle_ms, "times": measurement.times(rows[0])} for measurement in rows
            ],
            "verdict": verdict,
            "many_turns": many,
        },
        arguments,
    )


def _print_sessions(rows: Sequence[ScaleMeasurement]) -> str:
    """Print the cost of completing each session, and return whether the limit is met."""
    shown = [
        (
            f"{measurement.number:,}",
            measurement.turns,
            measurement.middle_ms,
            min(measurement.user_ms),
            max(measurement.user_ms),
            measurement.times(rows[0]),
            measurement.store_mb,
            *measurement.master_tokens.values(),
            measurement.search_median_ms,
            measurement.search_p95_ms,
        )
        for measurement in rows
    ]
    first, last = rows[0], rows[-1]
    heads = (
        *("session", "turns", "user ms", "least", "most", f"x session {first.number}", "store MB"),
        *(f"of {budget:,}" for budget in BUDGETS),
        *("search ms", "p95 ms"),
    )
    print(table(heads, shown))
    verdict = "met" if last.times(first) <= MAX_TO_TENTH_RATIO else "MISSED"
    over = sum(tokens > budget for measurement in rows for budget, tokens in measurement.master_tokens.items())
    print(f"\ncost of session {last.number} <= {MAX_TO_TENTH_RATIO} x session {first.number}: {verdict}; masters over their budget: {over}")
    return verdict


if __name__ == "__main__":
    main()
