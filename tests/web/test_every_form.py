"""Every form: a secret in any text of any form reaches neither the store, nor the log, nor a page."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from onward.app.admin import secret_purge
from onward.store import Store
from onward.store.schema.tables import metadata
from onward.web.mount import ROUTE_MODULES

SECRET = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
CHOICES = {"kind": "rule", "provider": "Anthropic", "status": "active", "scope": "read", "when": "now", "view": "prompt", "role": "user"}
"""Fields with a fixed set of values."""
LEFT_OUT = (
    "project",
    "session",
    "account",
    "template",
    "next_url",
    "version",
    "words",
    "model",
    "category",
    "period",
    "fact",
    "entry",
    "credits",
    "credits_used",
)
"""Fields that name something that exists, or that one of two rounds leaves out."""
NOT_FORMS = ("/login", "/parts/llm", "/parts/settings/reset", "/parts/samples")
"""Addresses that take a key, a token or the name of the store, or nothing."""
REACHED = {
    "projects": "name description",
    "sessions": "title objectives_json",
    "jobs": "arguments_json",
    "fact_edits": "text",
    "handoffs": "markdown",
    "knowledge": "text",
    "templates": "name",
}
"""Columns to which the forms bring the secret, so that the test does not pass because nothing came in."""
_TYPED = re.compile(r"value=(?:\"[^\"]*\"|'[^']*')|<textarea[^>]*>[^<]*</textarea>")
"""What a refused form gives back to the person who typed it, to be corrected."""
_NUMBERS = itertools.count(1)


def forms() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of every form with the names of its fields, as its route reads them."""
    for name in ROUTE_MODULES:
        module = import_module(f"onward.web.routes.{name}")
        for route in module.router.routes:
            if not isinstance(route, APIRoute) or "POST" not in route.methods or route.path.startswith(NOT_FORMS):
                continue
            fields = [parameter.alias for parameter in route.dependant.body_params]
            if "receive_form" in inspect.getsource(route.endpoint):
                fields += sorted(set(re.findall(r'submission\["(\w+)"\]', inspect.getsource(module))))
            yield route.path, fields


def fill(client: TestClient) -> dict[str, Any]:
    """Create one of everything, and return the ids by the names of parameters."""

    def create(path: str, **body: object) -> Any:
        answer = client.post(f"/api{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    number = next(_NUMBERS)
    project = create("/projects", name=f"kopi {number}")["data"]["id"]
    session = create("/sessions", project_id=project)["session_id"]
    turns = [
        {"role": "user", "content": "Always keep the checkout on port 8443."},
        {"role": "assistant", "content": "I decided to use SQLite."},
    ]
    create("/conversations/save", session_id=session, turns=turns)
    handoff = create(f"/sessions/{session}/complete")["data"]["handoff"]["id"]
    return {
        "project_id": project,
        "session_id": create("/sessions", project_id=project, objectives=["Ship the checkout"])["session_id"],
        "account_id": create("/accounts", name=f"claude-{number}", credits_total=100)["data"]["id"],
        "entry_id": create("/knowledge", text=f"Ask for port {number} in tests.", kind="practice")["data"]["id"],
        "template_id": create("/templates", name=f"bugfix {number}", objectives="Find the cause")["data"]["id"],
        "fact_id": create(f"/projects/{project}/facts", kind="rule", text="Never restart the gateway")["data"]["id"],
        "handoff_id": handoff,
    }


def test_no_form_leaves_a_secret(
    local_client: TestClient, store: Store, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    leaking, sent = [], 0
    for path, fields in forms():
        for left_out in ((), LEFT_OUT):
            ids = fill(local_client)
            url = re.sub(r"\{(\w+)[^}]*\}", lambda name, ids=ids: str(ids.get(name[1], 1)), path)
            values = {field: CHOICES.get(field, f"{field} {next(_NUMBERS)} {SECRET}") for field in fields if field not in left_out}
            answer = local_client.post(url, data=values)
            sent += answer.status_code < 400
            if SECRET in _TYPED.sub("", answer.text) + str(answer.headers):
                leaking.append(path)
    assert sent > 30
    assert sorted(set(leaking)) == []
    assert secret_purge.count_rows(store, SECRET) == {}
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
    assert unreached_columns(store) == []


def unreached_columns(store: Store) -> list[str]:
    """Return those of `REACHED` without a placeholder."""
    with store.read() as connection:
        return [
            f"{table}.{column}"
            for table, columns in REACHED.items()
            for column in columns.split()
            if not any("[secret:" in str(value) for value in connection.execute(select(metadata.tables[table].c[column])).scalars())
        ]
