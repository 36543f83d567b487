"""A small shared folder of probes, annotations and transcripts, made from the sample sessions."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from bench import report
from onward import samples

PROBES: dict[str, list[dict[str, Any]]] = {
    "1-claude-code": [
        {
            "type": "requirement",
            "question": "What must never be stored?",
            "answer": "Patient names and NIK",
            "accept": [["patient names"], ["NIK"]],
            "evidence": "Never store patient names or NIK, only the ticket number and the poli.",
            "user_authored": True,
        },
        {
            "type": "decision",
            "question": "How does the TV display get its updates, and why so?",
            "answer": "It polls every 3 seconds: least code",
            "accept": [["polling", "polls"], ["3 seconds"]],
            "evidence": "For the TV I'd go with polling: the display asks `GET /api/now` every 3 seconds.",
        },
        {
            "type": "identifier",
            "question": "What colour is the moon?",
            "answer": "Nobody says it here, so this probe is dropped",
            "accept": [["ultramarine"]],
            "evidence": "",
        },
    ],
    "2-codex": [
        {
            "type": "error-fix",
            "question": "How was the failed deploy of better-sqlite3 fixed?",
            "answer": "npm rebuild better-sqlite3",
            "accept": [["npm rebuild better-sqlite3"], ["node 20", "node 22", "deploy"]],
            "evidence": "Fix: `npm rebuild better-sqlite3`, now a step of `deploy.sh`.",
        }
    ],
    "3-claude-code": [
        {
            "type": "superseded",
            "question": "How do the displays get called numbers now?",
            "answer": "By server-sent events instead of polling",
            "accept": [["SSE", "server-sent events"], ["displays", "display"]],
            "stale": ["polling every 3 seconds"],
            "evidence": "The displays use SSE on `GET /api/events` instead of polling `/api/now` every 3 seconds",
        }
    ],
}
CARRIED = {"3-claude-code": PROBES["1-claude-code"][:1], "2-codex": PROBES["1-claude-code"][:1]}

GOLD: list[dict[str, Any]] = [
    {
        "kind": "rule",
        "text": "Never store patient names or NIK, only the ticket number and the poli.",
        "quote": "Never store patient names or NIK, only the ticket number and the poli.",
        "line": 2,
        "importance": 3,
        "state_at_end": "live",
    },
    {
        "kind": "dead_end",
        "text": "SQLite localtime stays on UTC in node:22-alpine, which has no tzdata.",
        "quote": "`node:22-alpine` has no tzdata, so libc, and with it SQLite's `localtime`, silently stays on UTC whatever `TZ` says.",
        "line": 26,
        "importance": 2,
        "state_at_end": "live",
    },
    {
        "kind": "value",
        "text": "The colour of the moon is ultramarine.",
        "quote": "The colour of the moon is ultramarine, as everybody in this village knows.",
        "line": 46,
        "importance": 1,
        "state_at_end": "superseded",
    },
    {"kind": "none", "text": "", "quote": "I'll look at what is there first.", "line": 3, "importance": 1, "state_at_end": "live"},
]


@pytest.fixture
def transcripts(shared_folder: Path) -> list[Path]:
    """The sample sessions, in order."""
    return sorted((shared_folder / "data" / "antre").iterdir())


@pytest.fixture
def shared_folder(shared_data: Path, tmp_path: Path) -> Path:
    """The shared folder, with the real scorer and the sample sessions."""
    folder = tmp_path / "beside"
    for name in ("bench", "probes", "gold/antre", "labels", "data/antre"):
        (folder / name).mkdir(parents=True)
    for scorer in ("preservation.py", "lines.py"):
        copy(shared_data.parent / "bench" / scorer, folder / "bench")
    samples.write(folder / "data" / "antre")
    for index, (name, probes) in enumerate(PROBES.items()):
        source = {"path": f"antre/{name}.jsonl", "project": "antre", "session_index_in_project": index, "agent": name[2:]}
        numbered = [{"stale": [], "user_authored": False, **probe, "id": f"an-{index}-{n}"} for n, probe in enumerate(probes)]
        carried = [{"stale": [], **probe, "id": f"an-{index}-c{n}"} for n, probe in enumerate(CARRIED.get(name, []))]
        document = {"transcript": f"an-{index}", "source": source, "probes": numbered, "carry": carried}
        (folder / "probes" / f"{index}.json").write_text(json.dumps(document), encoding="utf-8")
    lines = [json.dumps({"id": f"g{n}", "superseded_by": None, **fact}) for n, fact in enumerate(GOLD)]
    (folder / "gold" / "antre" / "1-claude-code.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = [(str(n), "0", "U", f"{fact['importance']}RyL", "", fact["quote"]) for n, fact in enumerate(GOLD)]
    for project in ("antre", "other"):
        table = ["# source\tantre/1-claude-code.jsonl", *("\t".join(row) for row in rows)]
        (folder / "labels" / f"{project}__1-claude-code.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for results, apart from the real ones. Runs of this small folder count as full runs."""
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(report, "PARTIAL", set())
    return tmp_path / "results"
