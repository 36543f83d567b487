"""Access to the shared folder beside the clone: frozen probes with their scorer, annotated facts, and the transcripts of both.

The scorer is loaded from its path, so that "answered", "stale" and "said" mean the same here as in the scorer. Nothing in that folder
is written.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from bench.report import ROOT

SHARED = ROOT.parent / "shared"
BUDGETS = (1_000, 2_000, 4_000, 8_000)

Probe: TypeAlias = Mapping[str, Any]
Pairs: TypeAlias = set[int]
"""The pairs of neighbouring words of a transcript, by which the scorer recognises prose."""


@dataclass(slots=True)
class ProbeSet:
    """The probes of one session. `index` orders the sessions of a project; `carried` probes ask for facts of earlier sessions."""

    transcript: str
    project: str
    agent: str
    index: int
    file: Path
    probes: Sequence[Probe]
    carried: Sequence[Probe]
    pairs: Pairs


class SetName(NamedTuple):
    """Where a set of probes belongs: its project and its transcript."""

    project: str
    transcript: str


class Frozen:
    """The shared folder, loaded once. Raises `SystemExit` with advice if it is missing."""

    def __init__(self, folder: Path = SHARED) -> None:
        self.folder = folder
        if not (folder / "probes").is_dir():
            raise SystemExit(f"no probes in {folder}: put the shared folder beside the clone, or set --shared")

    @property
    def data(self) -> Path:
        """The folder of transcripts."""
        return self.folder / "data"

    @cached_property
    def scorer(self) -> Any:
        """The scorer, as a module with its token count."""
        spec = importlib.util.spec_from_file_location("frozen_scorer", self.folder / "bench" / "preservation.py")
        assert spec is not None
        assert spec.loader is not None
        module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.NAME, module.ENC, module.DEC = module.tokeniser(False)
        return module

    def set_names(self) -> list[SetName]:
        """Return the names of all sets of probes, without reading their transcripts."""
        return [
            SetName(record["project"], record["transcript"]) for record in self.scorer.load(str(self.folder / "probes"), str(self.data))[0]
        ]

    def sets(self, only: str = "") -> list[ProbeSet]:
        """Return the probes by session, without those whose answer is not in their own transcript.

        *only* keeps names that contain one of its words, by commas; raises `SystemExit` if none matches.
        """
        records, _ = self.scorer.load(str(self.folder / "probes"), str(self.data))
        wanted = [word for word in only.split(",") if word]
        wanted_records = [
            record for record in records if not wanted or any(word in record["transcript"] or word in record["project"] for word in wanted)
        ]
        if not wanted_records:
            raise SystemExit(f"no transcript matches {only!r}: choose from {', '.join(record['transcript'] for record in records)}")
        return [self._set(record) for record in wanted_records]

    def _set(self, record: Mapping[str, Any]) -> ProbeSet:
        text = self.scorer.full_text(record["file"])
        windows = self.scorer.windows(text)
        probes = [{**probe, "type": self._type(probe)} for probe in record["probes"] if self.scorer.answered(probe, windows, None)]
        carried = [{**probe, "type": self._type(probe)} for probe in record.get("carry", [])]
        file, agent = Path(record["file"]), str(record["source"].get("agent", ""))
        return ProbeSet(
            transcript=record["transcript"],
            project=record["project"],
            agent=agent,
            index=record["index"],
            file=file,
            probes=probes,
            carried=carried,
            pairs=self.scorer.pairs_of(text),
        )

    def _type(self, probe: Probe) -> str:
        return str(self.scorer.TYPES.get(probe.get("type", "?"), probe.get("type", "?")))

    def answered(self, probes: Iterable[Probe], document: str, budget_tokens: int, pairs: Pairs) -> list[bool]:
        """Return for each probe whether *document*, cut to its budget, answers it."""
        windows = self.scorer.windows(self.scorer.cut(document, budget_tokens)[0])
        return [bool(self.scorer.answered(probe, windows, pairs)) for probe in probes]

    def stale(self, probes: Iterable[Probe], document: str, budget_tokens: int) -> list[bool]:
        """Return for each probe whether *document*, cut to its budget, asserts a superseded value."""
        windows = self.scorer.windows(self.scorer.cut(document, budget_tokens)[0])
        return [bool(self.scorer.stale(probe, windows)) for probe in probes]

    def tokens(self, text: str) -> int:
        """Return the tokens of *text* as the scorer counts them."""
        return int(self.scorer.cut(text, 0)[1])


def sets_by_project(sets: Iterable[ProbeSet]) -> dict[str, list[ProbeSet]]:
    """Return the probe sets of each project in the order of its sessions, the longest project first."""
    by_project: dict[str, list[ProbeSet]] = {}
    for probe_set in sorted(sets, key=lambda probe_set: probe_set.index):
        by_project.setdefault(probe_set.project, []).append(probe_set)
    return dict(sorted(by_project.items(), key=lambda item: (-len(item[1]), item[0])))


def pairs_of(sets: Iterable[ProbeSet]) -> Pairs:
    """Return the neighbouring words of several transcripts together."""
    return set().union(*(probe_set.pairs for probe_set in sets))


@dataclass(frozen=True, slots=True)
class Gold:
    """One annotated fact, or a negative of kind `none`. `lines` are the places that state it, the annotated one first."""

    id: str
    kind: str
    subject: str
    text: str
    quote: str
    lines: tuple[int, ...]
    importance: int
    state: str
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class GoldSession:
    """The annotations of one session and its transcript."""

    project: str
    name: str
    file: Path
    facts: list[Gold]


def gold_sessions(folder: Path) -> list[GoldSession]:
    """Return the annotated sessions under *folder*, in order of project and name."""
    paths = sorted((folder / "gold").glob("*/*.jsonl"))
    return [GoldSession(path.parent.name, path.stem, _transcript_of(path, folder / "data"), _gold(path)) for path in paths]


def _gold(path: Path) -> list[Gold]:
    annotations: list[Gold] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        lines = (record["line"], *(record.get("also") or ()), *(record.get("alt_lines") or ()))
        annotations.append(
            Gold(
                id=record["id"],
                kind=record["kind"],
                subject=record.get("subject") or "",
                text=record.get("text") or "",
                quote=record["quote"],
                lines=lines,
                importance=record.get("importance") or 1,
                state=record.get("state_at_end") or "live",
                superseded_by=record.get("superseded_by"),
            )
        )
    return annotations


def _transcript_of(path: Path, data: Path) -> Path:
    """Return the transcript that *path* annotates: same project folder, same stem, or a folder of that name."""
    under = data / path.parent.name
    paths = sorted(p for p in under.rglob("*") if p.is_file() and "meta" not in p.parts and path.stem in (p.stem, p.parent.name))
    return next((p for p in paths if p.name.startswith("api_")), paths[0])


def create_parser(doc: str | None) -> argparse.ArgumentParser:
    """Return an argument parser for a benchmark that reads this folder."""
    argument_parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of probes, gold facts and transcripts")
    argument_parser.add_argument(
        "--only", default="", help="transcripts or projects whose name contains one of these words, separated by commas"
    )
    return argument_parser


def add_budgets(parser_: argparse.ArgumentParser, default: Sequence[int] = BUDGETS) -> None:
    """Add `--budgets` to *parser_*."""
    parser_.add_argument(
        "--budgets",
        type=lambda text: tuple(int(number) for number in text.split(",")),
        default=tuple(default),
        help="token budgets, separated by commas (%(default)s)",
    )
