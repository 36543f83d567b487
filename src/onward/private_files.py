"""Files and folders that only their owner may read: 0600 and 0700, whatever the umask and the data folder's mode. This module imports
little, because hooks use it first.
"""

from __future__ import annotations

import os
import stat

OWN_NAMES = ("onward.db", "onward.toml", "worker.db", "sealing.key", "local.token", "hooks", "uploads", "exports")
"""What Onward keeps in its data folder: these names, also with an ending, and the locks."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_IS_POSIX = os.name == "posix"


def create_folder(path: str | os.PathLike[str]) -> None:
    """Create a folder, and those above it that are missing, for their owner alone. Raises `OSError`."""
    path = os.fspath(path)
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path.rstrip(os.sep))
    if parent and parent != path:
        create_folder(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def create_file(path: str | os.PathLike[str]) -> None:
    """Create an empty file for its owner alone if it is missing: whatever opens it later keeps its mode. Raises `OSError`."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def opener(path: str, flags: int) -> int:
    """Open a file for `open(…, opener=opener)`; a new one is its owner's alone."""
    return os.open(path, flags, 0o600)


def is_open_to_others(path: str | os.PathLike[str]) -> bool:
    """Return whether other users of the machine may read or write a file or folder of this user."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return _IS_POSIX and not stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid() and bool(status.st_mode & _OTHERS)


def close_to_others(home: str | os.PathLike[str]) -> list[str]:
    """Take all rights of other users from what Onward made in the data folder, and return the changed paths. The folder itself is changed
    if nothing else is in it.
    """
    home = os.fspath(home)
    if not os.path.isdir(home):
        return []
    names = sorted(os.listdir(home))
    own_paths = [os.path.join(home, name) for name in names if _is_own(name)]
    paths = [home] if len(own_paths) == len(names) else []
    for path in own_paths:
        paths.append(path)
        for folder, folders, files in os.walk(path):
            paths += [os.path.join(folder, name) for name in (*folders, *files)]
    return [path for path in paths if is_open_to_others(path) and _close(path)]


def _is_own(name: str) -> bool:
    return name.endswith(".lock") or any(name == stem or name.startswith((f"{stem}.", f"{stem}-")) for stem in OWN_NAMES)


def _close(path: str) -> bool:
    try:
        os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True
