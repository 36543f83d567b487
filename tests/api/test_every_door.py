"""Every way in: a secret in any text of any request reaches neither the store, nor the files beside it, nor the log, nor an answer."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from onward.app.admin import secret_purge
from onward.store import Store
from onward.store.schema.tables import metadata

SECRET = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
TURNS = [
    {"role": "user", "content": f"Always keep the checkout on port 8443. We decided to send {SECRET} because of the reports."},
    {"role": "assistant", "content": f"The root cause: {SECRET} had expired, so the gateway refused; the fix is to renew {SECRET}."},
]
ALWAYS = ("version", "until_at", "resets_at", "category", "handoff_id", "model", "template")
LEFT_OUT = (
    (*ALWAYS, "conversation_text", "from_project_id"),
    (*ALWAYS, "turns", "conversation_history", "folder", "from_project_id"),
)
"""Fields that each round of requests leaves out: of some, a request has one or the other."""
CHOSEN = {
    "role": "user",
    "at": "2026-11-24T10:00:00Z",
    "number": 7,
    "session_number": 1,
    "previous_handoff": {"accomplishments": [SECRET], "master_prompt": f"Keep {SECRET}"},
}
REFUSED = ("accounts", "/private/", "llm/key", "sessions/next", "session_id}/account", "/move", "/checklist/", "/refine")
"""Parts of addresses that refuse what this test sends: a secret belongs to no account and is no key; the rest needs more than a body."""
REACHED = {
    "projects": "name description root remote",
    "places": "root",
    "sessions": "agent title objectives_json accomplishments_json blockers_json cwd branch source",
    "facts": "body_json",
    "fact_edits": "text",
    "handoffs": "markdown document_json",
    "imports": "path",
    "knowledge": "text fix",
    "knowledge_sources": "text",
    "removed_sessions": "title",
    "templates": "name description objectives_json checklist_json",
    "access_tokens": "name",
}
"""Columns to which the requests bring the secret, so that the test does not pass because nothing came in."""
_NUMBERS = itertools.count(1)


class RequestMaker:
    """Makes bodies from the API's description, with the secret in every text that is not bound to a list or a form."""

    def __init__(self, document: dict[str, Any], ids: dict[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        self._ids = ids

    def value(self, schema: dict[str, Any], left_out: tuple[str, ...], name: str = "") -> Any:
        if name == "name":
            return f"name {next(_NUMBERS)} {SECRET}"
        if "$ref" in schema:
            return self.value(self._schemas[schema["$ref"].rpartition("/")[2]], left_out, name)
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.value(next(choice for choice in schema[several] if choice.get("type") != "null"), left_out, name)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        if name in self._ids:
            return self._ids[name]
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {
                    field: self.value(fields[field], left_out, field)
                    for field in fields
                    if field not in left_out and not is_number(fields[field], field)
                }
            case "array":
                return [self.value(schema.get("items", {"type": "string"}), left_out, name)]
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return False
            case _:
                return f"{name} {SECRET}"


def is_number(schema: dict[str, Any], name: str) -> bool:
    """Return whether the field is the number of something that need not exist."""
    return name == "id" and "integer" in json.dumps(schema)


def test_no_request_leaves_a_secret(
    client: TestClient, store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    document = client.get("/openapi.json").json()
    answers: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in operations.keys() & {"post", "put", "patch"}:
            schema = operations[method].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if not schema:
                continue
            for left_out in LEFT_OUT:
                ids = fill(client)
                url = re.sub(r"\{(\w+)\}", lambda name, ids=ids: str(ids[name[1]]), path)
                answer = client.request(method, url, json=RequestMaker(document, {**CHOSEN, **ids}).value(schema, left_out))
                answers.setdefault(f"{method} {path}", []).append(f"{answer.status_code} {answer.text}")
    import_transcript(client, tmp_path)
    import_archive(client, fill(client)["project_id"])
    delete_session(client, fill(client)["session_id"])
    assert [name for name, texts in answers.items() if any(SECRET in text for text in texts)] == []
    refused = [name for name, texts in answers.items() if not any(text.startswith("2") for text in texts)]
    assert [name for name in refused if not any(part in name for part in REFUSED)] == []
    assert secret_purge.count_rows(store, SECRET) == {}
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
    assert unreached_columns(store) == []


def fill(client: TestClient) -> dict[str, Any]:
    """Create one of everything, and return the ids by the names of parameters and fields."""

    def create(path: str, **body: object) -> Any:
        answer = client.post(f"/api{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    number = next(_NUMBERS)
    project = create("/projects", name=f"kopi {number}")["data"]["id"]
    session = create("/sessions", project_id=project)["session_id"]
    create("/conversations/save", session_id=session, turns=TURNS)
    handoff = create(f"/sessions/{session}/complete")["data"]["handoff"]["id"]
    template = create("/templates", name=f"bugfix {number}", objectives="Find the cause")["data"]["id"]
    return {
        "project_id": project,
        "session_id": create("/sessions", project_id=project, objectives=[f"Renew {SECRET}"], agent=f"agent {SECRET}")["session_id"],
        "account_id": create("/accounts", name=f"claude-{number}", credits_total=100)["data"]["id"],
        "entry_id": create("/knowledge", text=f"Ask for port {number} in tests.", kind="practice")["data"]["id"],
        "template_id": template,
        "fact_id": create(f"/projects/{project}/facts", kind="rule", text=f"Never send {SECRET} to the gateway")["data"]["id"],
        "handoff_id": handoff,
        "item": 1,
    }


def delete_session(client: TestClient, session: int) -> None:
    client.patch(f"/api/sessions/{session}", json={"title": f"About {SECRET}"})
    answer = client.delete(f"/api/sessions/{session}")
    assert SECRET not in answer.text
    assert answer.status_code == 200, answer.text


def import_transcript(client: TestClient, folder: Path) -> None:
    """Import a transcript with the secret in its name, title, folder, branch, address and every text."""
    common = {"sessionId": f"{1:032x}", "cwd": f"/srv/{SECRET}", "gitBranch": f"fix/{SECRET}", "timestamp": "2026-11-24T10:00:00Z"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "Write", "input": {"file_path": f"/srv/{SECRET}/a.py", "content": SECRET}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"app.py:3: KeyError: '{SECRET}'", "is_error": True}
    records = [
        {"type": "summary", "summary": f"About {SECRET}", "leafUuid": "3"},
        {
            "type": "user",
            "uuid": "1",
            "parentUuid": None,
            "version": "2.0.1",
            "userType": "external",
            "isSidechain": False,
            "message": {"role": "user", "content": f"Always send {SECRET} in the header."},
            **common,
        },
        {
            "type": "assistant",
            "uuid": "2",
            "message": {"role": "assistant", "content": [{"type": "thinking", "thinking": SECRET}, call]},
            **common,
        },
        {"type": "user", "uuid": "3", "message": {"role": "user", "content": [result]}, **common},
    ]
    path = folder / f"{SECRET}.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    project = fill(client)["project_id"]
    answer = client.post("/api/imports", params={"project_id": project, "path": str(path), "complete": True})
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text.replace(str(path), "")


def import_archive(client: TestClient, project: int) -> None:
    """Import an archive into which somebody wrote the secret after its export."""
    with zipfile.ZipFile(io.BytesIO(client.post("/api/private/export-project", json={"project_id": project}).content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    document = json.loads(parts["project.json"])
    document["secret_key"] = hashlib.sha256(b"another project").hexdigest()
    parts["project.json"] = json.dumps(document).encode()
    pattern = re.compile(b"8443|Find the cause|gateway|kopi")
    changed = {name: pattern.sub(SECRET.encode(), content) for name, content in parts.items()}
    for name, content in changed.items():
        manifest["parts"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {"manifest.json": json.dumps(manifest).encode(), **changed}.items():
            archive.writestr(name, content)
    answer = client.post("/api/projects/import", content=target.getvalue(), headers={"content-type": "application/zip"})
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text


def unreached_columns(store: Store) -> list[str]:
    """Return those of `REACHED` without a placeholder."""
    with store.read() as connection:
        return [
            f"{table}.{column}"
            for table, columns in REACHED.items()
            for column in columns.split()
            if not any("[secret:" in str(value) for value in connection.execute(select(metadata.tables[table].c[column])).scalars())
        ]
