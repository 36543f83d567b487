"""Following transcripts as they grow.

A file that is written line by line is read incrementally: a reader waits at its end and continues when there is more. It holds back what
may still change, such as an answer that is being written; when nothing was added for a while, the reader learns that the file ended. A
file that grows after that, was replaced or became shorter is read again from the beginning, and so is a file that is one document. Each
turn is stored once, so reading again is harmless.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeAlias, cast

import orjson

from onward.app.sessions.stored_completion import complete_stored
from onward.app.transcripts.destination import Destination
from onward.app.transcripts.files import inspect_file
from onward.app.transcripts.imports import import_paths
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns.preparation import PreparedItem, TranscriptEnd, prepare_transcript
from onward.core.import_result import ImportedFile, ImportedSession
from onward.core.session import Session
from onward.core.transcript.transcript import ImportReport, SessionHead
from onward.errors import OnwardError, UnreadableFile
from onward.formats import TranscriptSource

POLL_SECONDS = 2.0
MAX_POLL_SECONDS = 30.0
SETTLED_SECONDS = 30.0
"""A file that has not changed for this long is read to its end."""
_POLL_SHARE = 0.05
"""Polling takes at most this share of the time."""
_CHECKED_BYTES = 64
"""The number of bytes before the reading position that must be unchanged if a file has grown and was not rewritten."""
_DATABASES = (".db", ".vscdb")
_WAITING = "waiting"
_QUEUE_ITEMS = 500

_ReaderItem: TypeAlias = PreparedItem | Literal["waiting"]


class _FileState(NamedTuple):
    """What changes when a file changes."""

    inode: int
    size_bytes: int
    changed_ns: int


@dataclass(slots=True)
class _FollowedFile:
    """A followed file: its state when it was read last, its sessions that are not completed, and the reader that waits at its end."""

    state: _FileState | None = None
    is_named: bool = False
    unchanged_since: float = 0.0
    sessions: dict[int, Session] = field(default_factory=dict[int, Session])
    tail: _TailReader | None = None


class Follower:
    """Follows the files that *find_files* returns: files that were named, for which errors are reported, and files in folders.

    Call `poll` repeatedly. With *quiet*, a session whose file has not changed for that long is completed.
    """

    def __init__(
        self,
        destination: Destination,
        find_files: Callable[[], tuple[list[Path], list[Path]]],
        *,
        quiet: timedelta | None = None,
        budget_tokens: int | None = None,
    ) -> None:
        self._destination = destination
        self._find_files = find_files
        self._quiet = quiet
        self._budget_tokens = budget_tokens
        self._files: dict[Path, _FollowedFile] = {}

    def start(self) -> None:
        """Record the current state of every file: its present content is imported elsewhere."""
        named_paths, folder_paths = self._find_files()
        for path in (*named_paths, *folder_paths):
            self._files[path] = _FollowedFile(state=_read_state(path), is_named=path in named_paths, unchanged_since=time.monotonic())

    def record_imports(self, imported: Sequence[ImportedFile]) -> None:
        """Record which sessions were imported, so that they can be completed."""
        for outcome in imported:
            if followed := self._files.get(Path(outcome.path)):
                _record_sessions(followed, outcome)

    def poll(self) -> Iterator[ImportedFile]:
        """Yield the result for every file that changed since the last poll, and for files whose sessions are completed now."""
        named_paths, folder_paths = self._find_files()
        for path in dict.fromkeys((*named_paths, *folder_paths, *self._files)):
            followed = self._files.setdefault(path, _FollowedFile(is_named=path in named_paths))
            state = _read_state(path)
            if state is None:
                yield from self._forget(path)
            elif state != followed.state:
                yield from self._read_changes(path, followed, state)
            elif followed.tail and time.monotonic() - followed.unchanged_since > SETTLED_SECONDS:
                yield from self._finish_tail(followed)
            if self._quiet and followed.state and followed.sessions and _age(followed.state) >= self._quiet:
                yield from self._finish_tail(followed)
                yield self._complete_sessions(path, followed)

    def finish(self) -> Iterator[ImportedFile]:
        """Read every file to its end and yield what was held back."""
        for followed in self._files.values():
            yield from self._finish_tail(followed)

    def _read_changes(self, path: Path, followed: _FollowedFile, state: _FileState) -> Iterator[ImportedFile]:
        has_grown = followed.state is not None and state.inode == followed.state.inode and state.size_bytes > followed.state.size_bytes
        if followed.tail and not (has_grown and followed.tail.is_unchanged()):
            followed.tail.abandon()
            followed.tail = None
        followed.state, followed.unchanged_since = state, time.monotonic()
        if followed.tail is None and not followed.is_named and (error := inspect_file(path, is_named=False).error):
            if isinstance(error, UnreadableFile):
                yield ImportedFile(str(path), error=error)
            return
        if followed.tail is None and _is_line_based(path):
            followed.tail = _TailReader(path, self._destination)
        if followed.tail:
            outcome = followed.tail.resume()
            if followed.tail.has_ended:
                followed.tail = None
        else:
            outcome = import_paths(
                self._destination.store,
                [path],
                project=self._destination.project,
                fallback=self._destination.fallback,
                worktrees=self._destination.worktrees,
            ).files[0]
        yield from self._record_outcome(followed, outcome)

    def _finish_tail(self, followed: _FollowedFile) -> Iterator[ImportedFile]:
        tail, followed.tail = followed.tail, None
        if tail:
            yield from self._record_outcome(followed, tail.finish())

    def _forget(self, path: Path) -> Iterator[ImportedFile]:
        followed = self._files.pop(path)
        yield from self._finish_tail(followed)

    def _record_outcome(self, followed: _FollowedFile, outcome: ImportedFile) -> Iterator[ImportedFile]:
        _record_sessions(followed, outcome)
        if outcome.error or outcome.new_turns:
            yield outcome

    def _complete_sessions(self, path: Path, followed: _FollowedFile) -> ImportedFile:
        outcome = ImportedFile(str(path))
        open_sessions, followed.sessions = followed.sessions, {}
        try:
            for session in open_sessions.values():
                completed = complete_stored(self._destination.store, session, budget_tokens=self._budget_tokens)
                outcome.sessions.append(ImportedSession(completed.session, 0, 0, completed.handoff.version))
        except OnwardError as error:
            outcome.error = error
        return outcome


def _record_sessions(followed: _FollowedFile, outcome: ImportedFile) -> None:
    followed.sessions.update({item.session.id: item.session for item in outcome.sessions if item.session.status == "in_progress"})


def follow(follower: Follower, is_over: Callable[[float], bool], on_file: Callable[[ImportedFile], None]) -> None:
    """Poll until *is_over* returns true; it waits for the given number of seconds. *on_file* is called with each result."""
    seconds = 0.0
    while not is_over(seconds):
        started = time.monotonic()
        for outcome in follower.poll():
            on_file(outcome)
        seconds = min(MAX_POLL_SECONDS, max(POLL_SECONDS, (time.monotonic() - started) / _POLL_SHARE))
    for outcome in follower.finish():
        on_file(outcome)


class _TailReader:
    """A reader at the end of a file, in its own thread: a format's reader takes lines when it needs them, and waits here for the next
    one.
    """

    def __init__(self, path: Path, destination: Destination) -> None:
        self.has_ended = False
        self._path = path
        self._destination = destination
        self._items: queue.Queue[_ReaderItem] = queue.Queue(_QUEUE_ITEMS)
        self._source = _GrowingSource(path, lambda: self._items.put("waiting"))
        self._intake: SessionIntake | None = None
        self._last_counts = (0, 0)
        self._failure: Exception | None = None
        # A daemon thread: a waiting reader must not keep the process alive.
        self._thread = threading.Thread(target=self._read, name=f"reading {path}", daemon=True)

    def is_unchanged(self) -> bool:
        """Return whether the file still contains what was read."""
        return self._source.is_unchanged()

    def resume(self) -> ImportedFile:
        """Read what is new, store it, and return the result."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._source.resume()
        return self._store_items()

    def finish(self) -> ImportedFile:
        """Read to the end, including what was held back."""
        self._source.end()
        outcome = self._store_items()
        self._thread.join()
        return outcome

    def abandon(self) -> None:
        """Stop reading and drop what was held back: the file will be read again."""
        self._source.end()
        while not isinstance(self._items.get(), TranscriptEnd):
            pass
        self._thread.join()

    def _read(self) -> None:
        try:
            for item in prepare_transcript(self._source, lambda head: self._destination.project_for(head, self._path).key):
                self._items.put(item)
        except Exception as error:  # noqa: BLE001 - raised again where the items are read
            self._failure = error
            self._items.put(TranscriptEnd(ImportReport(), None))

    def _store_items(self) -> ImportedFile:
        outcome = ImportedFile(str(self._path))
        for item in iter(self._items.get, _WAITING):
            if isinstance(item, TranscriptEnd):
                if self._failure:
                    raise self._failure
                outcome.report, outcome.error, self.has_ended = item.report, outcome.error or item.error, True
                break
            if outcome.error:
                continue
            try:
                self._take(cast("PreparedItem", item), outcome)
            except OnwardError as error:
                outcome.error = error
        self._flush(outcome)
        return outcome

    def _take(self, item: PreparedItem, outcome: ImportedFile) -> None:
        if isinstance(item, SessionHead):
            self._flush(outcome)
            self._intake = SessionIntake(self._destination.store, self._destination.project_for(item, self._path), item, str(self._path))
            self._last_counts = (0, 0)
        elif self._intake and not isinstance(item, TranscriptEnd):
            self._intake.take(item)

    def _flush(self, outcome: ImportedFile) -> None:
        """Store what was read, and add what is new since the last result to *outcome*."""
        if self._intake is None:
            return
        try:
            session = self._intake.finish()
        except OnwardError as error:
            outcome.error = outcome.error or error
            return
        counts = (self._intake.new_turns, self._intake.known_turns)
        if session and counts != self._last_counts:
            outcome.sessions.append(ImportedSession(session, counts[0] - self._last_counts[0], counts[1] - self._last_counts[1]))
            self._last_counts = counts


