"""What changed in a repository since a moment, as `git` tells it; it is asked in the background, and its answer taken later.

Where there is no git, no repository or no answer in time, there is simply nothing to say. It starts at once: whoever needs no more imports no more.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Sequence

from onward.app.place import place_of, top_of

TIMEOUT_SECONDS = 2.0
MOST_COMMITS = 200
NAMED_COMMITS = 3
NAMED_FILES = 5


class Question:
    """Asks git what *folder*'s working tree holds, and what was committed since *since* (ISO 8601). `answer` takes what it says."""

    def __init__(self, folder: str, since: str) -> None:
        self._folder = folder
        self.top = top_of(folder)
        self._until = time.monotonic() + TIMEOUT_SECONDS
        log = ("log", f"--since={since}", f"--max-count={MOST_COMMITS}", "--format=%s")
        status = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
        self._asked = [_git(folder, *words) for words in (status, log)] if self.top else []

    def answer(self, files: Iterable[str] = ()) -> tuple[str, tuple[str, ...], tuple[str, ...], int] | None:
        """Return the branch (empty on a detached head), the subjects of the commits, those of *files* that are gone, and how many tracked files have changes not committed."""
        said = [None if one is None else self._said(one) for one in self._asked]
        if not said or said[0] is None:
            return None
        lines = said[0].splitlines()
        heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
        branch = heads.get("branch.head", "(detached)")
        return (
            "" if branch == "(detached)" else branch,
            tuple((said[1] or "").splitlines()),
            tuple(name for name in files if _is_gone(name, self.top, self._folder)),
            sum(not line.startswith("#") for line in lines),
        )

    def _said(self, asked: subprocess.Popen[bytes]) -> str | None:
        try:
            out, _ = asked.communicate(timeout=max(0.01, self._until - time.monotonic()))
        except (OSError, subprocess.TimeoutExpired):
            asked.kill()
            asked.communicate()
            return None
        return out.decode(errors="replace") if asked.returncode == 0 else None


def sentence(branch: str, commits: Sequence[str], gone: Sequence[str], changed_count: int) -> str:
    """Return the change in one line of Markdown, ready for a handoff."""
    parts = [f"On `{branch}`" if branch else "On no branch (detached head)", _moved(commits)]
    if changed_count:
        parts.append(f"{changed_count} {'file' if changed_count == 1 else 'files'} changed and not committed")
    parts.append(_gone(gone))
    return "; ".join(parts) + "."


def repository_of(folder: str, root: str, remote: str) -> str:
    """Return where the repository of a project is looked at: in *folder*, where that is of its *root* or *remote*, or where it has neither; else in its root."""
    place = place_of(folder)
    ours = (remote and place[1] == remote) or place[0] == root
    return folder if ours or not root else root


def _git(folder: str, *arguments: str) -> subprocess.Popen[bytes] | None:
    """Ask git. It never prompts, locks, or runs a program the repository names."""
    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", *arguments]
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.Popen(command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _is_gone(name: str, top: str, folder: str) -> bool:
    """Whether the file is missing. A path of another machine, outside the repository, says nothing."""
    if os.path.isabs(name):
        return name.startswith(top.rstrip(os.sep) + os.sep) and not os.path.exists(name)
    return not os.path.exists(os.path.join(top, name)) and not os.path.exists(os.path.join(folder, name))


def _moved(commits: Sequence[str]) -> str:
    if not commits:
        return "no new commits"
    count = f"{len(commits)}{'+' if len(commits) == MOST_COMMITS else ''} new {'commit' if len(commits) == 1 else 'commits'}"
    named = ", ".join(f"`{subject}`" for subject in commits[:NAMED_COMMITS])
    return f"{count} ({named}{', …' if len(commits) > NAMED_COMMITS else ''})"


def _gone(files: Sequence[str]) -> str:
    if not files:
        return "all files named here exist"
    named = ", ".join(f"`{name}`" for name in files[:NAMED_FILES])
    more = f" and {len(files) - NAMED_FILES} more" if len(files) > NAMED_FILES else ""
    return f"no longer there: {named}{more}"
