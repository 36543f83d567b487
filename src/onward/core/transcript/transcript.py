"""The types that every transcript is read into: a stream of `SessionHead`, `Turn` and `Rewind`.

A reader yields one `SessionHead` before the turns of each session, then its turns in the order they happened. Turns are
plain data: they keep what an agent wrote, and `core.transcript.tools` classifies tool calls later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.text.versions import is_newer

Role: TypeAlias = Literal["user", "assistant", "tool", "system"]

Mark: TypeAlias = Literal["said", "queued", "answered", "injected", "summary"]
"""What a turn's text is: `said` by its role; `queued` by a person while the agent worked; `answered` in a
dialog of a tool (only where `dialogs` joined it); `injected` by a program
under a person's or the agent's name (reminders, command envelopes, skill bodies); or a compaction `summary`.
"""


@dataclass(slots=True)
class ToolCall:
    """A tool call of the agent. `arguments` is the agent's own object, or its raw text if it is none."""

    id: str
    name: str
    arguments: dict[str, object] | str


@dataclass(slots=True)
class ToolResult:
    """The result of a call. `is_error` and `exit_code` are None if the transcript does not say."""

    call_id: str
    text: str
    is_error: bool | None = None
    exit_code: int | None = None


@dataclass(slots=True)
class Usage:
    """The tokens of one model answer, as the agent recorded them. `cache_write_1h_tokens` are those of `cache_write_tokens` that the cache
    keeps for an hour, at a higher price.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0


@dataclass(slots=True)
class Turn:
    """One entry of a conversation.

    `id` is the agent's own, unique within the project, or None. `at` is aware UTC or None. A turn of role `tool`
    carries `results` and no text. `sidechain` names the sub-agent of the turn. `line` is the 1-based line (JSON lines,
    Markdown) or 0-based index (one document) of its first record. `error` is the first error in what was left out of a person's message.
    """

    role: Role
    text: str = ""
    at: datetime | None = None
    id: str | None = None
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    thinking: str = ""
    mark: Mark = "said"
    sidechain: str | None = None
    model: str | None = None
    usage: Usage | None = None
    line: int = 0
    error: str = ""


@dataclass(slots=True)
class Rewind:
    """The user went back: the turns after the one with id `to` (all, if None) are an abandoned branch."""

    to: str | None


@dataclass(slots=True)
class SessionHead:
    """What is known of a session before its first turn. `parent_id` is the session it was forked or resumed from."""

    agent: str
    id: str | None = None
    started_at: datetime | None = None
    title: str = ""
    cwd: str = ""
    branch: str = ""
    remote: str = ""
    parent_id: str | None = None


TranscriptItem: TypeAlias = SessionHead | Turn | Rewind


@dataclass(frozen=True, slots=True)
class LimitReading:
    """How much of a limit the service counted as used at a time, as a transcript or a status line records it.

    The limit is of one model, or of all if `model` is empty, over `window_minutes` (0 if unknown). It begins anew at
    `resets_at`. `plan` is the plan that the service names, empty if it names none.
    """

    window_minutes: int
    used_percent: float
    at: datetime
    resets_at: datetime | None = None
    model: str = ""
    plan: str = ""


_MAX_PART_KINDS = 40
"""Types of unknown parts that a report names."""


@dataclass(slots=True)
class ImportReport:
    """The result of reading one file: `records == imported_records + sum(skipped.values()) +
    malformed_count`.

    `imported_records` counts those that are part of a turn, a head or a rewind; `turns` counts the turns yielded. `malformed`
    holds the first hundred as (line, problem); `malformed_count` counts all. `truncated` counts oversized values that
    were cut. `unknown_parts` counts the parts of messages by their type that the reader does not know; the rest of the message is read.
    `titles` are the titles that the agent gave its sessions after their beginning, by its id of the session
    (empty if it gives none). `limits` are the newest readings of each limit, by the agent's id of the session. `client_version`
    is the newest version of the agent, or of its format, that the records name.
    """

    format: str = ""
    client_version: str = ""
    records: int = 0
    imported_records: int = 0
    turns: int = 0
    sessions: int = 0
    truncated: int = 0
    unknown_parts: dict[str, int] = field(default_factory=dict[str, int])
    skipped: dict[str, int] = field(default_factory=dict[str, int])
    malformed: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    malformed_count: int = 0
    titles: dict[str, str] = field(default_factory=dict[str, str])
    limits: dict[str, list[LimitReading]] = field(default_factory=dict[str, list[LimitReading]])

    def meet_version(self, version: str) -> None:
        """Note a version that a record names."""
        if version and version != self.client_version and is_newer(version, self.client_version):
            self.client_version = version

    def meet_limit(self, session_id: str, reading: LimitReading) -> None:
        """Note a reading of a limit; it replaces an older one of the same limit."""
        key = (reading.model, reading.window_minutes)
        others = [other for other in self.limits.get(session_id, []) if (other.model, other.window_minutes) != key or other.at > reading.at]
        is_newest = all((other.model, other.window_minutes) != key for other in others)
        self.limits[session_id] = [*others, reading] if is_newest else others

    def meet_unknown_part(self, kind: str) -> None:
        """Count a part of a message whose type the reader does not know."""
        name = kind[:40] or "none"
        name = name if name in self.unknown_parts or len(self.unknown_parts) < _MAX_PART_KINDS else "others"
        self.unknown_parts[name] = self.unknown_parts.get(name, 0) + 1

    def skip(self, reason: str, records: int = 1) -> None:
        """Count *records* as left out on purpose, for a reason that people understand."""
        self.records += records
        self.skipped[reason] = self.skipped.get(reason, 0) + records

    def reject(self, line: int, reason: str) -> None:
        """Count one record that could not be read."""
        self.records += 1
        self.malformed_count += 1
        if len(self.malformed) < 100:
            self.malformed.append((line, reason))

    def keep(self, records: int = 1) -> None:
        """Count *records* as part of what is yielded."""
        self.records += records
        self.imported_records += records
