"""Whether a folder is that of a project whose own folder is gone: a repository that was moved has the project's first commit.

This module imports little, because hooks start it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable

from onward.app.repository.detection import working_tree_root
from onward.app.repository.git_changes import start_git

_ROOT_SECONDS = 10.0
"""Finding the first commit reads the whole history, once for a project."""
_LOOKUP_SECONDS = 2.0


class KnownRepository:
    """The repository of a project as it was last seen, with the hash of its first commit."""

    __slots__ = ("project", "remote", "root", "root_commit")

    def __init__(self, project: str, root: str, remote: str, root_commit: str) -> None:
        self.project, self.root, self.remote, self.root_commit = project, root, remote, root_commit


def remap_command(folder: str, project: str) -> str:
    """Return the command that brings the project of that name to *folder*, for a shell."""
    words = ["onward", "project", "remap", folder, project]
    if os.name == "nt":
        return subprocess.list2cmdline(words)
    import shlex

    return shlex.join(words)


def read_root_commit(folder: str) -> str:
    """Return the hash of the first commit of the repository that contains *folder*; empty if there is none."""
    lines = _run_git(folder, "rev-list", "--max-parents=0", "HEAD", seconds=_ROOT_SECONDS).splitlines()
    return lines[-1] if lines else ""


def find_moved(repositories: Iterable[KnownRepository], folder: str, remote: str) -> KnownRepository | None:
    """Return the one of *repositories* that *folder* has the first commit of, if its own folder is gone. *remote* is the address of the
    repository in *folder*: the same address is recognised anyway, and another one is another project.
    """
    gone = [repository for repository in repositories if not os.path.isdir(repository.root) and not (remote and repository.remote)]
    if not gone:
        return None
    question = "".join(f"{repository.root_commit}\n" for repository in gone)
    answers = _run_git(folder, "cat-file", "--batch-check", text=question, seconds=_LOOKUP_SECONDS).splitlines()
    return next((repository for repository, answer in zip(gone, answers, strict=False) if answer.split()[1:2] == ["commit"]), None)


def _run_git(folder: str, *arguments: str, text: str = "", seconds: float) -> str:
    """Return what git prints; nothing without git, without a repository or without an answer in time."""
    if not working_tree_root(folder):
        return ""
    process = start_git(folder, *arguments, stdin=subprocess.PIPE)
    if process is None:
        return ""
    try:
        output, _ = process.communicate(text.encode(), timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.communicate()
        return ""
    return output.decode(errors="replace") if process.returncode == 0 else ""
