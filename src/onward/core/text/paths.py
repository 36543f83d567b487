"""Paths as transcripts write them, of any operating system, compared as text. The files need not exist here."""

from __future__ import annotations

import unicodedata

_MAX_PATH_CHARS, _MAX_NAME_CHARS = 4_096, 255


def is_windows(path: str) -> bool:
    r"""Return whether *path* is a Windows path: `C:\Users\ayu`, `c:/Users/ayu`, `\\server\share`."""
    return path.startswith("\\\\") or (path[1:2] == ":" and path[0].isalpha() and path[2:3] in ("\\", "/", ""))


def is_drive(path: str) -> bool:
    r"""Return whether *path* is on a Windows drive: `C:\Users\ayu`."""
    return is_windows(path) and path[1:2] == ":"


def in_linux(path: str) -> str:
    r"""Return a path that Windows gives to a folder of its Linux as Linux names it; any other path is returned unchanged.

    >>> in_linux(r"\\wsl$\Ubuntu\home\ayu"), in_linux("/home/ayu")
    ('/home/ayu', '/home/ayu')

    """
    parts = path.replace("\\", "/").split("/", 4)
    if len(parts) < 4 or parts[:2] != ["", ""] or parts[2].lower() not in ("wsl.localhost", "wsl$"):
        return path
    return "/" + "".join(parts[4:])


def in_windows(path: str, drives: str = "/cygdrive/") -> str:
    r"""Return a path that a Unix shell gives to a folder on a Windows drive, below *drives*, as Windows names it; any other path is returned
    unchanged.

    >>> in_windows("/cygdrive/q/kopi"), in_windows("/q/kopi", "/"), in_windows("/q/kopi")
    ('Q:\\kopi', 'Q:\\kopi', '/q/kopi')

    """
    drive, rest = path[len(drives) : len(drives) + 1], path[len(drives) + 1 :]
    if not path.startswith(drives) or not (drive.isascii() and drive.isalpha()) or rest[:1] not in ("", "/"):
        return path
    return f"{drive.upper()}:{rest or '/'}".replace("/", "\\")


def compose(path: str) -> str:
    r"""Return *path* with composed letters: macOS writes `é` as two characters, other systems as one."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def normalise(path: str) -> str:
    r"""Return the normal form of *path*: no separator at its end; a Windows path, also in the form of Cygwin, has `\` and a capital drive.

    >>> normalise("c:/Users/ayu/kopi/"), normalise("/cygdrive/c/kopi"), normalise("/Users/ayu/kopi/")
    ('C:\\Users\\ayu\\kopi', 'C:\\kopi', '/Users/ayu/kopi')

    """
    path = in_windows(path.strip().removeprefix("\\\\?\\"))
    if is_windows(path):
        path = path.replace("/", "\\").rstrip("\\")
        return path[0].upper() + path[1:]
    return path.rstrip("/") or path[:1]


def is_possible(path: str) -> bool:
    """Return whether a file system could have *path*: damaged transcripts hold other texts in the place of a path."""
    return "\0" not in path and len(path) <= _MAX_PATH_CHARS and all(len(part) <= _MAX_NAME_CHARS for part in path.split("/"))


def file_name(path: str) -> str:
    """Return the last part of *path*; empty for a root."""
    return normalise(path).replace("\\", "/").rpartition("/")[2] if is_windows(path) else normalise(path).rpartition("/")[2]


def is_within(path: str, folder: str) -> bool:
    """Return whether *path* is *folder* or below it. Windows ignores case."""
    path, folder = normalise(path), normalise(folder)
    if is_windows(path) or is_windows(folder):
        path, folder = path.lower(), folder.lower()
    return bool(folder) and (path == folder or path.startswith(folder.rstrip("/\\") + ("\\" if is_windows(folder) else "/")))


def spellings(folder: str) -> list[str]:
    r"""Return the ways in which programs write *folder*: on Windows with either separator, any drive letter, and as
    Git Bash and Cygwin do; on macOS without `/private`.

    >>> spellings("c:/kopi")
    ['C:\\kopi', 'C:/kopi', 'c:\\kopi', 'c:/kopi', '/c/kopi', '/cygdrive/c/kopi']

    """
    folder = normalise(folder)
    if is_windows(folder) and not folder.startswith("\\\\"):
        drive, rest = folder[0], folder[2:]
        flat = rest.replace("\\", "/")
        shell = f"/{drive.lower()}{flat}"
        return [*(f"{letter}:{below}" for letter in (drive, drive.lower()) for below in (rest, flat)), shell, "/cygdrive" + shell]
    if is_windows(folder):
        return [folder, folder.replace("\\", "/")]
    return [folder, folder.removeprefix("/private")] if folder.startswith("/private/") else [folder]
