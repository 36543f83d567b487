"""Cursor's files: the text of `<user_query>`, calls in lines and in text, an exported chat that quotes another."""

from __future__ import annotations


def test_a_persons_words_come_out_of_the_query(reading, fixtures):
    for name in ("agent.jsonl", "agent.txt"):
        assert reading(fixtures / "cursor" / name).prompts() == ["The restock report is empty on Mondays", "Jangan ubah exporter"]


def test_calls_in_lines(reading, fixtures):
    result = reading(fixtures / "cursor" / "agent.jsonl")
    assert [(call.id, call.name) for turn in result.turns for call in turn.calls] == [("line:2:0", "Read"), ("t2", "Shell")]
    assert [turn.text for turn in result.turns if turn.mark == "injected"] == [
        "<open_and_recently_viewed_files>\nsrc/report.ts\n</open_and_recently_viewed_files>"
    ]
    assert result.report.skipped == {"empty message": 1}


def test_calls_in_text(reading, fixtures):
    result = reading(fixtures / "cursor" / "agent.txt")
    calls = {call.name: call for turn in result.turns for call in turn.calls}
    assert calls["Shell"].arguments == {"command": "pnpm test report", "description": "Run the tests"}
    assert calls["StrReplace"].arguments == {
        "path": "/home/rina/kopi-stock/src/report.ts",
        "old_string": "if (day > 1)",
        "new_string": "if (day > 0)\n  // Monday is day one",
    }
    assert [answer.call_id for turn in result.turns for answer in turn.results] == [calls["StrReplace"].id]
    assert next(turn.thinking for turn in result.turns if turn.thinking) == "Monday is day one."


def test_an_exported_chat_may_quote_another(reading, fixtures):
    result = reading(fixtures / "cursor" / "exported.md")
    assert result.heads[0].title == "Empty report on Mondays"
    assert [(turn.role, turn.line) for turn in result.turns] == [("user", 6), ("assistant", 12), ("user", 26)]
    assert "quoted words" in result.turns[1].text
    assert result.prompts() == ["The restock report is empty on Mondays", "Jangan ubah exporter"]
