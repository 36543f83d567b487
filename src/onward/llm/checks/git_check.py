"""Checks what a line says about git: whether something is committed, and whether the last commit is pushed."""

from __future__ import annotations

import re

from onward.core.evidence.session import SessionState
from onward.llm.checks.tokens import NOT

_COMMITTED = re.compile(r"(?:\b(?:is|are|was|been|staged,?|and)|[,;(]) committed\b|\bcommit was made\b")
_NO_CLAIM = re.compile(r"\b(?:no|not|nothing|none|never|should|must|whether|if|would|could|may)\b[^.;:→]*$")
"""What makes a commit a wish or a question, or denies it, before the word in its clause."""
_UNCOMMITTED = re.compile(NOT + r"(?:\w+ )?commit|uncommitted|to be committed|\bno commit")


def find_git_problem(text: str, state: SessionState) -> tuple[str, str] | None:
    """Return what *text* says about the last commit or the branch and what git shows instead; None if they agree."""
    if not state.commits:
        match = _COMMITTED.search(text)
        is_committed = match and not _UNCOMMITTED.search(text) and not _NO_CLAIM.search(text[: match.start()])
        return ("committed", f"session {state.number} made no commit") if state.is_observed and is_committed else None
    last_commit = state.commits[-1][0]
    names_last = last_commit[:7] in text or any(word in text for word in ("last commit", "branch"))
    if (
        names_last
        and state.is_pushed is False
        and re.search(r"\bpushed\b", text)
        and not re.search(NOT + r"pushed|unpushed|push(?:ed)? (?:it|to|and)", text)
    ):
        return "pushed", f"the last commit {last_commit} is not pushed"
    if names_last and last_commit[:7] in text and state.is_pushed and re.search(r"(?:not|n't|never) (?:yet |been )?pushed|unpushed", text):
        return "not pushed", f"the last commit {last_commit} is pushed"
    return None
