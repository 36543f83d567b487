"""Purging an unrecognised secret from the store: no byte of it is left, and everything else is unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import inspect, text

from onward.app.admin import doctor, secret_purge
from onward.app.handoffs import drafts, handoffs
from onward.app.jobs import jobs
from onward.app.knowledge import knowledge
from onward.app.projects import facts, projects
from onward.app.search import search_results
from onward.app.sessions import completion, sessions, templates
from onward.app.transcripts import imports
from onward.app.turns import sources
from onward.core.project import Project
from onward.core.transcript.transcript import Turn
from onward.errors import BadInput, Conflict
from onward.settings import Settings
from onward.store import Store
from onward.store.secret_spellings import SecretSpellings

# Nothing marks it as a secret. The quote, the slash and the non-ASCII letter are written differently in JSON and in addresses.
SECRET = 'kumbang"merah/sénja-' + "4417"
LONG = "The kiosk prints slowly. " * 100


def write_transcript(folder: Path) -> Path:
    """Write a transcript with the secret in every field of a session."""
    calls = [
        {
            "id": "1",
            "type": "function",
            "function": {"name": "Bash", "arguments": json.dumps({"command": f"mount -o pw={SECRET} /srv/kios"})},
        },
        {
            "id": "2",
            "type": "function",
            "function": {"name": "Write", "arguments": json.dumps({"file_path": f"/srv/{SECRET}/kios.toml", "content": "a"})},
        },
    ]
    messages = [
        {"role": "user", "content": f"Always mount the share with {SECRET}, never without. The kiosk in Bandung listens at port 8123."},
        {
            "role": "assistant",
            "content": f"We decided to keep {SECRET} in the vault because the kiosk restarts. {LONG}",
            "tool_calls": calls,
        },
        {
            "role": "tool",
            "tool_call_id": "1",
            "content": f"mount.py:7: ConnectionRefusedError: https://kios.example/{quote(SECRET)} refused",
        },
        {
            "role": "assistant",
            "content": f"The root cause: {SECRET} had expired, so `mount.py` is refused; the fix is to renew {SECRET} in the vault.",
        },
        {"role": "assistant", "content": "Next: write tests/test_kios.py for the printer."},
    ]
    path = folder / "session.json"
    path.write_text(json.dumps([{"id": "first", "messages": messages}]), "utf-8")
    return path


@pytest.fixture
def shop(store: Store, tmp_path: Path) -> Project:
    return fill(store, tmp_path)


def fill(store: Store, tmp_path: Path) -> Project:
    """Create a project with the secret in every field of the store, and return it."""
    project = projects.create(store, "kios")
    imports.import_paths(store, [write_transcript(tmp_path)], project=project)
    session = sessions.require(store, project, 1)
    completion.complete(store, session, accomplishments=[f"Mounted with {SECRET}"], blockers=["The printer"])
    knowledge.add(store, f"Mount with {SECRET}", kind="solution", fix="Ask Ayu")
    templates.create(store, "mounting", objectives=[f"Use {SECRET}"])
    facts.add(store, project, "rule", f"Keep {SECRET} out of the logs")
    turns = [Turn("user", f"Always remember {SECRET} for the kiosk."), Turn("assistant", "I will.")]
    drafts.store_draft(store, project, drafts.conversation_basis(turns).master(2000))
    return project


def dump_store(store: Store) -> str:
    with store.read() as connection:
        tables = [name for name in inspect(connection).get_table_names() if not name.startswith("turn_words")]
        return "\n".join(str(row) for name in tables for row in connection.execute(text(f'SELECT * FROM "{name}"')))


def is_spelled_in(data: bytes) -> list[str]:
    return [spelling for spelling in SecretSpellings(SECRET).texts if spelling.encode() in data]


def test_the_secret_is_gone_and_everything_else_stays(store: Store, shop: Project, tmp_path: Path) -> None:
    home = store.path.parent if store.path else tmp_path
    assert is_spelled_in(dump_store(store).encode())
    before = secret_purge.count_rows(store, SECRET)
    assert before.keys() >= {
        "distilled",
        "drafts",
        "fact_edits",
        "facts",
        "handoffs",
        "knowledge",
        "sessions",
        "templates",
        "touched_files",
        "turns",
    }
    done = secret_purge.purge(store, home, f"{SECRET}\n")
    assert (done.rows, done.is_rewritten) == (before, True)
    assert secret_purge.count_rows(store, SECRET) == {}
    assert is_spelled_in(dump_store(store).encode()) == []
    assert done.mark in handoffs.current_handoff(store, shop).markdown
    assert "8123" in handoffs.current_handoff(store, shop).markdown
    assert search_results.search(store, "kumbang merah sénja").excerpts == []
    assert search_results.search(store, "mount share Bandung").excerpts
    assert f"Always mount the share with {done.mark}, never without." in sources.read_source(store, shop, "s1.1").turns[0][1].text
    again = imports.import_paths(store, [write_transcript(tmp_path)], project=shop)
    assert [session.new_turns for file in again.files for session in file.sessions] == [0]


def test_no_byte_of_it_is_left_in_the_file(home: Path, tmp_path: Path) -> None:
    with Store.at_folder(home) as store:
        fill(store, tmp_path)
        assert any(b"kumbang" in path.read_bytes() for path in home.iterdir())
        (home / "exports").mkdir(mode=0o700)
        copy = home / "onward.db.before-reset-1"
        for path, content in ((home / "exports" / "1.zip", b"an archive of before"), (copy, b"what was before")):
            path.write_bytes(content)
            path.chmod(0o600)
        done = secret_purge.purge(store, home, SECRET)
        assert (done.removed, done.copies) == ([home / "exports" / "1.zip"], [copy])
        for path in home.rglob("*"):
            assert not path.is_file() or b"kumbang" not in path.read_bytes()
        checked = doctor.examine(Settings(home, tmp_path / "claude"), lambda settings: Store.at_folder(settings.home), [])
        assert [finding for finding in checked if finding.status != "ok"] == []


def test_what_must_not_be_purged_is_refused(store: Store, shop: Project, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="4 characters"):
        secret_purge.purge(store, tmp_path, "8123")
    jobs.request_job(store, "rebuild", {}, project=shop, requested_by="test")
    with pytest.raises(Conflict, match="running or queued"):
        secret_purge.purge(store, tmp_path, SECRET)
    assert secret_purge.count_rows(store, SECRET)


def test_the_command(home: Path, tmp_path: Path) -> None:
    with Store.at_folder(home) as store:
        fill(store, tmp_path)

    def run(*arguments: str, stdin: str = SECRET) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onward", "purge-secret", *arguments]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env={**os.environ, "ONWARD_HOME": str(home)}, check=False
        )

    refused = run()
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "needs a confirmation" in refused.stderr
    done = run("--yes", "--json")
    assert json.loads(done.stdout)["rows"]["turns"] == 4
    assert "kumbang" not in refused.stderr + done.stdout + done.stderr
    assert "not found in the store" in run("--yes").stdout
