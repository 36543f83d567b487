"""Simulated agents: each writes transcripts where and as its agent does, and calls the hooks with that agent's payloads."""

from __future__ import annotations

import json
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

Exchange = tuple[str, str]
"""A prompt and the agent's answer."""


class HookTarget(Protocol):
    """What a simulated agent calls."""

    @property
    def person_home(self) -> Path: ...
    @property
    def shop(self) -> Path: ...
    def hook(self, event: str, agent: str, payload: object) -> dict[str, Any]: ...


@dataclass
class StandIn(ABC):
    """One session of an agent; `day` is the day in March 2026. Begin it, exchange messages, then let it end or crash."""

    target: HookTarget
    day: int
    exchanges: list[Exchange] = field(default_factory=list)
    injected: str = ""

    agent: ClassVar[str] = ""
    events: ClassVar[tuple[str, str, str | None, str | None]] = ("SessionStart", "PreCompact", "SessionEnd", None)
    """The agent's names for start, compaction, end and answer; None if it has no such hook."""

    @property
    def id(self) -> str:
        return f"{self.day:08x}-1111-4222-8333-{len(self.agent):012x}"

    @property
    @abstractmethod
    def path(self) -> Path:
        """The path of the transcript."""

    @abstractmethod
    def write(self) -> None:
        """Write the transcript so far."""

    @abstractmethod
    def crash(self) -> None:
        """Crash while the transcript is written."""

    def payload(self, event: str, **more: object) -> dict[str, object]:
        return {"session_id": self.id, "transcript_path": str(self.path), "cwd": str(self.target.shop), "hook_event_name": event, **more}

    def read_answer(self, answer: dict[str, Any]) -> str:
        return str(answer["hookSpecificOutput"]["additionalContext"])

    def begin(self, **more: object) -> str:
        """Call the first hook and return the text it adds to the session."""
        self.injected = self.read_answer(
            self.target.hook("session-start", self.agent, self.payload(self.events[0], source="startup", **more))
        )
        return self.injected

    def say(self, prompt: str, answer: str) -> None:
        self.exchanges.append((prompt, answer))
        self.write()
        if self.events[3]:
            self.target.hook("stop", self.agent, self.payload(self.events[3], status="completed", loop_count=0, stop_hook_active=False))

    def compact(self) -> None:
        self.target.hook("pre-compact", self.agent, self.payload(self.events[1], trigger="auto"))

    def end(self) -> bool:
        """End as the agent does; return False if it has no hook for that."""
        if self.events[2]:
            self.target.hook("session-end", self.agent, self.payload(self.events[2], reason="exit"))
        return self.events[2] is not None

    def time(self, place: int) -> str:
        return f"2026-03-{self.day:02}T09:{place:02}:00.000Z"


class TextStandIn(StandIn):
    """An agent whose transcript is one text file."""

    @abstractmethod
    def content(self) -> str:
        """The transcript so far, in the agent's format."""

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.content())

    def crash(self) -> None:
        """Crash in the middle of the last line."""
        data = self.path.read_bytes()
        self.path.write_bytes(data + data.rstrip(b"\n").rpartition(b"\n")[2][:-40])


class ClaudeCode(TextStandIn):
    agent = "claude-code"

    @property
    def path(self) -> Path:
        return self.target.person_home / ".claude" / "projects" / re.sub(r"[^a-zA-Z0-9-]", "-", str(self.target.shop)) / f"{self.id}.jsonl"

    def content(self) -> str:
        records: list[dict[str, object]] = []

        def add(role: str, content: object, **more: object) -> None:
            place = len(records)
            about = {"cwd": str(self.target.shop), "sessionId": self.id, "version": "2.1.30", "gitBranch": "main", "isSidechain": False}
            name = {"uuid": f"{self.id}-{place}", "parentUuid": f"{self.id}-{place - 1}" if place else None, "timestamp": self.time(place)}
            records.append({**about, **name, "type": role, "message": {"role": role, "content": content}, **more})

        reminder = f"<system-reminder>\nSessionStart:startup hook success: {self.injected}\n</system-reminder>"
        for prompt, answer in self.exchanges:
            first = [] if records or not self.injected else [{"type": "text", "text": reminder}]
            add("user", [*first, {"type": "text", "text": prompt}])
            add("assistant", [{"type": "text", "text": answer}])
        return "".join(json.dumps(record) + "\n" for record in records)


