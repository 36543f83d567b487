"""Every tool: a secret in any text that an agent sends reaches neither the store, nor the log, nor an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from mcp.client import Client
from sqlalchemy import select

from onward.app.admin import secret_purge
from onward.store import Store
from onward.store.schema.tables import metadata

from .conftest import Agent

pytestmark = pytest.mark.anyio

SECRET = "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq"
REACHED = {
    "sessions": "objectives_json accomplishments_json blockers_json",
    "fact_edits": "text",
    "handoffs": "markdown document_json",
    "projects": "name",
}
"""Columns to which the tools bring the secret, so that the test does not pass because nothing came in."""
CHOSEN: dict[str, Any] = {"role": ["user", "assistant"], "handle": [f"s1.1 {SECRET}", "s1.1"], "project": ["", SECRET, f"/srv/{SECRET}"]}


def values(schema: dict[str, Any], definitions: dict[str, Any], name: str = "") -> Iterator[Any]:
    """Yield values of a parameter, with the secret in every text that is not bound to a list."""
    if name in CHOSEN:
        yield from CHOSEN[name]
    elif "$ref" in schema:
        yield from values(definitions[schema["$ref"].rpartition("/")[2]], definitions, name)
    elif "anyOf" in schema:
        yield from values(next(choice for choice in schema["anyOf"] if choice.get("type") != "null"), definitions, name)
    elif "enum" in schema:
        yield schema["enum"][0]
    elif schema.get("type") == "array":
        yield from ([item] for item in values(schema.get("items", {"type": "string"}), definitions))
        yield [SECRET]
    elif schema.get("type") == "object" and not schema.get("properties"):
        yield {"role": "user", "content": f"Always keep the checkout on port 8443 and send {SECRET}."}
    elif schema.get("type") == "object":
        fields = {field: list(values(part, definitions, field)) for field, part in schema["properties"].items()}
        yield from (dict(zip(fields, chosen, strict=True)) for chosen in product(*fields.values()))
    elif schema.get("type") in ("integer", "number"):
        yield max(1, schema.get("minimum", 1))
    elif schema.get("type") == "boolean":
        yield False
    else:
        yield f"We decided to send {SECRET} because of the reports"


async def test_no_tool_leaves_a_secret(
    connect: Callable[..., Client], store: Store, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    leaking, answered = [], set()
    async with connect() as client:
        agent = Agent(client)
        tools = (await client.list_tools()).tools
        for project in CHOSEN["project"]:
            await agent.start_session(objectives=[f"Send {SECRET}"], project=project)
            for tool in [*tools, *tools]:
                schema = tool.input_schema
                fields = {
                    name: list(values(part, schema.get("$defs", {}), name))
                    for name, part in schema["properties"].items()
                    if name not in ("session", "project", "credits_used", "version")
                }
                longest = max(map(len, fields.values()), default=1)
                for number in range(longest):
                    arguments = {name: choices[number % len(choices)] for name, choices in fields.items()}
                    answer = await getattr(agent, tool.name)(
                        **arguments, **({"project": project} if "project" in schema["properties"] else {})
                    )
                    if not answer.is_error:
                        answered.add(tool.name)
                    if SECRET in f"{answer.text} {answer.data}":
                        leaking.append(f"{tool.name}: {answer.text[:200]}")
    assert leaking == []
    assert {"start_session", "record_fact", "save_turns", "complete_session", "search", "get_handoff"} <= answered
    assert secret_purge.count_rows(store, SECRET) == {}
    assert SECRET not in caplog.text + "".join(capfd.readouterr())
    with store.read() as connection:
        unreached = [
            f"{table}.{column}"
            for table, columns in REACHED.items()
            for column in columns.split()
            if not any("[secret:" in str(value) for value in connection.execute(select(metadata.tables[table].c[column])).scalars())
        ]
    assert unreached == []
