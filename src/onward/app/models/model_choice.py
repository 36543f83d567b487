"""The model and the address that a person chose in the dashboard. A setting of either in a variable or a settings file comes first.

The choice is in a file of the data folder, which every process reads when it needs a model, so that no restart is needed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onward.errors import BadInput, Conflict
from onward.llm.endpoint import HUGGING_FACE_URL, Endpoint
from onward.settings import LLMSettings
from onward.store import Store, encrypted_keys

if TYPE_CHECKING:
    from onward.app.models.gateway import ModelSetup

FILE_NAME = "model.json"
MAX_CHARS = 500


def apply(home: Path | None, settings: LLMSettings) -> LLMSettings:
    """Return *settings* with the address and the model that a person chose, unless one of them is set."""
    if home is None or is_set(settings):
        return settings
    with suppress(OSError, ValueError):
        choice = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
        if isinstance(choice, dict):
            return replace(settings, url=str(choice.get("url", "")), model=str(choice.get("model", "")))
    return settings


def is_set(settings: LLMSettings) -> bool:
    """Return whether a variable or a settings file sets the address or the model, so that nothing can be chosen."""
    return bool(settings.url or settings.model)


def choose(store: Store, model_setup: ModelSetup, url: str, model: str) -> bool:
    """Use the model at the address from now on; an empty one is the default. Return whether the stored key was deleted: one that was stored
    for another host is never sent to the new one.

    Raises `Conflict` if a setting decides, `BadInput` if the address is no web address.
    """
    if is_set(model_setup.settings) or model_setup.home is None:
        raise Conflict("A setting decides which model is used.", "Change ONWARD_LLM_URL and ONWARD_LLM_MODEL.")
    url, model = url.strip().rstrip("/"), model.strip()
    if len(url) > MAX_CHARS or len(model) > MAX_CHARS:
        raise BadInput("The address or the model is too long.", "Give the address and the name of one model.")
    if url:
        Endpoint(url=url, model=model)
    old_url = apply(model_setup.home, model_setup.settings).url
    _write(model_setup.home, {"url": url, "model": model})
    if urlsplit(url or HUGGING_FACE_URL).netloc == urlsplit(old_url or HUGGING_FACE_URL).netloc:
        return False
    with store.write() as connection:
        is_stored = encrypted_keys.find(connection) is not None
        encrypted_keys.delete_key(connection)
    return is_stored


def _write(home: Path, choice: dict[str, str]) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / FILE_NAME
    temporary = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    temporary.write_text(json.dumps(choice), encoding="utf-8")
    temporary.replace(path)
