"""What searching promises: everything that was said is found by its words, and no text is ever taken for syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onward.core.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.store import Store, projects, search_sqlite, sessions, turns
from onward.store.bodies import Bodies
from onward.store.turns import NewTurn, Place

SAID = [
    Turn("user", "The orders service must never write to the archive table."),
    Turn("assistant", "I moved getUserName into src/app/user_names.py and failed twice.", thinking="perhaps a mutex"),
    Turn("assistant", calls=(ToolCall("c", "Bash", {"command": "make deploy-staging", "env": {"REGION": "ap-southeast-3"}}),)),
    Turn("tool", results=(ToolResult("c", "deployed at port 8443\n" + "noise " * 5000 + "\nthe very last words: kumquat"),)),
    Turn("user", "Toko kopi di Jakarta: harga naik, café Ürün 東京 нет"),
]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Store]:
    with Store.at_folder(tmp_path) as store:
        yield store


def kept(store: Store, name: str, *said: Turn) -> int:
    with store.write() as connection:
        project = projects.add(connection, name)
        session = sessions.add(connection, project.id, SessionHead("codex"))
        turns.append(
            connection, project.id, session.id, [NewTurn(i, b"%d" % i, Bodies().pack(turn, 1)) for i, turn in enumerate(said, start=1)]
        )
        sessions.grow(connection, session.id, len(said), 0)
        return project.id


def found(store: Store, *terms: str, **filters: object) -> list[int]:
    """Return the ordinals of the turns that hold any of *terms*, the best first."""
    with store.read() as connection:
        ids = search_sqlite.search(connection, search_sqlite.frequencies(connection, terms), **filters)
        return [turns.by_ids(connection, [one])[one].ordinal for one in ids]


@pytest.mark.parametrize(
    ("term", "ordinals"),
    [
        ("archive", [1]),
        ("orders", [1]),
        ("order", [1]),
        ("ORDERS", [1]),
        ("fail", [2]),
        ("user names", [2]),
        ("getusername", [2]),
        ("get user name", [2]),
        ("mutex", [2]),
        ("deploy staging", [3]),
        ("southeast", [3]),
        ("8443", [4]),
        ("kumquat", [4]),
        ("cafe", [5]),
        ("urun", [5]),
        ("東京", [5]),
        ("нет", [5]),
        ("nothing of the kind", []),
    ],
)
def test_what_was_said_is_found(open_store: Store, term: str, ordinals: list[int]) -> None:
    kept(open_store, "p", *SAID)
    assert found(open_store, term) == ordinals


def test_the_turn_that_holds_more_comes_first(open_store: Store) -> None:
    kept(open_store, "p", Turn("user", "apples"), Turn("user", "apples and pears"), Turn("user", "pears " + "x " * 200))
    assert found(open_store, "apples", "pears")[0] == 2


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        "qa OR qb",
        "NEAR(qa qb)",
        "text:qa",
        "qa*",
        "^qa",
        "-qa",
        "NOT qa",
        "(",
        ")",
        "'; DROP TABLE turns; --",
        "\0",
        "qa\0qb",
        "{text}:qa",
        "+",
    ],
)
def test_no_text_is_syntax(open_store: Store, text: str) -> None:
    kept(open_store, "p", *SAID, Turn("user", f"here: {text} :there"))
    assert set(found(open_store, text)) <= {6}
    assert found(open_store, "qa") == ([6] if "qa" in text else [])
    assert found(open_store, "there") == [6]


def test_filters(open_store: Store) -> None:
    first = kept(open_store, "p", *SAID)
    second = kept(open_store, "q", Turn("user", "the archive again"))
    assert found(open_store, "archive", project_id=first) == [1]
    assert found(open_store, "archive", project_id=second) == [1]
    assert len(found(open_store, "archive")) == 2
    assert found(open_store, "archive", roles=["assistant"]) == []
    assert found(open_store, "archive", "mutex", roles=["assistant", "tool"], project_id=first) == [2]
    assert len(found(open_store, "archive", limit=1)) == 1


def test_common_words_alone_find_the_newest_that_holds_all(open_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_sqlite, "COMMON", 3)
    kept(open_store, "p", *(Turn("user", text) for text in ("red", "red blue", "blue", "red blue", "red", "blue", "red", "green")))
    assert found(open_store, "red", "blue")[:2] == [4, 2]
    assert found(open_store, "red", "green")[0] == 8
    with open_store.read() as connection:
        assert search_sqlite.frequencies(connection, ["red", "green", "grey"]) == {"red": 3, "green": 1, "grey": 0}


def test_what_has_changed_is_found_by_its_new_words_alone(open_store: Store) -> None:
    kept(open_store, "p", *SAID)
    with open_store.write() as connection:
        turns.replace(connection, Place(1, 2, 1), NewTurn(2, b"2", Bodies().pack(Turn("assistant", "I left it in lib/names.py"), 9)))
    assert found(open_store, "mutex") == found(open_store, "getUserName") == []
    assert found(open_store, "lib names") == [2]
    assert found(open_store, "kumquat") == [4]


def test_what_is_deleted_is_not_found(open_store: Store) -> None:
    kept(open_store, "p", *SAID)
    with open_store.write() as connection:
        turns.remove(connection, 1)
        assert connection.exec_driver_sql("SELECT count(*) FROM turn_words WHERE turn_words MATCH 'archive OR kumquat'").scalar() == 0


def test_an_index_can_be_made_anew(open_store: Store) -> None:
    kept(open_store, "p", *SAID)
    with open_store.write() as connection:
        search_sqlite.clear(connection)
        assert search_sqlite.frequencies(connection, ["archive"]) == {"archive": 0}
        assert turns.index_again(connection) == len(SAID)
        connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('integrity-check')")
    assert found(open_store, "archive") == [1]
