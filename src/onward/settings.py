"""What a person may set, and where it is read: flags, then `ONWARD_*` variables, then the nearest `.onward.toml`, then `onward.toml` in the data folder.

Nothing else in the house reads the environment or a settings file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onward.errors import BadSetting

PROJECT_FILE = ".onward.toml"
HOME_FILE = "onward.toml"
NAMES = ("database_url", "project", "budget_tokens")
"""What a settings file may hold; `ONWARD_` and the name in capitals is the variable. `home` is set by ONWARD_HOME alone."""

LEAST_BUDGET_TOKENS = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set. `database_url` is empty for SQLite in `home`, `project` when the current folder decides, `budget_tokens` None for the usual one.

    `claude_home` is where Claude Code keeps its transcripts.
    """

    home: Path
    claude_home: Path
    database_url: str = ""
    project: str = ""
    budget_tokens: int | None = None


def read_settings(
    flags: Mapping[str, object] | None = None, *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Settings:
    """Return the settings as seen from *folder* (the current one by default); a flag that is None is not set. Raises `BadSetting`, naming where a wrong value stands."""
    environment = os.environ if environment is None else environment
    home = _home(environment)
    found: dict[str, tuple[object, str]] = {}
    for path in (home / HOME_FILE, _nearest(folder or Path.cwd())):
        if path is not None:
            found.update({name: (value, str(path)) for name, value in _of_file(path).items()})
    found.update({name: (environment[variable], variable) for name in NAMES if environment.get(variable := f"ONWARD_{name.upper()}")})
    given = flags or {}
    found.update({name: (given[name], f"--{name.removesuffix('_tokens')}") for name in NAMES if given.get(name) is not None})
    claude_home = Path(environment.get("CLAUDE_CONFIG_DIR") or "~/.claude").expanduser()
    return Settings(home, claude_home, _text(found, "database_url"), _text(found, "project"), _budget(found))


def _home(environment: Mapping[str, str]) -> Path:
    if named := environment.get("ONWARD_HOME"):
        return Path(named).expanduser().absolute()
    # Imported here: whoever names a folder does not pay for finding one.
    from platformdirs import user_data_path

    return user_data_path("onward", appauthor=False)


def _nearest(folder: Path) -> Path | None:
    """Return the settings file of *folder* or of the nearest folder above it."""
    for place in (folder, *folder.parents):
        if (place / PROJECT_FILE).is_file():
            return place / PROJECT_FILE
    return None


def _of_file(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}.", "Check that you may read it.") from error
    import tomllib

    try:
        values = tomllib.loads(data.decode())
    except ValueError as error:
        raise BadSetting(f"{path} is not TOML: {error}.", "Mend that line.") from error
    if unknown := sorted(set(values) - set(NAMES)):
        raise BadSetting(f"{path} sets {unknown[0]!r}, which Onward does not know.", f"It knows {', '.join(NAMES)}.")
    return values


def _text(found: Mapping[str, tuple[object, str]], name: str) -> str:
    value, where = found.get(name, ("", ""))
    if not isinstance(value, str):
        raise BadSetting(f"{where} sets {name} to {value!r}, which is no text.", "Put it in quotes.")
    return value


def _budget(found: Mapping[str, tuple[object, str]]) -> int | None:
    value, where = found.get("budget_tokens", (None, ""))
    if value is None:
        return None
    try:
        tokens = int(str(value))
    except ValueError:
        tokens = 0
    if tokens < LEAST_BUDGET_TOKENS:
        raise BadSetting(f"{where} sets a budget of {value!r} tokens.", f"Give a whole number, at least {LEAST_BUDGET_TOKENS}.")
    return tokens
