"""OpenCode: the export of a session as one document, its storage folder of one file per message and part, and its SQLite database.

The database has the messages of OpenCode 1, of OpenCode 2, or both. Kilo Code is built on OpenCode and writes the same. All hold the same:
a session, its messages (`info`), and the parts of each. An assistant's message has its calls and their results in `tool` parts. A session
with a parent is a sub-agent's. A message and each of its parts are records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from onward.core.transcript.frames import unframe
from onward.core.transcript.transcript import ImportReport, Mark, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, parse_arguments
from onward.formats.databases import has_tables, list_tables, open_database
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, unknown_reason
from onward.formats.identity import order_sessions
from onward.formats.opencode_messages import SWITCHES, to_message
from onward.formats.source import TranscriptSource

if TYPE_CHECKING:
    import sqlite3

NAME = "opencode"
VERSIONS = ("0.5", "1.2", "1.18.33", "2.0.12")

_COPIED = "evt_legacy_backfill"
"""How the ids of messages begin that OpenCode 2 made from those of its predecessor."""
_SKIPPED = {
    "step-start": "edge of a step",
    "step-finish": "edge of a step",
    "snapshot": "snapshot of the files",
    "patch": "snapshot of the files",
    "retry": "retry",
    "agent": "mention of an agent",
    "compaction": "start of a compaction",
}


def detect(head: bytes) -> bool:
    """Whether *head* is of an export, of a session file of the storage, or of the database."""
    if has_tables(head, "session", "message", "part") or has_tables(head, "session_v2", "session_message"):
        return True
    flat = head[:4096].replace(b'": ', b'":').lstrip()
    if not flat.startswith(b"{"):
        return False
    return b'"ses_' in flat and (b'"projectID":' in flat or b'"sessionID":' in flat or b'"directory":' in flat)


def detect_folder(folder: Path) -> bool:
    """Whether *folder* is a storage folder, or the data folder around it; not if a database is beside it, which is its own transcript."""
    return any(True for _ in _session_files(folder)) and not any(folder.glob("*.db"))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the sessions of *source*. The messages of a stored session file are in the folders beside it."""
    path = source.path
    if path is not None and path.is_dir():
        for file in _session_files(path):
            yield from _stored_session(file, as_object(_load_object(file, report)), report)
    elif source.head.startswith(b"SQLite"):
        with open_database(source) as connection:
            yield from _read_database(connection, _agent(source), report, source.session_id)
    else:
        document = as_object(source.document(report))
        if "messages" in document:
            messages = (
                (as_object(as_object(entry).get("info")), as_list(as_object(entry).get("parts"))) for entry in as_list(document["messages"])
            )
            yield from _session(as_object(document.get("info")), messages, report)
        elif "sessionID" in document:
            report.skip("piece of a stored session")
        elif path is not None:
            yield from _stored_session(path, document, report)
        else:
            report.skip("session file without its folder")


def _agent(source: TranscriptSource) -> str:
    """Return the agent whose database it is, which only its name shows."""
    return "kilo" if source.path is not None and source.path.stem.startswith("kilo") else NAME


