"""The repository that work happens in: which one it is, and what changed in it since a handoff was made.

Which one is read from its files, because an import asks for every session. What changed, `git` answers, with a short timeout; where there is no git, no
repository or no answer in time, there is simply nothing to say.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

TIMEOUT_SECONDS = 2.0
MOST_COMMITS = 200
NAMED_COMMITS = 3
NAMED_FILES = 5


@dataclass(frozen=True, slots=True)
class RepositoryChange:
    """A repository as it stands, against a moment in the past. `commits` are subjects, newest first, at most `MOST_COMMITS`; `branch` is empty on a
    detached head; `gone` are the files asked about that are not there; `changed_count` counts tracked files with changes not committed.
    """

    root: Path
    branch: str
    commits: tuple[str, ...]
    gone: tuple[str, ...]
    changed_count: int

    def sentence(self) -> str:
        """Return the change in one line of Markdown, ready for a handoff."""
        parts = [f"On `{self.branch}`" if self.branch else "On no branch (detached head)", _moved(self.commits)]
        if self.changed_count:
            parts.append(f"{self.changed_count} {'file' if self.changed_count == 1 else 'files'} changed and not committed")
        parts.append(_gone(self.gone))
        return "; ".join(parts) + "."


def changes_since(folder: Path, since: datetime, files: Iterable[str] = ()) -> RepositoryChange | None:
    """Return what changed in the repository that holds *folder* since the aware time *since*, or None where git cannot say.

    *files* are paths that a handoff names, as the agent wrote them: relative to the repository or to *folder*, or absolute.
    """
    status = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    root = _git(folder, "rev-parse", "--show-toplevel")
    if status is None or not root:
        return None
    heads = dict(line[2:].split(" ", 1) for line in status.splitlines() if line.startswith("# branch."))
    commits = _git(folder, "log", f"--since={since.isoformat()}", f"--max-count={MOST_COMMITS}", "--format=%s")
    top = Path(root.strip())
    return RepositoryChange(
        root=top,
        branch="" if heads.get("branch.head", "(detached)") == "(detached)" else heads["branch.head"],
        commits=tuple((commits or "").splitlines()),
        gone=tuple(name for name in files if _is_gone(name, top, folder)),
        changed_count=sum(not line.startswith("#") for line in status.splitlines()),
    )


_SECTION = re.compile(r'^\[remote "([^"]+)"\]([^\[]*)', re.MULTILINE)
_URL = re.compile(r"^\s*url\s*=\s*(\S+)", re.MULTILINE)


def place_of(folder: Path, *, worktrees_apart: bool = False) -> tuple[str, str]:
    """Return what tells the project of *folder*: the repository's folder and its remote's `address`, empty where it has none.

    The worktrees of a repository are one place; with *worktrees_apart* each linked one is its own, without an address: that is what they share.
    Without a repository, the place is the folder itself. A folder that is gone belongs to the repository that is still around it.
    """
    folder = folder.absolute()
    if worktrees_apart and (linked := linked_worktree(folder)):
        return str(linked), ""
    mark = _mark(folder)
    if mark is None:
        return str(folder), ""
    shared = mark if mark.is_dir() else _shared_of_worktree(mark)
    return str(shared.parent if shared.name == ".git" else mark.parent), _remote(shared / "config")


def linked_worktree(folder: Path) -> Path | None:
    """Return the top of the linked worktree that holds *folder*, or None: a submodule, too, is a repository of its own."""
    mark = _mark(folder.absolute())
    return mark.parent if mark is not None and mark.is_file() and _shared_of_worktree(mark).name == ".git" else None


def _mark(folder: Path) -> Path | None:
    return next((mark for top in (folder, *folder.parents) if (mark := top / ".git").exists()), None)


def _shared_of_worktree(mark: Path) -> Path:
    """Return the `.git` folder that the `.git` file of a worktree or submodule leads to."""
    own = mark.parent / _text(mark).removeprefix("gitdir:").strip()
    return (own / _text(own / "commondir").strip()).resolve()


def _remote(config: Path) -> str:
    urls = {name: url.group(1) for name, body in _SECTION.findall(_text(config)) if (url := _URL.search(body))}
    return address(urls.get("origin") or next(iter(urls.values()), ""))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def address(remote: str) -> str:
    """Return what every way to write the address of one repository has in common: `host/owner/name`, without a scheme, a login or `.git`.

    >>> address("git@example.com:ayu/kopi.git"), address("https://ayu:secret@example.com/ayu/kopi/")
    ('example.com/ayu/kopi', 'example.com/ayu/kopi')
    """
    _, scheme, rest = remote.strip().rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if not scheme:
        host = host.replace(":", "/", 1)
    return (host.lower() + slash + path).rstrip("/").removesuffix(".git")


def _git(folder: Path, *arguments: str) -> str | None:
    """Return git's answer; None where there is no git, no repository, or no answer in time. Never prompts, locks, or runs a program the repository names."""
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", *arguments]
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        answer = subprocess.run(command, env=quiet, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode(errors="replace") if answer.returncode == 0 else None


def _is_gone(name: str, root: Path, folder: Path) -> bool:
    """Whether the file is missing. A path of another machine, outside the repository, says nothing."""
    path = Path(name)
    if path.is_absolute():
        return path.is_relative_to(root) and not path.exists()
    return not (root / path).exists() and not (folder / path).exists()


def _moved(commits: tuple[str, ...]) -> str:
    if not commits:
        return "no new commits"
    count = f"{len(commits)}{'+' if len(commits) == MOST_COMMITS else ''} new {'commit' if len(commits) == 1 else 'commits'}"
    named = ", ".join(f"`{subject}`" for subject in commits[:NAMED_COMMITS])
    return f"{count} ({named}{', …' if len(commits) > NAMED_COMMITS else ''})"


def _gone(files: tuple[str, ...]) -> str:
    if not files:
        return "all files named here exist"
    named = ", ".join(f"`{name}`" for name in files[:NAMED_FILES])
    more = f" and {len(files) - NAMED_FILES} more" if len(files) > NAMED_FILES else ""
    return f"no longer there: {named}{more}"
