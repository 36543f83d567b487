"""The title of a session: the agent's own, else the first real request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.app.projects import projects
from onward.app.sessions import sessions, titles
from onward.app.transcripts.imports import import_paths
from onward.app.turns.client_turns import append_turns
from onward.core.transcript.titles import agent_title, request_title
from onward.core.transcript.transcript import Turn
from onward.errors import BadInput
from onward.store import Store

PLAN = "Implement the following plan:\n\n# Move the checkout to port 8443\n\n1. Change the port.\n2. Restart."
TRACE = 'Traceback (most recent call last):\n  File "cart.py", line 3, in add\n    total += price\nTypeError: unsupported operand'
LONG = (
    "Move the checkout service to the new cluster in Frankfurt, keep the old one until the reports of the quarter are out, "
    "and tell the shop owners by mail when it is done."
)


@pytest.mark.parametrize(
    ("turns", "title"),
    [
        (["Fix the rounding of totals in the cart."], "Fix the rounding of totals in the cart"),
        (["Hi Claude! Can you please fix the rounding of totals?"], "Fix the rounding of totals"),
        (["Hello", "hey there, add a test for the cart"], "Add a test for the cart"),
        (["/clear", "/model opus", "Rename the cart to basket"], "Rename the cart to basket"),
        (["<command-name>/init</command-name>", "ok", "continue", "Write the changelog"], "Write the changelog"),
        ([TRACE, "Why does the cart fail?"], "Why does the cart fail"),
        ([f"Why does this happen?\n\n{TRACE}"], "Why does this happen"),
        ([PLAN], "Implement the following plan: Move the checkout to port 8443"),
        ([LONG], "Move the checkout service to the new cluster in Frankfurt"),
        (["Tolong perbaiki pembulatan total di keranjang"], "Perbaiki pembulatan total di keranjang"),
        (["你好", "修复购物车的舍入错误"], "修复购物车的舍入错误"),
        (["Guten Morgen! Bitte ergänze einen Test für den Warenkorb."], "Ergänze einen Test für den Warenkorb"),
        (["**Goal**: ship `src/cart.py` today"], "Goal: ship src/cart.py today"),
        (["thanks", "ok!", "154"], ""),
        ([], ""),
    ],
)
def test_the_first_real_request_names_a_session(turns: list[str], title: str) -> None:
    assert request_title([Turn("user", text) for text in turns]) == title


def test_only_a_persons_own_words_name_a_session() -> None:
    others = [
        Turn("system", "You are a careful agent."),
        Turn("user", "A reminder of the client.", mark="injected"),
        Turn("user", "Read the tests for the sub-agent.", sidechain="a1"),
        Turn("assistant", "I begin with the tests."),
    ]
    assert request_title([*others, Turn("user", "Ship the cart")]) == "Ship the cart"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Cart rounding", "Cart rounding"),
        ("New session - 2026-03-01T12:00:00.000Z", ""),
        ("New Chat", ""),
        ("Untitled", ""),
        ("2026-03-01 12:00", ""),
        ("  Fix\nthe cart ", "Fix the cart"),
        ("Session handling in the cart", "Session handling in the cart"),
    ],
)
def test_a_default_title_is_none(text: str, title: str) -> None:
    assert agent_title(text) == title


def claude_lines(*more: dict[str, object]) -> str:
    base = {"sessionId": "c-1", "cwd": "/shop", "timestamp": "2026-03-01T12:00:00Z"}
    answer = {"id": "m1", "role": "assistant", "content": [{"type": "text", "text": "Fixed."}]}
    lines = [
        {**base, "type": "user", "uuid": "u1", "parentUuid": None, "message": {"role": "user", "content": "Hi! Please fix the cart."}},
        {**base, "type": "assistant", "uuid": "u2", "parentUuid": "u1", "message": answer},
        *more,
    ]  # fmt: skip
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_the_agents_title_replaces_the_request_and_a_persons_stays(store: Store, tmp_path: Path) -> None:
    project = projects.create(store, "shop")
    file = tmp_path / "c-1.jsonl"

    def import_with(*more: dict[str, object]) -> tuple[str, str]:
        file.write_text(claude_lines(*more))
        import_paths(store, [file], project=project)
        session = sessions.require(store, project, 1)
        return session.title, session.title_origin

    ai_title = {"type": "ai-title", "aiTitle": "Cart repair", "sessionId": "c-1"}
    assert import_with() == ("Fix the cart", "request")
    assert import_with({"type": "summary", "summary": "Another talk", "leafUuid": "elsewhere"}) == ("Fix the cart", "request")
    assert import_with(ai_title) == ("Cart repair", "agent")
    custom_title = {"type": "custom-title", "customTitle": "The cart", "sessionId": "c-1"}
    assert import_with(custom_title, ai_title) == ("The cart", "agent")
    renamed = titles.rename(store, sessions.require(store, project, 1), "  My own   name ")
    assert (renamed.title, renamed.title_origin) == ("My own name", "person")
    assert import_with(ai_title) == ("My own name", "person")
    freed = titles.rename(store, renamed, "")
    assert (freed.title, freed.title_origin) == ("Fix the cart", "request")
    with pytest.raises(BadInput, match="characters"):
        titles.rename(store, renamed, "x" * 101)


def test_a_title_holds_no_secret(store: Store) -> None:
    project = projects.create(store, "shop")
    session = sessions.start(store, project).session
    key = "ghp_" + "k3Yz" * 9
    append_turns(store, session.id, [Turn("user", f"Push with the token {key}")])
    titled = sessions.require(store, project, 1)
    assert titled.title.startswith("Push with the token")
    assert key not in titled.title
    assert key not in titles.rename(store, titled, f"Push with {key}").title


def test_sessions_without_a_title_get_theirs_later(store: Store) -> None:
    project = projects.create(store, "shop")
    session = sessions.start(store, project).session
    append_turns(store, session.id, [Turn("user", "Fix the cart")])
    with store.write() as connection:
        from onward.store import sessions as stored_sessions

        stored_sessions.set_title(connection, session.id, "", "")
    assert titles.title_untitled(store) == 1
    assert sessions.require(store, project, 1).title == "Fix the cart"


def test_a_session_has_a_date_if_its_turns_have_times(store: Store, tmp_path: Path) -> None:
    project = projects.create(store, "shop")
    (tmp_path / "with.jsonl").write_text(claude_lines())
    (tmp_path / "without.txt").write_text(
        "User: Fix the cart in the shop\n\nAssistant: It is fixed.\n\nUser: Thanks for the cart\n\nAssistant: Gladly.\n"
    )
    import_paths(store, [tmp_path / "with.jsonl", tmp_path / "without.txt"], project=project)
    dates = {session.agent: session.dated_at and session.dated_at.date().isoformat() for session in sessions.list_sessions(store, project)}
    assert dates == {"claude-code": "2026-03-01", "pasted": None}