def _session(info: dict[str, Any], messages: Iterable[tuple[dict[str, Any], list[Any]]], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the head and turns of one session; undone turns are followed by a rewind."""
    session_id, parent_id = as_text(info.get("id")), as_text(info.get("parentID"))
    report.meet_version(as_text(info.get("version")))
    time = as_object(info.get("time"))
    head: SessionHead | None = SessionHead(
        agent=as_text(info.get("agentName")) or NAME,
        id=session_id or None,
        started_at=as_time(time.get("created")),
        title=as_text(info.get("title")),
        cwd=as_text(info.get("directory")),
        parent_id=parent_id or None,
    )
    lane = (session_id or None) if parent_id else None
    undone_from = as_text(as_object(info.get("revert")).get("messageID"))
    is_undone, last_id = False, None
    before_undone: str | None = None
    for index, (message, parts) in enumerate(messages):
        if not message:
            report.reject(index, "message without its head")
            continue
        if undone_from and message.get("id") == undone_from:
            is_undone, before_undone = True, last_id
        for turn in _turns(index, message, parts, lane, report):
            last_id = turn.id or last_id
            if head is not None:
                yield head
                head = None
            yield turn
    if is_undone and (lane is None or before_undone):  # a sub-agent's session is its parent's, which goes on
        yield Rewind(to=before_undone)


def _turns(index: int, message: dict[str, Any], parts: list[Any], lane: str | None, report: ImportReport) -> Iterator[Turn]:
    """Yield the turns of one message: a prompt with additions, or steps of an answer, each followed by its results."""
    message_id = as_text(message.get("id")) or None
    at = as_time(as_object(message.get("time")).get("created"))
    role = as_text(message.get("role"))
    if role == "user":
        turns = list(_prompt(parts, lane, report))
    elif role == "shell":
        turns = list(_user_command(parts, report))
    else:
        turns = list(_answer(message, parts, report))
    for number, turn in enumerate(turns):
        turn.id = f"{message_id}:{number}" if number and message_id else message_id
        turn.at, turn.line, turn.sidechain = at, index, lane
        yield turn
    if turns:
        report.keep()
    elif role:
        report.skip("empty message")
    else:
        kind = as_text(message.get("type"))
        report.skip("switch of agent or model" if kind in SWITCHES else unknown_reason(report.skipped, kind))


def _user_command(parts: list[Any], report: ImportReport) -> Iterator[Turn]:
    """Yield a command that the user ran, and its outcome."""
    for part in parts:
        call, result = _parse_tool(part)
        report.keep()
        yield Turn(role="user", text=f"! {as_object(call.arguments).get('command', '')}", calls=(call,))
        yield Turn(role="tool", results=(result,) if result else ())


def _prompt(parts: list[Any], lane: str | None, report: ImportReport) -> Iterator[Turn]:
    typed_texts: list[str] = []
    injected_texts: list[str] = []
    for part in map(as_object, parts):
        kind = as_text(part.get("type"))
        if kind == "text" and as_text(part.get("text")).strip():
            is_injected = part.get("synthetic") or part.get("ignored")
            (injected_texts if is_injected else typed_texts).append(_without_quotes(as_text(part["text"]).strip()))
        elif kind == "file":
            typed_texts.append(f"[attached: {as_text(part.get('filename')) or as_text(part.get('url'))[:200]}]")
        elif kind == "subtask":
            # The brief of a sub-agent is a command's template: only its arguments are the person's.
            brief = as_text(part.get("prompt"))
            words = unframe(brief)[0]
            (typed_texts if words != brief.strip() else injected_texts).append(words or brief)
        else:
            report.skip(_SKIPPED.get(kind) or unknown_reason(report.skipped, kind))
            continue
        report.keep()
    mark: Mark = "said" if lane is None else "injected"
    if typed_texts:
        yield Turn(role="user", text="\n\n".join(typed_texts), mark=mark)
    if injected_texts:
        yield Turn(role="user", text="\n\n".join(injected_texts), mark="injected")


def _without_quotes(text: str) -> str:
    """Return a prompt without the quotes that `opencode run` puts around an argument with spaces."""
    body = text[1:-1]
    is_quoted = len(text) > 2 and text[0] == text[-1] == '"' and " " in body and '"' not in body.replace('\\"', "")
    return body.replace('\\"', '"') if is_quoted else text


def _answer(message: dict[str, Any], parts: list[Any], report: ImportReport) -> Iterator[Turn]:
    """Yield the steps of an answer. Text after the result of a call begins the next step."""
    turn = Turn(role="assistant", model=as_text(message.get("modelID")) or None, usage=_parse_usage(message.get("tokens")))
    turn.mark = "summary" if message.get("summary") is True else "said"
    error = as_object(as_object(message.get("error")).get("data")).get("message")
    results: list[ToolResult] = []
    for part in map(as_object, [*parts, {"type": "end"}]):
        kind = as_text(part.get("type"))
        if (kind in {"text", "reasoning", "step-start", "end"}) and turn.calls:
            yield turn
            if results:
                yield Turn(role="tool", results=tuple(results))
            turn, results = Turn(role="assistant", model=turn.model, mark=turn.mark), []
        if kind == "text":
            turn.text = "\n\n".join(filter(None, (turn.text, as_text(part.get("text")).strip())))
        elif kind == "reasoning" and as_text(part.get("text")):
            turn.thinking = "\n\n".join(filter(None, (turn.thinking, as_text(part["text"]))))
        elif kind == "tool":
            call, result = _parse_tool(part)
            turn.calls = (*turn.calls, call)
            results += [result] if result else []
        elif kind != "end":
            report.skip("encrypted reasoning" if kind == "reasoning" else _SKIPPED.get(kind) or unknown_reason(report.skipped, kind))
            continue
        if kind != "end":
            report.keep()
    if isinstance(error, str) and error:
        turn.text = f"{turn.text}\n\n[{error}]".strip()
    if turn.text or turn.thinking:
        yield turn


def _parse_tool(part: dict[str, Any]) -> tuple[ToolCall, ToolResult | None]:
    state = as_object(part.get("state"))
    call_id = as_text(part.get("callID")) or as_text(part.get("id"))
    call = ToolCall(call_id, as_text(part.get("tool")), parse_arguments(state.get("input")))
    status = as_text(state.get("status"))
    if status not in {"completed", "error"}:
        return call, None
    text = as_text(state.get("output")) if status == "completed" else as_text(state.get("error"))
    code = as_object(state.get("metadata")).get("exit")
    return call, ToolResult(call_id, text, status == "error", code if type(code) is int else None)


def _parse_usage(tokens: object) -> Usage | None:
    """OpenCode counts reasoning apart from the output that includes it."""
    if not isinstance(tokens, dict):
        return None
    cache = as_object(tokens.get("cache"))
    output_tokens = as_count(tokens.get("output")) + as_count(tokens.get("reasoning"))
    return build_usage(as_count(tokens.get("input")), output_tokens, as_count(cache.get("read")), as_count(cache.get("write")))


def _session_files(folder: Path) -> Iterator[Path]:
    """Return the session files of a storage folder sorted by id; `session/info` is the older location."""
    for storage in (folder, folder / "storage"):
        yield from sorted(path for path in storage.glob("session/*/ses_*.json") if path.is_file())


def _stored_session(file: Path, info: dict[str, Any], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session of a session file of the storage."""
    session_id = as_text(info.get("id"))
    if not _is_name(session_id):
        report.reject(0, f"{file.name} names no session")
        return
    report.keep()
    storage = file.parents[2]
    folders = [storage / "message" / session_id, storage / "session" / "message" / session_id]
    messages = [message for folder in folders for path in sorted(folder.glob("*.json")) if (message := _load_object(path, report))]
    messages.sort(key=lambda message: (as_count(as_object(message.get("time")).get("created")), as_text(message.get("id"))))

    def load_parts(message_id: str) -> list[Any]:
        if not _is_name(message_id):
            return []
        part_folders = (storage / "part" / message_id, storage / "session" / "part" / session_id / message_id)
        return [part for part_folder in part_folders for path in sorted(part_folder.glob("*.json")) if (part := _load_object(path, report))]

    yield from _session(info, ((message, load_parts(as_text(message.get("id")))) for message in messages), report)


def _load_object(path: Path, report: ImportReport) -> dict[str, Any] | None:
    """Return the object in one small file of the storage; None, with a report, if it is missing."""
    try:
        value = orjson.loads(path.read_bytes()) if path.is_file() and not path.is_symlink() else None
    except (OSError, orjson.JSONDecodeError):
        value = None
    if isinstance(value, dict):
        return value
    report.reject(0, f"{path.name} is not a JSON object")
    return None


def _is_name(name: str) -> bool:
    """Whether *name* is safe as part of a path: it comes from an untrusted file."""
    return bool(name) and name.replace("_", "").replace("-", "").isalnum()


def _read_database(connection: sqlite3.Connection, agent: str, report: ImportReport, session_id: str) -> Iterator[TranscriptItem]:
    """Yield every session of the database, oldest first; with *session_id* only that one and its sub-agents. With both schemas, a session
    may be in both: its newer head counts.
    """
    tables = list_tables(connection)
    rows: dict[str, dict[str, Any]] = {}
    for table in ("session", "session_v2"):
        if table in tables:
            rows |= {row["id"]: row for row in connection.execute(f"SELECT * FROM {table}")}  # noqa: S608 - one of two names
    wanted = _family(rows, session_id) if session_id else rows.keys()
    started = sorted(rows, key=lambda key: (as_count(rows[key].get("time_created")), as_text(key)))
    for row in map(rows.__getitem__, order_sessions((key, as_text(rows[key].get("parent_id"))) for key in started if key in wanted)):
        info: dict[str, Any] = {**row, "parentID": row.get("parent_id"), "revert": _json(row.get("revert")), "agentName": agent}
        info["time"] = {"created": row.get("time_created")}
        yield from _session(info, _rows(connection, tables, row["id"], report), report)


def keep_session(path: Path, session_id: str) -> None:
    """Delete every session but one, and its sub-agents, from a copy of a database, so that nothing else is sent with it."""
    import sqlite3

    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        heads = [table for table in ("session", "session_v2") if table in tables]
        parents = {
            row_id: {"parent_id": parent}
            for table in heads
            for row_id, parent in connection.execute(f"SELECT id, parent_id FROM {table}")  # noqa: S608 - one of two names
        }
        connection.execute("CREATE TEMP TABLE wanted (id TEXT PRIMARY KEY)")
        connection.executemany("INSERT INTO wanted VALUES (?)", [(row_id,) for row_id in _family(parents, session_id)])
        columns = {"part": "session_id", "message": "session_id", "session_message": "session_id", **dict.fromkeys(heads, "id")}
        for table, column in columns.items():
            if table in tables:
                connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM wanted)")  # noqa: S608 - names above
        connection.commit()
        connection.execute("VACUUM")