class Codex(TextStandIn):
    agent = "codex"
    events = ("SessionStart", "PreCompact", "SessionEnd", "Stop")

    @property
    def path(self) -> Path:
        return (
            self.target.person_home
            / ".codex"
            / "sessions"
            / "2026"
            / "03"
            / f"{self.day:02}"
            / f"rollout-2026-03-{self.day:02}T09-00-00-{self.id}.jsonl"
        )

    def payload(self, event: str, **more: object) -> dict[str, object]:
        return {**super().payload(event, **more), "model": "gpt-5.4-codex", "permission_mode": "default"} | (
            {"turn_id": "t1"} if event == "Stop" else {}
        )

    def content(self) -> str:
        records: list[dict[str, object]] = []

        def add(kind: str, payload: dict[str, object]) -> None:
            records.append({"timestamp": self.time(len(records)), "type": kind, "payload": payload})

        def message(role: str, text: str) -> None:
            kind = "output_text" if role == "assistant" else "input_text"
            add("response_item", {"type": "message", "role": role, "content": [{"type": kind, "text": text}]})

        add(
            "session_meta",
            {"id": self.id, "timestamp": self.time(0), "cwd": str(self.target.shop), "originator": "codex_cli_rs", "cli_version": "0.98.0"},
        )
        if self.injected:
            message("developer", self.injected)
        for prompt, answer in self.exchanges:
            message("user", prompt)
            message("assistant", answer)
        return "".join(json.dumps(record) + "\n" for record in records)


class Gemini(TextStandIn):
    agent = "gemini-cli"
    events = ("SessionStart", "PreCompress", "SessionEnd", "AfterAgent")

    @property
    def path(self) -> Path:
        return self.target.person_home / ".gemini" / "tmp" / "shop" / "chats" / f"session-2026-03-{self.day:02}T09-00-{self.id[:8]}.jsonl"

    def payload(self, event: str, **more: object) -> dict[str, object]:
        return {**super().payload(event, **more), "timestamp": self.time(0)}

    def content(self) -> str:
        index = self.target.person_home / ".gemini" / "projects.json"
        index.write_text(json.dumps({"projects": {str(self.target.shop): "shop"}}))
        records: list[dict[str, object]] = [
            {"sessionId": self.id, "projectHash": "2d98053251b0c57d", "startTime": self.time(0), "lastUpdated": self.time(1)}
        ]
        for prompt, answer in self.exchanges:
            parts = [{"text": prompt}]
            if self.injected and len(records) == 1:
                parts.insert(0, {"text": f"<hook_context>{self.injected}</hook_context>"})
            for kind, content in (("user", parts), ("gemini", answer)):
                records.append({"id": f"{self.id}-{len(records)}", "timestamp": self.time(len(records)), "type": kind, "content": content})
        return "".join(json.dumps(record) + "\n" for record in records)


class Cursor(TextStandIn):
    agent = "cursor"
    events = ("sessionStart", "preCompact", "sessionEnd", "stop")

    @property
    def path(self) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]+", "-", str(self.target.shop)).strip("-")
        return self.target.person_home / ".cursor" / "projects" / slug / "agent-transcripts" / self.id / f"{self.id}.jsonl"

    def payload(self, event: str, **more: object) -> dict[str, object]:
        about = {"conversation_id": self.id, "generation_id": "g1", "cursor_version": "2.4.1", "workspace_roots": [str(self.target.shop)]}
        return {**about, "hook_event_name": event, "transcript_path": None, "user_email": None, **more}

    def read_answer(self, answer: dict[str, Any]) -> str:
        return str(answer["additional_context"])

    def content(self) -> str:
        records = []
        for prompt, answer in self.exchanges:
            around = f"<hook_context>\n{self.injected}\n</hook_context>\n" if self.injected and not records else ""
            records.append(
                {"role": "user", "message": {"content": [{"type": "text", "text": f"{around}<user_query>\n{prompt}\n</user_query>"}]}}
            )
            records.append({"role": "assistant", "message": {"content": [{"type": "text", "text": answer}]}})
        return "".join(json.dumps(record) + "\n" for record in records)


