"""No words of a person are overwritten unseen, whatever is edited and through whichever door: API, page, command line, MCP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from anyio.to_thread import run_sync
from mcp.client import Client
from starlette.testclient import TestClient

from onward.app.accounts import accounts
from onward.app.knowledge import knowledge
from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions, templates, titles
from onward.app.sessions.completion import complete
from onward.backend.local import LocalStore
from onward.core.edit_version import EDITABLE_FIELDS, edit_version
from onward.core.session import Session
from onward.errors import EditConflict
from onward.mcp.context import McpContext
from onward.server import build
from onward.store import Store

from .conftest import Agent

FIRST, SECOND = "The checkout answers on port 8443", "The receipts print"
PAGE_HEADERS = {"Origin": "http://127.0.0.1:3000", "HX-Request": "true"}


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "kopi")


@pytest.fixture
def session(store: Store, project: Project) -> Session:
    return sessions.start(store, project).session


@pytest.fixture
def client(store: Store, mcp_context: McpContext) -> Iterator[TestClient]:
    with TestClient(build(store, mcp_context.settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as http_client:
        yield http_client


@dataclass(frozen=True, slots=True)
class EditedThing:
    """A thing that a person edits: its route, its page, the field that is changed, and how to read that field."""

    api: str
    page: str
    field: str
    read: Callable[[], Any]


@pytest.fixture
def things(store: Store, project: Project, session: Session) -> dict[str, EditedThing]:
    fact = facts.add(store, project, "rule", "Never deploy on a Friday")
    entry = knowledge.add(store, "Ask for port 0 in tests")
    template = templates.create(store, "bugfix", objectives=["Find the cause"], checklist=[])
    account = accounts.create(store, {"name": "claude-1", "note": "shared"}).account
    return {
        "Session": EditedThing(
            f"/sessions/{session.id}", f"sessions/{session.id}/edit", "title", lambda: sessions.require_by_id(store, session.id)
        ),
        "Project": EditedThing(
            f"/projects/{project.id}", f"projects/{project.id}/edit", "description", lambda: projects.require(store, project.id)
        ),
        "Fact": EditedThing(
            f"/facts/{fact.id}", f"projects/{project.id}/facts/{fact.id}", "text", lambda: facts.require(store, project, fact.id)
        ),
        "KnowledgeEntry": EditedThing(
            f"/knowledge/{entry.id}", f"knowledge/{entry.id}/edit", "text", lambda: knowledge.show(store, entry.id).entry
        ),
        "Template": EditedThing(
            f"/templates/{template.id}", "templates/form", "description", lambda: templates.require(store, str(template.id))
        ),
        "Account": EditedThing(
            f"/accounts/{account.id}", f"accounts/{account.id}/edit", "note", lambda: accounts.require(store, account.id)
        ),
    }


def page_fields(name: str, thing: Any, **changes: str) -> dict[str, str]:
    """Return the fields of the form of a thing, as the page fills them."""
    filled: dict[str, dict[str, Any]] = {
        "Session": {"title": "", "project": getattr(thing, "project_id", 0)},
        "Project": {"name": getattr(thing, "name", "")},
        "Fact": {"do": "save"},
        "KnowledgeEntry": {"kind": "practice", "category": getattr(thing, "category", "")},
        "Template": {"template": getattr(thing, "id", 0), "name": "bugfix", "objectives": "Find the cause"},
        "Account": {"name": "claude-1"},
    }
    return {key: str(value) for key, value in (filled[name] | {"version": edit_version(thing)} | changes).items()}


def test_the_table_has_every_editable_thing(things: dict[str, EditedThing]) -> None:
    assert things.keys() == EDITABLE_FIELDS.keys()


@pytest.mark.parametrize("name", sorted(EDITABLE_FIELDS))
def test_a_change_from_an_older_version_is_refused_with_both_texts(client: TestClient, things: dict[str, EditedThing], name: str) -> None:
    thing = things[name]
    version = edit_version(thing.read())
    first = client.patch(f"/api{thing.api}", json={thing.field: FIRST, "version": version})
    assert first.status_code == 200, first.text
    assert first.json()["data"]["version"] == edit_version(thing.read()) != version
    second = client.patch(f"/api{thing.api}", json={thing.field: SECOND, "version": version})
    assert second.status_code == 409, second.text
    detail = second.json()["error"]["details"][0]
    assert (detail["field"], detail["stored"], detail["sent"]) == (thing.field, FIRST, SECOND)
    assert getattr(thing.read(), thing.field) == FIRST
    assert client.patch(f"/api{thing.api}", json={thing.field: FIRST, "version": version}).status_code == 200
    again = client.patch(f"/api{thing.api}", json={thing.field: SECOND, "version": detail["version"]})
    assert again.status_code == 200
    assert getattr(thing.read(), thing.field) == SECOND


@pytest.mark.parametrize("name", sorted(EDITABLE_FIELDS))
def test_the_second_of_two_pages_is_refused_and_shows_what_stands(client: TestClient, things: dict[str, EditedThing], name: str) -> None:
    thing = things[name]
    opened = thing.read()
    first, second = (page_fields(name, opened, **{thing.field: text}) for text in (FIRST, SECOND))
    assert client.post(f"/parts/{thing.page}", data=first, headers=PAGE_HEADERS).status_code < 400
    refused = client.post(f"/parts/{thing.page}", data=second, headers=PAGE_HEADERS)
    assert refused.status_code == 422
    assert FIRST in refused.text
    assert SECOND in refused.text
    assert getattr(thing.read(), thing.field) == FIRST
    assert edit_version(thing.read()) in refused.text


async def complete_over_api(client: TestClient, _: Any, session: Session, words: str, *texts: str) -> bool:
    body = {"accomplishments": list(texts)} | ({"words": words} if words else {})
    answer = await run_sync(partial(client.post, f"/api/sessions/{session.id}/complete", json=body))
    assert answer.status_code in (200, 409), answer.text
    return bool(answer.status_code == 200)


async def complete_over_page(client: TestClient, _: Any, session: Session, words: str, *texts: str) -> bool:
    """Complete as a tab does that was opened before the session was completed."""
    form = {"accomplishments": "\n".join(texts), "blockers": "", "credits": "", "version": edit_version(session), "words": words}
    answer = await run_sync(partial(client.post, f"/parts/sessions/{session.id}/complete", data=form, headers=PAGE_HEADERS))
    if answer.status_code == 422:
        assert FIRST in answer.text
        assert SECOND in answer.text
        assert 'value="add"' in answer.text
        assert 'value="replace"' in answer.text
    return bool(answer.status_code < 400)


async def complete_over_commands(_: TestClient, context: McpContext, session: Session, words: str, *texts: str) -> bool:
    choice: Any = words or None
    try:
        LocalStore(context.store, context.settings).sessions.complete(session, accomplishments=texts, words=choice)
    except EditConflict:
        return False
    return True


async def complete_over_mcp(_: TestClient, context: McpContext, session: Session, words: str, *texts: str) -> bool:
    from onward.mcp.server import McpServer

    async with Client(McpServer(context)) as connection:
        result = await Agent(connection).complete_session(
            accomplishments=list(texts), session=session.number, project="kopi", **({"words": words} if words else {})
        )
    return not result.is_error


DOORS: dict[str, Callable[..., Awaitable[bool]]] = {
    "api": complete_over_api,
    "page": complete_over_page,
    "commands": complete_over_commands,
    "mcp": complete_over_mcp,
}


@pytest.mark.anyio
@pytest.mark.parametrize("door", sorted(DOORS))
async def test_completing_a_second_time_loses_nothing(
    client: TestClient, mcp_context: McpContext, store: Store, session: Session, door: str
) -> None:
    def standing() -> list[str]:
        return list(sessions.require_by_id(store, session.id).accomplishments)

    complete_again = partial(DOORS[door], client, mcp_context, session)
    complete(store, session, accomplishments=[FIRST])
    assert not await complete_again("", SECOND)
    assert standing() == [FIRST]
    if door != "page":
        # The page's work is a job, which the worker of a server does.
        assert await complete_again("add", SECOND)
        assert standing() == [FIRST, SECOND]
        assert await complete_again("", FIRST, SECOND)
        assert await complete_again("replace", SECOND)
        assert standing() == [SECOND]


def test_words_made_from_what_stands_replace_it(store: Store, session: Session) -> None:
    first = complete(store, session, accomplishments=[FIRST], blockers=["Keys are missing"]).session
    second = complete(store, session, accomplishments=[SECOND], blockers=[], version=edit_version(first)).session
    assert (second.accomplishments, second.blockers) == ((SECOND,), ())
    with pytest.raises(EditConflict) as refused:
        complete(store, session, accomplishments=[FIRST], version=edit_version(first))
    assert refused.value.details[0]["stored"] == [SECOND]


def test_a_title_changed_meanwhile_is_not_overwritten(store: Store, session: Session) -> None:
    titles.rename(store, session, FIRST)
    with pytest.raises(EditConflict):
        titles.rename(store, session, SECOND)
