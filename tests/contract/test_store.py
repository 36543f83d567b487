"""What every store promises, whatever database is behind it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from onward.core.compose import SessionLine
from onward.core.facts import Fact, Handle
from onward.core.ledger import Edit, Ledger, fold
from onward.core.master import master
from onward.core.preservation import Reference
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript import SessionHead, ToolCall, ToolResult, Turn, Usage
from onward.errors import Conflict, StoreBusy, StoreTooNew
from onward.store import Store, engine, facts, handoffs, projects, provenance, sessions, turns
from onward.store.bodies import Bodies, Packed
from onward.store.facts import StoredLedger
from onward.store.turns import NewTurn, Place
from onward.tokens import count_tokens

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

FULL = Turn(
    "assistant",
    "Ships on Friday — 50 % sure. \U0001f680 يوم",
    NOON,
    "msg-1",
    (ToolCall("c1", "Bash", {"command": "make test", "deep": [1, {"x": None}]}), ToolCall("c2", "apply", "*** raw")),
    (ToolResult("c1", "ok\0\n" * 400, is_error=False, exit_code=0), ToolResult("c2", "")),
    "thinking",
    "summary",
    "agent-7",
    "model-x",
    Usage(1, 2, 3, 4),
    17,
)


@pytest.fixture
def project(store: Store) -> Project:
    with store.write() as connection:
        return projects.add(connection, "kopi", "a shop", "/home/me/kopi", "example.com/me/kopi")


def named(store: Store, name: str) -> Project:
    with store.write() as connection:
        return projects.add(connection, name)


@pytest.fixture
def session(store: Store, project: Project) -> Session:
    return begun(store, project, native_id="native")


def begun(store: Store, project: Project, head: SessionHead | None = None, **values: object) -> Session:
    with store.write() as connection:
        projects.hold(connection, project.id)
        return sessions.add(connection, project.id, head or SessionHead("codex"), **values)


def numbered(*said: Turn, first: int = 1) -> list[NewTurn]:
    return [NewTurn(place, b"id-%d" % place, ready(turn)) for place, turn in enumerate(said, start=first)]


def ready(turn: Turn) -> Packed:
    return Bodies().pack(turn, len(turn.text))


def keep(store: Store, session: Session, *said: Turn) -> None:
    with store.write() as connection:
        turns.append(connection, session.project_id, session.id, numbered(*said))
        sessions.grow(connection, session.id, len(said), 10 * len(said))


def test_a_store_opens_again_as_it_was(open_again: Callable[[], Store]) -> None:
    with open_again() as first, first.write() as connection:
        made = projects.add(connection, "kopi")
    with open_again() as second, second.read() as connection:
        assert projects.by_name(connection, "kopi") == made


def test_many_open_an_empty_store_at_once(open_again: Callable[[], Store]) -> None:
    def work(number: int) -> int:
        with open_again() as opened, opened.write() as connection:
            return projects.add(connection, f"project {number}").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(8)))) == 8


def test_the_schema_is_what_the_tables_say(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from onward.store.schema import tables

    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and (name or "").startswith(("turn_words", "alembic")))

    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, tables) == []


def test_every_reference_between_rows_is_indexed(store: Store) -> None:
    with store.read() as connection:
        tables = inspect(connection)
        for table in tables.get_table_names():
            keys = [tables.get_pk_constraint(table)["constrained_columns"]]
            keys += [index["column_names"] for index in tables.get_indexes(table)]
            keys += [unique["column_names"] for unique in tables.get_unique_constraints(table)]
            for foreign in tables.get_foreign_keys(table):
                assert any(key[:1] == foreign["constrained_columns"][:1] for key in keys), f"{table}: {foreign['constrained_columns']}"


def test_a_store_of_a_newer_onward_is_left_alone(open_again: Callable[[], Store]) -> None:
    with open_again() as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew):
        open_again()


def test_an_error_takes_back_the_whole_unit_of_work(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            projects.add(connection, "kopi")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as connection:
        assert projects.by_name(connection, "kopi") is None


def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    with store.read() as reading:
        assert projects.listed(reading) == []
        with store.write() as writing:
            projects.add(writing, "kopi")
        assert projects.listed(reading) == []


def test_what_a_thread_reads_meanwhile_is_of_one_state(store: Store, project: Project) -> None:
    with store.one_state():
        with store.read() as before:
            assert [one.name for one in projects.listed(before)] == [project.name]
        with ThreadPoolExecutor(1) as another:
            another.submit(named, store, "teh").result()
        with store.read() as after:
            assert [one.name for one in projects.listed(after)] == [project.name]
    with store.read() as connection:
        assert len(projects.listed(connection)) == 2


def test_what_fails_takes_nothing_with_it_that_is_written_together(store: Store, project: Project) -> None:
    names = ["teh", project.name, "susu"]
    done = store.write_together([lambda connection, name=name: projects.add(connection, name) for name in names])
    assert [getattr(one, "name", type(one)) for one in done] == ["teh", Conflict, "susu"]
    assert [str(one) for one in store.write_together([lambda _: 1 / 0])] == ["division by zero"]
    with store.read() as connection:
        assert {one.name for one in projects.listed(connection)} == {*names}


def test_many_rows_and_many_values_are_as_many_as_they_are(store: Store, session: Session) -> None:
    with store.write() as connection:
        other = projects.add(connection, "teh")
    keep(store, session, *(Turn("user", f"turn {number}") for number in range(123)))
    with store.read() as connection:
        assert [one.ordinal for one in turns.of_session(connection, session.id)] == [*range(1, 124)]
        assert projects.totals(connection, []) == {}
        assert [*projects.totals(connection, [session.project_id])] == [*projects.totals(connection, [session.project_id, other.id])]


def test_a_name_is_taken_once(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.add(connection, "teh")
        with pytest.raises(Conflict):
            projects.add(connection, "kopi")
        with pytest.raises(Conflict):
            projects.change(connection, other.id, name="kopi")
        projects.change(connection, other.id, name="teh tarik")
    with store.read() as connection:
        assert [one.name for one in projects.listed(connection)] == ["kopi", "teh tarik"]


def test_a_project_is_found_by_its_place(store: Store, project: Project) -> None:
    with store.write() as connection:
        local = projects.add(connection, "local", "", "/home/me/local", "")
        assert projects.at_place(connection, "/elsewhere", "example.com/me/kopi") == [project]
        assert projects.at_place(connection, "/home/me/local", "") == [local]
        assert projects.at_place(connection, "/home/me", "") == []


def test_archived_projects_are_listed_apart(store: Store, project: Project) -> None:
    with store.write() as connection:
        projects.change(connection, project.id, status="archived")
        assert projects.listed(connection) == []
        assert [one.id for one in projects.listed(connection, archived=True)] == [project.id]


def test_each_project_has_a_key_of_its_own(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.add(connection, "teh")
    assert len(project.key) == 32
    assert project.key != other.key


def test_sessions_are_numbered_within_their_project(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.add(connection, "teh")
    assert [begun(store, one).number for one in (project, project, other, project)] == [1, 2, 1, 3]


def test_sessions_of_projects_are_counted(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.add(connection, "quiet")
        for _ in range(3):
            sessions.add(connection, project.id, SessionHead("codex"))
    with store.read() as connection:
        counts = projects.session_counts(connection, [project.id, other.id])
        assert counts == {project.id: 3}
        assert counts[project.id] == projects.totals(connection, [project.id])[project.id].sessions


def test_sessions_begun_at_once_have_different_numbers(store: Store, project: Project) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: begun(store, project).number, range(24)))
    assert sorted(numbers) == list(range(1, 25))


def test_a_session_is_kept_as_it_was_told(store: Store, project: Project) -> None:
    head = SessionHead("codex", "native", NOON, "Title\0 \ud800", "/home/me", "main", "git@example.com:me/kopi", "parent")
    made = begun(store, project, head, native_id="native", source="a.jsonl", objectives=["ship it"])
    with store.read() as connection:
        assert sessions.by_id(connection, made.id) == made
        assert sessions.by_number(connection, project.id, 1) == made
        assert sessions.by_native_ids(connection, project.id, ["other", "native"]) == [made]
    assert made.head() == SessionHead("codex", "native", NOON, "Title ?", "/home/me", "main", "git@example.com:me/kopi", "parent")
    assert (made.objectives, made.status, made.completed_at) == (("ship it",), "active", None)


def test_a_native_id_names_one_session_of_a_project(store: Store, project: Project, session: Session) -> None:
    with pytest.raises(IntegrityError):
        begun(store, project, native_id="native")


def test_a_completed_session_that_grows_is_active_again(store: Store, session: Session) -> None:
    with store.write() as connection:
        sessions.complete(connection, session)
        assert [one.number for one in sessions.listed(connection, session.project_id, status="completed")] == [1]
        sessions.grow(connection, session.id, 2, 20)
        grown = sessions.by_id(connection, session.id)
    assert grown is not None
    assert (grown.status, grown.completed_at, grown.turns, grown.tokens) == ("active", None, 2, 20)


def test_a_transcript_goes_to_the_session_that_waits_for_it(store: Store, project: Project) -> None:
    waiting = begun(store, project)
    later, earlier = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) - timedelta(days=1)
    with store.write() as connection:
        assert sessions.awaiting_transcript(connection, project.id, earlier) is None
        assert sessions.awaiting_transcript(connection, project.id, None) is None
        found = sessions.awaiting_transcript(connection, project.id, later)
        assert found is not None
        assert found.id == waiting.id
        sessions.adopt(connection, waiting.id, SessionHead("codex", "native", later), native_id="native", source="a.jsonl")
        assert sessions.awaiting_transcript(connection, project.id, later) is None


def test_turns_come_back_as_they_were(store: Store, session: Session) -> None:
    said = [Turn("user", "short"), FULL, Turn("tool", results=(ToolResult("c", "x" * 100_000),)), Turn("system", at=NOON, mark="injected")]
    keep(store, session, *said)
    with store.read() as connection:
        kept = list(turns.of_session(connection, session.id))
    assert [one.turn for one in kept] == said
    assert [one.ordinal for one in kept] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("said", "comes_back"),
    [
        (Turn("user", "lone \ud800 surrogate"), Turn("user", "lone ? surrogate")),
        (
            Turn("assistant", calls=(ToolCall("c", "n", {"big": 2**70}),)),
            Turn("assistant", calls=(ToolCall("c", "n", {"big": float(2**70)}),)),
        ),
    ],
)
def test_odd_turns_are_kept_too(store: Store, session: Session, said: Turn, comes_back: Turn) -> None:
    keep(store, session, said)
    with store.read() as connection:
        assert [one.turn for one in turns.of_session(connection, session.id)] == [comes_back]


def test_some_turns_of_a_session(store: Store, session: Session) -> None:
    keep(store, session, *(Turn("user", f"turn {place}") for place in range(1, 8)))
    with store.read() as connection:
        assert [one.ordinal for one in turns.of_session(connection, session.id, first=3, last=5)] == [3, 4, 5]
        assert [one.ordinal for one in turns.of_session(connection, session.id, first=3, limit=2)] == [3, 4]
        two = [turns.turn_id(session.id, 2), turns.turn_id(session.id, 99)]
        assert [one.turn.text for one in turns.by_ids(connection, two).values()] == ["turn 2"]
        assert turns.count(connection) == 7


def test_a_turn_is_known_by_its_identity_in_its_project(store: Store, session: Session) -> None:
    keep(store, session, Turn("user", "one"), Turn("user", "three"))
    with store.write() as connection:
        other = projects.add(connection, "teh")
        assert turns.known(connection, session.project_id, [b"id-2", b"id-9"]) == {b"id-2": Place(session.id, 2, 5)}
        assert turns.known(connection, other.id, [b"id-2"]) == {}
    many = [b"id-%d" % place for place in range(5000)]
    with store.read() as connection:
        assert len(turns.known(connection, session.project_id, many)) == 2


def test_no_turn_is_kept_twice(store: Store, session: Session) -> None:
    keep(store, session, Turn("user", "one"))
    with pytest.raises(IntegrityError), store.write() as connection:
        turns.append(connection, session.project_id, session.id, [NewTurn(2, b"id-1", ready(Turn("user", "one")))])
    with pytest.raises(IntegrityError), store.write() as connection:
        turns.append(connection, session.project_id, session.id, [NewTurn(1, b"id-2", ready(Turn("user", "two")))])


def test_a_turn_that_has_grown_takes_its_own_place(store: Store, session: Session) -> None:
    keep(store, session, Turn("user", "one"), Turn("assistant", "tw"))
    with store.write() as connection:
        before = turns.replace(connection, Place(session.id, 2, 2), NewTurn(2, b"id-2", ready(Turn("assistant", "two", NOON))))
        assert before.text == "tw"
        assert [one.turn for one in turns.of_session(connection, session.id)] == [Turn("user", "one"), Turn("assistant", "two", NOON)]
        assert turns.known(connection, session.project_id, [b"id-2"])[b"id-2"].chars == 3


def test_an_abandoned_branch_is_kept_beside_the_main_path(store: Store, session: Session) -> None:
    keep(store, session, *(Turn("user", str(place)) for place in range(1, 6)))
    with store.write() as connection:
        turns.abandon(connection, session.id, 2, 4)
        assert [one.ordinal for one in turns.of_session(connection, session.id, main_path=True)] == [1, 2, 5]
        assert [one.ordinal for one in turns.of_session(connection, session.id) if one.abandoned] == [3, 4]


def fact(name: str, number: int, **values: object) -> Fact:
    return Fact(name, "decision", f"subject:{name}", f"said {name}", (Handle(number, 1), Handle(number, 2)), NOON, **values)


def folded(before: StoredLedger, *found: Fact) -> StoredLedger:
    reference = Reference(Handle(1, 1), "rules", "r", "Always test.", ("test",), weight=0.9)
    return StoredLedger(before.version + 1, fold(before.folded, found), [reference])


def test_the_ledger_comes_back_as_it_was_folded(store: Store, project: Project) -> None:
    with store.write() as connection:
        empty = facts.ledger(connection, project.id)
        assert empty == StoredLedger(0, Ledger(), [])
        first = folded(empty, fact("a", 1, weight=0.25, lead="Two ways:", retires=("x",)), fact("b", 1, evidence="verified"))
        assert facts.replace(connection, project.id, empty, first)
        assert facts.ledger(connection, project.id) == first
        second = folded(first, Fact("c", "decision", "subject:a", "instead", (Handle(2, 1),), NOON + timedelta(hours=1)))
        assert facts.replace(connection, project.id, first, second)
    with store.read() as connection:
        assert facts.ledger(connection, project.id) == second
    assert {one.id: one.state for one in second.folded.facts} == {"a": "superseded", "b": "live", "c": "live"}


def test_a_ledger_that_moved_on_is_not_overwritten(store: Store, project: Project) -> None:
    with store.write() as connection:
        empty = facts.ledger(connection, project.id)
        assert facts.replace(connection, project.id, empty, folded(empty, fact("a", 1)))
        assert not facts.replace(connection, project.id, empty, folded(empty, fact("b", 1)))
        assert not facts.advance(connection, project.id, 0)
        assert [one.id for one in facts.ledger(connection, project.id).folded.facts] == ["a"]


def test_what_a_person_said_is_kept_in_order(store: Store, project: Project) -> None:
    said = [Edit("a", "reword", "better"), fact("p", 0), Edit("a", "pin"), Edit("a", "unpin")]
    with store.write() as connection:
        for one in said:
            facts.note(connection, project.id, one)
        added, edits = facts.edits(connection, project.id)
    assert added == [said[1]]
    assert edits == [said[0], said[2], said[3]]


def test_handoffs_are_versions(store: Store, session: Session) -> None:
    made = master(Ledger((fact("a", 1),)), [], [SessionLine(1, "Codex", "2026-03-01", 100)], count_tokens, lambda handles: {}, 500)
    with store.write() as connection:
        first = handoffs.add(connection, session.project_id, session.id, 1, made)
        second = handoffs.add(connection, session.project_id, None, 2, made)
        assert handoffs.newest(connection, session.project_id) == second
        assert handoffs.of_session(connection, session.id) == first
        assert handoffs.by_version(connection, session.project_id, 1) == first
        assert [one.version for one in handoffs.listed(connection, session.project_id)] == [2, 1]
        sessions.note_loaded(connection, session.id, first.id)
        assert sessions.loaded_handoff_id(connection, session.id) == first.id
    assert first.handoff == made.handoff
    assert first.preservation == made.preservation


def test_a_file_is_remembered_by_its_last_import(store: Store, project: Project) -> None:
    from onward.core.transcript import ImportReport

    with store.write() as connection:
        provenance.note(connection, project.id, "/a/\udc80.jsonl", ImportReport("codex", malformed=[(3, "torn")], malformed_count=1))
        provenance.note(connection, project.id, "/a/\udc80.jsonl", ImportReport("codex", turns=7))
        found = provenance.listed(connection, project.id)
    assert [(one.path, one.report) for one in found] == [("/a/?.jsonl", ImportReport("codex", turns=7))]


def test_nothing_of_a_deleted_project_is_left(store: Store, session: Session) -> None:
    keep(store, session, Turn("user", "one"))
    made = master(Ledger(), [], [], count_tokens, lambda handles: {}, 500)
    with store.write() as connection:
        handoff = handoffs.add(connection, session.project_id, session.id, 1, made)
        sessions.note_loaded(connection, session.id, handoff.id)
        facts.note(connection, session.project_id, fact("p", 0))
        empty = facts.ledger(connection, session.project_id)
        facts.replace(connection, session.project_id, empty, folded(empty, fact("a", 1)))
        turns.remove(connection, session.id)
        projects.remove(connection, session.project_id)
        for table in inspect(connection).get_table_names():
            if not table.startswith(("alembic", "turn_words", "sqlite")):
                assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, table


def test_totals_are_those_of_the_sessions(store: Store, project: Project, session: Session) -> None:
    keep(store, session, Turn("user", "one"), Turn("user", "two"))
    begun(store, project)
    with store.write() as connection:
        sessions.complete(connection, sessions.by_id(connection, session.id))
        totals = projects.totals(connection, [project.id])[project.id]
    assert (totals.sessions, totals.completed, totals.turns, totals.tokens) == (2, 1, 2, 20)
    assert totals.last_at is not None


def test_nobody_waits_again_for_a_store_that_was_busy_for_too_long(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0.05)
    with Store.at_folder(home) as waiting, Store.at_folder(home) as busy:
        tries: list[None] = []
        write = waiting.write
        monkeypatch.setattr(waiting, "write", lambda: tries.append(None) or write())
        with busy.write():
            done = waiting.write_together([lambda connection, name=name: projects.add(connection, name) for name in ("teh", "susu")])
        assert [type(one) for one in done] == [StoreBusy, StoreBusy]
        assert len(tries) == 1
