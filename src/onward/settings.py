"""The settings and where they come from: flags, then `ONWARD_*` variables, then the nearest `.onward.toml`, then `onward.toml` in the
data folder.

No other module reads the environment or a settings file, except `locations`, which finds them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from onward import locations
from onward.errors import BadSetting
from onward.message import Message

LLM_NAMES = (
    *("llm", "llm_url", "llm_model", "llm_answer_tokens", "llm_context_tokens", "llm_timeout_seconds", "llm_usd_per_million"),
    *("llm_daily_usd", "llm_daily_tokens", "llm_job_usd", "llm_job_tokens", "llm_daily_answers"),
)
"""Settings of the language model."""
EMBEDDING_NAMES = ("embeddings_url", "embeddings_model")
"""Settings of search by meaning."""
REPOSITORY_NAMES = ("project", "budget_tokens", "worktrees", "quiet_minutes")
"""Settings allowed in an `.onward.toml`: those that concern sessions in its folder. All others must be set by a variable or in the data
folder. A repository may come from someone else, and one that set a server, a database or a model would receive the token, the stored data
or the key.
"""
NAMES = (
    *REPOSITORY_NAMES,
    "database_url",
    *("host", "port", "body_limit_mb", "rate_limit", "trusted_hosts", "cors_origins"),
    *("rotate_from", "rotate_at", "import_roots"),
    *LLM_NAMES,
    *EMBEDDING_NAMES,
    *("server", "token"),
)
"""Settings allowed in a settings file. `ONWARD_` and the name in capitals is the variable. `home` is set by ONWARD_HOME alone, the keys
by ONWARD_LLM_KEY, ONWARD_EMBEDDINGS_KEY and ONWARD_SEALING_KEY.
"""

MIN_BUDGET_TOKENS = 200
QUIET_MINUTES = 30
LOOPBACK, PORT, BODY_LIMIT_MB = "127.0.0.1", 3000, 64
RATE_LIMIT = 1200
"""Requests per minute."""
MAX_PORT = 65535
ROTATE_FROM, ROTATE_AT = 85, 92

System: TypeAlias = Literal["linux", "macos", "windows"]
Worktrees: TypeAlias = Literal["together", "apart"]
"""Whether the worktrees of a repository are one project or separate ones."""

FOLDER_VARIABLES = (
    *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "CLINE_DIR", "CLINE_DATA_DIR", "QWEN_HOME", "COPILOT_HOME", "PI_CODING_AGENT_DIR"),
    *("KIMI_CODE_HOME", "KIMI_SHARE_DIR", "CONTINUE_GLOBAL_DIR", "HERMES_HOME"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"),
)
"""The variables that move the folders of agents and of programs."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where programs on this machine store their data: the home folder, the operating system, and variables that move an agent's folder."""

    home: Path
    system: System
    folder_overrides: Mapping[str, str] = field(default_factory=dict[str, str])

    def folder(self, variable: str, default: str) -> Path:
        """Return the folder set by *variable*, or else the *default* one below the home folder."""
        return Path(self.folder_overrides.get(variable) or self.home / default)

    def expand(self, text: str) -> Path:
        """Return the path that *text* names, with `~` and `${NAME:-default}` replaced as `onward.core.agents` describes them."""
        if text.startswith("${"):
            name, _, rest = text[2:].partition(":-")
            default, _, below = rest.rpartition("}")
            override = self.folder_overrides.get(name)
            return (Path(override) if override else self.expand(default)) / below.lstrip("/")
        return self.home / text.removeprefix("~").lstrip("/")


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """Settings of the language model. `url` and `model` are empty if not set; `key` comes from the environment and is left out of
    representations.

    `usd_per_million` is the price of input and output tokens. A project spends at most `daily_usd` and `daily_tokens` per day (UTC), a
    job `job_usd` and `job_tokens`; a person's own agent answers `daily_answers` times a day, in all projects. 0 means no limit.
    """

    is_off: bool = False
    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    answer_tokens: int | None = None
    context_tokens: int | None = None
    timeout_seconds: float | None = None
    usd_per_million: tuple[float, float] | None = None
    daily_usd: float = 2.0
    daily_tokens: int = 2_000_000
    job_usd: float = 0.5
    job_tokens: int = 500_000
    daily_answers: int = 20


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """The embedding model of search by meaning, which is off while `model` is empty: at the OpenAI-compatible `url`, or without one on
    this machine. `key` comes from the environment and is left out of representations.
    """

    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `database_url` is empty for SQLite in `home`, `project` if the current folder decides, `budget_tokens` None for the
    default.

    `claude_home` is the folder of Claude Code. `forced_project` is the project set by a flag or a variable, for all sessions wherever
    they ran; a project set in a file applies to sessions of the file's folder. A followed session counts as ended after `quiet_minutes`.

    A server listens at `host` and `port` and accepts requests of at most `body_limit_mb`. It also answers to `trusted_hosts`, and to
    pages of `cors_origins`. It accepts `rate_limit` requests per minute and caller, 0 means no limit; None means `RATE_LIMIT` for other
    machines and no limit for this one.

    A session moves to a better account from `rotate_from` percent of used credits on, and by `rotate_at` percent to any account with more
    left.

    Commands use the store of the Onward server at `server`, with the access token `token`; the local store if `server` is empty. A server
    asks callers of its own machine for `local_token`, the token of its user; empty if they need none. Folders to import from over HTTP are
    below the user's home or one of `import_roots`.
    """

    home: Path
    claude_home: Path
    database_url: str = ""
    project: str = ""
    budget_tokens: int | None = None
    worktrees: Worktrees = "together"
    quiet_minutes: int = QUIET_MINUTES
    forced_project: str = ""
    host: str = LOOPBACK
    port: int = PORT
    body_limit_mb: int = BODY_LIMIT_MB
    trusted_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    rotate_from: int = ROTATE_FROM
    rotate_at: int = ROTATE_AT
    rate_limit: int | None = None
    llm: LLMSettings = field(default_factory=LLMSettings)
    embeddings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    sealing_key: str = field(default="", repr=False)
    server: str = ""
    token: str = field(default="", repr=False)
    local_token: str = field(default="", repr=False)
    import_roots: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict[str, str], repr=False, compare=False)
    """Where each setting was set: a flag, a variable or a file."""

    @property
    def is_exposed(self) -> bool:
        """Whether other machines can reach a server that listens at `host`."""
        return not is_loopback(self.host)


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Return whether *host* is a loopback address of this machine."""
    # Imported here: only servers need it.
    from ipaddress import IPv6Address, ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def read_settings(
    flags: Mapping[str, object] | None = None, *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Settings:
    """Return the settings for *folder*, by default the current one. A flag that is None is not set. Raises `BadSetting` with the place of
    the wrong value.
    """
    environment = os.environ if environment is None else environment
    home = Path(locations.data_folder(environment))
    configured: dict[str, tuple[object, str]] = {}
    for path in (home / locations.HOME_FILE, _find_file(folder or Path.cwd())):
        if path is not None:
            configured.update({name: (value, str(path)) for name, value in _read_file(path).items()})
            _reject_home_settings(configured, path)
    if "ONWARD_SERVER" in environment:
        # An empty variable means the local store, whatever a file sets.
        configured.pop("server", None)
    explicit: dict[str, tuple[object, str]] = {
        name: (environment[variable], variable) for name in NAMES if environment.get(variable := f"ONWARD_{name.upper()}")
    }
    flag_values = flags or {}
    explicit.update({name: (flag_values[name], f"--{name.removesuffix('_tokens')}") for name in NAMES if flag_values.get(name) is not None})
    configured.update(explicit)
    window_start, window_end = _read_window(configured)
    return Settings(
        home=home,
        claude_home=read_machine(environment).folder("CLAUDE_CONFIG_DIR", ".claude"),
        database_url=_read_text(configured, "database_url"),
        project=_read_text(configured, "project"),
        budget_tokens=_read_integer(configured, "budget_tokens", MIN_BUDGET_TOKENS, "tokens"),
        worktrees=_read_worktrees(configured),
        quiet_minutes=_read_integer(configured, "quiet_minutes", 1, "minutes") or QUIET_MINUTES,
        forced_project=_read_text(explicit, "project"),
        host=_read_text(configured, "host") or LOOPBACK,
        port=_read_port(configured),
        body_limit_mb=_read_integer(configured, "body_limit_mb", 1, "MiB") or BODY_LIMIT_MB,
        trusted_hosts=_read_list(configured, "trusted_hosts"),
        cors_origins=_read_list(configured, "cors_origins"),
        rotate_from=window_start,
        rotate_at=window_end,
        rate_limit=_read_integer(configured, "rate_limit", 0, "requests a minute"),
        llm=_read_llm(configured, environment.get("ONWARD_LLM_KEY", "").strip()),
        embeddings=_read_embeddings(configured, environment.get("ONWARD_EMBEDDINGS_KEY", "").strip()),
        sealing_key=environment.get("ONWARD_SEALING_KEY", "").strip(),
        server=_read_text(configured, "server").strip(),
        token=_read_text(configured, "token").strip(),
        import_roots=_read_list(configured, "import_roots"),
        sources={name: source for name, (_value, source) in configured.items()},
    )


def read_machine(environment: Mapping[str, str] | None = None) -> Machine:
    """Return where programs on this machine store their data."""
    environment = os.environ if environment is None else environment
    system: System = "windows" if sys.platform == "win32" else "macos" if sys.platform == "darwin" else "linux"
    home = environment.get("USERPROFILE" if system == "windows" else "HOME")
    folder_overrides = {name: str(Path(value).expanduser()) for name in FOLDER_VARIABLES if (value := environment.get(name))}
    return Machine(Path(home) if home else Path.home(), system, folder_overrides)


def project_of_folder(folder: Path) -> str:
    """Return the project set in the nearest `.onward.toml`, in *folder* or above it; empty if none sets it. Raises `BadSetting`."""
    path = _find_file(folder)
    return "" if path is None else _read_text({name: (value, str(path)) for name, value in _read_file(path).items()}, "project")


def _find_file(folder: Path) -> Path | None:
    """Return the settings file of *folder* or of the nearest folder above it."""
    path = locations.find_project_file(str(folder))
    return Path(path) if path else None


def _read_file(path: Path) -> dict[str, Any]:
    values = locations.read_values(str(path))
    if unknown := sorted(set(values) - set(NAMES)):
        raise BadSetting(
            Message("{path} sets {name!r}, which is not a setting of Onward.", path=path, name=unknown[0]),
            Message("The settings are: {names}.", names=", ".join(NAMES)),
        )
    return values


def _reject_home_settings(configured: Mapping[str, tuple[object, str]], path: Path) -> None:
    """Raise `BadSetting` if a repository's file contains settings that it may not set."""
    if path.name == locations.PROJECT_FILE and (
        forbidden := [name for name, (_value, source) in configured.items() if name not in REPOSITORY_NAMES and source == str(path)]
    ):
        raise BadSetting(
            Message("{path} sets {name}, which a repository may not set.", path=path, name=forbidden[0]),
            Message("Set it in {file} in the data folder, or with ONWARD_{name}.", file=locations.HOME_FILE, name=forbidden[0].upper()),
        )


def _read_text(configured: Mapping[str, tuple[object, str]], name: str) -> str:
    value, source = configured.get(name, ("", ""))
    if not isinstance(value, str):
        shown_value = "a value" if name == "token" else repr(value)
        raise BadSetting(
            Message("{source} sets {name} to {value}, which is not a text.", source=source, name=name, value=shown_value),
            "Put it in quotes.",
        )
    return value


def _read_worktrees(configured: Mapping[str, tuple[object, str]]) -> Worktrees:
    value = _read_text(configured, "worktrees") or "together"
    if value not in ("together", "apart"):
        raise BadSetting(
            Message("{source} sets worktrees to {value!r}.", source=configured["worktrees"][1], value=value), "Use together or apart."
        )
    return cast("Worktrees", value)


def _read_port(configured: Mapping[str, tuple[object, str]]) -> int:
    """Return the port; 0 means any free port."""
    port = _read_integer(configured, "port", 0, "a port")
    if port is not None and port > MAX_PORT:
        raise BadSetting(
            Message("{source} sets port to {port}.", source=configured["port"][1], port=port),
            Message("Give a number up to {max_port}.", max_port=MAX_PORT),
        )
    return PORT if port is None else port


def _read_list(configured: Mapping[str, tuple[object, str]], name: str) -> tuple[str, ...]:
    """Return a list of texts; in a variable they are separated by commas."""
    value, source = configured.get(name, ("", ""))
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise BadSetting(
            Message("{source} sets {name} to {value!r}, which is not a list of texts.", source=source, name=name, value=value),
            "Use a list of quoted texts in brackets.",
        )
    return tuple(part.strip() for part in parts if part.strip())


_LARGEST_NUMBER = 2_000_000_000


def _read_integer(configured: Mapping[str, tuple[object, str]], name: str, minimum: int, unit: str) -> int | None:
    value, source = configured.get(name, (None, ""))
    if value is None:
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = minimum - 1
    if not minimum <= number <= _LARGEST_NUMBER:
        hint = Message("Give a whole number of {unit}, at least {minimum}.", unit=unit, minimum=minimum)
        raise BadSetting(
            Message("{source} sets {name} to {value!r}.", source=source, name=name, value=value),
            hint if number < minimum else Message("Give a whole number of {unit}, at most {maximum}.", unit=unit, maximum=_LARGEST_NUMBER),
        )
    return number


def _read_window(configured: Mapping[str, tuple[object, str]]) -> tuple[int, int]:
    """Return the start and the end of the rotation window in percent of used credits."""
    window_start = _read_integer(configured, "rotate_from", 1, "credits used of a hundred") or ROTATE_FROM
    window_end = _read_integer(configured, "rotate_at", 1, "credits used of a hundred") or max(ROTATE_AT, window_start)
    if window_start > window_end or window_end > 100:
        source = configured.get("rotate_at", configured.get("rotate_from", ("", "")))[1]
        raise BadSetting(
            Message(
                "{source} sets a rotation window from {window_start} to {window_end} of 100.",
                source=source,
                window_start=window_start,
                window_end=window_end,
            ),
            "rotate_from must not be greater than rotate_at, and rotate_at not greater than 100.",
        )
    return window_start, window_end


def _read_llm(configured: Mapping[str, tuple[object, str]], key: str) -> LLMSettings:
    defaults = LLMSettings()
    state = _read_text(configured, "llm") or "on"
    if state not in ("on", "off"):
        raise BadSetting(Message("{source} sets llm to {state!r}.", source=configured["llm"][1], state=state), "Use on or off.")
    daily_tokens, job_tokens = (_read_integer(configured, name, 0, "tokens") for name in ("llm_daily_tokens", "llm_job_tokens"))
    daily_answers = _read_integer(configured, "llm_daily_answers", 0, "answers")
    daily_usd, job_usd = (_read_number(configured, name, "US dollars") for name in ("llm_daily_usd", "llm_job_usd"))
    return LLMSettings(
        is_off=state == "off",
        url=_read_text(configured, "llm_url").rstrip("/"),
        model=_read_text(configured, "llm_model"),
        key=key,
        answer_tokens=_read_integer(configured, "llm_answer_tokens", 16, "tokens"),
        context_tokens=_read_integer(configured, "llm_context_tokens", 1000, "tokens"),
        timeout_seconds=_read_number(configured, "llm_timeout_seconds", "seconds", is_positive=True),
        usd_per_million=_read_prices(configured),
        daily_usd=defaults.daily_usd if daily_usd is None else daily_usd,
        daily_tokens=defaults.daily_tokens if daily_tokens is None else daily_tokens,
        job_usd=defaults.job_usd if job_usd is None else job_usd,
        job_tokens=defaults.job_tokens if job_tokens is None else job_tokens,
        daily_answers=defaults.daily_answers if daily_answers is None else daily_answers,
    )


def _read_embeddings(configured: Mapping[str, tuple[object, str]], key: str) -> EmbeddingSettings:
    url, model = _read_text(configured, "embeddings_url").rstrip("/"), _read_text(configured, "embeddings_model").strip()
    if url and not model:
        raise BadSetting(
            Message("{source} sets embeddings_url, but no embeddings_model is set.", source=configured["embeddings_url"][1]),
            "Set the model that the address offers in embeddings_model.",
        )
    return EmbeddingSettings(url, model, key)


def _read_number(configured: Mapping[str, tuple[object, str]], name: str, unit: str, *, is_positive: bool = False) -> float | None:
    value, source = configured.get(name, (None, ""))
    if value is None:
        return None
    number = _parse_number(str(value))
    if number is None or (is_positive and not number):
        raise BadSetting(
            Message("{source} sets {name} to {value!r}.", source=source, name=name, value=value),
            Message("Give a number of {unit} above 0.", unit=unit)
            if is_positive
            else Message("Give a number of {unit}, at least 0.", unit=unit),
        )
    return number


def _read_prices(configured: Mapping[str, tuple[object, str]]) -> tuple[float, float] | None:
    """Return the prices of a million input and output tokens, written as two numbers with a slash."""
    prices_text = _read_text(configured, "llm_usd_per_million")
    if not prices_text:
        return None
    prices = [_parse_number(part) for part in prices_text.split("/")]
    if len(prices) != 2 or prices[0] is None or prices[1] is None:
        raise BadSetting(
            Message(
                "{source} sets llm_usd_per_million to {value!r}.",
                source=configured["llm_usd_per_million"][1],
                value=prices_text,
            ),
            'Give two prices in US dollars: "0.05/0.08".',
        )
    return prices[0], prices[1]


def _parse_number(text: str) -> float | None:
    """Return *text* as a number of at least 0; None if it is not one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
