"""The data folder and the settings files: where they are, and reading them. This module imports little, because hooks use it first.

`settings` checks and interprets the values.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from onward.errors import BadSetting

PROJECT_FILE = ".onward.toml"
HOME_FILE = "onward.toml"


def data_folder(environment: Mapping[str, str]) -> str:
    """Return the data folder: the one set by `ONWARD_HOME`, else the platform's folder for user data. It may not exist."""
    if configured := environment.get("ONWARD_HOME"):
        return os.path.abspath(os.path.expanduser(configured))
    if sys.platform == "win32":
        # Imported here: only Windows must ask the system. Elsewhere the path is known, and the import would take longer than starting
        # Python.
        from platformdirs import user_data_dir

        return user_data_dir("onward", appauthor=False)
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/onward")
    return os.path.join(environment.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share"), "onward")


def find_project_file(folder: str) -> str:
    """Return the path of the settings file of *folder*, or of the nearest folder above it; empty if there is none."""
    while True:
        path = os.path.join(folder, PROJECT_FILE)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def read_values(path: str) -> dict[str, object]:
    """Return the values of a settings file; an empty dict if it does not exist. Raises `BadSetting`."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        # Imported here, as below: only errors need it.
        from onward.message import Message

        raise BadSetting(
            Message("{path} cannot be read: {problem}.", path=path, problem=error.strerror), "Check the permissions of the file."
        ) from error
    # Imported here: most folders have no such file.
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        from onward.message import Message

        raise BadSetting(Message("{path} is not valid TOML: {problem}.", path=path, problem=str(error)), "Correct that line.") from error


def read_only_url(path: str | os.PathLike[str]) -> str:
    """Return the URL with which SQLite reads *path*. In a read-only folder SQLite cannot create the files that readers share, and must know
    that nothing changes; where these files exist, they are used.
    """
    path = os.path.abspath(path)
    is_still = is_read_only(path) and not os.path.exists(path + "-wal")
    return f"file:{_quote(path)}?mode=ro{'&immutable=1' if is_still else ''}"


def is_read_only(path: str | os.PathLike[str]) -> bool:
    """Return whether this user may read the database *path* but not write it or its folder."""
    return os.access(path, os.R_OK) and not (os.access(path, os.W_OK) and os.access(os.path.dirname(os.path.abspath(path)), os.W_OK))


def _quote(path: str) -> str:
    """Return *path* for a URI. (Importing urllib takes longer than the rest of a hook.)"""
    path = path.replace("\\", "/")
    for sign in "%?#":
        path = path.replace(sign, f"%{ord(sign):02x}")
    return path if path.startswith("/") else f"/{path}"
