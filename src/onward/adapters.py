"""The only builder of adapters: creates from the settings what the edges need."""

from __future__ import annotations

from onward.app.models.gateway import ModelSetup
from onward.llm.encryption import Sealer
from onward.settings import Settings
from onward.store import Store


def open_store(settings: Settings) -> Store:
    """Return the store that *settings* name, with an up-to-date schema. The caller closes it."""
    return Store.at_url(settings.database_url) if settings.database_url else Store.at_folder(settings.home)


def build_model_setup(settings: Settings) -> ModelSetup:
    """Return the setup of language models. Nothing is requested, read or created yet."""
    return ModelSetup(settings.llm, Sealer(settings.home, settings.sealing_key))
