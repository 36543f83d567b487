"""Changes in a repository since a moment, from `git`, which runs in the background until its answer is read.

Without git, without a repository or without an answer in time, there is nothing to report. This module imports little, because hooks
start it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Sequence

from onward.app.repository.detection import find_repository, working_tree_root

TIMEOUT_SECONDS = 2.0
_LAST_SECONDS = 0.2
"""How long an answer is read after that: a process that has ended by then is heard on a busy machine too."""
MAX_COMMITS = 200
MAX_NAMED_COMMITS = 3
MAX_NAMED_FILES = 5


class GitQuery:
    """Runs git on the working tree of *folder* and its commits after *since* (ISO 8601). `read_answer` returns the result."""

    def __init__(self, folder: str, since: str) -> None:
        self._folder = folder
        self.top = working_tree_root(folder)
        self._deadline = time.monotonic() + TIMEOUT_SECONDS
        log = ("log", f"--since={since}", f"--max-count={MAX_COMMITS}", "--format=%s")
        status = ("status", "--porcelain=v2", "--branch", "--untracked-files=no")
        self._processes = [start_git(folder, *arguments) for arguments in (status, log)] if self.top else []

    def read_answer(self, files: Iterable[str] = ()) -> tuple[str, tuple[str, ...] | None, tuple[str, ...], int] | None:
        """Return the branch (empty on a detached head), the commit subjects (None where git did not answer in time), those of *files* that
        are missing, and the number of tracked files with uncommitted changes.
        """
        outputs = [None if process is None else self._read_output(process) for process in self._processes]
        if not outputs or outputs[0] is None:
            return None
        lines = outputs[0].splitlines()
        headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
        branch = headers.get("branch.head", "(detached)")
        # Git fails in a repository without a commit; killed at the end of the time it has said nothing.
        log = self._processes[1]
        has_listed = outputs[1] is not None or (log is not None and log.returncode > 0)
        return (
            "" if branch == "(detached)" else branch,
            tuple((outputs[1] or "").splitlines()) if has_listed else None,
            tuple(name for name in files if _is_missing(name, self.top, self._folder)),
            sum(not line.startswith("#") for line in lines),
        )

    def _read_output(self, process: subprocess.Popen[bytes]) -> str | None:
        try:
            output, _ = process.communicate(timeout=max(_LAST_SECONDS, self._deadline - time.monotonic()))
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.communicate()
            return None
        return output.decode(errors="replace") if process.returncode == 0 else None


def sentence(branch: str, commits: Sequence[str] | None, missing_files: Sequence[str], changed_count: int) -> str:
    """Return the change in one line of Markdown, for a handoff; of commits that are not known it says nothing."""
    parts = [f"On `{branch}`" if branch else "On no branch (detached head)"]
    if commits is not None:
        parts.append(_describe_commits(commits))
    if changed_count:
        parts.append(f"{changed_count} {'file' if changed_count == 1 else 'files'} changed and not committed")
    parts.append(_describe_missing(missing_files))
    return "; ".join(parts) + "."


def choose_folder(folder: str, root: str, remote: str) -> str:
    """Return the folder in which to look at a project's repository: *folder* if it belongs to *root* or *remote*, or if both are empty;
    otherwise *root*.
    """
    repository = find_repository(folder)
    is_project_folder = (remote and repository[1] == remote) or repository[0] == root
    return folder if is_project_folder or not root else root


def start_git(folder: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes] | None:
    """Start git. It never prompts, takes no locks, and runs no program that the repository names."""
    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", *arguments]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.Popen(command, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _is_missing(name: str, top: str, folder: str) -> bool:
    """Return whether the file is missing. A path of another machine, outside the repository, does not count."""
    if os.path.isabs(name):
        return name.startswith(top.rstrip(os.sep) + os.sep) and not os.path.exists(name)
    return not os.path.exists(os.path.join(top, name)) and not os.path.exists(os.path.join(folder, name))


def _describe_commits(commits: Sequence[str]) -> str:
    if not commits:
        return "no new commits"
    count = f"{len(commits)}{'+' if len(commits) == MAX_COMMITS else ''} new {'commit' if len(commits) == 1 else 'commits'}"
    subjects = ", ".join(f"`{subject}`" for subject in commits[:MAX_NAMED_COMMITS])
    return f"{count} ({subjects}{', …' if len(commits) > MAX_NAMED_COMMITS else ''})"


def _describe_missing(files: Sequence[str]) -> str:
    if not files:
        return "all files named here exist"
    file_names = ", ".join(f"`{name}`" for name in files[:MAX_NAMED_FILES])
    rest = f" and {len(files) - MAX_NAMED_FILES} more" if len(files) > MAX_NAMED_FILES else ""
    return f"no longer there: {file_names}{rest}"
