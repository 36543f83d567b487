"""Keeping up with files as they grow.

Of a file that is written line by line only what is new is read: a reader stands at its end and goes on when there is more. It keeps back what may still
change, such as an answer that is being written; when nothing was added for a while it is told that this is the end, and lets go. A file that goes on
after that, was replaced or became shorter is read anew, and so is one that is a single document; since each turn is kept once, that is harmless.
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

from onward.app import completing
from onward.app.destination import Destination
from onward.app.finding import looked_at
from onward.app.imports import import_paths
from onward.app.intake import SessionIntake
from onward.app.preparing import Ended, Prepared, prepared
from onward.core.imported import ImportedFile, ImportedSession
from onward.core.session import Session
from onward.core.transcript import ImportReport, SessionHead
from onward.errors import OnwardError, UnreadableFile
from onward.formats import Source

POLL_SECONDS = 2.0
MOST_POLL_SECONDS = 30.0
SETTLED_SECONDS = 30.0
"""A file that was still for so long is read to its end, whatever may yet change."""
_LOOK_SHARE = 0.05
"""Looking takes at most this share of the time."""
_KNOWN_BYTES = 64
"""So many bytes before the place where reading stopped tell a file that grew from one that was written anew."""
_DATABASES = (".db", ".vscdb")
_WAITING = "waiting"
_AHEAD_ITEMS = 500

_Heard: TypeAlias = Prepared | Literal["waiting"]


class _State(NamedTuple):
    """What changes when a file does."""

    inode: int
    size_bytes: int
    changed_ns: int


@dataclass(slots=True)
class _Followed:
    """One file: how it was when it was read last, its sessions that are not completed, and the reader that stands at its end, if one does."""

    state: _State | None = None
    named: bool = False
    still_since: float = 0.0
    sessions: dict[int, Session] = field(default_factory=dict[int, Session])
    tail: _Tail | None = None


class Follower:
    """Follows the files that *find* answers: those named, which are transcripts or an error, and those that lie in folders.

    `look` once and again. With *quiet*, a session whose file has not changed for that long is completed.
    """

    def __init__(
        self,
        destination: Destination,
        find: Callable[[], tuple[list[Path], list[Path]]],
        *,
        quiet: timedelta | None = None,
        budget_tokens: int | None = None,
    ) -> None:
        self._destination = destination
        self._find = find
        self._quiet = quiet
        self._budget_tokens = budget_tokens
        self._files: dict[Path, _Followed] = {}

    def begin(self) -> None:
        """Note how every file is now: what it holds at this moment is somebody else's to import."""
        named, found = self._find()
        for path in (*named, *found):
            self._files[path] = _Followed(_state(path), path in named, time.monotonic())

    def note(self, imported: Sequence[ImportedFile]) -> None:
        """Note which sessions were imported, so that they can be completed."""
        for outcome in imported:
            if followed := self._files.get(Path(outcome.path)):
                _note(followed, outcome)

    def look(self) -> Iterator[ImportedFile]:
        """Yield what became of every file that changed since the last look, and of those whose sessions are completed now."""
        named, found = self._find()
        for path in dict.fromkeys((*named, *found, *self._files)):
            followed = self._files.setdefault(path, _Followed(named=path in named))
            state = _state(path)
            if state is None:
                yield from self._left(path)
            elif state != followed.state:
                yield from self._changed(path, followed, state)
            elif followed.tail and time.monotonic() - followed.still_since > SETTLED_SECONDS:
                yield from self._settled(followed)
            if self._quiet and followed.state and followed.sessions and _age(followed.state) >= self._quiet:
                yield from self._settled(followed)
                yield self._completed(path, followed)

    def end(self) -> Iterator[ImportedFile]:
        """Read every file to its end, and yield what was still kept back."""
        for followed in self._files.values():
            yield from self._settled(followed)

    def _changed(self, path: Path, followed: _Followed, state: _State) -> Iterator[ImportedFile]:
        has_grown = followed.state is not None and state.inode == followed.state.inode and state.size_bytes > followed.state.size_bytes
        if followed.tail and not (has_grown and followed.tail.is_same()):
            followed.tail.leave()
            followed.tail = None
        followed.state, followed.still_since = state, time.monotonic()
        if followed.tail is None and not followed.named and (error := looked_at(path, named=False).error):
            if isinstance(error, UnreadableFile):
                yield ImportedFile(str(path), error=error)
            return
        if followed.tail is None and _is_lines(path):
            followed.tail = _Tail(path, self._destination)
        if followed.tail:
            outcome = followed.tail.go_on()
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
        yield from self._told(followed, outcome)

    def _settled(self, followed: _Followed) -> Iterator[ImportedFile]:
        tail, followed.tail = followed.tail, None
        if tail:
            yield from self._told(followed, tail.finish())

    def _left(self, path: Path) -> Iterator[ImportedFile]:
        followed = self._files.pop(path)
        yield from self._settled(followed)

    def _told(self, followed: _Followed, outcome: ImportedFile) -> Iterator[ImportedFile]:
        _note(followed, outcome)
        if outcome.error or outcome.new_turns:
            yield outcome

    def _completed(self, path: Path, followed: _Followed) -> ImportedFile:
        outcome = ImportedFile(str(path))
        waiting, followed.sessions = followed.sessions, {}
        try:
            for session in waiting.values():
                done = completing.complete(self._destination.store, session, budget_tokens=self._budget_tokens)
                outcome.sessions.append(ImportedSession(done.session, 0, 0, done.handoff.version))
        except OnwardError as error:
            outcome.error = error
        return outcome


