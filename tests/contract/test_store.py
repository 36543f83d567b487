"""The behaviour of every store, on each database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Edit, Ledger, fold
from onward.core.handoff.master import build_handoff
from onward.core.handoff.session_summary import SessionSummary
from onward.core.preservation.reference import Reference
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn, Usage
from onward.errors import Conflict, StoreBusy, StoreTooNew
from onward.store import Store, engine, facts, handoffs, projects, provenance, sessions, turns
from onward.store.facts import StoredLedger
from onward.store.turn_bodies import PackedTurn, TurnCodec
from onward.store.turns import NewTurn, TurnPosition
from onward.tokens import count_tokens

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

FULL = Turn(
    role="assistant",
    text="Ships on Friday — 50 % sure. \U0001f680 يوم",
    at=NOON,
    id="msg-1",
    calls=(ToolCall("c1", "Bash", {"command": "make test", "deep": [1, {"x": None}]}), ToolCall("c2", "apply", "*** raw")),
    results=(ToolResult("c1", "ok\0\n" * 400, is_error=False, exit_code=0), ToolResult("c2", "")),
    thinking="thinking",
    mark="summary",
    sidechain="agent-7",
    model="model-x",
    usage=Usage(input_tokens=1, output_tokens=2, cache_read_tokens=3, cache_write_tokens=4),
    line=17,
)


@pytest.fixture
def project(store: Store) -> Project:
    with store.write() as connection:
        return projects.create(connection, "kopi", "a shop", "/home/me/kopi", "example.com/me/kopi")


def create_project(store: Store, name: str) -> Project:
    with store.write() as connection:
        return projects.create(connection, name)


@pytest.fixture
def session(store: Store, project: Project) -> Session:
    return start_session(store, project, native_id="native")


def start_session(store: Store, project: Project, head: SessionHead | None = None, **values: object) -> Session:
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        return sessions.create(connection, project.id, head or SessionHead("codex"), **values)


def number_turns(*conversation: Turn, first: int = 1) -> list[NewTurn]:
    return [NewTurn(place, b"id-%d" % place, pack_turn(turn)) for place, turn in enumerate(conversation, start=first)]


def pack_turn(turn: Turn) -> PackedTurn:
    return TurnCodec().pack(turn, len(turn.text))


def store_turns(store: Store, session: Session, *conversation: Turn) -> None:
    with store.write() as connection:
        turns.append(connection, session.project_id, session.id, number_turns(*conversation))
        sessions.add_turn_counts(connection, session.id, len(conversation), 10 * len(conversation))


def test_a_store_opens_again_as_it_was(open_again: Callable[[], Store]) -> None:
    with open_again() as first, first.write() as connection:
        project = projects.create(connection, "kopi")
    with open_again() as second, second.read() as connection:
        assert projects.find_by_name(connection, "kopi") == project


def test_many_open_an_empty_store_at_once(open_again: Callable[[], Store]) -> None:
    def work(number: int) -> int:
        with open_again() as opened, opened.write() as connection:
            return projects.create(connection, f"project {number}").id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(8)))) == 8


def test_the_schema_is_what_the_tables_say(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from onward.store.schema import metadata

    def is_schema_object(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and (name or "").startswith(("turn_words", "alembic")))

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_schema_object, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_reference_between_rows_is_indexed(store: Store) -> None:
    with store.engine.connect() as connection:
        tables = inspect(connection)
        for table in tables.get_table_names():
            keys = [tables.get_pk_constraint(table)["constrained_columns"]]
            keys += [index["column_names"] for index in tables.get_indexes(table)]
            keys += [unique["column_names"] for unique in tables.get_unique_constraints(table)]
            for foreign in tables.get_foreign_keys(table):
                assert any(key[:1] == foreign["constrained_columns"][:1] for key in keys), f"{table}: {foreign['constrained_columns']}"


def test_a_store_of_a_newer_version_is_refused(open_again: Callable[[], Store]) -> None:
    with open_again() as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew):
        open_again()


def test_an_error_takes_back_the_whole_unit_of_work(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            projects.create(connection, "kopi")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.read() as connection:
        assert projects.find_by_name(connection, "kopi") is None


def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    with store.read() as reading:
        assert projects.list_projects(reading) == []
        with store.write() as writing:
            projects.create(writing, "kopi")
        assert projects.list_projects(reading) == []


def test_other_threads_read_the_same_snapshot(store: Store, project: Project) -> None:
    with store.snapshot():
        with store.read() as before:
            assert [stored.name for stored in projects.list_projects(before)] == [project.name]
        with ThreadPoolExecutor(1) as another:
            another.submit(create_project, store, "teh").result()
        with store.read() as after:
            assert [stored.name for stored in projects.list_projects(after)] == [project.name]
    with store.read() as connection:
        assert len(projects.list_projects(connection)) == 2


def test_a_failing_write_of_a_group_does_not_affect_the_others(store: Store, project: Project) -> None:
    names = ["teh", project.name, "susu"]
    done = store.write_batch([lambda connection, name=name: projects.create(connection, name) for name in names])
    assert [getattr(result, "name", type(result)) for result in done] == ["teh", Conflict, "susu"]
    assert [str(result) for result in store.write_batch([lambda _: 1 / 0])] == ["division by zero"]
    with store.read() as connection:
        assert {stored.name for stored in projects.list_projects(connection)} == {*names}


def test_large_inserts_and_queries_are_complete(store: Store, session: Session) -> None:
    with store.write() as connection:
        other = projects.create(connection, "teh")
    store_turns(store, session, *(Turn("user", f"turn {number}") for number in range(123)))
    with store.read() as connection:
        assert [stored.ordinal for stored in turns.read_session(connection, session.id)] == [*range(1, 124)]
        assert projects.totals_by_id(connection, []) == {}
        assert [*projects.totals_by_id(connection, [session.project_id])] == [
            *projects.totals_by_id(connection, [session.project_id, other.id])
        ]


def test_a_name_is_taken_once(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.create(connection, "teh")
        with pytest.raises(Conflict):
            projects.create(connection, "kopi")
        with pytest.raises(Conflict):
            projects.update_project(connection, other.id, name="kopi")
        projects.update_project(connection, other.id, name="teh tarik")
    with store.read() as connection:
        assert [stored.name for stored in projects.list_projects(connection)] == ["kopi", "teh tarik"]


def test_a_project_is_found_by_its_place(store: Store, project: Project) -> None:
    with store.write() as connection:
        local = projects.create(connection, "local", "", "/home/me/local", "")
        assert projects.find_by_repository(connection, "/elsewhere", "example.com/me/kopi") == [project]
        assert projects.find_by_repository(connection, "/home/me/local", "") == [local]
        assert projects.find_by_repository(connection, "/home/me", "") == []


def test_archived_projects_are_listed_apart(store: Store, project: Project) -> None:
    with store.write() as connection:
        projects.update_project(connection, project.id, status="archived")
        assert projects.list_projects(connection) == []
        assert [stored.id for stored in projects.list_projects(connection, archived=True)] == [project.id]


def test_each_project_has_a_key_of_its_own(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.create(connection, "teh")
    assert len(project.key) == 32
    assert project.key != other.key


def test_sessions_are_numbered_within_their_project(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.create(connection, "teh")
    assert [start_session(store, owner).number for owner in (project, project, other, project)] == [1, 2, 1, 3]


def test_sessions_of_projects_are_counted(store: Store, project: Project) -> None:
    with store.write() as connection:
        other = projects.create(connection, "quiet")
        for _ in range(3):
            sessions.create(connection, project.id, SessionHead("codex"))
    with store.read() as connection:
        counts = projects.count_sessions(connection, [project.id, other.id])
        assert counts == {project.id: 3}
        assert counts[project.id] == projects.totals_by_id(connection, [project.id])[project.id].sessions


def test_sessions_begun_at_once_have_different_numbers(store: Store, project: Project) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: start_session(store, project).number, range(24)))
    assert sorted(numbers) == list(range(1, 25))


def test_a_session_is_stored_as_given(store: Store, project: Project) -> None:
    head = SessionHead(
        agent="codex",
        id="native",
        started_at=NOON,
        title="Title\0 \ud800",
        cwd="/home/me",
        branch="main",
        remote="git@example.com:me/kopi",
        parent_id="parent",
    )
    session = start_session(store, project, head, native_id="native", source="a.jsonl", objectives=["ship it"])
    with store.read() as connection:
        assert sessions.find(connection, session.id) == session
        assert sessions.find_by_number(connection, project.id, 1) == session
        assert sessions.find_by_native_ids(connection, project.id, ["other", "native"]) == [session]
    assert session.head() == SessionHead(
        agent="codex",
        id="native",
        started_at=NOON,
        title="Title ?",
        cwd="/home/me",
        branch="main",
        remote="git@example.com:me/kopi",
        parent_id="parent",
    )
    assert (session.objectives, session.status, session.completed_at) == (("ship it",), "in_progress", None)


def test_a_native_id_names_one_session_of_a_project(store: Store, project: Project, session: Session) -> None:
    with pytest.raises(IntegrityError):
        start_session(store, project, native_id="native")


def test_a_completed_session_that_grows_is_active_again(store: Store, session: Session) -> None:
    with store.write() as connection:
        sessions.complete(connection, session)
        assert [stored.number for stored in sessions.list_sessions(connection, session.project_id, status="completed")] == [1]
        sessions.add_turn_counts(connection, session.id, 2, 20)
        grown = sessions.find(connection, session.id)
    assert grown is not None
    assert (grown.status, grown.completed_at, grown.turns, grown.tokens) == ("in_progress", None, 2, 20)


def test_a_transcript_goes_to_the_session_that_waits_for_it(store: Store, project: Project) -> None:
    waiting = start_session(store, project)
    later, earlier = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) - timedelta(days=1)
    with store.write() as connection:
        assert sessions.find_awaiting_transcript(connection, project.id, earlier) is None
        assert sessions.find_awaiting_transcript(connection, project.id, None) is None
        session = sessions.find_awaiting_transcript(connection, project.id, later)
        assert session is not None
        assert session.id == waiting.id
        sessions.attach_transcript(
            connection, waiting.id, SessionHead(agent="codex", id="native", started_at=later), native_id="native", source="a.jsonl"
        )
        assert sessions.find_awaiting_transcript(connection, project.id, later) is None


def test_turns_come_back_as_they_were(store: Store, session: Session) -> None:
    conversation = [
        Turn("user", "short"),
        FULL,
        Turn("tool", results=(ToolResult("c", "x" * 100_000),)),
        Turn("system", at=NOON, mark="injected"),
    ]
    store_turns(store, session, *conversation)
    with store.read() as connection:
        stored_turns = list(turns.read_session(connection, session.id))
    assert [stored.turn for stored in stored_turns] == conversation
    assert [stored.ordinal for stored in stored_turns] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("turn", "comes_back"),
    [
        (Turn("user", "lone \ud800 surrogate"), Turn("user", "lone ? surrogate")),
        (
            Turn("assistant", calls=(ToolCall("c", "n", {"big": 2**70}),)),
            Turn("assistant", calls=(ToolCall("c", "n", {"big": float(2**70)}),)),
        ),
    ],
)
def test_odd_turns_are_kept_too(store: Store, session: Session, turn: Turn, comes_back: Turn) -> None:
    store_turns(store, session, turn)
    with store.read() as connection:
        assert [stored.turn for stored in turns.read_session(connection, session.id)] == [comes_back]


def test_some_turns_of_a_session(store: Store, session: Session) -> None:
    store_turns(store, session, *(Turn("user", f"turn {place}") for place in range(1, 8)))
    with store.read() as connection:
        assert [stored.ordinal for stored in turns.read_session(connection, session.id, first=3, last=5)] == [3, 4, 5]
        assert [stored.ordinal for stored in turns.read_session(connection, session.id, first=3, limit=2)] == [3, 4]
        two = [turns.turn_id(session.id, 2), turns.turn_id(session.id, 99)]
        assert [stored.turn.text for stored in turns.find_by_ids(connection, two).values()] == ["turn 2"]
        assert turns.count_turns(connection) == 7


def test_a_turn_is_known_by_its_identity_in_its_project(store: Store, session: Session) -> None:
    store_turns(store, session, Turn("user", "one"), Turn("user", "three"))
    with store.write() as connection:
        other = projects.create(connection, "teh")
        assert turns.find_positions(connection, session.project_id, [b"id-2", b"id-9"]) == {b"id-2": TurnPosition(session.id, 2, 5)}
        assert turns.find_positions(connection, other.id, [b"id-2"]) == {}
    many = [b"id-%d" % place for place in range(5000)]
    with store.read() as connection:
        assert len(turns.find_positions(connection, session.project_id, many)) == 2


def test_no_turn_is_kept_twice(store: Store, session: Session) -> None:
    store_turns(store, session, Turn("user", "one"))
    with pytest.raises(IntegrityError), store.write() as connection:
        turns.append(connection, session.project_id, session.id, [NewTurn(2, b"id-1", pack_turn(Turn("user", "one")))])
    with pytest.raises(IntegrityError), store.write() as connection:
        turns.append(connection, session.project_id, session.id, [NewTurn(1, b"id-2", pack_turn(Turn("user", "two")))])


def test_a_turn_that_has_grown_takes_its_own_place(store: Store, session: Session) -> None:
    store_turns(store, session, Turn("user", "one"), Turn("assistant", "tw"))
    with store.write() as connection:
        before = turns.replace_turn(
            connection, TurnPosition(session.id, 2, 2), NewTurn(2, b"id-2", pack_turn(Turn(role="assistant", text="two", at=NOON)))
        )
        assert before.text == "tw"
        assert [stored.turn for stored in turns.read_session(connection, session.id)] == [
            Turn("user", "one"),
            Turn(role="assistant", text="two", at=NOON),
        ]
        assert turns.find_positions(connection, session.project_id, [b"id-2"])[b"id-2"].chars == 3


def test_an_abandoned_branch_is_kept_beside_the_main_path(store: Store, session: Session) -> None:
    store_turns(store, session, *(Turn("user", str(place)) for place in range(1, 6)))
    with store.write() as connection:
        turns.abandon(connection, session.id, 2, 4)
        assert [stored.ordinal for stored in turns.read_session(connection, session.id, main_path=True)] == [1, 2, 5]
        assert [stored.ordinal for stored in turns.read_session(connection, session.id) if stored.abandoned] == [3, 4]


def fact(name: str, number: int, **values: object) -> Fact:
    return Fact(
        id=name,
        kind="decision",
        subject=f"subject:{name}",
        statement=f"said {name}",
        sources=(Handle(number, 1), Handle(number, 2)),
        at=NOON,
        **values,
    )


def fold_facts(before: StoredLedger, *new_facts: Fact) -> StoredLedger:
    reference = Reference(handle=Handle(1, 1), group="rules", subject="r", text="Always test.", needles=("test",), weight=0.9)
    return StoredLedger(before.version + 1, fold(before.ledger, new_facts), [reference])


def test_the_ledger_comes_back_as_it_was_folded(store: Store, project: Project) -> None:
    with store.write() as connection:
        empty = facts.read_ledger(connection, project.id)
        assert empty == StoredLedger(0, Ledger(), [])
        first = fold_facts(empty, fact("a", 1, weight=0.25, lead="Two ways:", retires=("x",)), fact("b", 1, evidence="verified"))
        assert facts.replace_ledger(connection, project.id, empty, first)
        assert facts.read_ledger(connection, project.id) == first
        second = fold_facts(
            first,
            Fact(id="c", kind="decision", subject="subject:a", statement="instead", sources=(Handle(2, 1),), at=NOON + timedelta(hours=1)),
        )
        assert facts.replace_ledger(connection, project.id, first, second)
    with store.read() as connection:
        assert facts.read_ledger(connection, project.id) == second
    assert {stored.id: stored.state for stored in second.ledger.facts} == {"a": "superseded", "b": "live", "c": "live"}


def test_a_ledger_that_moved_on_is_not_overwritten(store: Store, project: Project) -> None:
    with store.write() as connection:
        empty = facts.read_ledger(connection, project.id)
        assert facts.replace_ledger(connection, project.id, empty, fold_facts(empty, fact("a", 1)))
        assert not facts.replace_ledger(connection, project.id, empty, fold_facts(empty, fact("b", 1)))
        assert not facts.advance_version(connection, project.id, 0)
        assert [stored.id for stored in facts.read_ledger(connection, project.id).ledger.facts] == ["a"]


def test_statements_of_a_person_stay_in_order(store: Store, project: Project) -> None:
    statements = [Edit("a", "reword", "better"), fact("p", 0), Edit("a", "pin"), Edit("a", "unpin")]
    with store.write() as connection:
        for statement in statements:
            facts.add_edit(connection, project.id, statement)
        added, edits = facts.read_edits(connection, project.id)
    assert added == [statements[1]]
    assert edits == [statements[0], statements[2], statements[3]]


def test_handoffs_are_versions(store: Store, session: Session) -> None:
    document = build_handoff(
        Ledger((fact("a", 1),)), [], [SessionSummary(1, "Codex", "2026-03-01", 100)], count_tokens, lambda handles: {}, 500
    )
    with store.write() as connection:
        first = handoffs.create(connection, session.project_id, session.id, 1, document)
        second = handoffs.create(connection, session.project_id, None, 2, document)
        assert handoffs.find_newest(connection, session.project_id) == second
        assert handoffs.find_by_session(connection, session.id) == first
        assert handoffs.find_version(connection, session.project_id, 1) == first
        assert [stored.version for stored in handoffs.list_handoffs(connection, session.project_id)] == [2, 1]
        sessions.record_loaded_handoff(connection, session.id, first.id)
        assert sessions.find_loaded_handoff_id(connection, session.id) == first.id
    assert first.handoff == document.handoff
    assert first.preservation == document.preservation


def test_a_file_is_remembered_by_its_last_import(store: Store, project: Project) -> None:
    from onward.core.transcript.transcript import ImportReport

    with store.write() as connection:
        provenance.record_import(
            connection, project.id, "/a/\udc80.jsonl", ImportReport("codex", malformed=[(3, "torn")], malformed_count=1)
        )
        provenance.record_import(connection, project.id, "/a/\udc80.jsonl", ImportReport("codex", turns=7))
        files = provenance.list_imports(connection, project.id)
    assert [(file.path, file.report) for file in files] == [("/a/?.jsonl", ImportReport("codex", turns=7))]


def test_nothing_of_a_deleted_project_is_left(store: Store, session: Session) -> None:
    store_turns(store, session, Turn("user", "one"))
    document = build_handoff(Ledger(), [], [], count_tokens, lambda handles: {}, 500)
    with store.write() as connection:
        handoff = handoffs.create(connection, session.project_id, session.id, 1, document)
        sessions.record_loaded_handoff(connection, session.id, handoff.id)
        facts.add_edit(connection, session.project_id, fact("p", 0))
        empty = facts.read_ledger(connection, session.project_id)
        facts.replace_ledger(connection, session.project_id, empty, fold_facts(empty, fact("a", 1)))
        turns.delete_turns(connection, session.id)
        projects.delete_project(connection, session.project_id)
        for table in inspect(connection).get_table_names():
            if not table.startswith(("alembic", "turn_words", "sqlite")):
                assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, table


def test_totals_are_those_of_the_sessions(store: Store, project: Project, session: Session) -> None:
    store_turns(store, session, Turn("user", "one"), Turn("user", "two"))
    start_session(store, project)
    with store.write() as connection:
        sessions.complete(connection, sessions.find(connection, session.id))
        totals = projects.totals_by_id(connection, [project.id])[project.id]
    assert (totals.sessions, totals.completed, totals.turns, totals.tokens) == (2, 1, 2, 20)
    assert totals.last_at is not None


def test_after_a_timeout_a_group_of_writes_fails_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0.05)
    with Store.at_folder(home) as waiting, Store.at_folder(home) as busy:
        tries: list[None] = []
        write = waiting.write
        monkeypatch.setattr(waiting, "write", lambda: tries.append(None) or write())
        with busy.write():
            done = waiting.write_batch([lambda connection, name=name: projects.create(connection, name) for name in ("teh", "susu")])
        assert [type(result) for result in done] == [StoreBusy, StoreBusy]
        assert len(tries) == 1
