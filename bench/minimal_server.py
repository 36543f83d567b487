"""The ceiling for `bench.server`: a minimal hand-written server with FastAPI and sqlite3 over a copy of the same database.

    python -m bench.minimal_server PATH

It reads and writes the same rows in the same tables under the same constraints, with the same fields in its answers and request bodies,
and one transaction per request with the store's pragmas. It does nothing else: no search index, redaction, duplicate detection, access
control, log or limits.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

application = FastAPI()
_local = threading.local()


class NewTurn(BaseModel):
    """A turn as sent by the client."""

    role: str
    content: str


class Save(BaseModel):
    """Turns of a session."""

    session_id: int
    turns: list[NewTurn]


def _database() -> sqlite3.Connection:
    if not hasattr(_local, "database"):
        _local.database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
        _local.database.row_factory = sqlite3.Row
        for pragma in (
            "journal_mode = WAL",
            "foreign_keys = ON",
            "synchronous = NORMAL",
            "cache_size = -32000",
            "wal_autocheckpoint = 4000",
        ):
            _local.database.execute(f"PRAGMA {pragma}")
    database: sqlite3.Connection = _local.database
    return database


def _time(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1_000_000, UTC)


@application.get("/healthz")
def healthz() -> dict[str, Any]:
    """Report that the server runs."""
    return {"success": True}


@application.get("/api/projects/{project_id}")
def project(project_id: int) -> dict[str, Any]:
    """Return a project and its totals."""
    row = _database().execute("SELECT * FROM projects WHERE id = ?", (project_id,)).fetchone()
    held = (
        _database()
        .execute(
            "SELECT count(*), count(completed_at), coalesce(sum(turns), 0), coalesce(sum(tokens), 0), coalesce(sum(credits_used), 0.0), "
            "max(coalesce(completed_at, started_at, created_at)) FROM sessions WHERE project_id = ?",
            (project_id,),
        )
        .fetchone()
    )
    data = {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "status": row["status"],
        "root": row["root"],
        "remote": row["remote"],
        "session_count": held[0],
        "completed_count": held[1],
        "turn_count": held[2],
        "tokens": held[3],
        "credits_used": held[4],
        "growth": 0.0,
        "mean_preservation_ratio": None,
        "last_session_at": _time(held[5]),
        "last_activity_at": _time(held[5]),
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }
    return {"success": True, "data": data}


@application.get("/api/ai/conversations/{project_id}")
def conversation(project_id: int, limit: int) -> dict[str, Any]:
    """Return the first turns of a project."""
    rows = _database().execute(
        "SELECT number, ordinal, role, at, abandoned, body FROM turns JOIN sessions ON sessions.id = session_id WHERE "
        "sessions.project_id = ? "
        "ORDER BY number, ordinal LIMIT ?",
        (project_id, limit),
    )
    return {"success": True, "data": [_turn(*row) for row in rows], "next_cursor": None}


def _turn(number: int, ordinal: int, role: str, at: int | None, abandoned: int, body: bytes) -> dict[str, Any]:
    turn = json.loads(body)
    return {
        "handle": f"s{number}.{ordinal}",
        "session_number": number,
        "turn": ordinal,
        "role": role,
        "content": turn["text"],
        "at": _time(at),
        "mark": "said",
        "model": None,
        "calls": [],
        "results": [],
        "thinking": "",
        "usage": None,
        "id": None,
        "line": turn["line"],
        "sidechain": None,
        "abandoned": bool(abandoned),
    }


@application.get("/api/projects/{project_id}/handoff")
def handoff(project_id: int) -> dict[str, Any]:
    """Return the newest handoff of a project."""
    row = _database().execute("SELECT * FROM handoffs WHERE project_id = ? ORDER BY version DESC LIMIT 1", (project_id,)).fetchone()
    data = {
        "id": row["id"], "version": row["version"], "session_number": row["session_number"], "budget_tokens": row["budget_tokens"],
        "markdown": row["markdown"], "document": json.loads(row["document_json"]), "preservation": json.loads(row["preservation_json"]),
        "created_at": _time(row["created_at"]), "generator": row["generator"],
    }  # fmt: skip
    return {"success": True, "data": data}


@application.post("/api/conversations/save")
def save(body: Save) -> dict[str, Any]:
    """Store turns of a session."""
    database, new = _database(), len(body.turns)
    with database:
        database.execute("BEGIN IMMEDIATE")
        row = database.execute("SELECT * FROM sessions WHERE id = ?", (body.session_id,)).fetchone()
        rows = [
            (
                body.session_id * 2**24 + row["turns"] + place,
                row["project_id"],
                body.session_id,
                row["turns"] + place,
                os.urandom(16),
                turn.role,
                None,
                len(turn.content),
                False,
                json.dumps({"line": place - 1, "text": turn.content}).encode(),
            )
            for place, turn in enumerate(body.turns, start=1)
        ]
        columns = "id, project_id, session_id, ordinal, identity, role, at, chars, abandoned, body"
        database.executemany(f"INSERT INTO turns ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("UPDATE sessions SET turns = turns + ? WHERE id = ?", (new, body.session_id))
    data = {"session_id": row["id"], "session_number": row["number"], "status": row["status"], "new_turns": new, "known_turns": 0}
    return {"success": True, "data": {**data, "turn_count": row["turns"] + new}}


def main() -> None:
    """Serve, and print the port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    print(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"}), flush=True)
    uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main()