def _note(followed: _Followed, outcome: ImportedFile) -> None:
    followed.sessions.update({one.session.id: one.session for one in outcome.sessions if one.session.status == "active"})


def follow(follower: Follower, is_over: Callable[[float], bool], on_file: Callable[[ImportedFile], None]) -> None:
    """Look again and again until *is_over*, which waits for so many seconds, says so; tell *on_file* what came in."""
    seconds = 0.0
    while not is_over(seconds):
        began = time.monotonic()
        for outcome in follower.look():
            on_file(outcome)
        seconds = min(MOST_POLL_SECONDS, max(POLL_SECONDS, (time.monotonic() - began) / _LOOK_SHARE))
    for outcome in follower.end():
        on_file(outcome)


class _Tail:
    """A reader at the end of a file, in a thread of its own: a format's reader takes lines when it wants them, and here it waits for the next one."""

    def __init__(self, path: Path, destination: Destination) -> None:
        self.has_ended = False
        self._path = path
        self._destination = destination
        self._heard: queue.Queue[_Heard] = queue.Queue(_AHEAD_ITEMS)
        self._source = _Growing(path, lambda: self._heard.put("waiting"))
        self._intake: SessionIntake | None = None
        self._counted = (0, 0)
        self._failure: Exception | None = None
        # A daemon: one that waits must not keep the process from ending.
        self._thread = threading.Thread(target=self._read, name=f"reading {path}", daemon=True)

    def is_same(self) -> bool:
        """Whether the file still holds what was read of it."""
        return self._source.is_same()

    def go_on(self) -> ImportedFile:
        """Read what is new, keep it, and return what came of it."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._source.go_on()
        return self._kept()

    def finish(self) -> ImportedFile:
        """Read to the end and let nothing wait any more."""
        self._source.end()
        outcome = self._kept()
        self._thread.join()
        return outcome

    def leave(self) -> None:
        """Read no further; what was kept back is left: the file will be read anew."""
        self._source.end()
        while not isinstance(self._heard.get(), Ended):
            pass
        self._thread.join()

    def _read(self) -> None:
        try:
            for item in prepared(self._source, lambda head: self._destination.of(head, self._path).key):
                self._heard.put(item)
        except Exception as error:  # noqa: BLE001 - whoever takes the items raises it: in this thread nobody would see it
            self._failure = error
            self._heard.put(Ended(ImportReport(), None))

    def _kept(self) -> ImportedFile:
        outcome = ImportedFile(str(self._path))
        for item in iter(self._heard.get, _WAITING):
            if isinstance(item, Ended):
                if self._failure:
                    raise self._failure
                outcome.report, outcome.error, self.has_ended = item.report, outcome.error or item.error, True
                break
            if outcome.error:
                continue
            try:
                self._take(cast("Prepared", item), outcome)
            except OnwardError as error:
                outcome.error = error
        self._count(outcome)
        return outcome

    def _take(self, item: Prepared, outcome: ImportedFile) -> None:
        if isinstance(item, SessionHead):
            self._count(outcome)
            self._intake = SessionIntake(self._destination.store, self._destination.of(item, self._path), item, str(self._path))
            self._counted = (0, 0)
        elif self._intake and not isinstance(item, Ended):
            self._intake.take(item)

    def _count(self, outcome: ImportedFile) -> None:
        """Keep what was taken, and add to *outcome* what is new since it was counted last."""
        if self._intake is None:
            return
        try:
            session = self._intake.finish()
        except OnwardError as error:
            outcome.error = outcome.error or error
            return
        now = (self._intake.new_turns, self._intake.known_turns)
        if session and now != self._counted:
            outcome.sessions.append(ImportedSession(session, now[0] - self._counted[0], now[1] - self._counted[1]))
            self._counted = now


class _Growing(Source):
    """A file that may grow: who reads it waits at its end, after telling *on_wait*, until `go_on` or `end`."""

    def __init__(self, path: Path, on_wait: Callable[[], None]) -> None:
        super().__init__(path)
        self._on_wait = on_wait
        self._more = threading.Event()
        self._is_over = False
        self._last = (0, b"")

    def go_on(self) -> None:
        """Let the reader read what is new."""
        self._more.set()

    def end(self) -> None:
        """Let the reader read what is new, and end there."""
        self._is_over = True
        self._more.set()

    def is_same(self) -> bool:
        """Whether the last bytes that were read still stand where they stood."""
        place, last = self._last
        try:
            with self._file() as stream:
                stream.seek(place - len(last))
                return stream.read(len(last)) == last
        except OnwardError:
            return False

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The bytes of the file from its beginning, and what comes after."""
        with super().opened() as stream:
            yield cast("IO[bytes]", _Waiting(stream, self))

    def wait(self, place: int, last: bytes) -> bool:
        """Wait at *place*, after the bytes *last*; False when this is the end."""
        self._last = (place, last)
        if self._is_over:
            return False
        self._on_wait()
        self._more.wait()
        self._more.clear()
        return True


