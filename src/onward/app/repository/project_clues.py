"""What a session belongs to: told by the folder it ran in, its repository and its settings file, without asking the store."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import orjson

from onward.app.repository.git import find_linked_worktree, find_repository, normalize_remote
from onward.core.text import paths
from onward.core.transcript.transcript import SessionHead
from onward.settings import Worktrees, project_of_folder

_AGENT_FOLDERS = frozenset({
    *("agent-transcripts", "archived_sessions", "chats", "conversations", "history", "session", "session-state", "sessions", "storage"),
    *("subagents", "tasks", ".specstory", "globalStorage", "User"),
})  # fmt: skip
"""Folders that agents make for their own order: nobody's project is named so."""

_ID = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}")


class Origin(NamedTuple):
    """What tells the project of a session: the project that a settings file `named`, the repository's folder (`root`) and address (`remote`), each empty
    where nothing tells it. `cwd` is the folder the session ran in.
    """

    project_name: str = ""
    root: str = ""
    remote: str = ""
    cwd: str = ""

    @property
    def default_name(self) -> str:
        """What a new project for it is called, before a number tells it from another."""
        return self.project_name or paths.file_name(self.root) or self.remote.rpartition("/")[2] or "default"


def session_origin(head: SessionHead, file: Path | None, worktrees: Worktrees = "together") -> Origin | None:
    """Return what the session of *head*, read from *file*, belongs to; None where nothing tells.

    The nearest `.onward.toml` wins, then the repository; without one it is the folder. A session that does not say where it ran belongs where its file
    lies. A folder of another system, or one that is gone, is told by its name alone. Raises `BadSetting` where a settings file is wrong.
    """
    cwd, remote = paths.normalise(head.cwd), normalize_remote(head.remote)
    if cwd:
        return _recorded_origin(cwd, remote, worktrees)
    if remote:
        return Origin(remote=remote)
    return None if file is None else _recorded_origin(str(_containing_folder(file.absolute())), "", worktrees)


def folder_origin(folder: Path | None, worktrees: Worktrees = "together", project_name: str = "") -> Origin:
    """Return what tells the project of a person who works in *folder*, and may have *named* one."""
    repository = find_repository(folder, worktrees_apart=worktrees == "apart") if folder else ("", "")
    return Origin(project_name, *repository, str(folder or ""))


def _recorded_origin(cwd: str, remote: str, worktrees: Worktrees) -> Origin:
    folder = Path(cwd)
    if not folder.is_absolute():
        return Origin(root=cwd, remote=remote, cwd=cwd)
    project_name = project_of_folder(folder)
    if worktrees == "apart" and (linked := find_linked_worktree(folder)):
        return Origin(project_name, str(linked), "", cwd)
    root, found_remote = find_repository(folder)
    return Origin(project_name, root, remote or found_remote, cwd)


def _containing_folder(file: Path) -> Path:
    """Return the folder that says something of a file: not one that an agent made for its own order. Where that stands for another one, it is that one."""
    # Cursor keeps a database for each session, in a folder of its own.
    folder = file.parent.parent if file.name == "store.db" else file.parent
    while (folder.name in _AGENT_FOLDERS or folder.name == file.stem or _ID.fullmatch(folder.name)) and folder.parent != folder:
        folder = folder.parent
    parent_parts = folder.parent.parts[-2:]
    if parent_parts == (".cursor", "projects"):
        return _folder_by_slug(Path(folder.anchor), folder.name) or folder
    if parent_parts == (".gemini", "tmp"):
        return _gemini_folder(folder.parents[1] / "projects.json", folder.name) or folder
    return folder


def _gemini_folder(index: Path, name: str) -> Path | None:
    """Return the folder that Gemini CLI calls *name*: the one its index says, or whose path has that name as its digest."""
    try:
        projects = orjson.loads(index.read_bytes()).get("projects", {})
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return None
    if not isinstance(projects, dict):
        return None
    return next((Path(path) for path, slug in projects.items() if name in (slug, sha256(path.encode()).hexdigest())), None)


def _folder_by_slug(top: Path, slug: str) -> Path | None:
    """Return the folder below *top* whose path is written *slug*, every sign but letters and digits as a dash; None where there is none (any more)."""
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
