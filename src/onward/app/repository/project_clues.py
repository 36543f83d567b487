"""Which project a session belongs to, judged by its folder, its repository and its settings file, without the store."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

import orjson

from onward.app.repository.git import find_linked_worktree, find_repository, normalize_remote, real_folder
from onward.app.repository.origin import Origin
from onward.core.agents import AGENTS
from onward.core.text import paths
from onward.core.transcript.transcript import SessionHead
from onward.settings import Worktrees, project_of_folder

_AGENT_FOLDERS = frozenset({
    *("agent-transcripts", "archived_sessions", "chats", "conversations", "history", "session", "session-state", "sessions", "storage"),
    *("subagents", "tasks", ".specstory", "globalStorage", "User"),
})  # fmt: skip
"""Folders that agents create for their own files: no project is named after them."""

_ID = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}")
_IN_HOME = re.compile(r"~/(\..+)")


def session_origin(head: SessionHead, file: Path | None, worktrees: Worktrees = "together") -> Origin | None:
    """Return the origin of the session of *head*, read from *file*; None if nothing is known.

    The nearest `.onward.toml` wins, then the repository, then the folder. A session without a folder is judged by where its file is, which
    says nothing if that is the agent's own folder in the user's home. A folder of another system, or a deleted one, is judged by its name
    alone. Raises `BadSetting` if a settings file is invalid.
    """
    cwd, remote = paths.normalise(head.cwd), normalize_remote(head.remote)
    if cwd:
        return _recorded_origin(cwd if Path(cwd).exists() else real_folder(cwd), remote, worktrees)
    if remote:
        return Origin(remote=remote)
    if file is None:
        return None
    folder = _containing_folder(file.absolute())
    origin = _recorded_origin(str(folder), "", worktrees)
    return None if _is_agents_own(folder) and origin.root == origin.cwd and not origin.project_name else origin


def _recorded_origin(cwd: str, remote: str, worktrees: Worktrees) -> Origin:
    folder = Path(cwd)
    if not folder.is_absolute():
        return Origin(root=cwd, remote=remote, cwd=cwd)
    project_name = project_of_folder(folder)
    if worktrees == "apart" and (linked := find_linked_worktree(folder)):
        return Origin(project_name, str(linked), "", real_folder(cwd))
    root, found_remote = find_repository(folder)
    return Origin(project_name, root, remote or found_remote, real_folder(cwd))


def _containing_folder(file: Path) -> Path:
    """Return the folder that says something about the project of a file: folders of the agent itself are skipped, and folders that encode
    another path are decoded.
    """
    # Cursor stores a database for each session in a folder of its own.
    folder = file.parent.parent if file.name == "store.db" else file.parent
    while (folder.name in _AGENT_FOLDERS or folder.name == file.stem or _ID.fullmatch(folder.name)) and folder.parent != folder:
        folder = folder.parent
    parent_parts = folder.parent.parts[-2:]
    if parent_parts == (".cursor", "projects"):
        return _folder_by_slug(Path(folder.anchor), folder.name) or folder
    if parent_parts == (".gemini", "tmp"):
        return _gemini_folder(folder.parents[1] / "projects.json", folder.name) or folder
    return folder


def _is_agents_own(folder: Path) -> bool:
    """Return whether *folder* is one that agents create in the user's home for the sessions of all projects: `~/.hermes`, `~/.pi/agent`."""
    return any(folder.parts[-len(names) :] == names for names in _home_folders())


@cache
def _home_folders() -> frozenset[tuple[str, ...]]:
    """Return the folders of agents in the user's home as the names below it, each with the folders that contain it."""
    matches = [_IN_HOME.search(place.folder) for agent in AGENTS for place in agent.folders]
    places = [match[1].replace("}", "").split("/") for match in matches if match]
    return frozenset(tuple(names[:count]) for names in places for count in range(1, len(names) + 1))


def _gemini_folder(index: Path, name: str) -> Path | None:
    """Return the folder that Gemini CLI calls *name*, according to its index, or because its path has that digest."""
    try:
        projects = orjson.loads(index.read_bytes()).get("projects", {})
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return None
    if not isinstance(projects, dict):
        return None
    return next((Path(path) for path, slug in projects.items() if name in (slug, sha256(path.encode()).hexdigest())), None)


def _folder_by_slug(top: Path, slug: str) -> Path | None:
    """Return the folder below *top* whose path is written as *slug*, with a dash for every character that is no letter or digit; None if
    there is none.
    """
    try:
        subfolders = sorted(path for path in top.iterdir() if path.is_dir())
    except OSError:
        return None
    for folder in subfolders:
        folder_slug = re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")
        if slug == folder_slug:
            return folder
        if folder_slug and slug.startswith(folder_slug + "-") and (match := _folder_by_slug(folder, slug[len(folder_slug) + 1 :])):
            return match
    return None
