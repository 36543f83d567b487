"""The place that work happens in, as text: which repository a folder is of, read from its files, because hooks and imports ask it all the time.

It starts at once: whoever needs no more than this imports no more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from onward.core import paths

_SECTION = re.compile(r'^\[remote "([^"]+)"\]([^\[]*)', re.MULTILINE)
_URL = re.compile(r"^\s*url\s*=\s*(\S+)", re.MULTILINE)


def place_of(folder: str, *, worktrees_apart: bool = False) -> tuple[str, str]:
    """Return what tells the project of the absolute *folder*: the repository's folder and its remote's `address`, empty where it has none.

    The worktrees of a repository are one place; with *worktrees_apart* each linked one is its own, without an address: that is what they share.
    Without a repository, the place is the folder itself. A folder that is gone belongs to the repository that is still around it.
    """
    if worktrees_apart and (linked := linked_worktree(folder)):
        return linked, ""
    mark = _mark(folder)
    if not mark:
        return folder, ""
    shared = mark if os.path.isdir(mark) else _shared_of_worktree(mark)
    return os.path.dirname(shared if os.path.basename(shared) == ".git" else mark), _remote(os.path.join(shared, "config"))


def linked_worktree(folder: str) -> str:
    """Return the top of the linked worktree that holds *folder*, or nothing: a submodule, too, is a repository of its own."""
    mark = _mark(folder)
    return os.path.dirname(mark) if mark and os.path.isfile(mark) and os.path.basename(_shared_of_worktree(mark)) == ".git" else ""


def top_of(folder: str) -> str:
    """Return the top of the working tree that holds *folder*; nothing where no repository does."""
    return os.path.dirname(_mark(folder))


def given_to(places: Iterable[tuple[int, str, str, bool]], cwd: str, root: str, remote: str) -> int | None:
    """Return the project that a person gave the place to: the closest folder around it, then the repository; None where nobody did.

    *places* are (project, root, remote, whether folders below the root are meant too), the oldest first.
    """
    below: list[tuple[int, int, int]] = []
    same: list[int] = []
    for place in places:
        project_id, at, address_at, with_below = place
        if with_below and paths.is_within(cwd or root, at):
            below.append((len(at), -len(below), project_id))
        elif not with_below and (address_at == remote if address_at and remote else bool(at) and at == root):
            same.append(project_id)
    return max(below)[2] if below else same[-1] if same else None


def _mark(folder: str) -> str:
    while True:
        mark = os.path.join(folder, ".git")
        if os.path.exists(mark):
            return mark
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def _shared_of_worktree(mark: str) -> str:
    """Return the `.git` folder that the `.git` file of a worktree or submodule leads to."""
    own = os.path.join(os.path.dirname(mark), _text(mark).removeprefix("gitdir:").strip())
    return os.path.realpath(os.path.join(own, _text(os.path.join(own, "commondir")).strip()))


def _remote(config: str) -> str:
    urls = {name: url.group(1) for name, body in _SECTION.findall(_text(config)) if (url := _URL.search(body))}
    return address(urls.get("origin") or next(iter(urls.values()), ""))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
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
