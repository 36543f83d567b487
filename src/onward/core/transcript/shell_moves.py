"""Files that a shell command deletes or renames by name: `rm a.py`, `git mv a.py b.py`. Files named by a pattern or
a variable are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.core.transcript.tools import FileChange

_MOVING = r"(?:^|&&|;|\n)\s*(?:(cd\s+[^;&|\n<>]+)|(?:sudo\s+)?((?:git\s+)?(?:mv|rm)\s[^;&|\n<>]+))"
_PATTERN_CHARS = r"[*?$`{}()\[\]~]"


def shell_changes(command: str) -> Iterator[FileChange]:
    """Yield what *command* does to files, in order: a rename deletes the old name and creates the new one. Paths are
    relative to the folder that the command started in; `cd` counts.
    """
    if ("rm " not in command and "mv " not in command) or "<<" in command:
        return
    folder = ""
    for cd_command, move_command in re.findall(_MOVING, command):
        words = _split_words(cd_command or move_command)
        if cd_command:
            folder = words[-1] if len(words) == 2 else folder
            continue
        options = [word for word in words if word.startswith("-")]
        if not words:
            continue
        verb, *names = [word for word in words if word not in options and word not in ("git", "sudo")]
        # The files of a folder are not named, so they are unknown.
        if (
            not names
            or any(set("rR") & set(option) for option in options if not option.startswith("--"))
            or re.search(_PATTERN_CHARS, "".join(names))
        ):
            continue
        yield from _move_changes(verb, [_resolve_path(folder, name) for name in names])


def _split_words(text: str) -> list[str]:
    # Imported only here: few commands move files.
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return []


def _resolve_path(folder: str, name: str) -> str:
    path = name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name}"
    return path.removeprefix("./")


def _move_changes(verb: str, names: list[str]) -> Iterator[FileChange]:
    if verb == "rm":
        yield from (FileChange(name, "deleted") for name in names if _is_file(name))
    elif len(names) == 2 and _is_file(names[0]) and names[1].rpartition("/")[2] not in ("..", "."):
        old, new = names
        if not _is_file(new):
            new = f"{new.rstrip('/')}/{old.rpartition('/')[2]}"
        yield FileChange(old, "deleted")
        yield FileChange(path=new, kind="renamed", added_lines=0, removed_lines=0, old_path=old)


def _is_file(name: str) -> bool:
    return "." in name.rpartition("/")[2].lstrip(".")
