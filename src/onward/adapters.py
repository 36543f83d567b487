"""The only builder of adapters: creates from the settings what the edges need. Each adapter is imported when it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.settings import Settings

if TYPE_CHECKING:
    from onward.app.models.gateway import ModelSetup
    from onward.store import Store


def open_store(settings: Settings) -> Store:
    """Return the store that *settings* name, with an up-to-date schema. The caller closes it."""
    from onward.store import Store

    return Store.at_url(settings.database_url) if settings.database_url else Store.at_folder(settings.home)


def build_model_setup(settings: Settings) -> ModelSetup:
    """Return the setup of language models. Nothing is requested, read or created yet."""
    from onward.app.models.gateway import ModelSetup
    from onward.llm.encryption import Sealer

    return ModelSetup(settings.llm, Sealer(settings.home, settings.sealing_key))