class _GrowingSource(TranscriptSource):
    """A file that may grow. Its reader waits at the end, after calling *on_wait*, until `resume` or `end`."""

    def __init__(self, path: Path, on_wait: Callable[[], None]) -> None:
        super().__init__(path)
        self._on_wait = on_wait
        self._more = threading.Event()
        self._is_over = False
        self._last_read = (0, b"")

    def resume(self) -> None:
        """Let the reader continue with what is new."""
        self._more.set()

    def end(self) -> None:
        """Let the reader continue with what is new and end there."""
        self._is_over = True
        self._more.set()

    def is_unchanged(self) -> bool:
        """Return whether the bytes that were read last are unchanged in the file."""
        position, last = self._last_read
        try:
            with self._open_file() as stream:
                stream.seek(position - len(last))
                return stream.read(len(last)) == last
        except OnwardError:
            return False

    @contextmanager
    def open_stream(self) -> Iterator[IO[bytes]]:
        """Yield a stream of the file from its beginning, including what is added later."""
        with super().open_stream() as stream:
            yield cast("IO[bytes]", _WaitingStream(stream, self))

    def wait(self, position: int, last: bytes) -> bool:
        """Wait at *position*, after the bytes *last*; return False at the end."""
        self._last_read = (position, last)
        if self._is_over:
            return False
        self._on_wait()
        self._more.wait()
        self._more.clear()
        return True


