"""What a session belongs to: told by the folder it ran in, its repository and its settings file, without asking the store."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import orjson

from onward.app.repository import address, linked_worktree, place_of
from onward.core import paths
from onward.core.transcript import SessionHead
from onward.settings import Worktrees, project_of_folder

_AGENTS_FOLDERS = frozenset({
    *("agent-transcripts", "archived_sessions", "chats", "conversations", "history", "session", "session-state", "sessions", "storage"),
    *("subagents", "tasks", ".specstory", "globalStorage", "User"),
})  # fmt: skip
"""Folders that agents make for their own order: nobody's project is named so."""

_ID = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}")


class Belonging(NamedTuple):
    """What tells the project of a session: the project that a settings file `named`, the repository's folder (`root`) and address (`remote`), each empty
    where nothing tells it. `cwd` is the folder the session ran in.
    """

    named: str = ""
    root: str = ""
    remote: str = ""
    cwd: str = ""

    @property
    def name(self) -> str:
        """What a new project for it is called, before a number tells it from another."""
        return self.named or paths.name(self.root) or self.remote.rpartition("/")[2] or "default"


def belonging(head: SessionHead, file: Path | None, worktrees: Worktrees = "together") -> Belonging | None:
    """Return what the session of *head*, read from *file*, belongs to; None where nothing tells.

    The nearest `.onward.toml` wins, then the repository; without one it is the folder. A session that does not say where it ran belongs where its file
    lies. A folder of another system, or one that is gone, is told by its name alone. Raises `BadSetting` where a settings file is wrong.
    """
    cwd, remote = paths.plain(head.cwd), address(head.remote)
    if cwd:
        return _of_folder(cwd, remote, worktrees)
    if remote:
        return Belonging(remote=remote)
    return None if file is None else _of_folder(str(_lies_in(file.absolute())), "", worktrees)


def standing_in(folder: Path | None, worktrees: Worktrees = "together", named: str = "") -> Belonging:
    """Return what tells the project of a person who works in *folder*, and may have *named* one."""
    place = place_of(folder, worktrees_apart=worktrees == "apart") if folder else ("", "")
    return Belonging(named, *place, str(folder or ""))


def _of_folder(cwd: str, remote: str, worktrees: Worktrees) -> Belonging:
    folder = Path(cwd)
    if not folder.is_absolute():
        return Belonging(root=cwd, remote=remote, cwd=cwd)
    named = project_of_folder(folder)
    if worktrees == "apart" and (linked := linked_worktree(folder)):
        return Belonging(named, str(linked), "", cwd)
    root, found = place_of(folder)
    return Belonging(named, root, remote or found, cwd)


def _lies_in(file: Path) -> Path:
    """Return the folder that says something of a file: not one that an agent made for its own order. Where that stands for another one, it is that one."""
    # Cursor keeps a database for each session, in a folder of its own.
    folder = file.parent.parent if file.name == "store.db" else file.parent
    while (folder.name in _AGENTS_FOLDERS or folder.name == file.stem or _ID.fullmatch(folder.name)) and folder.parent != folder:
        folder = folder.parent
    place = folder.parent.parts[-2:]
    if place == (".cursor", "projects"):
        return _spelt(Path(folder.anchor), folder.name) or folder
    if place == (".gemini", "tmp"):
        return _meant(folder.parents[1] / "projects.json", folder.name) or folder
    return folder


def _meant(index: Path, name: str) -> Path | None:
    """Return the folder that Gemini CLI calls *name*: the one its index says, or whose path has that name as its digest."""
    try:
        projects = orjson.loads(index.read_bytes()).get("projects", {})
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return None
    if not isinstance(projects, dict):
        return None
    return next((Path(path) for path, slug in projects.items() if name in (slug, sha256(path.encode()).hexdigest())), None)


def _spelt(top: Path, slug: str) -> Path | None:
    """Return the folder below *top* whose path is written *slug*, every sign but letters and digits as a dash; None where there is none (any more)."""
    try:
        below = sorted(one for one in top.iterdir() if one.is_dir())
    except OSError:
        return None
    for folder in below:
        written = re.sub(r"[^A-Za-z0-9]+", "-", folder.name).strip("-")
        if slug == written:
            return folder
        if written and slug.startswith(written + "-") and (found := _spelt(folder, slug[len(written) + 1 :])):
            return found
    return None
