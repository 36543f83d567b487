"""Following files as they grow: the result equals an import of the full file, and only new lines are read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import file_follower, imports
from onward.app.transcripts.destination import Destination
from onward.app.transcripts.file_follower import Follower, follow
from onward.store import Store

FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"
LINES = [
    "claude_code/session.jsonl",
    "claude_code/rewound.jsonl",
    "codex/rollout.jsonl",
    "gemini/session.jsonl",
    "copilot/session.jsonl",
    "pi/branched.jsonl",
]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "shop")


def create_follower(store: Store, project: Project, *paths: Path, quiet: timedelta | None = None) -> Follower:
    return Follower(Destination(store, project), lambda: (list(paths), []), quiet=quiet)


def stored_turns(store: Store, project: Project) -> list[tuple[int, bool, object]]:
    return [
        (stored.ordinal, stored.abandoned, stored.turn)
        for session in sittings.list_sessions(store, project)
        for stored in sittings.replay(store, session)
    ]


def count_new_turns(outcome: list[imports.ImportedFile]) -> int:
    assert [file.error for file in outcome] == [None] * len(outcome)
    return sum(session.new_turns for file in outcome for session in file.sessions)


@pytest.mark.parametrize("fixture", LINES)
def test_a_file_that_grows_line_by_line_ends_as_if_imported_whole(store: Store, project: Project, tmp_path: Path, fixture: str) -> None:
    whole = (FIXTURES / fixture).read_bytes()
    growing = tmp_path / "growing.jsonl"
    follower = create_follower(store, project, growing)
    lines = whole.splitlines(keepends=True)
    for line in lines:
        # An agent's write may end anywhere.
        for piece in (line[: len(line) // 2], line[len(line) // 2 :]):
            with growing.open("ab") as stream:
                stream.write(piece)
            list(follower.poll())
    list(follower.finish())
    other = projects.create(store, "other")
    imports.import_paths(store, [FIXTURES / fixture], project=other)
    assert [row[2] for row in stored_turns(store, project) if not row[1]] == [row[2] for row in stored_turns(store, other) if not row[1]]
    assert count_new_turns([*imports.import_paths(store, [growing], project=project).files]) == 0


def test_only_what_is_new_is_read(store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (FIXTURES / "claude_code/session.jsonl").read_bytes().splitlines(keepends=True)
    growing = tmp_path / "growing.jsonl"
    growing.write_bytes(b"".join(lines[:20]))
    read: list[int] = []
    reads = file_follower._WaitingStream.readline

    def counted(self: file_follower._WaitingStream, size: int = -1) -> bytes:
        data = reads(self, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(file_follower._WaitingStream, "readline", counted)
    follower = create_follower(store, project, growing)
    assert count_new_turns(list(follower.poll())) > 0
    read.clear()
    with growing.open("ab") as stream:
        stream.writelines(lines[20:])
    assert count_new_turns(list(follower.poll())) > 0
    assert sum(read) == len(b"".join(lines[20:]))
    assert list(follower.poll()) == []


def test_held_back_turns_arrive_when_the_file_is_quiet(
    store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = tmp_path / "growing.jsonl"
    growing.write_bytes((FIXTURES / "codex/rollout.jsonl").read_bytes())
    follower = create_follower(store, project, growing)
    first = count_new_turns(list(follower.poll()))
    assert count_new_turns(list(follower.poll())) == 0
    monkeypatch.setattr(file_follower, "SETTLED_SECONDS", -1.0)
    rest = count_new_turns(list(follower.poll()))
    assert rest > 0
    assert first + rest == len(stored_turns(store, project))


@pytest.mark.parametrize("shorter", [True, False])
def test_a_rewritten_file_is_read_again(store: Store, project: Project, tmp_path: Path, shorter: bool) -> None:
    first, second = (FIXTURES / "claude_code/session.jsonl").read_bytes(), (FIXTURES / "codex/rollout.jsonl").read_bytes()
    small, large = sorted((first, second), key=len)
    path = tmp_path / "a.jsonl"
    path.write_bytes(large if shorter else small)
    follower = create_follower(store, project, path)
    list(follower.poll())
    path.write_bytes(small if shorter else large)
    list(follower.poll())
    list(follower.finish())
    assert {session.agent for session in sittings.list_sessions(store, project)} == {"claude-code", "codex"}
    assert count_new_turns([*imports.import_paths(store, [path], project=project).files]) == 0


def test_a_document_is_read_again_when_it_changes(store: Store, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"role": "user", "content": "one", "timestamp": "2026-03-01T12:00:00Z"}]')
    follower = create_follower(store, project, path)
    assert count_new_turns(list(follower.poll())) == 1
    path.write_text(
        '[{"role": "user", "content": "one", "timestamp": "2026-03-01T12:00:00Z"}, {"role": "assistant", "content": "two", "timestamp": '
        '"2026-03-01T12:01:00Z"}]'
    )
    assert count_new_turns(list(follower.poll())) == 1
    assert list(follower.poll()) == []


def test_folders_are_followed_and_other_files_ignored(store: Store, project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes\n\nBuy paper rolls.\n")
    follower = Follower(Destination(store, project), lambda: ([], sorted(folder.iterdir())))
    assert list(follower.poll()) == []
    (folder / "a.jsonl").write_bytes((FIXTURES / "pi/branched.jsonl").read_bytes())
    assert count_new_turns([*follower.poll(), *follower.finish()]) > 0
    (folder / "a.jsonl").unlink()
    assert list(follower.poll()) == []


def test_what_was_imported_before_is_not_read_again(store: Store, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes((FIXTURES / "pi/branched.jsonl").read_bytes())
    follower = create_follower(store, project, path)
    follower.start()
    imports.import_paths(store, [path], project=project)
    assert list(follower.poll()) == []
    assert follower._files[path].tail is None


def test_a_session_that_falls_quiet_is_completed_and_again_when_it_goes_on(store: Store, project: Project, tmp_path: Path) -> None:
    lines = (FIXTURES / "claude_code/session.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines[:20]))
    follower = create_follower(store, project, path, quiet=timedelta(minutes=30))
    follower.start()
    follower.record_imports(imports.import_paths(store, [path], project=project).files)
    assert list(follower.poll()) == []
    versions = []
    for more in ((), lines[20:]):
        with path.open("ab") as stream:
            stream.writelines(more)
        # The file was modified an hour ago, so it counts as quiet.
        os.utime(path, (time.time() - 3600 + len(versions), time.time() - 3600 + len(versions)))
        versions += [session.version for file in follower.poll() for session in file.sessions if session.version is not None]
    assert versions == [1, 2]
    assert [session.status for session in sittings.list_sessions(store, project)] == ["completed"]
    assert list(follower.poll()) == []


def test_a_failing_reader_is_reported(store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes((FIXTURES / "pi/branched.jsonl").read_bytes())

    def fails(*_: object) -> Iterator[None]:
        raise RuntimeError("a defect")

    monkeypatch.setattr(file_follower, "prepare_transcript", fails)
    with pytest.raises(RuntimeError, match="a defect"):
        list(create_follower(store, project, path).poll())


def test_following_ends_on_request_and_leaves_nothing_waiting(store: Store, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes((FIXTURES / "codex/rollout.jsonl").read_bytes())
    waited: list[float] = []

    def is_over(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) > 2

    came: list[imports.ImportedFile] = []
    follow(create_follower(store, project, path), is_over, came.append)
    assert count_new_turns(came) == len(stored_turns(store, project))
    assert waited[0] == 0
    assert all(file_follower.POLL_SECONDS <= seconds <= file_follower.MAX_POLL_SECONDS for seconds in waited[1:])


@pytest.mark.slow
@pytest.mark.parametrize("ends_by", [signal.SIGINT, signal.SIGTERM])
def test_the_command_keeps_up_and_ends_cleanly(tmp_path: Path, ends_by: signal.Signals) -> None:
    lines = (FIXTURES / "claude_code/session.jsonl").read_bytes().splitlines(keepends=True)
    path, out = tmp_path / "a.jsonl", tmp_path / "out"
    path.write_bytes(b"".join(lines[:10]))
    kept_back = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    command = [sys.executable, "-m", "onward", "import", str(path), "--follow", "--project", "shop"]
    with out.open("wb") as stream:
        process = subprocess.Popen(
            command, env={**kept_back, "ONWARD_HOME": str(tmp_path / "home")}, cwd=tmp_path, stdout=stream, stderr=subprocess.STDOUT
        )
        try:
            until(lambda: "Following." in out.read_text(), process)
            for number, some in enumerate((lines[10:20], lines[20:]), 1):
                with path.open("ab") as growing:
                    growing.writelines(some)
                until(lambda number=number: out.read_text().count("new turn") > number + 1, process)
            process.send_signal(ends_by)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert out.read_text().endswith("Stopped. All imported turns are stored.\n")
    with Store.at_folder(tmp_path / "home") as store:
        shop = projects.resolve(store, "shop")
        (session,) = sittings.list_sessions(store, shop)
        outcome = imports.import_paths(store, [FIXTURES / "claude_code/session.jsonl"], project=shop)
    assert (count_new_turns(outcome.files), outcome.files[0].report.turns) == (0, session.turns)


def until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until a condition holds; fail if the process ends before."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_folder_that_is_one_transcript_is_followed(store: Store, project: Project, tmp_path: Path) -> None:
    events = json.loads((FIXTURES / "openhands" / "trajectory.json").read_text())
    home = tmp_path / "c0ffee12"
    (home / "events").mkdir(parents=True)
    for number, event in enumerate(events[:-1]):
        (home / "events" / f"{number}.json").write_text(json.dumps(event))
    follower = create_follower(store, project, home)
    assert count_new_turns(list(follower.poll())) > 0
    assert list(follower.poll()) == []
    (home / "events" / f"{len(events) - 1}.json").write_text(json.dumps(events[-1]))
    assert count_new_turns(list(follower.poll())) == 1
