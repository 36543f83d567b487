"""The head of a session is redacted like its turns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.app.projects import projects
from onward.app.transcripts import imports
from onward.app.turns.reader import TranscriptReader
from onward.cli.main import main
from onward.core.transcript.transcript import SessionHead
from onward.redact import DISTILL_KEY, Redactor
from onward.store import Store

TOKEN = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
PASSWORD = "tr0ub4dor" + "&3"
REMOTE = "https" + "://" + f"ayu:{PASSWORD}@git.example.com/ayu/kopi.git"
redactor = Redactor(DISTILL_KEY)


@pytest.fixture
def codex(tmp_path: Path) -> Path:
    """Return a session whose repository address contains a password."""
    git = {"repository_url": REMOTE, "branch": f"fix/{TOKEN}"}
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Count the beans in cents."}]}
    records = [
        {"timestamp": "2026-03-01T09:00:00Z", "type": "session_meta", "payload": {"id": "one", "cwd": "/home/ayu/kopi", "git": git}},
        {"timestamp": "2026-03-01T09:01:00Z", "type": "response_item", "payload": message},
    ]
    path = tmp_path / "codex.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


@pytest.fixture
def titled(tmp_path: Path) -> Path:
    """Return a session whose title contains a token."""
    path = tmp_path / "titled.json"
    path.write_text(
        json.dumps([{"id": "two", "title": f"Rotate {TOKEN}", "messages": [{"role": "user", "content": "Rotate it."}]}]), "utf-8"
    )
    return path


def test_every_text_of_a_head_is_redacted_and_the_rest_is_left_alone() -> None:
    head = SessionHead(
        agent="codex",
        id="one",
        started_at=None,
        title=f"Rotate {TOKEN}",
        cwd=f"/home/ayu/{TOKEN}",
        branch=f"fix/{TOKEN}",
        remote=REMOTE,
        parent_id="parent",
    )
    clean = redactor.head(head)
    assert TOKEN not in repr(clean)
    assert PASSWORD not in repr(clean)
    assert [text.count("[secret:") for text in (clean.title, clean.cwd, clean.branch, clean.remote)] == [1, 1, 1, 1]
    assert clean.remote.startswith("https" + "://ayu:[secret:url-password:")
    assert clean.remote.endswith("@git.example.com/ayu/kopi.git")
    assert (clean.agent, clean.id, clean.parent_id) == ("codex", "one", "parent")


def test_a_clean_head_is_the_very_same_object() -> None:
    head = SessionHead("codex", "one", title="Count beans", cwd="/home/ayu/kopi", branch="main", remote="git@example.com:ayu/kopi.git")
    assert redactor.head(head) is head


def test_distilling_keeps_no_secret_of_a_head(codex: Path, titled: Path) -> None:
    reading = TranscriptReader()
    for path in (codex, titled):
        reading.read(path)
    heads = [path.head for path in reading.paths]
    assert "ayu/kopi" in heads[0].remote
    assert heads[1].title.startswith("Rotate [secret:")
    assert TOKEN not in repr(heads)
    assert PASSWORD not in repr(heads)


def test_the_store_keeps_no_secret_of_a_head(codex: Path, titled: Path, tmp_path: Path) -> None:
    with Store.at_folder(tmp_path / "home") as store:
        fallback = projects.create(store, "other")
        outcome = imports.import_paths(store, [codex, titled], fallback=lambda: fallback)
        heads = {session.session.agent: session.session.head() for file in outcome.files for session in file.sessions}
        owner = next(line.project for line in projects.list_projects(store) if line.project.remote)
    assert len(heads) == 2
    assert heads["codex"].remote == Redactor(owner.key).text(REMOTE), "under the project's own key"
    assert owner.remote == "git.example.com/ayu/kopi", "the repository is known all the same"
    stored_bytes = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert b"git.example.com" in stored_bytes
    assert TOKEN.encode() not in stored_bytes
    assert PASSWORD.encode() not in stored_bytes


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_reading_prints_no_secret_of_a_head(codex: Path, titled: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for path in (codex, titled):
        assert main(["read", str(path), *options]) == 0
    printed = capsys.readouterr().out
    assert "git.example.com/ayu/kopi" in printed
    assert "Rotate [secret:" in printed
    assert TOKEN not in printed
    assert PASSWORD not in printed
