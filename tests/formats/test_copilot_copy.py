"""VS Code's chat with Copilot as copied text: the speakers, the acts, and what only the client says."""

from __future__ import annotations

import pytest

from onward.errors import UnknownFormat


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "copilot_copy" / "chat.txt")


def test_the_persons_account_names_their_messages(session):
    assert session.prompts() == [
        "Count the bees of each hive. Never open a hive in the rain.\n\nNote: the counts are in bees.csv.",
        "Say which hive is empty.",
    ]
    assert [turn.text for turn in session.turns if turn.mark == "injected"] == [
        '@agent Continue: "Continue to iterate?"',
        "Sorry, your request failed. Please try again.",
    ]
    assert session.heads[0].agent == "copilot-chat"


def test_acts_are_calls_and_notices_are_left_out(session):
    command = 'python -c "\nimport bees\n\nprint(bees.count())\n"'
    assert [(turn.text.partition("\n")[0], call.name, call.arguments) for turn in session.turns for call in turn.calls] == [
        ("I read the counts first.", "read_file", {"filePath": "/home/ana/hives of may/bees.csv"}),
        ("", "run_in_terminal", {"command": command}),
        ("Hive 3 has no count, so it stays empty:", "create_file", {"filePath": "c:/Users/ana/hives/count.py"}),
    ]
    assert session.turns[-1].text == "Hive 3 is empty."
    assert "Made changes" not in "".join(turn.text for turn in session.turns)


def test_windows_line_ends_change_nothing(session, reading, fixtures):
    text = (fixtures / "copilot_copy" / "chat.txt").read_bytes().replace(b"\n", b"\r\n")
    assert [turn.text for turn in reading(text).turns] == [turn.text for turn in session.turns]


def test_a_note_about_copilot_is_no_chat(reading):
    with pytest.raises(UnknownFormat):
        reading(b"Summary: three tools were compared.\n\nGitHub Copilot is fast.\n")