class Qwen(TextStandIn):
    """In a terminal; without one, Qwen Code ends without an event."""

    agent = "qwen-code"
    events = ("SessionStart", "PreCompact", "SessionEnd", "Stop")

    @property
    def path(self) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(self.target.shop))
        return self.target.person_home / ".qwen" / "projects" / slug / "chats" / f"{self.id}.jsonl"

    def payload(self, event: str, **more: object) -> dict[str, object]:
        return {**super().payload(event, **more), "timestamp": self.time(0), "permission_mode": "default"}

    def content(self) -> str:
        records: list[dict[str, object]] = []
        kinds = {"user": ("user", "real_user"), "assistant": ("model", "assistant_output")}
        for prompt, answer in self.exchanges:
            for kind, text in (("user", prompt), ("assistant", answer)):
                role, provenance = kinds[kind]
                parent = records[-1]["uuid"] if records else None
                about = {"sessionId": self.id, "cwd": str(self.target.shop), "version": "0.24.4", "gitBranch": "main"}
                name = {"uuid": f"{self.id}-{len(records)}", "parentUuid": parent, "timestamp": self.time(len(records))}
                message = {"role": role, "parts": [{"text": text}]}
                records.append({**about, **name, "type": kind, "provenance": provenance, "message": message})
        return "".join(json.dumps(record) + "\n" for record in records)


class Copilot(TextStandIn):
    """Its hooks name no transcript at the start and at the end."""

    agent = "copilot"
    events = ("sessionStart", "preCompact", "sessionEnd", "agentStop")

    @property
    def path(self) -> Path:
        return self.target.person_home / ".copilot" / "session-state" / self.id / "events.jsonl"

    def payload(self, event: str, **more: object) -> dict[str, object]:
        transcript = {"transcriptPath": str(self.path)} if event == "agentStop" else {}
        return {"sessionId": self.id, "timestamp": 1772409600000, "cwd": str(self.target.shop), **transcript, **more}

    def read_answer(self, answer: dict[str, Any]) -> str:
        return str(answer["additionalContext"])

    def content(self) -> str:
        records: list[dict[str, object]] = []

        def add(kind: str, data: dict[str, object]) -> None:
            name = {"id": f"{self.id}-{len(records)}", "parentId": records[-1]["id"] if records else None}
            records.append({"type": kind, "data": data, **name, "timestamp": self.time(len(records))})

        context = {"cwd": str(self.target.shop), "gitRoot": str(self.target.shop), "branch": "main"}
        add("session.start", {"sessionId": self.id, "version": 1, "startTime": self.time(0), "context": context})
        if self.injected:
            add("hook.end", {"hookType": "sessionStart", "success": True, "output": {"additionalContext": self.injected}})
        for prompt, answer in self.exchanges:
            add("user.message", {"content": prompt, "transformedContent": prompt})
            add("assistant.message", {"messageId": f"{self.id}-answer-{len(records)}", "content": answer, "toolRequests": []})
        return "".join(json.dumps(record) + "\n" for record in records)