class _Waiting:
    """A stream that waits at its end."""

    def __init__(self, stream: IO[bytes], source: _Growing) -> None:
        self._stream = stream
        self._source = source
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        while not (data := self._stream.read(size)):
            if not self._waits():
                return b""
        self._last = (self._last + data)[-_KNOWN_BYTES:]
        return data

    def readline(self, size: int = -1) -> bytes:
        line = b""
        while not line.endswith(b"\n") and len(line) != size:
            data = self._stream.readline(size - len(line) if size >= 0 else -1)
            if not data and not self._waits():
                break
            line += data
            self._last = (self._last + data)[-_KNOWN_BYTES:]
        return line

    def _waits(self) -> bool:
        return self._source.wait(self._stream.tell(), self._last)


def _state(path: Path) -> _State | None:
    """Return how a file is, with the journal of a database that lies beside it: there its newest rows are; of a folder, how the files in it are."""
    try:
        own = path.stat()
        if path.is_dir():
            within = [one.stat() for one in path.rglob("*.json")]
            return _State(own.st_ino, sum(state.st_size for state in within), max((state.st_mtime_ns for state in within), default=0))
        journal = path.with_name(path.name + "-wal")
        states = [own, journal.stat()] if path.suffix in _DATABASES and journal.exists() else [own]
    except OSError:
        return None
    return _State(own.st_ino, sum(state.st_size for state in states), max(state.st_mtime_ns for state in states))


def _age(state: _State) -> timedelta:
    return datetime.now(UTC) - datetime.fromtimestamp(state.changed_ns / 1e9, UTC)


def _is_lines(path: Path) -> bool:
    """Whether the file is written line by line: its first line is a whole JSON object, and another one follows."""
    try:
        with path.open("rb") as stream:
            first, second = stream.readline(1_000_000), stream.readline(1000)
        return first.endswith(b"\n") and second.startswith(b"{") and isinstance(orjson.loads(first), dict)
    except (OSError, orjson.JSONDecodeError):
        return False
