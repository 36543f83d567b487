"""A small project of three sessions that shows the whole loop without anyone's real conversation.

A queue app for a clinic, written with Claude Code (sessions 1 and 3) and Codex (session 2) by someone who mixes English and Indonesian.
It contains what handoffs are for: standing rules, a decision that is reversed later, errors with their fixes, dead ends, a partly done
todo list, an open question with a later answer, and a secret in a tool's output.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

NAMES = ("1-claude-code.jsonl", "2-codex.jsonl", "3-claude-code.jsonl")
"""The transcripts in the order of their sessions."""

_MARKER = "@@DUMMY_GITHUB_TOKEN@@"


def write(folder: Path) -> list[Path]:
    """Write the transcripts into *folder*, created if missing, and return their paths in the order of the sessions.

    The secret is added only here. It opens nothing, but it has the shape of a real one, which no file of the project should contain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for name in NAMES:
        text = files(__name__).joinpath(name).read_text(encoding="utf-8")
        path = folder / name
        path.write_text(text.replace(_MARKER, planted_secret()), encoding="utf-8")
        paths.append(path)
    return paths


def planted_secret() -> str:
    """Return the dummy secret that `write` plants: shaped like a GitHub token, the same in every run."""
    return f"ghp_{sha256(b'a dummy for the samples').hexdigest()[:36]}"
