"""What searching promises on every database: everything that was said is found by its words, and no text is ever taken for syntax."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from onward.core.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.store import Store, health, projects, search_index, search_plan, sessions, turns
from onward.store.bodies import Bodies
from onward.store.turns import NewTurn, Place

SAID = [
    Turn("user", "The orders service must never write to the archive table."),
    Turn("assistant", "I moved getUserName into src/app/user_names.py and failed twice.", thinking="perhaps a mutex"),
    Turn("assistant", calls=(ToolCall("c", "Bash", {"command": "make deploy-staging", "env": {"REGION": "ap-southeast-3"}}),)),
    Turn("tool", results=(ToolResult("c", "deployed at port 8443\n" + "noise " * 5000 + "\nthe very last words: kumquat"),)),
    Turn("user", "Toko kopi di Jakarta: harga naik, café Ürün 東京 нет"),
]


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
        index = search_index.of(connection)
        ids = index.search(connection, index.frequencies(connection, terms), **filters)
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
def test_what_was_said_is_found(store: Store, term: str, ordinals: list[int]) -> None:
    kept(store, "p", *SAID)
    assert found(store, term) == ordinals


def test_the_turn_that_holds_more_comes_first(store: Store) -> None:
    kept(store, "p", Turn("user", "apples"), Turn("user", "apples and pears"), Turn("user", "pears " + "x " * 200))
    assert found(store, "apples", "pears")[0] == 2


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
def test_no_text_is_syntax(store: Store, text: str) -> None:
    kept(store, "p", *SAID, Turn("user", f"here: {text} :there"))
    assert set(found(store, text)) <= {6}
    assert found(store, "qa") == ([6] if "qa" in text else [])
    assert found(store, "there") == [6]


def test_filters(store: Store) -> None:
    first = kept(store, "p", *SAID)
    second = kept(store, "q", Turn("user", "the archive again"))
    assert found(store, "archive", project_id=first) == [1]
    assert found(store, "archive", project_id=second) == [1]
    assert len(found(store, "archive")) == 2
    assert found(store, "archive", roles=["assistant"]) == []
    assert found(store, "archive", "mutex", roles=["assistant", "tool"], project_id=first) == [2]
    assert len(found(store, "archive", limit=1)) == 1


def test_common_words_alone_find_the_newest_that_holds_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "COMMON", 3)
    kept(store, "p", *(Turn("user", text) for text in ("red", "red blue", "blue", "red blue", "red", "blue", "red", "green")))
    assert found(store, "red", "blue")[:2] == [4, 2]
    assert found(store, "red", "green")[0] == 8
    with store.read() as connection:
        assert search_index.of(connection).frequencies(connection, ["red", "green", "grey"]) == {"red": 3, "green": 1, "grey": 0}


def test_what_has_changed_is_found_by_its_new_words_alone(store: Store) -> None:
    kept(store, "p", *SAID)
    with store.write() as connection:
        turns.replace(connection, Place(1, 2, 1), NewTurn(2, b"2", Bodies().pack(Turn("assistant", "I left it in lib/names.py"), 9)))
    assert found(store, "mutex") == found(store, "getUserName") == []
    assert found(store, "lib names") == [2]
    assert found(store, "kumquat") == [4]


def test_what_is_deleted_is_not_found(store: Store) -> None:
    kept(store, "p", *SAID)
    with store.write() as connection:
        turns.remove(connection, 1)
        assert search_index.of(connection).frequencies(connection, ["archive", "kumquat"]) == {"archive": 0, "kumquat": 0}


def test_an_index_can_be_made_anew(store: Store) -> None:
    kept(store, "p", *SAID)
    with store.write() as connection:
        index = search_index.of(connection)
        index.clear(connection)
        assert index.frequencies(connection, ["archive"]) == {"archive": 0}
        assert health.unindexed(connection) == len(SAID)
        assert turns.index_again(connection) == len(SAID)
        assert health.unindexed(connection) == 0
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('integrity-check')")
    assert found(store, "archive") == [1]


def test_what_is_deleted_with_its_project_is_not_found(store: Store) -> None:
    first = kept(store, "p", *SAID)
    kept(store, "q", Turn("user", "the archive again"))
    with store.write() as connection:
        turns.remove(connection, 1)
        projects.remove(connection, first)
        assert search_index.of(connection).frequencies(connection, ["archive", "kumquat"]) == {"archive": 1, "kumquat": 0}
        assert health.unindexed(connection) == 0


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000 + "kumquat",
        " ".join(f"w{n}" for n in range(120_000)) + " kumquat",
        "x" * 3_000_000 + " kumquat",
        " ".join("漢字" * 40 + str(n) for n in range(9_000)) + " kumquat",
        "it's \\ 'quoted' \0 kumquat \x01 ' \\'",
    ],
    ids=["one word again and again", "many words", "a word without end", "long words", "quotes"],
)
def test_any_text_is_indexed_to_its_end(store: Store, text: str) -> None:
    kept(store, "p", Turn("user", text), Turn("user", "nothing"))
    assert found(store, "kumquat") == [1]


def test_forms_of_a_word_find_each_other(store: Store) -> None:
    kept(store, "p", Turn("user", "We deployed the migrations, and the retries stopped failing."))
    for asked in ("deploy", "deploying", "migration", "retry", "stop", "fail", "failed"):
        assert found(store, asked) == [1], asked


def test_only_what_was_said_since_a_time_is_found(store: Store) -> None:
    early, late = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)
    kept(
        store,
        "shop",
        Turn("user", "The archive is full.", at=early),
        Turn("user", "The archive was emptied.", at=late),
        Turn("user", "archive"),
    )
    assert found(store, "archive", since=late) == [2]
    assert sorted(found(store, "archive", since=early)) == [1, 2]
    assert len(found(store, "archive")) == 3
