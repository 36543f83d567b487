"""Copies text to the clipboard with a program of this machine."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys

from onward.cli.presentation import is_terminal
from onward.errors import BadInput

PROGRAMS = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("clip.exe",),
)
TIMEOUT_SECONDS = 5.0


def copy_text(text: str) -> str:
    """Copy *text* to the clipboard and return the name of the program used. Raises `BadInput` if there is none."""
    for program in PROGRAMS:
        if shutil.which(program[0]) and _copy_with(program, text):
            return program[0]
    if is_terminal(sys.stderr):
        # Terminals accept clipboard content in an escape sequence (OSC 52), over ssh too.
        sys.stderr.write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a")
        return "the terminal, if it supports this"
    raise BadInput(
        "No clipboard program found.",
        "Install wl-clipboard or xclip, or write the output to a file: onward handoff > HANDOFF.md",
    )


def _copy_with(program: tuple[str, ...], text: str) -> bool:
    """Return whether *program* accepted the text. It may keep running to serve the clipboard, so it inherits no stream."""
    encoding = "utf-16" if program[0] == "clip.exe" else "utf-8"
    try:
        process = subprocess.run(
            program,
            input=text.encode(encoding, "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0
