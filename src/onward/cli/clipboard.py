"""Putting text on the clipboard, with what the machine has for it."""

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
    """Put *text* on the clipboard and return what did it. Raises `BadInput` where nothing can."""
    for program in PROGRAMS:
        if shutil.which(program[0]) and _copy_with(program, text):
            return program[0]
    if is_terminal(sys.stderr):
        # Terminals take the clipboard's new content in an escape sequence (OSC 52), over ssh too.
        sys.stderr.write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a")
        return "the terminal, if it allows it"
    raise BadInput(
        "There is no program here that reaches the clipboard.",
        "Install wl-clipboard or xclip, or send the output to a file: onward handoff > HANDOFF.md",
    )


def _copy_with(program: tuple[str, ...], text: str) -> bool:
    """Whether *program* took the text. It may stay in the background to serve the clipboard, so it gets none of our streams."""
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
