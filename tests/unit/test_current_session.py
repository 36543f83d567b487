"""Data behind the session pages: the current session, credits, search in a session, its template, and turns as displayed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from onward.app.accounts import accounts
from onward.app.accounts.selection import outlook
from onward.app.archives import archives
from onward.app.handoffs import handoffs
from onward.app.projects import conversations, facts, projects
from onward.app.sessions import sessions, templates
from onward.app.sessions.completion import complete
from onward.app.sessions.current_session import find_current
from onward.app.turns import client_turns
from onward.core.session import StoredTurn
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.store import Store
from onward.web.turn_views import MAX_CODE_CHARS, call_view, citing_lines_by_turn, detect_language, turn_views

TALK = "User: Never use port 9101.\nAssistant: Done, it is port 9100 now.\nUser: We decided to keep the layout, because she knows it."


def test_the_newest_session_is_current_with_its_account(store: Store) -> None:
    assert find_current(store) is None
    project = projects.create(store, "antre")
    account = accounts.create(store, {"name": "claude-1", "credits_total": 100, "credits_used": 90}).account
    sessions.start(store, project)
    new_session = sessions.start(store, project, account_id=account.id).session
    current = find_current(store)
    assert current
    assert (current.session.id, current.project.name, current.other_count, current.window_place) == (new_session.id, "antre", 1, "in")
    assert current.availability
    assert current.availability.account.name == "claude-1"


def test_entered_credits_count_once(store: Store) -> None:
    project = projects.create(store, "antre")
    account = accounts.create(store, {"name": "claude-1", "credits_total": 100, "credits_used": 50}).account
    accounts.create(store, {"name": "claude-2", "credits_total": 100})
    new_session = sessions.start(store, project, account_id=account.id).session
    assert not outlook(store, new_session).is_due
    forecast = outlook(store, new_session, credits_used=38)
    assert forecast.is_due
    assert forecast.target
    assert forecast.target.availability.account.name == "claude-2"
    done = complete(store, new_session, credits_used=38).session
    again = outlook(store, done, credits_used=38)
    assert again.availability
    assert again.availability.credits_used == 88
    only_session = sessions.start(store, project).session
    assert outlook(store, only_session, credits_used=86).position == "in"


def test_a_text_is_found_in_what_was_said_called_and_answered(store: Store) -> None:
    new_session = sessions.start(store, projects.create(store, "antre")).session
    client_turns.append_turns(
        store,
        new_session.id,
        [
            Turn("user", "Mend the Printer"),
            Turn("assistant", "On it", calls=(ToolCall("1", "Bash", {"command": "lpstat -p PRINTER"}),)),
            Turn("tool", results=(ToolResult("1", "printer is\nidle"),)),
            Turn("assistant", "Nothing of that here"),
        ],
    )
    matches = conversations.find_text(store, new_session, "printer", limit=10)
    assert [(match.ordinal, match.text) for match in matches] == [(1, "Printer"), (2, "PRINTER"), (3, "printer")]
    assert matches[0].before == "Mend the"
    assert len(conversations.find_text(store, new_session, "printer", limit=2)) == 2
    assert conversations.find_text(store, new_session, " ", limit=10) == []


def test_a_session_keeps_the_checklist_that_it_began_with_and_what_of_it_is_done(store: Store, tmp_path: Path) -> None:
    project = projects.create(store, "antre")
    kind = templates.create(store, "release", objectives=["Tag it"], checklist=["The notes are written", "A test fails without the fix"])
    assert kind.merge_objectives(["Tell all", "Tag it"]) == ["Tag it", "Tell all"]
    new_session = sessions.start(store, project, template=kind).session
    templates.delete(store, kind.name)
    assert (new_session.template, new_session.open_items) == ("release", kind.checklist)
    assert sessions.tick(store, new_session, 2).open_items == ("The notes are written",)
    done = complete(store, new_session).session
    assert done.open_items == ("The notes are written",)
    assert sessions.tick(store, new_session, 2, is_done=False).open_items == kind.checklist
    for item in (0, 3):
        with pytest.raises(NotFound, match=f"no item {item}"):
            sessions.tick(store, new_session, item)
    sessions.tick(store, new_session, 1)
    archive = archives.export_project(store, project, tmp_path / "antre.zip").path
    projects.delete(store, project)
    came = sessions.require(store, archives.import_archive(store, archive).project, 1)
    assert (came.template, came.open_items) == ("release", ("A test fails without the fix",))


def test_a_file_without_a_conversation_is_refused_by_its_name() -> None:
    assert len(client_turns.parse_file(BytesIO(TALK.encode()), "talk.txt")) == 3
    with pytest.raises(BadInput, match=r"talk\.txt"):
        client_turns.parse_file(BytesIO(b"{}"), "talk.txt")


def test_agents_of_sessions_can_be_chosen_from(store: Store) -> None:
    project = projects.create(store, "antre")
    for agent in ("codex", "claude-code", "codex", ""):
        sessions.start(store, project, agent=agent)
    assert sessions.list_agents(store) == ["claude-code", "codex"]
    assert [session.number for session in sessions.list_all(store, agent="codex", limit=9)] == [3, 1]


def test_a_turn_lists_its_handoff_lines(store: Store) -> None:
    project = projects.create(store, "antre")
    new_session = sessions.start(store, project).session
    client_turns.append_conversation(store, new_session.id, records=None, text=TALK)
    handoff = complete(store, new_session).handoff
    lines_by_turn = citing_lines_by_turn(1, handoff.handoff, newest=handoffs.current_handoff(store, project).handoff)
    assert any("9101" in line.text and line.is_current for line in lines_by_turn[1])
    rule = next(fact for fact in facts.list_facts(store, project, kind="rule"))
    facts.retract(store, project, rule.id)
    lines_by_turn = citing_lines_by_turn(1, handoff.handoff, newest=handoffs.current_handoff(store, project).handoff)
    assert any("9101" in line.text and not line.is_current for line in lines_by_turn[1])


def test_calls_are_shown_in_one_line_and_changes_as_a_diff() -> None:
    ran = call_view(ToolCall("1", "Bash", {"command": "make test\n  && make lint"}))
    assert (ran.symbol, ran.summary) == ("square-terminal", "make test && make lint")
    edit = call_view(ToolCall("2", "Edit", {"file_path": "src/a.py", "old_string": "port = 9101", "new_string": "port = 9100"}))
    assert (edit.symbol, edit.summary, edit.added_lines, edit.removed_lines) == ("pencil", "src/a.py", 1, 1)
    assert "k-gd" in edit.body
    assert "k-gi" in edit.body
    assert detect_language("src/App.tsx") == "tsx" or detect_language("src/App.tsx") == "typescript"
    assert detect_language("Makefile.unknown-thing") == ""
    assert call_view(ToolCall("3", "Read", {"file_path": "/etc/hosts"})).summary == "/etc/hosts"


def test_long_text_is_folded_and_markup_is_escaped() -> None:
    long = "<script>alert(1)</script>\n" * 400
    turn = StoredTurn(1, 1, False, Turn("tool", results=(ToolResult("1", long, is_error=True),)))
    cut, whole = turn_views([turn], {})[0], turn_views([turn], {}, full=True)[0]
    assert cut.is_cut
    assert not whole.is_cut
    assert len(cut.results[0].body) < len(whole.results[0].body)
    assert len(long) > MAX_CODE_CHARS
    assert "<script" not in whole.results[0].body
    assert whole.results[0].is_error
    shown = turn_views([StoredTurn(1, 2, False, Turn("user", "Look: [image] <img src=x onerror=alert(1)>"))], {})[0]
    assert shown.image_count == 1
    assert "<img" not in shown.text
