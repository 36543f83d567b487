"""Imports: sessions separated and ordered, each turn stored once, and a report for every file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports, parallel_reader
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns.preparation import prepare_turns
from onward.core.import_result import ImportProgress, ImportResult
from onward.core.transcript.transcript import Rewind, SessionHead, Turn
from onward.errors import BadInput, Conflict, NotFound, UnreadableFile
from onward.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "shop")


def write_session(path: Path, *texts: str, native: str | None = None, at: datetime | None = NOON, **head: object) -> Path:
    """Write a session with alternating turns, a minute apart from *at*."""
    messages = [
        {"role": ("user", "assistant")[i % 2], "content": text, **({"timestamp": (at + timedelta(minutes=i)).isoformat()} if at else {})}
        for i, text in enumerate(texts)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"messages": messages, **({"id": native} if native else {}), **head}]), "utf-8")
    return path


def import_files(store: Store, project: Project, paths: list[Path], **options: object) -> ImportResult:
    outcome = imports.import_paths(store, paths, project=project, **options)
    assert [file.error for file in outcome.files] == [None] * len(outcome.files)
    return outcome


def texts(store: Store, project: Project, number: int = 1) -> list[str]:
    return [stored.turn.text for stored in sittings.replay(store, sittings.require(store, project, number))]


def counts(outcome: ImportResult) -> list[tuple[int, int, int]]:
    return [(session.session.number, session.new_turns, session.known_turns) for file in outcome.files for session in file.sessions]


def test_importing_again_keeps_everything_once(store: Store, project: Project, tmp_path: Path) -> None:
    file = write_session(tmp_path / "a.json", "hello", "hi", "continue", "ok", "continue")
    assert counts(import_files(store, project, [file])) == [(1, 5, 0)]
    assert counts(import_files(store, project, [file])) == [(1, 0, 5)]
    assert texts(store, project) == ["hello", "hi", "continue", "ok", "continue"]


@pytest.mark.parametrize("at", [NOON, None])
@pytest.mark.parametrize("native", ["n", None])
@pytest.mark.parametrize("first", [1, 2, 3, 4, 5, 7])
def test_a_file_that_has_grown_adds_what_is_new(
    store: Store, project: Project, tmp_path: Path, first: int, native: str | None, at: datetime | None
) -> None:
    messages = ["hello", "hi", "continue", "ok", "continue", "ok", "continue"]
    import_files(store, project, [write_session(tmp_path / "a.json", *messages[:first], native=native, at=at)])
    assert counts(import_files(store, project, [write_session(tmp_path / "a.json", *messages, native=native, at=at)])) == [
        (1, 7 - first, first)
    ]
    assert texts(store, project) == messages


def test_sessions_that_begin_alike_are_told_apart(store: Store, project: Project, tmp_path: Path) -> None:
    files = [write_session(tmp_path / f"{name}.json", "hi", "Hello!", "thanks", name, at=None) for name in ("red", "blue")]
    assert counts(import_files(store, project, files)) == [(1, 4, 0), (2, 4, 0)]


def test_a_fork_keeps_what_its_parent_does_not_have(store: Store, project: Project, tmp_path: Path) -> None:
    parent = write_session(tmp_path / "a.json", "one", "two", "three", native="parent")
    fork = write_session(tmp_path / "b.json", "one", "two", "else", native="fork")
    assert counts(import_files(store, project, [parent, fork])) == [(1, 3, 0), (2, 1, 2)]
    assert texts(store, project, 2) == ["else"]


def test_a_copy_makes_no_session(store: Store, project: Project, tmp_path: Path) -> None:
    import_files(store, project, [write_session(tmp_path / "a.json", "one", "two", native="parent")])
    outcome = import_files(store, project, [write_session(tmp_path / "b.json", "one", "two", native="copy")])
    assert counts(outcome) == []
    assert [session.number for session in sittings.list_sessions(store, project)] == [1]


def test_the_same_turns_belong_to_each_project_that_imports_them(store: Store, project: Project, tmp_path: Path) -> None:
    file = write_session(tmp_path / "a.json", "one", "two")
    other = projects.create(store, "other")
    assert counts(import_files(store, project, [file])) == counts(import_files(store, other, [file])) == [(1, 2, 0)]


def test_a_folder_is_imported_in_order_of_time(store: Store, project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    write_session(folder / "a.json", "third", at=NOON + timedelta(days=2))
    write_session(folder / "deep" / "b.json", "first", at=NOON)
    write_session(folder / "c.json", "without a time", at=None)
    write_session(folder / "d.json", "second", at=NOON + timedelta(days=1))
    (folder / "image.bin").write_bytes(bytes(range(256)) * 100)
    (folder / "link.json").symlink_to(folder / "a.json")
    reports: list[ImportProgress] = []
    outcome = import_files(store, project, [folder], on_progress=reports.append)
    assert [texts(store, project, number)[0] for number in range(1, 5)] == ["first", "second", "third", "without a time"]
    assert outcome.skipped_files == [str(folder / "image.bin")]
    assert [(report.done, report.files) for report in reports] == [(done, 4) for done in range(5)]


def test_one_bad_file_never_costs_the_rest(store: Store, project: Project, tmp_path: Path) -> None:
    good = write_session(tmp_path / "a.json", "one")
    outcome = imports.import_paths(store, [tmp_path / "gone.json", good], project=project)
    by_path = {file.path: file for file in outcome.files}
    assert isinstance(by_path[str(tmp_path / "gone.json")].error, UnreadableFile)
    assert by_path[str(good)].error is None
    assert len(by_path[str(good)].sessions) == 1


def test_a_stream_is_imported_too(store: Store, project: Project, tmp_path: Path) -> None:
    stream = BytesIO(write_session(tmp_path / "a.json", "one", "two").read_bytes())
    assert counts(imports.import_paths(store, [stream], project=project)) == [(1, 2, 0)]


def test_each_session_goes_to_the_project_of_its_repository(store: Store, tmp_path: Path) -> None:
    first, second = FIXTURES / "claude_code" / "session.jsonl", FIXTURES / "codex" / "rollout.jsonl"
    outcome = imports.import_paths(store, [first, second], fallback=lambda: pytest.fail("the transcripts name their folders"))
    assert all(file.error is None for file in outcome.files)
    again = imports.import_paths(store, [first, second])
    assert [session.session.id for file in again.files for session in file.sessions] == [
        session.session.id for file in outcome.files for session in file.sessions
    ]
    stated = write_session(tmp_path / "kedai" / "sessions" / "a.json", "nowhere")
    project_id = imports.import_paths(store, [stated]).files[0].sessions[0].session.project_id
    assert projects.resolve(store, "kedai").id == project_id
    assert isinstance(imports.import_paths(store, [BytesIO(stated.read_bytes())]).files[0].error, BadInput)
    rest = projects.create(store, "rest")
    piped = imports.import_paths(store, [BytesIO(stated.read_bytes())], fallback=lambda: rest)
    assert piped.files[0].sessions[0].session.project_id == rest.id


def test_completing_while_importing_makes_a_handoff_each(store: Store, project: Project, tmp_path: Path) -> None:
    files = [
        write_session(tmp_path / f"{day}.json", f"Always test on day {day}.", "Done.", at=NOON + timedelta(days=day)) for day in range(3)
    ]
    outcome = import_files(store, project, files, complete=True)
    assert [session.version for file in outcome.files for session in file.sessions] == [1, 2, 3]
    assert [session.version for file in import_files(store, project, files, complete=True).files for session in file.sessions] == [None] * 3
    assert handoffs.current_handoff(store, project).handoff.session == 3


def test_completing_goes_on_where_it_was_cut_off(store: Store, project: Project, tmp_path: Path) -> None:
    file = write_session(tmp_path / "a.json", "Always test.", "Done.")
    import_files(store, project, [file])
    outcome = import_files(store, project, [file], complete=True)
    assert [(session.new_turns, session.version) for session in outcome.files[0].sessions] == [(0, 1)]


def test_a_completed_session_that_grows_is_completed_anew(store: Store, project: Project, tmp_path: Path) -> None:
    import_files(store, project, [write_session(tmp_path / "a.json", "Always test.", "Done.", native="n")], complete=True)
    grown = write_session(tmp_path / "a.json", "Always test.", "Done.", "Never deploy on a Friday.", native="n")
    assert import_files(store, project, [grown]).files[0].sessions[0].session.status == "in_progress"
    import_files(store, project, [grown], complete=True)
    assert "Friday" in handoffs.current_handoff(store, project).markdown


def test_no_secret_is_kept(store: Store, project: Project, tmp_path: Path) -> None:
    secret = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
    import_files(store, project, [write_session(tmp_path / "a.json", f"The token is {secret}.", "Noted.")], complete=True)
    session = sittings.require(store, project, 1)
    completion.complete(store, session, accomplishments=[f"Used {secret}"], blockers=[secret])
    sittings.start(store, project, objectives=[f"Rotate {secret}"])
    store.close()
    for path in (tmp_path / "home").iterdir():
        data = path.read_bytes()
        assert secret.encode() not in data
        assert secret.lower().encode() not in data


def intake(store: Store, project: Project, *items: Turn | Rewind, native: str = "n") -> SessionIntake:
    head = SessionHead("codex", native)
    result = SessionIntake(store, project, head, "a.jsonl")
    for item in prepare_turns([head, *items], lambda _: project.key):
        if not isinstance(item, SessionHead):
            result.take(item)
    result.finish()
    return result


def named(name: str, text: str = "") -> Turn:
    return Turn("user", text or name, id=name)


def main_path(store: Store, project: Project) -> list[str]:
    return [stored.turn.text for stored in sittings.replay(store, sittings.require(store, project, 1)) if not stored.abandoned]


def test_going_back_leaves_a_branch(store: Store, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [named("a"), named("b"), named("c"), Rewind("a"), named("d"), Rewind("d"), named("e")]
    for chunk in (1000, 1, 3):
        monkeypatch.setattr("onward.app.transcripts.intake.CHUNK_TURNS", chunk)
        intake(store, project, *items)
        assert main_path(store, project) == ["a", "d", "e"]
    intake(store, project, *items, named("f"), Rewind("d"))
    assert main_path(store, project) == ["a", "d"]
    intake(store, project, named("g"), Rewind(None), named("h"))
    assert main_path(store, project) == ["h"]


def test_a_turn_that_has_grown_is_kept_as_it_is_now(store: Store, project: Project) -> None:
    intake(store, project, named("a", "I will"), named("b"))
    again = intake(store, project, named("a", "I will do it"), named("b"), named("c", "sh"), named("c", "short"))
    assert (again.new_turns, again.known_turns) == (1, 3)
    assert main_path(store, project) == ["I will do it", "b", "short"]
    intake(store, project, named("a", "I"))
    assert main_path(store, project)[0] == "I will do it"


def test_chunks_make_no_difference(store: Store, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onward.app.transcripts.intake.CHUNK_TURNS", 2)
    turns = [Turn("user", "continue") for _ in range(7)]
    assert intake(store, project, *turns).new_turns == 7
    assert intake(store, project, *turns, Turn("user", "stop")).new_turns == 1
    assert len(texts(store, project)) == 8


def test_a_session_begun_by_hand_takes_the_next_transcript(store: Store, project: Project, tmp_path: Path) -> None:
    old = write_session(tmp_path / "old.json", "before", at=NOON)
    started = sittings.start(store, project, agent="codex", objectives=["ship"])
    new = write_session(tmp_path / "new.json", "after", "yes", at=datetime.now(UTC) + timedelta(minutes=1))
    assert counts(import_files(store, project, [old, new])) == [(2, 1, 0), (1, 2, 0)]
    session = sittings.require(store, project, started.session.number)
    assert (session.turns, session.objectives) == (2, ("ship",))


def test_a_deleted_project_takes_no_turns(store: Store, project: Project, tmp_path: Path) -> None:
    file = write_session(tmp_path / "a.json", "one")
    projects.delete(store, project)
    outcome = imports.import_paths(store, [file], project=project)
    assert isinstance(outcome.files[0].error, NotFound)


def test_how_a_project_is_resolved(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no project yet"):
        projects.resolve(store)
    shop = projects.resolve(store, "shop", create=True)
    assert projects.resolve(store) == projects.resolve(store, "shop") == projects.resolve(store, str(shop.id)) == shop
    here = projects.resolve(store, folder=tmp_path, create=True)
    assert (here.name, projects.resolve(store, folder=tmp_path)) == (tmp_path.name, here)
    with pytest.raises(NotFound, match="which project"):
        projects.resolve(store, folder=tmp_path / "elsewhere")
    with pytest.raises(NotFound, match="shap"):
        projects.resolve(store, "shap")
    with pytest.raises(Conflict):
        projects.rename(store, here, "shop")
    with pytest.raises(BadInput):
        projects.create(store, "12")
    projects.archive(store, here)
    assert projects.resolve(store, folder=tmp_path / "elsewhere") == shop


def test_a_folder_that_is_one_transcript_is_one(store: Store, project: Project, tmp_path: Path) -> None:
    events = json.loads((FIXTURES / "openhands" / "trajectory.json").read_text())
    conversation, task = tmp_path / "all" / "c0ffee12", tmp_path / "all" / "tasks" / "1772442000000"
    (conversation / "events").mkdir(parents=True)
    task.mkdir(parents=True)
    for number, event in enumerate(events[:-1]):
        (conversation / "events" / f"{number}.json").write_text(json.dumps(event))
    for fixture, name in (("roo_history.json", "api_conversation_history.json"), ("panel.json", "ui_messages.json")):
        (task / name).write_bytes((FIXTURES / "cline" / fixture).read_bytes())
    beside = write_session(tmp_path / "all" / "beside.json", "one", "two")
    for given in (tmp_path / "all", conversation):
        outcome = import_files(store, project, [given])
        assert outcome.skipped_files == []
        assert {file.path for file in outcome.files} == (
            {str(conversation)} if given == conversation else {str(conversation), str(task), str(beside)}
        )
        assert all(len(file.sessions) == 1 and not file.error for file in outcome.files)
    (conversation / "events" / f"{len(events) - 1}.json").write_text(json.dumps(events[-1]))
    assert [session.new_turns for file in import_files(store, project, [conversation]).files for session in file.sessions] == [1]


@pytest.mark.slow
def test_reading_ahead_makes_no_difference(store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "all"
    for day in range(5):
        write_session(folder / f"{day}.json", *(f"Always test {day} {line}." for line in range(700)), at=NOON + timedelta(days=day))
    (folder / "torn.jsonl").write_text('{"role": "user", "content": "whole"}\n{"role": "us', "utf-8")
    here = import_files(store, project, [folder], complete=True)
    monkeypatch.setattr(parallel_reader, "MIN_BYTES", 0)
    monkeypatch.setattr(parallel_reader, "count_processors", lambda: 2)
    other = projects.create(store, "other")
    elsewhere = import_files(store, other, [folder], complete=True)
    assert counts(elsewhere) == counts(here)
    assert [file.report for file in elsewhere.files] == [file.report for file in here.files]
    assert [texts(store, other, number) for number in range(1, 7)] == [texts(store, project, number) for number in range(1, 7)]
    assert handoffs.current_handoff(store, other).markdown == handoffs.current_handoff(store, project).markdown


@pytest.mark.slow
def test_a_file_whose_reader_is_gone_is_read_here(store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(3):
        write_session(tmp_path / "all" / f"{day}.json", *(f"line {line}" for line in range(2000)), at=NOON + timedelta(days=day))
    monkeypatch.setattr(parallel_reader, "MIN_BYTES", 0)
    monkeypatch.setattr(parallel_reader, "count_processors", lambda: 2)
    started = parallel_reader.ParallelReader.__init__

    def killed(self: parallel_reader.ParallelReader, jobs: list[parallel_reader.ReadTask]) -> None:
        started(self, jobs)
        self._processes[0].kill()

    monkeypatch.setattr(parallel_reader.ParallelReader, "__init__", killed)
    outcome = import_files(store, project, [tmp_path / "all"])
    assert [file.report.turns for file in outcome.files] == [2000] * 3
    assert [len(texts(store, project, number)) for number in (1, 2, 3)] == [2000] * 3
