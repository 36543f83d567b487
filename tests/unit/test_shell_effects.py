"""What shell lines do, against a labelled list of our own; the lines at odd places were not looked at while the rules were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.core.effort.shell_effects import shell_effect

LABELLED = [
    line.split("\t", 1)
    for line in (Path(__file__).parent / "data" / "shell_commands.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("half", [0, 1], ids=["development", "test"])
def test_most_labelled_lines_are_classified_right(half: int) -> None:
    lines = LABELLED[half::2]
    wrong = [command for label, command in lines if shell_effect(command.replace("\\n", "\n")) != label]
    assert len(lines) >= 150
    assert len(wrong) <= 0.05 * len(lines), wrong


@pytest.mark.parametrize(
    "command", ["", "   ", "'", '"$(', "$(((", "cat <<EOF", "|", "a" * 20_000, "echo $(echo $(echo x))", "`", "for", "\x00"]
)
def test_any_text_is_classified(command: str) -> None:
    assert shell_effect(command) in ("reading", "preparing", "producing")
