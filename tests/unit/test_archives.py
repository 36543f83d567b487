"""A project as one file: export, import, and foreign or damaged files."""

from __future__ import annotations

import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import inspect, select

from onward.app.archives import archives, reader
from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.sessions import bookmarks, sessions
from onward.app.sessions.completion import complete
from onward.app.transcripts import imports
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn, Usage
from onward.errors import BadArchive, Conflict, NotFound, UnreadableFile
from onward.store import Store, schema
from onward.store import sessions as kept_sessions
from onward.store import turns as kept_turns
from onward.store.archives import LOCAL_COLUMNS, SECTIONS, field_name
from onward.store.turn_bodies import TurnCodec
from onward.store.turns import NewTurn

NAME = "klinik"
SAMPLES = Path(__file__).parents[2] / "src" / "onward" / "samples"
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

ELSEWHERE = {
    "projects": "project.json",
    "ledgers": "project.json",
    "session_measures": "derived from the turns",
    "touched_files": "derived from the turns",
    "met_errors": "derived from the turns",
    "turn_vectors": "derived from the turns",
    "usage": "derived from the turns",
    "counted_sessions": "derived from the turns",
    "knowledge": "of all projects; what sessions tell is derived",
    "knowledge_sources": "of all projects; what sessions tell is derived",
    "knowledge_terms": "of all projects; what sessions tell is derived",
    "templates": "of all projects",
    "shared_rules": "of all projects",
    "removed_rows": "deleted, and gone after a day",
    "removed_sessions": "deleted, and gone after a day",
    "jobs": "of this store",
    "events": "of this store",
    "scrubs": "of this store",
    "answers": "of this store",
    "accounts": "of this store's person",
    "account_limits": "of this store's person",
    "account_windows": "of this store's person",
    "limit_readings": "of this store's person",
    "account_events": "of this store's person",
    "session_accounts": "of this store's person",
    "access_tokens": "of this store",
    "model_calls": "of this store: what was spent here",
    "model_answers": "of this store, until a job is done",
    "sealed_keys": "of this store, and nobody else's to have",
}
"""Tables that are in no section of an archive, and why."""


class BuiltArchive(NamedTuple):
    """A store with a project that has something of everything, and its archive. Never modified; `copied` is for that."""

    home: Path
    archive: Path


@pytest.fixture(scope="module")
def built_archive(tmp_path_factory: pytest.TempPathFactory) -> BuiltArchive:
    folder = tmp_path_factory.mktemp("built")
    with Store.at_folder(folder / "home") as store:
        project = projects.create(store, NAME, description="a clinic")
        imports.import_paths(store, [SAMPLES], project=project, complete=True)
        facts.pin(store, project, facts.list_facts(store, project)[0].id)
        facts.add(store, project, "rule", "Never touch the patients' table by hand.")
        sessions.start(store, project, agent="codex", objectives=["Ship it"])
        _add_odd(store, project)
        bookmarks.set_bookmark(store, sessions.require(store, project, 1), 2, "where the booking was decided")
        path = archives.export_project(store, project, folder / "klinik.zip", training=True).path
    return BuiltArchive(folder / "home", path)


def _add_odd(store: Store, project: Project) -> None:
    """Add a session with everything a turn can hold, more turns than one batch, and abandoned branches."""
    with store.write() as connection:
        session = kept_sessions.create(connection, project.id, SessionHead("codex", "odd", title="Odd"), native_id="odd")
        full = Turn(
            role="assistant",
            text="50 % sure. \U0001f680 يوم \x1b[31mred",
            at=NOON,
            id="m-1",
            calls=(ToolCall("c1", "Bash", {"command": "make", "deep": [1, {"x": None}]}), ToolCall("c2", "apply", "*** raw")),
            results=(ToolResult("c1", "ok\0\n" * 400, is_error=False, exit_code=0),),
            thinking="thinking",
            mark="summary",
            sidechain="agent-7",
            model="model-x",
            usage=Usage(input_tokens=1, output_tokens=2, cache_read_tokens=3, cache_write_tokens=4),
            line=17,
        )
        turns = [full, *(Turn(role="user", text=f"said {n}", at=NOON + timedelta(seconds=n)) for n in range(600))]
        packed = [NewTurn(n, b"%d" % n, TurnCodec().pack(turn, len(turn.text))) for n, turn in enumerate(turns, start=1)]
        kept_turns.append(connection, project.id, session.id, packed)
        kept_turns.abandon(connection, session.id, 3, 5)
        kept_turns.abandon(connection, session.id, 510, 511)
        kept_sessions.add_turn_counts(connection, session.id, len(turns), 100)


