"""Files that a shell command plainly deletes or renames by name: `rm a.py`, `git mv a.py b.py`. What a pattern or a variable names is not known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.core.tools import Change

_MOVING = r"(?:^|&&|;|\n)\s*(?:(cd\s+[^;&|\n<>]+)|(?:sudo\s+)?((?:git\s+)?(?:mv|rm)\s[^;&|\n<>]+))"
_ODD = r"[*?$`{}()\[\]~]"


def moves(command: str) -> Iterator[Change]:
    """Yield what *command* does to files, in order: a rename is the old name's end and the new one's beginning. Paths are from where the command stood, `cd` counted."""
    if ("rm " not in command and "mv " not in command) or "<<" in command:
        return
    folder = ""
    for changed, moving in re.findall(_MOVING, command):
        words = _words(changed or moving)
        if changed:
            folder = words[-1] if len(words) == 2 else folder
            continue
        options = [word for word in words if word.startswith("-")]
        if not words:
            continue
        verb, *named = [word for word in words if word not in options and word not in ("git", "sudo")]
        # A folder's files are not named, so nothing is known of them.
        if (
            not named
            or any(set("rR") & set(option) for option in options if not option.startswith("--"))
            or re.search(_ODD, "".join(named))
        ):
            continue
        yield from _moved(verb, [_below(folder, name) for name in named])


def _words(text: str) -> list[str]:
    # Few commands move anything: the others need not wait for this.
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return []


def _below(folder: str, name: str) -> str:
    path = name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name}"
    return path.removeprefix("./")


def _moved(verb: str, named: list[str]) -> Iterator[Change]:
    if verb == "rm":
        yield from (Change(name, "deleted") for name in named if _is_file(name))
    elif len(named) == 2 and _is_file(named[0]) and named[1].rpartition("/")[2] not in ("..", "."):
        old, new = named
        if not _is_file(new):
            new = f"{new.rstrip('/')}/{old.rpartition('/')[2]}"
        yield Change(old, "deleted")
        yield Change(new, "renamed", 0, 0, old)


def _is_file(name: str) -> bool:
    return "." in name.rpartition("/")[2].lstrip(".")
