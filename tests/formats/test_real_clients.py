"""Transcripts that real clients wrote for a scripted model (`make agents`): the person's words are the prompt alone, what was done is seen,
and of a compaction only the body of the summary is read.

Longer texts of the clients themselves, such as their prompts and descriptions of tools, are cut out.
"""

from __future__ import annotations

import pytest

from onward.core.transcript.tools import classify_call
from onward.core.transcript.turn import lighten

SUMMARY = "## Progress\n- `tracker.py` polls the courier.\n\n## Next\n- Add the retry queue.\n- SUMMARYMARK"
BUILD = "Please build the parcel tracker [[build]]. Never call the courier more than once a minute."
LOOK = "Look around. [[full]]"
COMPACTED = {
    "claude_code/real_client.jsonl": ["ls", "ls -a"],
    "codex/real_client.jsonl": ["ls"],
    "copilot/real_client.jsonl": ["ls", "ls -a", "ls -a"],
    "pi/real_client.jsonl": ["ls", "ls -a"],
    "qwen/real_client.jsonl": ["ls"],
}
"""The commands of a session whose context became full."""
BUILT = ("cline/real_client.json", "gemini/real_client.jsonl")
"""Sessions in which a file was written and two commands were run, the first in vain."""


def commands(turns):
    return [act.command for turn in turns for call in turn.calls if (act := classify_call(call)).command]


@pytest.mark.parametrize("name", [*COMPACTED, *BUILT])
def test_the_persons_words_are_the_prompt_alone(name, reading, fixtures):
    turns = [lighten(turn) for turn in reading(fixtures / name).turns]
    assert [turn.text for turn in turns if turn.role == "user" and turn.mark in {"said", "queued"}] == [
        LOOK if name in COMPACTED else BUILD
    ]


@pytest.mark.parametrize("name", COMPACTED)
def test_of_a_compaction_the_body_of_the_summary_is_read(name, reading, fixtures):
    turns = [lighten(turn) for turn in reading(fixtures / name).turns]
    assert {turn.text for turn in turns if turn.mark == "summary"} == {SUMMARY}
    assert commands(turns) == COMPACTED[name]


@pytest.mark.parametrize("name", BUILT)
def test_files_commands_and_errors_are_seen(name, reading, fixtures):
    turns = reading(fixtures / name).turns
    changed_paths = [change.path for turn in turns for call in turn.calls for change in classify_call(call).changes]
    assert [path.rpartition("/")[2] for path in changed_paths] == ["tracker.py"]
    assert commands(turns) == ["python3 -c 'import tracker; tracker.pol(1)'", "python3 -c 'import tracker; print(tracker.poll(1))'"]
    assert "AttributeError" in "".join(result.text for turn in turns for result in turn.results)
