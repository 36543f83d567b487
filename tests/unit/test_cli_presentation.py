from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onward.cli import presentation
from onward.cli.import_report import describe_report
from onward.core.facts.fact import Handle
from onward.core.transcript.transcript import ImportReport
from onward.errors import BadInput


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_of_40_columns(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Not a fixture: pytest restores its own standard output between a fixture and its test."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return screen


def test_a_table_in_a_pipe_is_plain_rows_and_nothing_cut(capsys: pytest.CaptureFixture[str]) -> None:
    presentation.say_table(["name", "turns"], [["kopi", 12], ["long " * 40, None]])
    assert capsys.readouterr().out == "kopi\t12\n" + "long " * 40 + "\t\n"


def test_a_cell_cannot_break_the_row_it_stands_in(capsys: pytest.CaptureFixture[str]) -> None:
    presentation.say_table(["a", "b"], [["one\ttwo", "three\nfour"]])
    assert capsys.readouterr().out == "one two\tthree four\n"


def test_a_table_on_a_terminal_is_aligned_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of_40_columns(monkeypatch)
    presentation.say_table(
        ["name", "turns", "last words"], [["kopi", 9, "short"], ["コーヒー", 1204, "a sentence that goes on past the edge of it"]]
    )
    lines = terminal.getvalue().splitlines()
    assert lines[0] == "\x1b[1mname      turns  last words\x1b[0m"
    assert lines[1] == "kopi          9  short"
    assert lines[2].startswith("コーヒー   1204  a sentence that goes")
    assert lines[2].endswith("…")
    assert max(presentation.width(line) for line in lines[1:]) <= 40


def test_a_last_column_that_matters_goes_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of_40_columns(monkeypatch)
    presentation.say_table(["id", "fact"], [["3f9c", "never commit to main, always a branch and a review"], ["", ""]], wraps=True)
    assert terminal.getvalue().splitlines()[1:] == ["3f9c  never commit to main, always a", "      branch and a review", ""]


def test_a_table_without_rows_is_its_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of_40_columns(monkeypatch)
    presentation.say_table(["id", "fact"], [])
    assert terminal.getvalue() == "\x1b[1mid  fact\x1b[0m\n"


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain ☕\n\ttext", "plain ☕\n\ttext"),
        ("\x1b[31mred\x1b[0m \x1b[2Kgone", "red gone"),
        ("\x1b]0;title\x07here", "here"),
        ("\x1b]52;c;aGk=\x1b\\there", "there"),
        ("10 %\r20 %\r\ndone\r\n", "10 %\n20 %\ndone\n"),
        ("be\x07ep\x00 \x9b31mC1", "beep 31mC1"),
    ],
)
def test_terminal_control_sequences_are_removed(printed: str, shown: str) -> None:
    assert presentation.printable(printed) == shown


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal_of_40_columns(monkeypatch)
    assert presentation.paint("x", "bold") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert presentation.paint("x", "bold") == "x"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_width_in_columns(text: str, columns: int) -> None:
    assert presentation.width(text) == columns


@pytest.mark.parametrize(("number", "words"), [(0, "0 turns"), (1, "1 turn"), (1204, "1,204 turns")])
def test_counted(number: int, words: str) -> None:
    assert presentation.quantity(number, "turn") == words


def test_json_of_our_shapes() -> None:
    @dataclass(slots=True)
    class Row:
        handle: Handle
        at: datetime
        path: Path

    row = Row(Handle(3, 41), datetime(2026, 3, 1, 12, 30, tzinfo=UTC), Path("a/b"))
    assert json.loads(presentation.as_json_text([row])) == [{"handle": "s3.41", "at": "2026-03-01T12:30:00Z", "path": str(Path("a/b"))}]


def test_progress_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentation, "LONG_WORK_SECONDS", 0.0)
    with presentation.ProgressBar("reading") as progress:
        progress.update(1, 2, "a.jsonl")
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(presentation, "LONG_WORK_SECONDS", 0.0)
    with presentation.ProgressBar("reading") as progress:
        progress.update(1, 2, "a.jsonl")
    assert screen.getvalue() == "\r\x1b[Kreading 1 of 2 a.jsonl\r\x1b[K"


def test_an_account_names_what_was_left_out_and_where_it_broke() -> None:
    report = ImportReport(format="codex")
    report.keep(5)
    report.turns, report.sessions = 4, 1
    report.skip("event repeats a response item", 2)
    for line in range(7, 12):
        report.reject(line, "torn")
    assert describe_report(report) == (
        "codex, 4 turns in 1 session from 12 records · skipped: 2 event repeats a response item"
        " · unreadable: 5 records (line 7: torn; line 8: torn; line 9: torn; and 2 more)"
    )


STORED = "a \x1b]0;title\x07b \u202eevil\u202c \x1b[2J\x9bc \u2066d\u2069"


@pytest.mark.parametrize("is_coloured", [False, True])
def test_no_control_byte_or_override_of_direction_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_coloured: bool
) -> None:
    monkeypatch.setattr(presentation, "has_colour", lambda stream: is_coloured)
    presentation.say(presentation.paint(STORED, "bold"))
    presentation.note(STORED)
    printed, noted = capsys.readouterr()
    assert noted == "a b evil c d\n"
    assert printed == ("\x1b[1ma b evil c d\x1b[0m\n" if is_coloured else "a b evil c d\n")
    presentation.say_json({"title": STORED})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"title": STORED}
    assert printed.strip().isprintable()
    assert "\u202e" not in printed


def test_a_deleted_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    command = f"cd {folder} && rmdir {folder} && exec {sys.executable} -m onward session list"
    environment = {**os.environ, "ONWARD_HOME": str(tmp_path / "home")}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert "The current folder does not exist any more." in done.stderr
    assert done.returncode == BadInput.exit_code
