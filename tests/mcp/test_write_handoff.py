"""`write_handoff`: the running agent writes the handoff of its session, and code holds each line against the session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from mcp.client import Client

from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.core.handoff.writer_report import RULES
from onward.core.transcript.transcript import Turn
from onward.store import Store

pytestmark = pytest.mark.anyio

TURNS = [
    {"role": "user", "content": "Build the checkout of the shop. Always keep prices in cents."},
    {
        "role": "assistant",
        "content": "I chose SQLite instead of PostgreSQL, because one shop has one till. The checkout writes to `data/till.db`.",
    },
    {"role": "user", "content": "Good. Next is the receipt, on paper of 80 mm."},
    {"role": "assistant", "content": "The receipt is not printed yet: the printer answers only in the shop."},
]
LINES = [
    {"section": "rule", "text": '"Always keep prices in cents"', "proof": "Always keep prices in cents"},
    {"section": "decided", "text": "SQLite instead of PostgreSQL, because one shop has one till.", "proof": "one shop has one till"},
    {
        "section": "next",
        "text": "Print the receipt on paper of 80 mm: the printer answers only in the shop.",
        "proof": "the printer answers only in the shop",
    },
]
HEAD = {"goal": "Build the checkout of the shop.", "state": "The checkout writes to `data/till.db`; the receipt is not printed yet."}


async def complete_session(client: Client) -> None:
    await client.call_tool("start_session", {"project": "till"})
    await client.call_tool("save_turns", {"project": "till", "turns": TURNS})
    await client.call_tool("complete_session", {"project": "till"})


def generators(store: Store) -> list[str]:
    return [version.generator for version in handoffs.list_versions(store, projects.require_only(store))]


async def test_a_page_that_stands_becomes_the_handoff(connect: Callable[..., Client], store: Store) -> None:
    async with connect() as client:
        await complete_session(client)
        result = await client.call_tool(
            "write_handoff", {"project": "till", **HEAD, "lines": LINES, "unsaid": ["The test printer is on the desk."]}
        )
        assert "is yours" in result.content[0].text, result.content[0].text
    newest = handoffs.list_versions(store, projects.require_only(store))[0]
    assert newest.generator != RULES
    assert "SQLite instead of PostgreSQL" in newest.markdown
    assert "The test printer is on the desk. (claimed by the agent)" in newest.markdown


async def test_the_page_stays_when_the_agents_last_turns_come_in(connect: Callable[..., Client], store: Store) -> None:
    async with connect() as client:
        await complete_session(client)
        project = projects.require_only(store)
        session = sessions.require(store, project, 1)
        before = datetime.now(UTC) - timedelta(minutes=1)
        complete(store, session, sent_turns=[Turn("user", "Write it down for the next one.", at=before)])
        arguments = {"project": "till", **HEAD, "lines": LINES, "unsaid": ["The test printer is on the desk."]}
        assert "is yours" in (await client.call_tool("write_handoff", arguments)).content[0].text
    written = handoffs.list_versions(store, project)[0]
    assert written.created_at
    session = sessions.require(store, project, 1)
    later = written.created_at + timedelta(minutes=1)
    complete(store, session, sent_turns=[Turn("assistant", "The handoff is written: print the receipt first.", at=later)])
    newest = handoffs.list_versions(store, project)[0]
    assert (newest.generator, newest.version) == (written.generator, written.version + 2)
    assert "The test printer is on the desk. (claimed by the agent)" in newest.markdown
    session = sessions.require(store, project, 1)
    complete(store, session, sent_turns=[Turn("user", "No, use PostgreSQL for the till.", at=later + timedelta(minutes=1))])
    assert handoffs.list_versions(store, project)[0].generator == RULES


async def test_what_is_refused_is_said_with_the_reason_and_only_changes_are_sent(connect: Callable[..., Client], store: Store) -> None:
    async with connect() as client:
        await complete_session(client)
        wrong = {"section": "value", "text": "The till is kept in `data/cash.db`.", "proof": "The checkout writes to"}
        result = await client.call_tool("write_handoff", {"project": "till", **HEAD, "lines": [*LINES, wrong]})
        text = result.content[0].text
        assert "refused (value)" in text
        assert "data/cash.db" in text
        assert generators(store) == [RULES]
        mended = {"section": "value", "text": "The checkout writes to `data/till.db`.", "proof": "The checkout writes to"}
        again = await client.call_tool("write_handoff", {"project": "till", **HEAD, "lines": [mended]})
        assert "is yours" in again.content[0].text, again.content[0].text
    newest = handoffs.list_versions(store, projects.require_only(store))[0]
    assert "one shop has one till" in newest.markdown
    assert "cash.db" not in newest.markdown


async def test_after_three_calls_the_handoff_by_rules_stays(connect: Callable[..., Client], store: Store) -> None:
    async with connect() as client:
        await complete_session(client)
        invented = [{"section": "done", "text": "Redis 7.2 serves the sessions of all tills.", "proof": "the checkout"}]
        for _ in range(3):
            result = await client.call_tool(
                "write_handoff", {"project": "till", "goal": "Rule the world.", "state": "Won.", "lines": invented}
            )
        assert "The handoff by rules stays." in result.content[0].text
    assert generators(store) == [RULES]
