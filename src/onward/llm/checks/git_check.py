"""Checks what a line says about git: the branch, whether something is committed, and whether the last commit is pushed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onward.core.evidence.session import SessionState
from onward.llm.checks.evidence import EvidenceText
from onward.llm.checks.tokens import NOT

_COMMITTED = re.compile(r"(?:\b(?:is|are|was|been|staged,?|and)|[,;(]) committed\b|\bcommit was made\b")
_NO_CLAIM = re.compile(r"\b(?:no|not|nothing|none|never|shall|should|must|whether|if|would|could|may)\b[^.;:→]*$")
"""What makes a commit a wish or a question, or denies it, before the word in its clause."""
_COMMIT_ID = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b")
_EDITED_COMMITTED = re.compile(
    r"\bedited\b[^.;→]*\b(?:and|,) committed\b(?! as| in|:? [0-9a-f]{7})|\bedited after the last commit\b[^.;→]*\bcommitted\b"
    r"|^[\w./-]+ (?:is|was) committed\b"
)
_ON_BRANCH = re.compile(r"(?:^|[.;,:(] |\bon (?:the )?|\bis )branch (?:is )?`([^`\s]+)`", re.I)
_UNCOMMITTED = re.compile(rf"(?<![^\W_])uncommitted|(?:{NOT.replace('|un|', '|')})(?:\w+ )?commit|to be committed|\bno commit")


def find_git_problem(text: str, state: SessionState) -> tuple[str, str] | None:
    """Return what *text* says about the last commit or the branch and what git shows instead; None if they agree."""
    if (
        _EDITED_COMMITTED.search(text)
        and not _UNCOMMITTED.search(text)
        and (left := [path for path in state.uncommitted if path.rpartition("/")[2].lower() in text])
    ):
        return "committed", f"{left[0]} was edited after the last commit"
    if not state.commits:
        match = _COMMITTED.search(text)
        # A commit that is named is held against the evidence like any id: another program may have made it.
        is_committed = (
            match and not _COMMIT_ID.search(text) and not _UNCOMMITTED.search(text) and not _NO_CLAIM.search(text[: match.start()])
        )
        return ("committed", f"session {state.number} made no commit") if state.is_observed and is_committed else None
    last_commit = state.commits[-1][0]
    names_last = last_commit[:7] in text or any(word in text for word in ("last commit", "branch"))
    if (
        names_last
        and state.is_pushed is False
        and (claim := re.search(r"\bpushed\b", text))
        and not _NO_CLAIM.search(text[: claim.start()])
        and not re.search(NOT + r"pushed|unpushed|push(?:ed)? (?:it|to|and)", text)
    ):
        return "pushed", f"the last commit {last_commit} is not pushed"
    if names_last and last_commit[:7] in text and state.is_pushed and re.search(r"(?:not|n't|never) (?:yet |been )?pushed|unpushed", text):
        return "not pushed", f"the last commit {last_commit} is pushed"
    return None


def find_branch_problem(text: str, states: Iterable[SessionState], cited: Iterable[EvidenceText]) -> tuple[str, str] | None:
    """Return the branch that *text* says the work is on, and what git shows, where that is another one for each session of *states*."""
    shown = {state.branch.lower(): state.branch for state in states}
    if not all(shown):
        return None
    by_git = [source.text for source in cited if source.voice == "git"]
    for match in _ON_BRANCH.finditer(text) if shown else ():
        branch = match[1].lower()
        if branch not in shown and not any(f"branch {branch}" in shown_text for shown_text in by_git):
            return f"branch {match[1]}", f"git shows branch {', '.join(shown.values())}"
    return None
