"""Transcripts of any agent, read into one stream of turns.

A format is one module with `NAME`, `detect(head)` and `read(source, report)`. Formats are detected by content, never by file name, and do
not know each other. Other packages add one through the entry point group `onward.formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol, cast

from onward.core.text.paths import is_possible
from onward.core.transcript.transcript import ImportReport, SessionHead, TranscriptItem, Turn
from onward.core.transcript.turn import unframe_turn
from onward.errors import NothingRead, UnknownFormat
from onward.formats.fields import UNKNOWN_TYPE, holds_objects
from onward.formats.identity import SessionIdentities, TurnIdentities
from onward.formats.source import TranscriptSource
from onward.formats.todos import TodoLists
from onward.message import Message

__all__ = ["FORMATS", "Format", "TranscriptSource", "detect", "is_single_input", "known_versions", "open_source", "read"]

FORMATS: tuple[str, ...] = (
    "qwen",
    "claude_code",
    "codex",
    "copilot",
    "vscode_chat",
    "specstory",
    "markdown_export",
    "claude_terminal",
    "codex_terminal",
    "gemini_terminal",
    "copilot_copy",
    "opencode",
    "antigravity",
    "kimi",
    "droid",
    "cline",
    "pi",
    "gemini",
    "cursor",
    "cursor_db",
    "kiro",
    "continue_dev",
    "crush",
    "amp",
    "goose",
    "grok",
    "openhands",
    "swe_agent",
    "atif",
    "hermes",
    "gemini_checkpoint",
    "posit",
    "chatgpt",
    "claude_ai",
    "ai_studio",
    "aider",
    "json_turns",
    "pasted",
)
"""Modules of this package in the order of detection: the common ones first; last those that accept any list of turns, and any text."""
_EXACT_FORMATS, _GENERAL_FORMATS = FORMATS[:-2], FORMATS[-2:]
_MAX_NAMED_TYPES = 8
_SQLITE = b"SQLite format 3"
_BLANK_BYTES = b"\0 \t\r\n"
_TEXT_FORMATS = frozenset(
    "specstory markdown_export claude_terminal codex_terminal gemini_terminal copilot_copy cline cursor aider pasted".split()
)
"""Formats of plain text. Only these are tried on input that is neither JSON nor a database, so that pasted text does not import every
module.
"""


class Format(Protocol):
    """The interface of a format module."""

    NAME: str

    def detect(self, head: bytes) -> bool:
        """Whether the first 64 KiB of an input, decompressed, are of this format."""
        ...

    def read(self, source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
        """Yield heads, turns and rewinds in order, and account for every record in *report*."""
        ...


def open_source(path: Path | str | IO[bytes]) -> TranscriptSource:
    """The input at *path*, or in a binary stream such as standard input."""
    return TranscriptSource(Path(path) if isinstance(path, str) else path)


def detect(source: TranscriptSource) -> Format:
    """Return the format of *source*, detected from its content alone. Raises `UnknownFormat` if nothing readable is in it.

    A folder is one input where an agent stores one session, or its store of sessions, in many files.
    """
    if source.path is not None and source.path.is_dir():
        return _folder_format(source.path)
    for head, formats in _attempts(source):
        for module in formats:
            if module.detect(head):
                return module
    raise UnknownFormat(
        Message("Onward does not recognise {name} as a transcript.", name=source.name),
        "Give it a session file of an agent, a JSON list of turns, or pasted chat as plain text.",
    )


def is_single_input(folder: Path) -> bool:
    """Whether *folder* is one input: an agent's session or store of sessions in several files."""
    return any(detect_folder(folder) for detect_folder in _folder_detectors().values())


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the heads, turns and rewinds of *source* in the order they happened. *report* is complete after the last item.

    A head comes with the first turn of its session; sessions without a turn are left out. The session of a sub-agent is its parent's.
    Raises `NothingRead` if there is something, but no turn.
    """
    transcript_format = detect(source)
    report.format = transcript_format.NAME
    identities, todo_lists, sessions = TurnIdentities(), TodoLists(), SessionIdentities()
    waiting_items: list[TranscriptItem] = []
    for item in transcript_format.read(source, report):
        if isinstance(item, Turn):
            report.turns += 1
            identities.mark(item)
            todo_lists.complete(item)
            if waiting_items:
                report.sessions += sessions.is_new(waiting_items[0], item)
                yield from waiting_items
                waiting_items = []
            yield unframe_turn(item)
        elif isinstance(item, SessionHead):
            item.cwd = item.cwd if is_possible(item.cwd) else ""
            waiting_items, todo_lists = [item], TodoLists()
        elif waiting_items:
            waiting_items.append(item)
        else:
            yield item
    report.truncated += source.cut_values
    if source.damage:
        report.reject(0, source.damage)
    if not report.turns and (report.records or source.head.strip(_BLANK_BYTES)):
        raise _nothing_read(source, report)


def _nothing_read(source: TranscriptSource, report: ImportReport) -> NothingRead:
    """Return the error that names the types of records that were met in place of messages."""
    if not report.records:
        return NothingRead(
            Message("No message found in {name}, read as {format}.", name=source.name, format=report.format),
            "If it contains messages, this version of Onward does not know their format.",
        )
    types = sorted(report.skipped.items(), key=lambda item: -item[1])
    names = [f"{name} ({count:,})" for name, count in types[:_MAX_NAMED_TYPES]]
    if report.malformed_count:
        names.append(f"unreadable ({report.malformed_count:,})")
    if report.imported_records:
        names.append(f"data of the session ({report.imported_records:,})")
    error = NothingRead(
        Message(
            "No message found in {name}: its {count} records, read as {format}, have these types: {types}.",
            name=source.name,
            format=report.format,
            count=report.records,
            types=", ".join(names),
        ),
        "If it contains messages, this version of Onward does not know their format.",
    )
    error.has_unknown = bool(report.malformed_count) or any(name.startswith(UNKNOWN_TYPE) for name in report.skipped)
    return error


def _folder_format(folder: Path) -> Format:
    for module, detect_folder in _folder_detectors().items():
        if detect_folder(folder):
            return module
    raise UnknownFormat(
        Message("{folder} is not a folder in which an agent stores sessions.", folder=folder),
        "Name a file in it, or import the whole folder.",
    )


def known_versions(name: str) -> tuple[str, ...]:
    """Return the versions of the client, or of its format, that the reader of the format *name* was seen with, if any."""
    module = next((module for module in map(_import_format, FORMATS) if name == module.NAME), None)
    return getattr(module, "VERSIONS", ())


@cache
def _folder_detectors() -> dict[Format, Callable[[Path], bool]]:
    """The interface of formats whose sessions may be folders."""
    modules = (*map(_import_format, FORMATS), *_installed_formats())
    return {module: module.detect_folder for module in modules if hasattr(module, "detect_folder")}


def _heads(source: TranscriptSource) -> Iterator[bytes]:
    """Yield the beginning of *source*; then, of a database that it does not identify, the whole schema."""
    yield source.head
    if source.head.startswith(_SQLITE):
        from onward.formats.databases import schema_head

        yield schema_head(source)


@cache
def _import_format(name: str) -> Format:
    return cast("Format", import_module(f"{__name__}.{name}"))


def _attempts(source: TranscriptSource) -> Iterator[tuple[bytes, Iterable[Format]]]:
    """Yield the heads of *source* with the formats that may fit each, imported only when tried. Formats of other packages are looked up
    only when none of these fits exactly, since that takes milliseconds; the general ones come last.
    """
    for head in _heads(source):
        yield head, _import_formats(_EXACT_FORMATS, head)
        yield head, _installed_formats()
    if records := source.record_head:
        yield records, _import_formats((*_EXACT_FORMATS, "json_turns"), records)
    yield source.head, _import_formats(_GENERAL_FORMATS, source.head)


def _import_formats(names: Iterable[str], head: bytes) -> Iterator[Format]:
    """Yield the formats of *names* that may fit *head*."""
    is_text = not (holds_objects(head) or head.lstrip(_BLANK_BYTES).startswith((b"[", b"{", b"SQLite")))
    yield from (_import_format(name) for name in names if not is_text or name in _TEXT_FORMATS)


@cache
def _installed_formats() -> tuple[Format, ...]:
    """The installed formats of other packages."""
    from importlib.metadata import entry_points

    return tuple(cast("Format", point.load()) for point in entry_points(group="onward.formats"))