class _WaitingStream:
    """A stream that waits at its end."""

    def __init__(self, stream: IO[bytes], source: _GrowingSource) -> None:
        self._stream = stream
        self._source = source
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        while not (data := self._stream.read(size)):
            if not self._wait_for_more():
                return b""
        self._last = (self._last + data)[-_CHECKED_BYTES:]
        return data

    def readline(self, size: int = -1) -> bytes:
        line = b""
        while not line.endswith(b"\n") and len(line) != size:
            data = self._stream.readline(size - len(line) if size >= 0 else -1)
            if not data and not self._wait_for_more():
                break
            line += data
            self._last = (self._last + data)[-_CHECKED_BYTES:]
        return line

    def _wait_for_more(self) -> bool:
        return self._source.wait(self._stream.tell(), self._last)


def _read_state(path: Path) -> _FileState | None:
    """Return the state of a file, including a database's journal, which has the newest rows; for a folder, the state of the files in it."""
    try:
        file_stat = path.stat()
        if path.is_dir():
            part_stats = [file.stat() for file in path.rglob("*.json")]
            return _FileState(
                file_stat.st_ino, sum(state.st_size for state in part_stats), max((state.st_mtime_ns for state in part_stats), default=0)
            )
        journal = path.with_name(path.name + "-wal")
        states = [file_stat, journal.stat()] if path.suffix in _DATABASES and journal.exists() else [file_stat]
    except OSError:
        return None
    return _FileState(file_stat.st_ino, sum(state.st_size for state in states), max(state.st_mtime_ns for state in states))


def _age(state: _FileState) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(state.changed_ns / 1e9, UTC)


def _is_line_based(path: Path) -> bool:
    """Return whether the file is written line by line: its first line is a complete JSON object, and another one follows."""
    try:
        with path.open("rb") as stream:
            first, second = stream.readline(1_000_000), stream.readline(1000)
        return first.endswith(b"\n") and second.startswith(b"{") and isinstance(orjson.loads(first), dict)
    except (OSError, orjson.JSONDecodeError):
        return False
