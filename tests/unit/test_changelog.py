"""`handoff diff`: what a project learned and gave up between two sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app.handoffs import handoffs
from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns.preparation import prepare_turns
from onward.core.facts.fact import Fact, FactKind, Handle, Outcome, Remark, fact_id
from onward.core.facts.ledger import Edit, Ledger, apply_edits, fold
from onward.core.handoff.changelog import Changelog, ChangelogEntry, changelog, render, to_json
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fact(kind: FactKind, text: str, session: int, subject: str = "", turn: int = 1, retires: tuple[str, ...] = ()) -> Fact:
    source = Handle(session, turn)
    return Fact(
        id=fact_id(kind, subject, text, source),
        kind=kind,
        subject=subject,
        statement=text,
        sources=(source,),
        at=NOON + timedelta(days=session),
        retires=retires,
    )


PORT = fact("value", "The port is 8080", 1, "env:PORT")
PORT_LATER, PORT_NOW = fact("value", "The port is 9090", 2, "env:PORT"), fact("value", "The port is 7070", 3, "env:PORT")
TODO, BEGUN = (
    fact("next_step", "Write the docs (not begun)", 1, "todo:docs"),
    fact("next_step", "Write the docs (in progress)", 2, "todo:docs"),
)
DONE = fact("done", "Wrote the docs", 3, "todo:docs")
FILE = fact("file", "`a.py` was edited once", 1, "file:a.py")
GONE = fact("file", "`a.py` was deleted", 3, "file:a.py")._replace(outcome=Outcome("deleted"))
RULE, NEW = fact("rule", "Never push to main", 1), fact("decision", "Use rupiah in whole numbers", 3)
PROSE = fact("lesson", "The printer needs paper of 58 mm", 1)
BEFORE = [PORT, TODO, FILE, RULE, PROSE]
AFTER = [*BEFORE, PORT_LATER, PORT_NOW, BEGUN, DONE, GONE, NEW]


def text_pairs(entries: tuple[ChangelogEntry, ...]) -> list[tuple[str, str]]:
    return [(entry.old.text if entry.old else "", entry.new.text if entry.new else "") for entry in entries]


def changes_between(before: list[Fact], after: list[Fact], hidden: tuple[Fact, ...] = (), edits: tuple[Edit, ...] = ()) -> Changelog:
    old, new = fold(Ledger(), before), apply_edits(fold(Ledger(), after), edits)
    out = {fact.id for fact in hidden}
    return changelog(old, new, {fact.id for fact in old.live()}, {fact.id for fact in new.live()} - out)


def test_each_change_is_listed_once_in_its_place() -> None:
    log = changes_between(BEFORE, AFTER, hidden=(PROSE,))
    assert text_pairs(log.added) == [("", NEW.text)]
    assert text_pairs(log.changed) == [(PORT.text, PORT_NOW.text)]
    assert text_pairs(log.resolved) == [(TODO.text, DONE.text)]
    assert text_pairs(log.retired) == [(FILE.text, GONE.text)]
    assert text_pairs(log.no_longer_shown) == [(PROSE.text, "")]
    assert log.omitted == 0


def test_nothing_changed() -> None:
    log = changes_between(BEFORE, BEFORE)
    assert log == Changelog()
    assert "No changes" in render(log, 1, 2)


def test_corrections_of_a_person_are_listed() -> None:
    reworded, retracted = Edit(RULE.id, "reword", "Never push to main or release"), Edit(PROSE.id, "retract")
    log = changes_between(BEFORE, BEFORE, edits=(reworded, retracted))
    assert text_pairs(log.changed) == [(RULE.text, "Never push to main or release")]
    assert text_pairs(log.retired) == [(PROSE.text, "")]


def test_a_fact_that_a_person_rewords_has_no_remark() -> None:
    todo = TODO._replace(statement="Write the docs", remark=Remark("not_begun"))
    (reworded,) = apply_edits(Ledger((todo,)), [Edit(todo.id, "reword", "Write the docs (not begun)")]).facts
    assert (todo.statement, reworded.statement) == ("Write the docs", "Write the docs (not begun)")


def test_repeated_statements_are_no_change() -> None:
    assert changes_between([PORT], [PORT, fact("value", PORT.text, 2, "env:PORT")]) == Changelog()


def test_changes_outside_the_handoff_are_counted() -> None:
    old, new = fold(Ledger(), BEFORE), fold(Ledger(), AFTER)
    log = changelog(old, new, (), ())
    assert log == Changelog(omitted=4)
    assert "4 more" in render(log, 1, 3)


def test_prose_replaced_in_part_is_listed_with_its_replacement() -> None:
    long = fact(
        "decision",
        "We keep the orders in a sqlite file with nightly copies, an index per month, and totals by kitchen, counter, printer, and courier",
        1,
    )
    later = fact("decision", "Keep the orders in postgres instead of the sqlite file", 2, retires=("sqlite file",))
    assert text_pairs(changes_between([long], [long, later]).changed) == [(long.text, later.text)]


def test_it_reads_as_a_changelog() -> None:
    text = render(changes_between(BEFORE, AFTER, hidden=(PROSE,)), 1, 3)
    assert text.startswith(
        "# Changes from session 1 to session 3\n\n## Added\n\n### What happened, and why\n- Use rupiah in whole numbers [s3.1]\n"
    )
    assert "## Changed\n\n### Learned: know before you touch\n- The port is 8080 [s1.1] → The port is 7070 [s3.1]\n" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Added",
        "## Changed",
        "## Resolved",
        "## Retired",
        "## No longer shown",
    ]


def test_programs_get_the_same() -> None:
    data = to_json(changes_between(BEFORE, AFTER))
    assert data["changed"] == [
        {
            "kind": "value",
            "old": {"fact": PORT.id, "text": PORT.text, "sources": ["s1.1"]},
            "new": {"fact": PORT_NOW.id, "text": PORT_NOW.text, "sources": ["s3.1"]},
        }
    ]


# Through the store.


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


def write_turns(number: int, path: str, old: str = "") -> list[Turn]:
    given: dict[str, object] = {"file_path": path, "content": "x"} if not old else {"file_path": path, "old_string": old, "new_string": "y"}
    return [
        Turn("assistant", calls=(ToolCall(f"w{number}", "Edit" if old else "Write", given),)),
        Turn("tool", results=(ToolResult(f"w{number}", "ok", is_error=False),)),
    ]


SESSIONS = [
    [
        Turn("user", "Build the till for the coffee shop. Never push to main."),
        *write_turns(1, "till.py"),
        Turn("assistant", "The till is written in till.py."),
    ],
    [
        Turn("user", "Use whole rupiah instead of cents for the totals, always."),
        *write_turns(2, "till.py", "a"),
        Turn("assistant", "Totals are whole rupiah."),
    ],
    [
        Turn("user", "Print the receipts on 58 mm paper."),
        *write_turns(3, "print.py"),
        Turn("assistant", "Receipts print. Next: order a second printer."),
    ],
]


@pytest.fixture
def project(store: Store) -> Project:
    project = projects.create(store, "till")
    for number, turns in enumerate(SESSIONS, start=1):
        at = NOON + timedelta(days=number)
        head = SessionHead(agent="codex", id=f"native-{number}", started_at=at)
        intake = SessionIntake(store, project, head, "a.jsonl")
        for item in prepare_turns(
            [head, *(replace(turn, at=at + timedelta(minutes=i)) for i, turn in enumerate(turns))], lambda _: project.key
        ):
            if not isinstance(item, SessionHead):
                intake.take(item)
        intake.finish()
    return project


def complete_sessions(store: Store, project: Project, *numbers: int) -> None:
    for number in numbers:
        completion.complete(store, sittings.require(store, project, number))


def test_between_sessions_of_the_store(store: Store, project: Project) -> None:
    complete_sessions(store, project, 1, 2, 3)
    log = handoffs.diff(store, project, 1, 3).changelog
    assert any("58 mm" in new for _, new in text_pairs(log.added))
    assert ("`till.py` was created — The till is written in till.py.", "`till.py` was edited once") in [
        (old, new.partition(" — ")[0]) for old, new in text_pairs(log.changed)
    ]
    assert [entry.new.sources[0].session for entry in log.added if entry.new] == sorted(
        entry.new.sources[0].session for entry in log.added if entry.new
    ) or log.added
    only = handoffs.diff(store, project, 2, 3).changelog
    assert not any("rupiah" in new for _, new in text_pairs(only.added))


def test_what_a_person_said_belongs_to_the_session_it_was_said_after(store: Store, project: Project) -> None:
    complete_sessions(store, project, 1)
    rule = facts.list_facts(store, project, kind="rule")[0]
    facts.retract(store, project, rule.id)
    facts.add(store, project, "rule", "Never push to release.")
    complete_sessions(store, project, 2, 3)
    later = facts.add(store, project, "value", "The printer is at 10.0.0.9")
    first, second = handoffs.diff(store, project, 1, 2).changelog, handoffs.diff(store, project, 2, 3).changelog
    assert not any("push" in text for entries in (first.added, first.retired) for pair in text_pairs(entries) for text in pair)
    assert (("", later.text) in text_pairs(first.added), ("", later.text) in text_pairs(second.added)) == (False, True)


def test_a_late_completed_session_has_its_place(store: Store, project: Project) -> None:
    complete_sessions(store, project, 1, 3, 2)
    log = handoffs.diff(store, project, 1, 2).changelog
    assert any("rupiah" in new for _, new in text_pairs(log.added))
    assert not any("58 mm" in new for _, new in text_pairs(log.added))


def test_wrong_use_says_what_to_do(store: Store, project: Project) -> None:
    complete_sessions(store, project, 1, 2)
    with pytest.raises(BadInput, match="does not come before"):
        handoffs.diff(store, project, 2, 1)
    with pytest.raises(BadInput, match="does not come before"):
        handoffs.diff(store, project, 2, 2)
    for number in (3, 9):
        with pytest.raises(NotFound, match=f"Session {number}"):
            handoffs.diff(store, project, 1, number)


def test_a_handoff_that_was_restored_does_not_move_the_time(store: Store, project: Project) -> None:
    complete_sessions(store, project, 1, 2)
    before = handoffs.diff(store, project, 1, 2)
    facts.add(store, project, "value", "The printer is at 10.0.0.9")
    handoffs.restore(store, project, handoffs.list_versions(store, project)[-1].id)
    after = handoffs.diff(store, project, 1, 2)
    assert text_pairs(after.changelog.added) == [*text_pairs(before.changelog.added), ("", "The printer is at 10.0.0.9")]
