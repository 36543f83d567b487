"""What is set, and where: for people who wonder why Onward does what it does. No key, no token and no password is told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onward.settings import LLM_NAMES, NAMES, Settings

_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")
_SECRET = {"token"}
_OF_ONE_USE = {"project"}
"""What is said to a command, and means nothing to a server."""


@dataclass(frozen=True, slots=True)
class ToldSetting:
    """One setting: its name, its variable, what it is, and where that was said; `said_by` is empty for what nobody set."""

    name: str
    variable: str
    value: str
    said_by: str


def told(settings: Settings) -> list[ToldSetting]:
    """Return every setting in the order of the reference."""
    return [
        ToldSetting(name, f"ONWARD_{name.upper()}", _shown(settings, name), settings.said_by.get(name, ""))
        for name in NAMES
        if name not in _OF_ONE_USE
    ]


def _shown(settings: Settings, name: str) -> str:
    value: object
    if name == "llm":
        value = "off" if settings.llm.is_off else "on"
    elif name in LLM_NAMES:
        value = getattr(settings.llm, name.removeprefix("llm_"))
    else:
        value = getattr(settings, name)
    if name in _SECRET:
        return "…" if value else ""
    if isinstance(value, tuple):
        return ("/" if name == "llm_usd_per_million" else ", ").join(map(str, value))
    return "" if value is None else _PASSWORD.sub(r"\1:…@", str(value))
