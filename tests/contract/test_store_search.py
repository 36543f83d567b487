"""Search on every database: all text is found by its words, and no text is taken for query syntax."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from onward.app.search import search_results
from onward.app.search.query_filters import parse_filters
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.store import Store, health, projects, sessions, turns
from onward.store.search import plan, turn_index
from onward.store.turn_bodies import TurnCodec
from onward.store.turns import NewTurn, TurnPosition

SAID = [
    Turn("user", "The orders service must never write to the archive table."),
    Turn("assistant", "I moved getUserName into src/app/user_names.py and failed twice.", thinking="perhaps a mutex"),
    Turn("assistant", calls=(ToolCall("c", "Bash", {"command": "make deploy-staging", "env": {"REGION": "ap-southeast-3"}}),)),
    Turn("tool", results=(ToolResult("c", "deployed at port 8443\n" + "noise " * 5000 + "\nthe very last words: kumquat"),)),
    Turn("user", "Toko kopi di Jakarta: harga naik, café Ürün 東京 нет"),
]


def store_turns(store: Store, name: str, *conversation: Turn) -> int:
    with store.write() as connection:
        project = projects.create(connection, name)
        session = sessions.create(connection, project.id, SessionHead("codex"))
        turns.append(
            connection,
            project.id,
            session.id,
            [NewTurn(i, b"%d" % i, TurnCodec().pack(turn, 1)) for i, turn in enumerate(conversation, start=1)],
        )
        sessions.add_turn_counts(connection, session.id, len(conversation), 0)
        return project.id


def find_turns(store: Store, *terms: str, limit: int = 200, **filters: Any) -> list[int]:
    """Return the ordinals of the turns that hold any of *terms*, the best first."""
    with store.read() as connection:
        index = turn_index.index_for(connection)
        ids = index.search(connection, index.frequencies(connection, terms), plan.TurnFilter(**filters), limit=limit)
        return [turns.find_by_ids(connection, [turn_id])[turn_id].ordinal for turn_id in ids]


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
    store_turns(store, "p", *SAID)
    assert find_turns(store, term) == ordinals


def test_the_turn_that_holds_more_comes_first(store: Store) -> None:
    store_turns(store, "p", Turn("user", "apples"), Turn("user", "apples and pears"), Turn("user", "pears " + "x " * 200))
    assert find_turns(store, "apples", "pears")[0] == 2


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
    store_turns(store, "p", *SAID, Turn("user", f"here: {text} :there"))
    assert set(find_turns(store, text)) <= {6}
    assert find_turns(store, "qa") == ([6] if "qa" in text else [])
    assert find_turns(store, "there") == [6]


def test_filters(store: Store) -> None:
    first = store_turns(store, "p", *SAID)
    second = store_turns(store, "q", Turn("user", "the archive again"))
    assert find_turns(store, "archive", project_id=first) == [1]
    assert find_turns(store, "archive", project_id=second) == [1]
    assert len(find_turns(store, "archive")) == 2
    assert find_turns(store, "archive", roles=["assistant"]) == []
    assert find_turns(store, "archive", "mutex", roles=["assistant", "tool"], project_id=first) == [2]
    assert len(find_turns(store, "archive", limit=1)) == 1


def test_common_words_alone_find_the_newest_that_holds_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "COMMON_TERM_TURNS", 3)
    store_turns(store, "p", *(Turn("user", text) for text in ("red", "red blue", "blue", "red blue", "red", "blue", "red", "green")))
    assert find_turns(store, "red", "blue")[:2] == [4, 2]
    assert find_turns(store, "red", "green")[0] == 8
    with store.read() as connection:
        assert turn_index.index_for(connection).frequencies(connection, ["red", "green", "grey"]) == {"red": 3, "green": 1, "grey": 0}


def test_what_has_changed_is_found_by_its_new_words_alone(store: Store) -> None:
    store_turns(store, "p", *SAID)
    with store.write() as connection:
        turns.replace_turn(
            connection, TurnPosition(1, 2, 1), NewTurn(2, b"2", TurnCodec().pack(Turn("assistant", "I left it in lib/names.py"), 9))
        )
    assert find_turns(store, "mutex") == find_turns(store, "getUserName") == []
    assert find_turns(store, "lib names") == [2]
    assert find_turns(store, "kumquat") == [4]


def test_what_is_deleted_is_not_found(store: Store) -> None:
    store_turns(store, "p", *SAID)
    with store.write() as connection:
        turns.delete_turns(connection, 1)
        assert turn_index.index_for(connection).frequencies(connection, ["archive", "kumquat"]) == {"archive": 0, "kumquat": 0}


def test_an_index_can_be_made_anew(store: Store) -> None:
    store_turns(store, "p", *SAID)
    with store.write() as connection:
        index = turn_index.index_for(connection)
        index.clear(connection)
        assert index.frequencies(connection, ["archive"]) == {"archive": 0}
        assert health.count_unindexed(connection) == len(SAID)
        assert turns.reindex(connection) == len(SAID)
        assert health.count_unindexed(connection) == 0
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('integrity-check')")
    assert find_turns(store, "archive") == [1]


def test_what_is_deleted_with_its_project_is_not_found(store: Store) -> None:
    first = store_turns(store, "p", *SAID)
    store_turns(store, "q", Turn("user", "the archive again"))
    with store.write() as connection:
        turns.delete_turns(connection, 1)
        projects.delete_project(connection, first)
        assert turn_index.index_for(connection).frequencies(connection, ["archive", "kumquat"]) == {"archive": 1, "kumquat": 0}
        assert health.count_unindexed(connection) == 0


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
    store_turns(store, "p", Turn("user", text), Turn("user", "nothing"))
    assert find_turns(store, "kumquat") == [1]


def test_forms_of_a_word_find_each_other(store: Store) -> None:
    store_turns(store, "p", Turn("user", "We deployed the migrations, and the retries stopped failing."))
    for word in ("deploy", "deploying", "migration", "retry", "stop", "fail", "failed"):
        assert find_turns(store, word) == [1], word


def test_only_what_was_said_since_a_time_is_found(store: Store) -> None:
    early, late = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)
    store_turns(
        store,
        "shop",
        Turn("user", "The archive is full.", at=early),
        Turn("user", "The archive was emptied.", at=late),
        Turn("user", "archive"),
    )
    assert find_turns(store, "archive", since=late) == [2]
    assert sorted(find_turns(store, "archive", since=early)) == [1, 2]
    assert len(find_turns(store, "archive")) == 3


@pytest.mark.parametrize("question", ["attribute error", "AttributeError in getUserName", "get user name"])
def test_an_excerpt_holds_only_what_was_written(store: Store, question: str) -> None:
    turn = Turn(
        "assistant", "AttributeError: getUserName has no cache.", calls=(ToolCall("c", "Bash", {"command": "pytest -k TestUserName"}),)
    )
    store_turns(store, "p", turn)
    excerpts = search_results.search(store, question).excerpts
    written = {"AttributeError: getUserName has no cache.", "Bash: pytest -k TestUserName"}
    assert excerpts
    assert {line for excerpt in excerpts for line in excerpt.text.splitlines()} <= written


UNSPACED = {
    "zh": ("我们决定用轮询代替推送，因为打印机会断线。端口是8443。", ("轮询", "打印机", "断线", "8443"), ("推断", "端线")),
    "ja": ("プリンターが切断されるので、検索語を二つに分けます。", ("切断", "検索", "プリンター", "分けます"), ("切検", "索引")),
    "ko": ("프린터가 끊기므로 폴링을 사용하기로 했습니다.", ("프린터", "폴링", "사용"), ("폴사", "터린")),
    "th": ("เครื่องพิมพ์ตัดการเชื่อมต่อ จึงใช้การสำรวจ", ("เครื่องพิมพ์", "เชื่อมต่อ", "สำรวจ"), ("พิมพ์เครื่อง",)),
}


@pytest.mark.parametrize("language", UNSPACED)
def test_two_letters_suffice_in_scripts_without_spaces(store: Store, language: str) -> None:
    text, present, absent = UNSPACED[language]
    store_turns(store, "p", Turn("user", text), Turn("user", "Nothing of this here."))
    for word in present:
        assert find_turns(store, word) == [1], word
        assert [excerpt.handle.turn for excerpt in search_results.search(store, word).excerpts] == [1], word
    for word in absent:
        assert find_turns(store, word) == [], word


def find_places(store: Store, query: str) -> list[str]:
    return sorted(f"{excerpt.project} {excerpt.handle.turn}" for excerpt in search_results.search(store, query).excerpts)


def test_a_query_narrows_the_search(store: Store) -> None:
    early, late = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 4, 2, 12, tzinfo=UTC)
    store_turns(
        store,
        "shop",
        Turn("user", "The queue server listens on port 8443, says src/queue/server.ts.", at=early),
        Turn("assistant", "The server of the queue runs; the port was moved.", at=late),
    )
    store_turns(store, "blog", Turn("user", "A queue server with a printer.", at=late))
    assert find_places(store, "queue server") == ["blog 1", "shop 1", "shop 2"]
    assert find_places(store, '"queue server"') == ["blog 1", "shop 1"]
    assert find_places(store, "queue server -printer") == ["shop 1", "shop 2"]
    assert find_places(store, 'queue -"queue server"') == ["shop 2"]
    assert find_places(store, "queue project:shop") == ["shop 1", "shop 2"]
    assert find_places(store, "queue kind:assistant") == ["shop 2"]
    assert find_places(store, "queue file:src/queue/server.ts") == ["shop 1"]
    assert find_places(store, "queue file:server.ts") == ["shop 1"]
    assert find_places(store, "queue before:2026-03-02") == ["shop 1"]
    assert find_places(store, "queue after:2026-03") == ["blog 1", "shop 2"]
    assert find_places(store, "queue after:2026-03-31 project:shop -printer") == ["shop 2"]
    assert find_places(store, "queue agent:claude-code") == []
    assert find_places(store, "queue agent:Codex") == ["blog 1", "shop 1", "shop 2"]
    with pytest.raises(NotFound):
        search_results.search(store, "queue project:nowhere")
    with pytest.raises(BadInput):
        search_results.search(store, "project:shop before:2026")


@pytest.mark.parametrize(
    "query", ["rm -rf build", "npm run --all -w", "before:lunch", "kind:bug", "file://etc", "a - b", '"', "-", 'say "', "--"]
)
def test_what_only_looks_like_a_filter_is_text(query: str) -> None:
    filters = parse_filters(query)
    assert (filters.text, filters.excluded, filters.phrases, filters.kinds, filters.before) == (query.strip(), (), (), (), None)
