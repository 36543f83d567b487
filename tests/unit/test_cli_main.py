"""The command as a process: streams, signals and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onward.cli import fast_commands
from onward.cli.main import main

TURNS = [
    {"role": "user", "content": "Always run `make test` before you commit. Let us build the cart page."},
    {"role": "assistant", "content": "Done: the cart page is in src/cart.py. Next: the checkout. ☕ コーヒー"},
]


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    path = tmp_path / "session.json"
    path.write_text(json.dumps(TURNS))
    return path


def onward(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    outer_environment = {name: value for name, value in os.environ.items() if not name.startswith(("ONWARD_", "LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-m", "onward", *arguments], env={**outer_environment, **environment}, capture_output=True, check=False
    )


def test_the_version() -> None:
    assert onward("--version").stdout.startswith(b"onward 0.")


def test_no_command_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("distill", "read", "--help"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["distil"], "Did you mean: onward distill"),
        (["frobnicate"], "See: onward --help"),
        (["distill"], "Missing argument 'FILE...'"),
        (["distill", "a", "--budget", "0"], "See: onward distill --help"),
        (["distill", "a", "--format", "pdf"], "'markdown', 'prompt', 'json'"),
        (["read", "no-such-file.jsonl"], "no-such-file.jsonl does not exist"),
        (["read", "."], "is not a folder in which an agent stores sessions"),
    ],
)
def test_wrong_use_is_two_and_says_what_to_do(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err.startswith("onward: ")
    assert says in answer.err


def test_wrong_use_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "no-such-file.jsonl", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "unreadable_file"


def test_a_defect_is_a_sentence_and_a_way_to_see_more(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr(fast_commands, "run", broken)
    assert main(["read", "x"]) == 1
    assert "unexpected error: RuntimeError: the moon is full" in (shown := capsys.readouterr().err)
    assert "Traceback" not in shown
    monkeypatch.setenv("ONWARD_TRACEBACK", "1")
    main(["read", "x"])
    assert "Traceback" in capsys.readouterr().err


def test_output_is_utf8_whatever_the_locale(transcript: Path) -> None:
    answer = onward("read", transcript, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert answer.returncode == 0
    assert "☕ コーヒー" in answer.stdout.decode("utf-8")


def test_a_transcript_on_standard_input(transcript: Path) -> None:
    piped = subprocess.run(
        [sys.executable, "-m", "onward", "read", "-", "--json"], input=transcript.read_bytes(), capture_output=True, check=True
    )
    turns = [json.loads(line) for line in piped.stdout.splitlines()]
    assert [turn["role"] for turn in turns if "role" in turn] == ["user", "assistant"]


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name")
def test_a_pipe_with_a_name_is_read_like_a_file(transcript: Path) -> None:
    command = f'"{sys.executable}" -m onward read --json <(cat "{transcript}")'
    piped = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert piped.stdout == onward("read", transcript, "--json").stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    long = tmp_path / "long.json"
    long.write_text(json.dumps(TURNS * 20_000))
    with subprocess.Popen([sys.executable, "-m", "onward", "read", long], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1000)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_ctrl_c_says_that_it_stopped() -> None:
    # A test run in the background may ignore Ctrl-C, which a child inherits: start as an interactive shell does.
    starts = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", starts, "-m", "onward", "read", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        program = Path(f"/proc/{process.pid}/syscall")
        if not program.exists():
            process.kill()
            pytest.skip("needs /proc to see when the program waits for its input")
        while not program.read_text().startswith("0 0x0 "):  # blocked in read(0, …)
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr is not None
        assert b"Traceback" not in (printed := process.stderr.read())
        assert b"interrupted" in printed