class Pi(TextStandIn):
    """Its plugin calls the hooks."""

    agent = "pi"
    events = ("session_start", "session_before_compact", "session_shutdown", "agent_end")

    @property
    def path(self) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]+", "-", str(self.target.shop)).strip("-")
        return (
            self.target.person_home / ".pi" / "agent" / "sessions" / f"--{slug}--" / f"2026-03-{self.day:02}T09-00-00-000Z_{self.id}.jsonl"
        )

    def content(self) -> str:
        records: list[dict[str, object]] = [
            {"type": "session", "version": 3, "id": self.id, "timestamp": self.time(0), "cwd": str(self.target.shop)}
        ]
        for prompt, answer in self.exchanges:
            for role, text in (("user", prompt), ("assistant", answer)):
                parent = records[-1]["id"] if len(records) > 1 else None
                message = {"role": role, "content": [{"type": "text", "text": text}]}
                name = {"id": f"{self.day:02x}{len(records):06x}", "parentId": parent, "timestamp": self.time(len(records))}
                records.append({"type": "message", **name, "message": message})
        return "".join(json.dumps(record) + "\n" for record in records)


class Cline(TextStandIn):
    """Its plugin calls the hooks."""

    agent = "cline"
    events = ("setup", "compact", "exit", "afterRun")

    @property
    def path(self) -> Path:
        return self.target.person_home / ".cline" / "data" / "sessions" / self.id / f"{self.id}.messages.json"

    def content(self) -> str:
        messages = []
        start = {"session_id": self.id, "started_at": self.time(0), "cwd": str(self.target.shop)}
        self.path.with_name(f"{self.id}.json").write_text(json.dumps(start))
        at = datetime.fromisoformat(self.time(0)).timestamp() * 1000
        for prompt, answer in self.exchanges:
            for role, text in (("user", f'<user_input mode="act">{prompt}</user_input>'), ("assistant", answer)):
                content = [{"type": "text", "text": text}]
                messages.append({"id": f"{self.id}-{len(messages)}", "role": role, "content": content, "ts": at + 60_000 * len(messages)})
        document = {"version": 1, "updated_at": self.time(9), "agent": "lead", "sessionId": self.id, "messages": messages}
        return json.dumps(document, indent=1)

    def crash(self) -> None:
        self.path.write_bytes(self.path.read_bytes()[:-40])


class OpenCode(StandIn):
    """Its plugin calls the hooks, and the sessions of all projects are in one database."""

    agent = "opencode"
    events = ("chat.message", "experimental.session.compacting", "dispose", "session.idle")

    @property
    def path(self) -> Path:
        return self.target.person_home / ".local" / "share" / "opencode" / "opencode.db"

    def payload(self, event: str, **more: object) -> dict[str, object]:
        return {"session_id": self.id, "cwd": str(self.target.shop), **more}

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(_OPENCODE_SCHEMA)
            at = int(datetime.fromisoformat(self.time(0)).timestamp() * 1000)
            shop = str(self.target.shop)
            rows = [(self.id, None, shop, "Receipts", at), (f"other-{self.id}", None, f"{shop}-other", "Other work", at)]
            connection.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)", rows)
            texts = [
                (self.id, role, text) for exchange in self.exchanges for role, text in zip(("user", "assistant"), exchange, strict=True)
            ]
            for place, (session, role, text) in enumerate([*texts, (f"other-{self.id}", "user", "Work on something else.")]):
                name = f"{session}-{place:04}"
                moment = at + 60_000 * place
                message = json.dumps({"role": role, "time": {"created": moment}})
                connection.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?)", (name, session, moment, message))
                part = json.dumps({"type": "text", "text": text})
                connection.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?)", (f"{name}-part", name, session, part))
            connection.commit()

    def crash(self) -> None:
        """A database is whole after a crash."""


_OPENCODE_SCHEMA = """
CREATE TABLE IF NOT EXISTS session (id text PRIMARY KEY, parent_id text, directory text NOT NULL, title text, time_created integer);
CREATE TABLE IF NOT EXISTS message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer, data text NOT NULL);
CREATE TABLE IF NOT EXISTS part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, data text NOT NULL);
"""

STAND_INS: dict[str, Callable[[HookTarget, int], StandIn]] = {
    "claude-code": ClaudeCode, "codex": Codex, "gemini-cli": Gemini, "cursor": Cursor, "qwen-code": Qwen, "copilot": Copilot,
    "opencode": OpenCode, "cline": Cline, "pi": Pi,
}  # fmt: skip
