"""Requests generated from the OpenAPI document: no route fails, and every answer matches its schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from onward import samples
from onward.api.application import build
from onward.settings import LLMSettings, Settings
from onward.store import Store

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance)
EXAMPLES = 20


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    home = tmp_path_factory.mktemp("home")
    with Store.at_folder(home) as store:
        app = build(store, Settings(home, home, trusted_hosts=("testserver",), llm=LLMSettings(is_off=True)))
        # Streams end at once.
        app.state.is_ending = lambda: True
        app.add_middleware(_LocalCaller)
        fill(TestClient(app, base_url="http://127.0.0.1:3000"), home)
        yield app


class _LocalCaller:
    """Make every caller local."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "client": ("127.0.0.1", 50000)}, receive, send)


def fill(client: TestClient, folder: Path) -> None:
    """Create two projects, one with sessions in every state, so that small ids exist."""
    for name in ("kopi", "teh"):
        client.post("/api/projects", json={"name": name})
    for path in samples.write(folder):
        client.post("/api/imports", params={"project_id": 1, "name": path.name, "complete": True}, content=path.read_bytes())
    for name in ("claude-1", "claude-2"):
        client.post("/api/accounts", json={"name": name, "credits_total": 100, "period": "5h", "resets_at": "2026-11-24T00:00:00Z"})
    client.post("/api/sessions", json={"project_id": 1, "account_id": 1})
    client.post("/api/ai/handoff", json={"project_id": 1, "conversation_text": "User: Keep port 8443.\nAssistant: Kept."})


@pytest.mark.slow
def test_no_route_fails_and_every_answer_is_of_its_schema(application: object) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", application)
    failed: dict[str, str] = {}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 30
    for operation in operations:
        try:
            check_operation(operation)
        except BaseExceptionGroup as problems:
            failed[operation.label] = "; ".join(str(error) for error in problems.exceptions)[:2000]
        except Exception as problem:  # noqa: BLE001 - one route's failure does not hide another's
            failed[operation.label] = str(problem)[:2000]
    assert not failed, "\n\n".join(f"{label}: {problem}" for label, problem in failed.items())


def use_known_ids(case: schemathesis.Case) -> schemathesis.Case:
    """Return *case* with ids that exist: random ids would only ever get 404."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name, value in part.items():
                if name.endswith("_id") and type(value) is int and value > 4:
                    part[name] = 1 + value % 4
    return case


def check_operation(operation: schemathesis.schemas.APIOperation) -> None:
    @given(case=operation.as_strategy().map(use_known_ids))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @seed(20261124)
    def check_case(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    check_case()
