"""What the readers make of every file of the shared folder, and how many lines of the handoffs hold a client's own words.

    python -m bench.reader_outcomes [--shared FOLDER] [--only TEXT]

Every file of the shared transcripts, small cases and clients' transcripts is read as `distill` reads it. A file is *read*, *refused* with
what to do about it, or *silent*: read without a turn and without a refusal, which must not happen. *Frames* are the tags and notices that
clients put around a person's words or in their place (`core/transcript/frames.py`): a line of a handoff must hold none.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bench.distillation import distil_sessions
from bench.report import ROOT, keep, table
from onward.core.handoff.composer import SessionSummary, compose
from onward.core.transcript.frames import FRAMES
from onward.errors import OnwardError
from onward.tokens import count_tokens

FOLDERS = ("data", "cases", "clients/transcripts")
_NO_TRANSCRIPTS = ("SOURCE.txt", "LICENSE", "README.md")
_BUDGET_TOKENS = 4_000
_WORKERS = 2
_CODE = re.compile(r"`[^`]*`")
"""A tag in a code span is spoken of."""
_TAGS = tuple(f"<{tag}" for frames in FRAMES.values() for tag in (*frames.attached.split(), *frames.typed.split()))


@dataclass(frozen=True, slots=True)
class FileReading:
    """What came of one file: `read`, `refused` or `silent`, its agent, and the lines of its handoff that hold a frame."""

    name: str
    outcome: str
    agent: str
    framed_lines: tuple[str, ...]


def read_file(shared: Path, path: Path) -> FileReading:
    """Read and distil one file of the shared folder."""
    name = str(path.relative_to(shared))
    try:
        distillation = distil_sessions([path])
    except OnwardError:
        return FileReading(name=name, outcome="refused", agent="", framed_lines=())
    if not any(session.turns for session in distillation.paths):
        return FileReading(name=name, outcome="silent", agent="", framed_lines=())
    summaries = [SessionSummary(session.number) for session in distillation.paths]
    handoff = compose(distillation.ledger, summaries, _BUDGET_TOKENS, count_tokens)
    lines = [line.text for _, line in handoff.head] + [line.text for section in handoff.sections for line in section.lines]
    framed = tuple(line for line in lines if any(tag in _CODE.sub("", line) for tag in _TAGS))
    return FileReading(name=name, outcome="read", agent=distillation.paths[0].head.agent, framed_lines=framed)


def files_of(shared: Path, only: str) -> list[Path]:
    """Return the files of the shared folder that may be transcripts, in order."""
    paths = sorted(path for folder in FOLDERS for path in (shared / folder).rglob("*") if path.is_file())
    return [path for path in paths if path.name not in _NO_TRANSCRIPTS and only in str(path)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what came of the files, by folder, and each line with a frame."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--only", default="", help="only files whose path holds this text")
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(_WORKERS) as pool:
        readings = list(pool.map(partial(read_file, options.shared), files_of(options.shared, options.only), chunksize=4))
    rows: list[tuple[object, ...]] = []
    for folder in FOLDERS:
        inside = [reading for reading in readings if reading.name.startswith(folder)]
        outcomes = Counter(reading.outcome for reading in inside)
        framed_count = sum(len(reading.framed_lines) for reading in inside)
        rows.append((folder, len(inside), outcomes["read"], outcomes["refused"], outcomes["silent"], framed_count))
    print(table(("folder", "files", "read", "refused", "silent", "lines with a frame"), rows))
    print(f"\nagents and services: {len({reading.agent for reading in readings if reading.agent})}")
    for reading in readings:
        for line in reading.framed_lines:
            print(f"{reading.name}: {line[:160]}")
    keep("reader_outcomes", {"files": [asdict(reading) for reading in readings]}, arguments)


if __name__ == "__main__":
    main()
