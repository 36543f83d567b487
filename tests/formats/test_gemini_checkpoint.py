"""Gemini CLI's checkpoints: bare, with the way of login, and from before a tool ran."""

from __future__ import annotations

import shutil


def test_a_saved_chat_has_calls_with_their_results(reading, fixtures):
    session = reading(fixtures / "gemini_checkpoint" / "saved_chat.json")
    assert session.prompts() == ["Write the menu of the week to menu.md. Never list a dish twice.", "Leave out Sunday."]
    calls = {call.id: call.name for turn in session.turns for call in turn.calls}
    results = [(calls[result.call_id], result.exit_code) for turn in session.turns for result in turn.results]
    assert results == [("write_todos", None), ("run_shell_command", 1), ("replace", None)]


def test_what_the_client_says_first_is_nobodys_word(reading, fixtures):
    assert [turn.mark for turn in reading(fixtures / "gemini_checkpoint" / "saved_chat.json").turns][:3] == ["injected", "injected", "said"]


def test_the_other_forms_have_the_same_messages(reading, fixtures):
    with_login = reading(fixtures / "gemini_checkpoint" / "with_login.json").turns
    before_tool = reading(fixtures / "gemini_checkpoint" / "before_tool.json").turns
    assert [turn.text for turn in with_login][:3] == [turn.text for turn in before_tool]


def test_the_name_that_the_person_gave_is_the_title(reading, fixtures, tmp_path):
    saved = tmp_path / "checkpoint-menu.json"
    shutil.copyfile(fixtures / "gemini_checkpoint" / "saved_chat.json", saved)
    assert reading(saved).heads[0].title == "menu"
