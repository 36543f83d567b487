"""The effective settings and where each was set. Keys, tokens and passwords are not shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from onward.app.models import model_choice
from onward.settings import EMBEDDING_NAMES, LLM_NAMES, NAMES, Settings

_PASSWORD_PATTERN = re.compile(r"(://[^:/@]*):[^@]*@")
_SECRET_NAMES = {"token"}
_COMMAND_ONLY_NAMES = {"project"}
"""Settings that matter to single commands, not to a server."""


@dataclass(frozen=True, slots=True)
class SettingReport:
    """One setting: its name, its variable, its value, and where it was set; `source` is empty for a default."""

    name: str
    variable: str
    value: str
    source: str


def report_settings(settings: Settings) -> list[SettingReport]:
    """Return all settings in the order of the reference, with the model that a person chose."""
    settings = replace(settings, llm=model_choice.apply(settings.home, settings.llm))
    return [
        SettingReport(name, f"ONWARD_{name.upper()}", _display_value(settings, name), settings.sources.get(name, ""))
        for name in NAMES
        if name not in _COMMAND_ONLY_NAMES
    ]


def _display_value(settings: Settings, name: str) -> str:
    value: object
    if name == "llm":
        value = "off" if settings.llm.is_off else "on"
    elif name in LLM_NAMES:
        value = getattr(settings.llm, name.removeprefix("llm_"))
    elif name in EMBEDDING_NAMES:
        value = getattr(settings.embeddings, name.removeprefix("embeddings_"))
    else:
        value = getattr(settings, name)
    if name in _SECRET_NAMES:
        return "…" if value else ""
    if isinstance(value, tuple):
        return ("/" if name == "llm_usd_per_million" else ", ").join(map(str, value))
    return "" if value is None else _PASSWORD_PATTERN.sub(r"\1:…@", str(value))
