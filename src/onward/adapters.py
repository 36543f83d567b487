"""The only builder of adapters: what the edges ask for, made from the settings."""

from __future__ import annotations

from onward.app.models.gateway import ModelSetup
from onward.llm.encryption import Sealer
from onward.settings import Settings
from onward.store import Store


def open_store(settings: Settings) -> Store:
    """Return the store that *settings* name, its schema up to date; close it when done."""
    return Store.at_url(settings.database_url) if settings.database_url else Store.at_folder(settings.home)


def build_model_setup(settings: Settings) -> ModelSetup:
    """Return what language models are asked with. Nothing is asked, read or made yet."""
    return ModelSetup(settings.llm, Sealer(settings.home, settings.sealing_key))