@pytest.fixture
def archive(built_archive: BuiltArchive, tmp_path: Path) -> Path:
    return Path(shutil.copy(built_archive.archive, tmp_path / "klinik.zip"))


@pytest.fixture
def origin(built_archive: BuiltArchive, tmp_path: Path) -> Iterator[Store]:
    """The store that the archive was made from; tests may modify it."""
    with Store.at_folder(Path(shutil.copytree(built_archive.home, tmp_path / "origin"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for refused archives: empty before and after."""
    with Store.at_folder(tmp_path_factory.mktemp("empty")) as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with Store.at_folder(tmp_path / "elsewhere") as opened:
        yield opened


def change_archive(archive: Path, change: Callable[[dict[str, bytes]], None], *, signed: bool = True) -> Path:
    """Write the archive again with other parts; *signed* updates its manifest."""
    with zipfile.ZipFile(archive) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    if signed:
        manifest = json.loads(parts["manifest.json"])
        manifest["parts"] = {n: {"bytes": len(d), "sha256": sha256(d).hexdigest()} for n, d in parts.items() if n != "manifest.json"}
        parts["manifest.json"] = json.dumps(manifest).encode()
    target = archive.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in parts.items():
            written.writestr(name, data)
    return target


def change_line(name: str, change: Callable[[dict[str, object]], None]) -> Callable[[dict[str, bytes]], None]:
    def changing(parts: dict[str, bytes]) -> None:
        first, _, rest = parts[name].partition(b"\n")
        row = json.loads(first)
        change(row)
        parts[name] = json.dumps(row).encode() + b"\n" + rest

    return changing


def assert_refused(empty: Store, path: Path, match: str) -> None:
    """Check that the archive is refused and nothing is stored."""
    with pytest.raises(BadArchive, match=match):
        archives.import_archive(empty, path)
    with empty.read() as connection:
        filled_tables = {table.name for table in schema.metadata.sorted_tables if connection.execute(select(table).limit(1)).first()}
    assert filled_tables == set()


@pytest.mark.slow
def test_a_project_arrives_as_it_was(origin: Store, store: Store, archive: Path, tmp_path: Path) -> None:
    projects.create(store, "before")
    arrival = archives.import_archive(store, archive)
    project = projects.resolve(origin, NAME)
    again = archives.export_project(store, arrival.project, tmp_path / "again.zip", training=True)
    assert again.path.read_bytes() == archive.read_bytes()
    assert (arrival.project.name, arrival.project.key, arrival.is_unchanged) == (project.name, project.key, False)
    for session in sessions.list_sessions(origin, project):
        copy = sessions.require(store, arrival.project, session.number)
        assert list(map(turn_fields, sessions.replay(store, copy))) == list(map(turn_fields, sessions.replay(origin, session)))


def turn_fields(stored: kept_turns.StoredTurn) -> tuple[object, ...]:
    return (stored.ordinal, stored.abandoned, stored.turn)


@pytest.mark.slow
def test_work_goes_on_elsewhere_as_it_would_have_here(origin: Store, other: Store, archive: Path) -> None:
    arrival = archives.import_archive(other, archive)
    completed = []
    for at, project in ((origin, projects.resolve(origin, NAME)), (other, arrival.project)):
        completed.append(complete(at, sessions.require(at, project, 5)))
        assert imports.import_paths(at, [SAMPLES], project=project).files[0].sessions[0].new_turns == 0
    assert completed[0].handoff.markdown == completed[1].handoff.markdown


def test_importing_again_changes_nothing(other: Store, archive: Path) -> None:
    first = archives.import_archive(other, archive)
    again = archives.import_archive(other, archive)
    assert (again.project, again.is_unchanged) == (first.project, True)
    assert (again.sessions, again.turns, again.handoffs) == (first.sessions, first.turns, first.handoffs)
    assert len(projects.list_projects(other)) == 1


def test_two_imports_at_once_are_one(store: Store, archive: Path) -> None:
    arrivals: list[archives.ImportedArchive] = []
    threads = [threading.Thread(target=lambda: arrivals.append(archives.import_archive(store, archive))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(arrival.is_unchanged for arrival in arrivals) == [False, True, True, True]
    assert len(projects.list_projects(store)) == 1


def test_a_continued_project_still_contains_its_archive(origin: Store, archive: Path) -> None:
    project = projects.resolve(origin, NAME)
    complete(origin, sessions.require(origin, project, 5))
    projects.rename(origin, project, "klinik-baru")
    assert archives.import_archive(origin, archive).is_unchanged


def test_an_archive_that_holds_more_is_no_repetition(origin: Store, other: Store, archive: Path, tmp_path: Path) -> None:
    project = projects.resolve(origin, NAME)
    archives.import_archive(other, archive)
    complete(origin, sessions.require(origin, project, 5))
    later = archives.export_project(origin, project, tmp_path / "later.zip").path
    with pytest.raises(Conflict, match="does not contain everything"):
        archives.import_archive(other, later)


def test_a_name_that_is_taken_gets_a_number(other: Store, archive: Path) -> None:
    projects.create(other, "klinik")
    assert archives.import_archive(other, archive).project.name == "klinik-2"


def test_the_archive_has_readable_pages(archive: Path) -> None:
    with zipfile.ZipFile(archive) as parts:
        names = set(parts.namelist())
        assert {"handoffs/0001.md", "handoffs/0003.md", "transcripts/0001.md", "transcripts/0005.md", "training.jsonl"} <= names
        odd = parts.read("transcripts/0005.md").decode()
        chats = [json.loads(line) for line in parts.read("training.jsonl").splitlines()]
    assert "\x1b" not in odd
    assert odd.count("On an abandoned branch") == 2
    assert [set(chat) for chat in chats] == [{"messages", "agent", "session"}] * 5
    assert {message["role"] for chat in chats for message in chat["messages"]} <= {"user", "assistant", "tool", "system"}
    assert not any(message["content"] == "said 3" for message in chats[4]["messages"])


def test_every_table_and_column_is_archived_or_said_not_to_be(other: Store) -> None:
    archived = {section.table.name for section in SECTIONS}
    assert not archived & set(ELSEWHERE)
    assert set(schema.metadata.tables) - archived - set(ELSEWHERE) == set(), "say in ELSEWHERE why, or give it a Section"
    for section in SECTIONS:
        for column in section.table.columns:
            if column.foreign_keys and column.name != "project_id":
                assert field_name(column) != column.name, f"{section.name}.{column.name} is an id of one store"
    with other.read() as connection:
        assert {name for name in inspect(connection).get_table_names() if name in LOCAL_COLUMNS} == set(LOCAL_COLUMNS)


def test_a_failed_export_keeps_the_existing_file(origin: Store, tmp_path: Path) -> None:
    project = projects.resolve(origin, NAME)
    target = tmp_path / "klinik.zip"
    target.write_bytes(b"before")

    def stop(*_: object) -> None:
        raise NotFound("stopped")

    with pytest.raises(NotFound):
        archives.export_project(origin, project, target, on_progress=stop)
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["klinik.zip"]
    with pytest.raises(UnreadableFile):
        archives.export_project(origin, project, tmp_path / "no" / "klinik.zip")


@pytest.mark.parametrize("keep", [0, 1, 100, -1, -22, -3000])
def test_a_truncated_archive_is_refused(empty: Store, archive: Path, keep: int) -> None:
    archive.write_bytes(archive.read_bytes()[:keep])
    assert_refused(empty, archive, "incomplete|damaged|manifest")


def test_any_byte_that_is_damaged_is_noticed(other: Store, archive: Path) -> None:
    data = archive.read_bytes()
    for place in range(200, len(data) - 30, len(data) // 9):
        archive.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            archives.import_archive(other, archive)
        except BadArchive:
            assert projects.list_projects(other) == []
        else:
            # In a field of the zip that does not affect the content, such as a date.
            projects.delete(other, projects.list_projects(other)[0].project)


def test_wrong_sums_are_refused(empty: Store, archive: Path) -> None:
    def reword(parts: dict[str, bytes]) -> None:
        parts["handoffs/0001.md"] = parts["handoffs/0001.md"].replace(b"e", b"a")

    assert_refused(empty, change_archive(archive, reword, signed=False), "checksum differs")


@pytest.mark.parametrize(
    "name", ["../onward.db", "/etc/passwd", "C:\\x.json", "handoffs/../../x.md", "transcripts/1.md/", "x.exe", "sub/facts.jsonl"]
)
def test_parts_with_other_names_are_refused(empty: Store, archive: Path, name: str) -> None:
    assert_refused(empty, change_archive(archive, lambda parts: parts.update({name: b"{}"})), "not part of a project")


def test_an_unknown_version_is_refused(empty: Store, archive: Path) -> None:
    def newer(parts: dict[str, bytes]) -> None:
        parts["manifest.json"] = parts["manifest.json"].replace(b'"version": 1', b'"version": 2')

    assert_refused(empty, change_archive(archive, newer), "version 2; this Onward reads version 1")


@pytest.mark.slow
def test_an_archive_from_before_bookmarks_is_read(other: Store, archive: Path) -> None:
    arrival = archives.import_archive(other, change_archive(archive, lambda parts: parts.pop("bookmarks.jsonl")))
    assert bookmarks.list_of_session(other, sessions.require(other, arrival.project, 1)) == []


@pytest.mark.parametrize("name", ["turns.jsonl", "project.json", "handoffs/0002.md"])
def test_a_part_that_is_missing_is_noticed(empty: Store, archive: Path, name: str) -> None:
    assert_refused(empty, change_archive(archive, lambda parts: parts.pop(name), signed=False), "is missing")
    if name.endswith(("json", "jsonl")):
        assert_refused(empty, change_archive(archive, lambda parts: parts.pop(name)), f"no {name}")


def test_other_zips_are_refused(empty: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("conversations.json", "[]")
    assert_refused(empty, tmp_path / "x.zip", "not a project archive")
    with pytest.raises(UnreadableFile):
        archives.import_archive(empty, tmp_path / "none.zip")
    with pytest.raises(UnreadableFile):
        archives.import_archive(empty, tmp_path)


def test_a_bomb_is_refused_unread(empty: Store, archive: Path) -> None:
    def swell(parts: dict[str, bytes]) -> None:
        parts["turns.jsonl"] = bytes(reader.MIN_SUSPECT_BYTES + 1)

    assert_refused(empty, change_archive(archive, swell), "would unpack to")


def test_two_parts_of_one_name_are_refused(empty: Store, archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as more, pytest.warns(UserWarning, match="Duplicate"):
        more.writestr("facts.jsonl", "")
    assert_refused(empty, archive, "two parts with the same name")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sessions.jsonl", lambda row: row.update(number=2)),
        ("sessions.jsonl", lambda row: row.update(status="gone")),
        ("sessions.jsonl", lambda row: row.update(turns="many")),
        ("sessions.jsonl", lambda row: row.update(objectives=[1])),
        ("sessions.jsonl", lambda row: row.update(surprise=1)),
        ("sessions.jsonl", lambda row: row.pop("title")),
        ("sessions.jsonl", lambda row: row.update(created_at="2026-01-01T00:00:00")),
        ("sessions.jsonl", lambda row: row.update(title="a\0b")),
        ("turns.jsonl", lambda row: row.update(session=77)),
        ("turns.jsonl", lambda row: row.update(ordinal=10**6)),
        ("turns.jsonl", lambda row: row.update(ordinal=-1)),
        ("turns.jsonl", lambda row: row.update(role="god")),
        ("turns.jsonl", lambda row: row.update(identity="zz")),
        ("turns.jsonl", lambda row: row.update(turn=[])),
        ("turns.jsonl", lambda row: row.update(turn={"text": 7})),
        ("turns.jsonl", lambda row: row.update(turn={"calls": [[1, 2, 3]]})),
        ("turns.jsonl", lambda row: row.update(turn={"results": [["a"]]})),
        ("turns.jsonl", lambda row: row.update(chars=2**70)),
        ("handoffs.jsonl", lambda row: row.update(document={})),
        ("handoffs.jsonl", lambda row: row.update(session=99)),
        ("facts.jsonl", lambda row: row.update(body={})),
        ("contributions.jsonl", lambda row: row.update(body={})),
        ("edits.jsonl", lambda row: row.update(kind="add", text="{")),
        ("imports.jsonl", lambda row: row.update(report={"x": 1})),
    ],
)
def test_invalid_rows_are_refused(empty: Store, archive: Path, name: str, change: Callable[[dict[str, object]], None]) -> None:
    assert_refused(empty, change_archive(archive, change_line(name, change)), rf"{name} at line \d")


@pytest.mark.parametrize("change", [b"", b"[]\n", b"{}", b"\xff\n", b'{"a":' * 5000 + b"\n"])
def test_invalid_lines_are_refused(empty: Store, archive: Path, change: bytes) -> None:
    def spoil(parts: dict[str, bytes]) -> None:
        parts["edits.jsonl"] = change or b"\n"

    assert_refused(empty, change_archive(archive, spoil), "edits.jsonl")


@pytest.mark.parametrize("change", [{"secret_key": "00"}, {"secret_key": None}, {"status": "x"}, {"ledger": {}}, {"ledger": None}])
def test_an_invalid_project_is_refused(empty: Store, archive: Path, change: dict[str, object]) -> None:
    def spoil(parts: dict[str, bytes]) -> None:
        parts["project.json"] = json.dumps({**json.loads(parts["project.json"]), **change}).encode()

    assert_refused(empty, change_archive(archive, spoil), "project.json")
