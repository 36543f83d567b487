"""The token of this user's own programs: a file in the data folder that only the user may read.

The page, the commands and the hooks of the same user come in with it by themselves; another user of the machine has no token, and is no
more than a stranger. It lies in no store, so that emptying or restoring one never shuts its user out.
"""

from __future__ import annotations

import os
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe

from onward.errors import BadSetting
from onward.message import Message
from onward.private_files import create_folder, is_open_to_others

FILE_NAME = "local.token"
NAME = "this machine"
"""The name under which callers with this token appear."""

_PREFIX = "onw_local_"
_SECRET_BYTES = 32


def require(home: Path) -> str:
    """Return the token in the data folder; a missing one, and one that others could read, is created again. Raises `BadSetting`."""
    path = home / FILE_NAME
    token = "" if is_open_to_others(path) else find(home)
    if token:
        return token
    token = f"{_PREFIX}{token_urlsafe(_SECRET_BYTES)}"
    temporary = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    try:
        create_folder(home)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(token + "\n")
        temporary.replace(path)
    except OSError as error:
        raise BadSetting(
            Message("Cannot create {path}: {problem}.", path=path, problem=error.strerror), "Check the path and its permissions."
        ) from error
    return token


def find(home: Path) -> str:
    """Return the token in the data folder; empty if there is none."""
    try:
        token = (home / FILE_NAME).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return token if token.startswith(_PREFIX) else ""


def is_same(token: str, local_token: str) -> bool:
    """Return whether *token* is the *local_token*, which must not be empty."""
    return bool(local_token) and compare_digest(token.encode(), local_token.encode())
