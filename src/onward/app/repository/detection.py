"""Which repository a folder belongs to, read from git's files without running git, because hooks and imports need it often.

This module imports little, because hooks start it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from onward.core.text import paths

_REMOTE_SECTION = re.compile(r'^\[remote "([^"]+)"\]([^\[]*)', re.MULTILINE)
_IS_WINDOWS = os.name == "nt"
_MOUNTED_DRIVE = re.compile(r"/mnt/([a-z])(/.*)?\Z", re.DOTALL)
_URL = re.compile(r"^\s*url\s*=\s*(\S+)", re.MULTILINE)


def find_repository(folder: str, *, worktrees_apart: bool = False) -> tuple[str, str]:
    """Return the repository of the absolute *folder*: its top folder, and the normalized address of its remote, empty if it has none.

    The worktrees of a repository count as one; with *worktrees_apart* each linked one counts alone, without the address that they share.
    A folder without a repository is its own project folder. A deleted folder belongs to the repository around it. The top folder is a
    `real_folder`.
    """
    if worktrees_apart and (linked := find_linked_worktree(folder)):
        return linked, ""
    git_path = _find_git_path(folder)
    if not git_path:
        return real_folder(folder), ""
    git_folder = git_path if os.path.isdir(git_path) else _shared_git_folder(git_path)
    top_folder = os.path.dirname(git_folder if os.path.basename(git_folder) == ".git" else git_path)
    return real_folder(top_folder), _remote_address(os.path.join(git_folder, "config"))


def real_folder(folder: str) -> str:
    r"""Return the one name of *folder* on this machine: without symbolic links, with composed letters, and for a folder that Windows and
    its Linux or a Unix shell share, the name that works here. The folder may be gone, or be on another machine. `/q/kopi`, as Git Bash
    names a folder on a drive, is a folder of its own on other systems.

    >>> real_folder(r"\\wsl.localhost\Ubuntu\opt\kopi"), real_folder("/mnt/q/kopi"), real_folder("/opt/cafe\u0301")
    ('/opt/kopi', 'Q:\\kopi', '/opt/café')
    """
    folder = paths.in_windows(paths.in_linux(folder))
    folder = paths.in_windows(folder, "/") if _IS_WINDOWS else folder
    drive_folder = _drive_folder(folder)
    if paths.is_drive(folder) and os.path.isdir(drive_folder[:6]):
        folder = drive_folder
    elif drive_folder and not os.path.isdir(folder[:6]):
        folder = drive_folder if paths.is_windows(drive_folder) else folder
    # Windows would resolve the path of another system against the current drive.
    is_here = os.path.isabs(folder) and paths.is_windows(folder) == _IS_WINDOWS
    return paths.compose(os.path.realpath(folder) if is_here else folder)


def _drive_folder(folder: str) -> str:
    """Return *folder* on a Windows drive as Linux under Windows mounts it, or the mounted one as Windows names it; else empty."""
    if paths.is_drive(folder):
        return f"/mnt/{folder[0].lower()}{folder[2:].replace(chr(92), '/')}"
    mounted = _MOUNTED_DRIVE.match(folder)
    return f"{mounted[1].upper()}:{(mounted[2] or '/').replace('/', chr(92))}" if mounted else ""


def find_linked_worktree(folder: str) -> str:
    """Return the top folder of the linked worktree that contains *folder*; empty if there is none. A submodule is a repository of its
    own.
    """
    git_path = _find_git_path(folder)
    return (
        real_folder(os.path.dirname(git_path))
        if git_path and os.path.isfile(git_path) and os.path.basename(_shared_git_folder(git_path)) == ".git"
        else ""
    )


def working_tree_root(folder: str) -> str:
    """Return the top folder of the working tree that contains *folder*; empty without a repository."""
    return os.path.dirname(_find_git_path(folder))


def find_assigned_project(assignments: Iterable[tuple[int, str, str, bool]], cwd: str, root: str, remote: str) -> int | None:
    """Return the project that a user assigned to the folder, the closest one first, or to the repository; None if there is none.

    *assignments* are (project id, root, remote, whether folders below the root are included), oldest first.
    """
    enclosing: list[tuple[int, int, int]] = []
    exact_matches: list[int] = []
    for assignment in assignments:
        project_id, assigned_root, assigned_remote, includes_below = assignment
        if includes_below and paths.is_within(cwd or root, assigned_root):
            enclosing.append((len(assigned_root), -len(enclosing), project_id))
        elif not includes_below and (
            assigned_remote == remote if assigned_remote and remote else bool(assigned_root) and assigned_root == root
        ):
            exact_matches.append(project_id)
    return max(enclosing)[2] if enclosing else exact_matches[-1] if exact_matches else None


def _find_git_path(folder: str) -> str:
    while True:
        git_path = os.path.join(folder, ".git")
        if os.path.exists(git_path):
            return git_path
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def _shared_git_folder(git_path: str) -> str:
    """Return the `.git` folder that the `.git` file of a worktree or submodule points to."""
    worktree_folder = os.path.join(os.path.dirname(git_path), _read_text(git_path).removeprefix("gitdir:").strip())
    return os.path.realpath(os.path.join(worktree_folder, _read_text(os.path.join(worktree_folder, "commondir")).strip()))


def _remote_address(config: str) -> str:
    urls = {name: url.group(1) for name, body in _REMOTE_SECTION.findall(_read_text(config)) if (url := _URL.search(body))}
    return normalize_remote(urls.get("origin") or next(iter(urls.values()), ""))


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def normalize_remote(remote: str) -> str:
    """Return the common form of all addresses of one repository: `host/owner/name`, without scheme, login and `.git`.

    >>> normalize_remote("git@example.com:ayu/kopi.git"), normalize_remote("https://ayu:secret@example.com/ayu/kopi/")
    ('example.com/ayu/kopi', 'example.com/ayu/kopi')
    """
    _, scheme, rest = remote.strip().rpartition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if not scheme:
        host = host.replace(":", "/", 1)
    return (host.lower() + slash + path).rstrip("/").removesuffix(".git")
