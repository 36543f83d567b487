"""`handoff diff`: what a project came to know, and gave up, between two sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app import completing, facts, handoffs, projects
from onward.app import sessions as sittings
from onward.app.intake import SessionIntake
from onward.app.preparing import ready
from onward.app.projects import Project
from onward.core.changelog import Changelog, Entry, changelog, render, to_json
from onward.core.facts import Fact, Handle, Kind, fact_id
from onward.core.ledger import Edit, Ledger, apply_edits, fold
from onward.core.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fact(kind: Kind, text: str, session: int, subject: str = "", turn: int = 1, retires: tuple[str, ...] = ()) -> Fact:
    source = Handle(session, turn)
    return Fact(fact_id(kind, subject, text, source), kind, subject, text, (source,), NOON + timedelta(days=session), retires=retires)


PORT = fact("value", "The port is 8080", 1, "env:PORT")
PORT_LATER, PORT_NOW = fact("value", "The port is 9090", 2, "env:PORT"), fact("value", "The port is 7070", 3, "env:PORT")
TODO, BEGUN = (
    fact("next_step", "Write the docs (not begun)", 1, "todo:docs"),
    fact("next_step", "Write the docs (in progress)", 2, "todo:docs"),
)
DONE = fact("done", "Wrote the docs", 3, "todo:docs")
FILE, GONE = fact("file", "`a.py` was edited once", 1, "file:a.py"), fact("file", "`a.py` was deleted", 3, "file:a.py")
RULE, NEW = fact("rule", "Never push to main", 1), fact("decision", "Use rupiah in whole numbers", 3)
PROSE = fact("lesson", "The printer needs paper of 58 mm", 1)
BEFORE = [PORT, TODO, FILE, RULE, PROSE]
AFTER = [*BEFORE, PORT_LATER, PORT_NOW, BEGUN, DONE, GONE, NEW]


def told(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    return [(one.old.text if one.old else "", one.new.text if one.new else "") for one in entries]


def between(before: list[Fact], after: list[Fact], hidden: tuple[Fact, ...] = (), edits: tuple[Edit, ...] = ()) -> Changelog:
    old, new = fold(Ledger(), before), apply_edits(fold(Ledger(), after), edits)
    out = {one.id for one in hidden}
    return changelog(old, new, {one.id for one in old.live()}, {one.id for one in new.live()} - out)


def test_each_change_is_told_once_in_its_place() -> None:
    log = between(BEFORE, AFTER, hidden=(PROSE,))
    assert told(log.added) == [("", NEW.text)]
    assert told(log.changed) == [(PORT.text, PORT_NOW.text)]
    assert told(log.resolved) == [(TODO.text, DONE.text)]
    assert told(log.retired) == [(FILE.text, GONE.text)]
    assert told(log.no_longer_shown) == [(PROSE.text, "")]
    assert log.untold == 0


def test_nothing_changed() -> None:
    log = between(BEFORE, BEFORE)
    assert log == Changelog()
    assert "Nothing" in render(log, 1, 2)


def test_what_a_person_said_is_told() -> None:
    reworded, retracted = Edit(RULE.id, "reword", "Never push to main or release"), Edit(PROSE.id, "retract")
    log = between(BEFORE, BEFORE, edits=(reworded, retracted))
    assert told(log.changed) == [(RULE.text, "Never push to main or release")]
    assert told(log.retired) == [(PROSE.text, "")]


def test_what_was_said_again_in_the_same_words_is_no_change() -> None:
    assert between([PORT], [PORT, fact("value", PORT.text, 2, "env:PORT")]) == Changelog()


def test_what_no_handoff_shows_is_counted() -> None:
    old, new = fold(Ledger(), BEFORE), fold(Ledger(), AFTER)
    log = changelog(old, new, (), ())
    assert log == Changelog(untold=4)
    assert "4 more" in render(log, 1, 3)


def test_prose_that_was_replaced_in_part_is_told_with_what_replaced_it() -> None:
    long = fact(
        "decision",
        "We keep the orders in a sqlite file with nightly copies, an index per month, and totals by kitchen, counter, printer, and courier",
        1,
    )
    later = fact("decision", "Keep the orders in postgres instead of the sqlite file", 2, retires=("sqlite file",))
    assert told(between([long], [long, later]).changed) == [(long.text, later.text)]


def test_it_reads_as_a_changelog() -> None:
    text = render(between(BEFORE, AFTER, hidden=(PROSE,)), 1, 3)
    assert text.startswith(
        "# What changed from session 1 to session 3\n\n## Added\n\n### Decided, and why\n- Use rupiah in whole numbers [s3.1]\n"
    )
    assert "## Changed\n\n### Exact values\n- The port is 8080 [s1.1] → The port is 7070 [s3.1]\n" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Added",
        "## Changed",
        "## Resolved",
        "## Retired",
        "## No longer shown",
    ]


def test_programs_get_the_same() -> None:
    data = to_json(between(BEFORE, AFTER))
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


def wrote(number: int, path: str, old: str = "") -> list[Turn]:
    given: dict[str, object] = {"file_path": path, "content": "x"} if not old else {"file_path": path, "old_string": old, "new_string": "y"}
    return [
        Turn("assistant", calls=(ToolCall(f"w{number}", "Edit" if old else "Write", given),)),
        Turn("tool", results=(ToolResult(f"w{number}", "ok", is_error=False),)),
    ]


SESSIONS = [
    [
        Turn("user", "Build the till for the coffee shop. Never push to main."),
        *wrote(1, "till.py"),
        Turn("assistant", "The till is written in till.py."),
    ],
    [
        Turn("user", "Use whole rupiah instead of cents for the totals, always."),
        *wrote(2, "till.py", "a"),
        Turn("assistant", "Totals are whole rupiah."),
    ],
    [
        Turn("user", "Print the receipts on 58 mm paper."),
        *wrote(3, "print.py"),
        Turn("assistant", "Receipts print. Next: order a second printer."),
    ],
]


@pytest.fixture
def project(store: Store) -> Project:
    made = projects.new(store, "till")
    for number, said in enumerate(SESSIONS, start=1):
        at = NOON + timedelta(days=number)
        head = SessionHead("codex", f"native-{number}", at)
        intake = SessionIntake(store, made, head, "a.jsonl")
        for item in ready([head, *(replace(turn, at=at + timedelta(minutes=i)) for i, turn in enumerate(said))], lambda _: made.key):
            if not isinstance(item, SessionHead):
                intake.take(item)
        intake.finish()
    return made


def complete(store: Store, project: Project, *numbers: int) -> None:
    for number in numbers:
        completing.complete(store, sittings.find(store, project, number))


def test_between_sessions_of_the_store(store: Store, project: Project) -> None:
    complete(store, project, 1, 2, 3)
    log = handoffs.diff(store, project, 1, 3).log
    assert any("58 mm" in new for _, new in told(log.added))
    assert ("`till.py` was created — The till is written in till.py.", "`till.py` was edited once") in [
        (old, new.partition(" — ")[0]) for old, new in told(log.changed)
    ]
    assert [one.new.sources[0].session for one in log.added if one.new] == sorted(
        one.new.sources[0].session for one in log.added if one.new
    ) or log.added
    only = handoffs.diff(store, project, 2, 3).log
    assert not any("rupiah" in new for _, new in told(only.added))


def test_what_a_person_said_belongs_to_the_session_it_was_said_after(store: Store, project: Project) -> None:
    complete(store, project, 1)
    rule = facts.listed(store, project, kind="rule")[0]
    facts.retract(store, project, rule.id)
    facts.add(store, project, "rule", "Never push to release.")
    complete(store, project, 2, 3)
    later = facts.add(store, project, "value", "The printer is at 10.0.0.9")
    first, second = handoffs.diff(store, project, 1, 2).log, handoffs.diff(store, project, 2, 3).log
    assert not any("push" in text for entries in (first.added, first.retired) for pair in told(entries) for text in pair)
    assert (("", later.text) in told(first.added), ("", later.text) in told(second.added)) == (False, True)


def test_a_session_completed_late_has_a_place_all_the_same(store: Store, project: Project) -> None:
    complete(store, project, 1, 3, 2)
    log = handoffs.diff(store, project, 1, 2).log
    assert any("rupiah" in new for _, new in told(log.added))
    assert not any("58 mm" in new for _, new in told(log.added))


def test_wrong_use_says_what_to_do(store: Store, project: Project) -> None:
    complete(store, project, 1, 2)
    with pytest.raises(BadInput, match="not before"):
        handoffs.diff(store, project, 2, 1)
    with pytest.raises(BadInput, match="not before"):
        handoffs.diff(store, project, 2, 2)
    for number in (3, 9):
        with pytest.raises(NotFound, match=f"Session {number}"):
            handoffs.diff(store, project, 1, number)


def test_a_handoff_that_was_restored_does_not_move_the_time(store: Store, project: Project) -> None:
    complete(store, project, 1, 2)
    before = handoffs.diff(store, project, 1, 2)
    facts.add(store, project, "value", "The printer is at 10.0.0.9")
    handoffs.restore(store, project, handoffs.versions(store, project)[-1].id)
    after = handoffs.diff(store, project, 1, 2)
    assert told(after.log.added) == [*told(before.log.added), ("", "The printer is at 10.0.0.9")]