def _family(rows: Mapping[str, Mapping[str, Any]], session_id: str) -> set[str]:
    """Return the ids of a session and of the sub-agents below it."""
    family = {session_id}
    while more := {row_id for row_id, row in rows.items() if row.get("parent_id") in family} - family:
        family |= more
    return family


def _rows(
    connection: sqlite3.Connection, tables: set[str], session_id: str, report: ImportReport
) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield the messages of one session with their parts. The ids have columns of their own. Messages that OpenCode 2 copied from its
    predecessor count once.
    """
    known_ids: set[str] = set()
    if {"message", "part"} <= tables:
        for row in connection.execute("SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id", (session_id,)):
            parts = [
                _json(part["data"]) for part in connection.execute("SELECT data FROM part WHERE message_id = ? ORDER BY id", (row["id"],))
            ]
            message = _json(row["data"])
            known_ids.add(row["id"])
            yield ({**message, "id": row["id"]} if message else {}), parts
    if "session_message" in tables:
        for row in connection.execute("SELECT id, type, data FROM session_message WHERE session_id = ? ORDER BY seq, id", (session_id,)):
            if row["id"] in known_ids or (known_ids and row["id"].startswith(_COPIED)):
                report.skip("copy of an older message")
                continue
            yield to_message(row["id"], as_text(row["type"]), _json(row["data"]))


def _json(data: object) -> dict[str, Any]:
    try:
        return as_object(orjson.loads(data)) if isinstance(data, str | bytes) else {}
    except orjson.JSONDecodeError:
        return {}
