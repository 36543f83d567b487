"""Deleting a session hides all of it at once; undo brings all of it back; after a day it is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from onward.app.accounts import accounts
from onward.app.handoffs import handoffs
from onward.app.knowledge import knowledge
from onward.app.projects import facts, project_files, projects
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.app.sessions import bookmarks, completion, reassignment, removal, sessions
from onward.app.sessions.sessions import Session
from onward.app.transcripts.imports import import_paths
from onward.app.turns.client_turns import append_turns
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import Conflict, NotFound
from onward.store import Store, schema, secret_removal

DAY = timedelta(days=1, minutes=1)


def add_session(store: Store, project: Project, word: str, **more: Any) -> Session:
    """Complete a session about *word*, with a rule, a decision, an edit, an error and its fix."""
    started = sessions.start(store, project, objectives=[f"Ship the {word}"], **more).session
    at = datetime(2026, 3, started.number, 12, tzinfo=UTC)
    failure = ToolResult("t", f"ModuleNotFoundError: No module named '{word}lib'", is_error=True)
    turns = [
        Turn("user", f"Always keep the {word} on port 84{started.number}3.", at=at),
        Turn("user", f"We decided to use the {word} ledger because of the audits.", at=at),
        Turn("assistant", "I write it.", at=at, calls=(
            ToolCall("w", "Write", {"file_path": f"src/{word}.py", "content": "PORT = 8443\n"}),
            ToolCall("t", "Bash", {"command": "pytest"}),
        )),
        Turn("tool", at=at, results=(ToolResult("w", "ok"), failure)),
        Turn("assistant", f"Fixed: `ModuleNotFoundError: No module named '{word}lib'` is solved by installing {word}lib.", at=at),
    ]  # fmt: skip
    done = completion.complete(
        store, started, sent_turns=turns, accomplishments=[f"The {word} is up"], blockers=[f"No keys for the {word}"]
    )
    return done.session


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "shop")


def visible_texts(store: Store, project: Project) -> str:
    """Return everything that the use cases show of a project."""
    parts: list[object] = [
        sessions.list_sessions(store, project),
        sessions.list_all(store, limit=50),
        facts.list_facts(store, project),
        [handoffs.require(store, project, version.id) for version in handoffs.list_versions(store, project)],
        project_files.list_files(store, project),
        knowledge.list_entries(store),
        search_results.search(store, "teapot", project=project).excerpts,
    ]
    return repr(parts)


def stored_rows(store: Store) -> dict[str, list[Any]]:
    """Return the rows of all tables but those of the index, the events and what is removed; the ledger is made again."""
    skipped = {"events", "removed_rows", "removed_sessions", "ledgers", "handoffs", "answers"}
    with store.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in schema.metadata.sorted_tables
            if table.name not in skipped
        }


def test_a_deleted_session_is_hidden_everywhere_and_undo_restores_everything(store: Store, project: Project) -> None:
    account = accounts.create(store, {"name": "claude-1", "credits_total": 100}).account
    first = add_session(store, project, "basket")
    second = add_session(store, project, "teapot", account_id=account.id)
    third = add_session(store, project, "spoon")
    with store.read() as connection:
        handoff_rows = {row.id: repr(row) for row in connection.execute(select(schema.handoffs)).all()}
    before, text_before = stored_rows(store), visible_texts(store, project)
    assert "teapot" in text_before

    removed = removal.delete(store, second)
    assert (removed.number, removed.can_return) == (2, True)
    assert "teapot" not in visible_texts(store, project)
    assert [session.number for session in sessions.list_sessions(store, project)] == [1, 3]
    assert "basket" in handoffs.current_handoff(store, project).markdown
    with pytest.raises(NotFound):
        sessions.require(store, project, 2)
    assert [session.number for session in removal.list_deleted(store, project)] == [2]
    assert sessions.start(store, project).session.number == 4

    restored = removal.undelete(store, project, 2)
    assert restored == second
    sessions_row = sessions.require(store, project, 4)
    removal.delete(store, sessions_row)
    assert stored_rows(store) == before
    with store.read() as connection:
        now_rows = {row.id: repr(row) for row in connection.execute(select(schema.handoffs)).all()}
    assert {key: now_rows[key] for key in handoff_rows} == handoff_rows
    assert "teapot" in handoffs.current_handoff(store, project).markdown
    assert [excerpt.handle.session for excerpt in search_results.search(store, "teapotlib", project=project, kinds=["tool"]).excerpts] == [
        2
    ]
    assert sessions.show(store, third).previous == sessions.show(store, restored).handoff
    assert sessions.list_sessions(store, project)[0] == first


def test_the_only_session_takes_the_handoff_with_it(store: Store, project: Project) -> None:
    only = add_session(store, project, "teapot")
    following = sessions.start(store, project)
    assert following.previous
    removal.delete(store, only)
    assert handoffs.list_versions(store, project) == []
    assert sessions.show(store, following.session).previous is None
    removal.undelete(store, project, 1)
    assert sessions.show(store, following.session).previous == following.previous
    assert "teapot" in handoffs.current_handoff(store, project).markdown


def test_after_a_day_nothing_is_left_but_the_number(store: Store, project: Project) -> None:
    add_session(store, project, "basket")
    removal.delete(store, add_session(store, project, "teapot"))
    assert removal.purge_due(store) == 0
    assert removal.purge_due(store, datetime.now(UTC) + DAY) == 1
    assert removal.list_deleted(store, project) == []
    with pytest.raises(NotFound, match="can be restored"):
        removal.undelete(store, project, 2)
    assert "teapot" not in repr(stored_rows(store)) + visible_texts(store, project)
    assert sessions.start(store, project).session.number == 3


def test_what_an_agent_noted_goes_and_comes_back_with_its_session(store: Store, project: Project) -> None:
    add_session(store, project, "basket")
    noted_in = add_session(store, project, "teapot")
    rule = facts.add(store, project, "rule", "Never heat the cup twice.")
    noted = facts.note(store, project, noted_in, "decision", "Serve green tea first.")
    removal.delete(store, noted_in)
    ids = {fact.id for fact in facts.list_facts(store, project)}
    assert rule.id in ids
    assert noted.id not in ids
    removal.undelete(store, project, noted_in.number)
    assert {rule.id, noted.id} <= {fact.id for fact in facts.list_facts(store, project)}


def write_transcript(path: Path, native_id: str, cwd: Path, *words: str) -> Path:
    """Write a Claude Code transcript whose person says *words*."""
    base = {"sessionId": native_id, "cwd": str(cwd), "timestamp": "2026-03-01T12:00:00Z", "type": "user", "parentUuid": None}
    lines = [{**base, "uuid": f"{native_id}-{i}", "message": {"role": "user", "content": word}} for i, word in enumerate(words)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_transcript_does_not_bring_a_deleted_session_back(store: Store, tmp_path: Path) -> None:
    cwd = tmp_path / "shop"
    cwd.mkdir()
    file = write_transcript(tmp_path / "c-1.jsonl", "c-1", cwd, "Fix the teapot")
    (imported,) = import_paths(store, [file], complete=True).files[0].sessions
    project = projects.require(store, imported.session.project_id)
    removal.delete(store, imported.session)
    write_transcript(file, "c-1", cwd, "Fix the teapot", "And the cup")
    assert import_paths(store, [file], complete=True).files[0].sessions == []
    assert sessions.list_sessions(store, project) == []
    with pytest.raises(Conflict, match="was deleted"):
        sessions.join(store, project, SessionHead("claude-code", id="c-1"))
    removal.undelete(store, project, 1)
    (again,) = import_paths(store, [file]).files[0].sessions
    assert (again.session.number, again.new_turns, again.session.turns) == (1, 1, 2)


def test_a_moved_session_takes_its_transcript_along(store: Store, tmp_path: Path) -> None:
    cwd = tmp_path / "shop"
    cwd.mkdir()
    file = write_transcript(tmp_path / "c-1.jsonl", "c-1", cwd, "Always keep the teapot warm.")
    (imported,) = import_paths(store, [file], complete=True).files[0].sessions
    source = projects.require(store, imported.session.project_id)
    target = projects.create(store, "kitchen")
    add_session(store, target, "basket")
    moved = reassignment.move(store, imported.session, target)
    assert (moved.id, moved.project_id, moved.number) == (imported.session.id, target.id, 2)
    assert "teapot" in handoffs.current_handoff(store, target).markdown
    assert sessions.list_sessions(store, source) == []
    write_transcript(file, "c-1", cwd, "Always keep the teapot warm.", "And the cup.")
    (grown,) = import_paths(store, [file]).files[0].sessions
    assert (grown.session.project_id, grown.session.number, grown.new_turns, grown.known_turns) == (target.id, 2, 1, 1)
    assert sessions.start(store, source).session.number == 2
    back = reassignment.move(store, grown.session, source)
    assert (back.project_id, back.number) == (source.id, 3)
    write_transcript(file, "c-1", cwd, "Always keep the teapot warm.", "And the cup.", "And the spoon.")
    (grown,) = import_paths(store, [file]).files[0].sessions
    assert (grown.session.project_id, grown.session.number, grown.session.turns) == (source.id, 3, 3)


def test_a_purged_secret_is_gone_from_deleted_sessions_too(store: Store, project: Project) -> None:
    secret = "plain-" + "words-that-nobody-knows"
    session = sessions.start(store, project).session
    append_turns(store, session.id, [Turn("user", f"The word of the day is {secret}.")])
    removal.delete(store, session)
    with store.write() as connection:
        assert secret_removal.purge(connection, secret, "[gone]")["removed_rows"] == 1
    restored = removal.undelete(store, project, session.number)
    assert [stored.turn.text for stored in sessions.replay(store, restored)] == ["The word of the day is [gone]."]


def test_a_bookmark_goes_with_its_session_and_its_note_is_redacted(store: Store, project: Project) -> None:
    session = add_session(store, project, "teapot")
    secret = "ghp_" + "Zt4Kq8Wm2Xv6Rb9Nc3Lp7Jh5Gd1Fs0Aa8QwE"
    bookmarks.set_bookmark(store, session, 2, f" the reason; {secret} ")
    bookmarks.set_bookmark(store, session, 4)
    assert secret not in (note := bookmarks.list_of_session(store, session)[0].note)
    assert note.startswith("the reason; [secret:")
    bookmarks.set_bookmark(store, session, 2)
    assert [(bookmark.turn, bookmark.note) for bookmark in bookmarks.list_of_session(store, session)] == [(2, note), (4, "")]
    with pytest.raises(NotFound):
        bookmarks.set_bookmark(store, session, session.turns + 1)
    removal.delete(store, session)
    assert bookmarks.list_newest(store, 9) == []
    session = removal.undelete_by_id(store, session.id)
    moved_session = reassignment.move(store, session, projects.create(store, "kitchen"))
    assert [bookmark.turn for bookmark in bookmarks.list_of_session(store, moved_session)] == [2, 4]
    removed_bookmark = bookmarks.remove_bookmark(store, moved_session, 2)
    assert removed_bookmark is not None
    assert removed_bookmark.note == note
    assert bookmarks.remove_bookmark(store, moved_session, 2) is None
    assert [bookmark.turn for bookmark in bookmarks.list_newest(store, 9)] == [4]
