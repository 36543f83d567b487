"""The only builder of adapters: creates from the settings what the edges need. Each adapter is imported when it is built."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from onward.message import Message
from onward.settings import EmbeddingSettings, Settings

if TYPE_CHECKING:
    from onward.app.models.gateway import ModelSetup
    from onward.llm.embeddings import EmbeddingModel
    from onward.store import Store


def open_store(settings: Settings) -> Store:
    """Return the store that *settings* name, with an up-to-date schema. The caller closes it. If other users could read its files until
    now, a note on standard error says so.
    """
    from onward.store import Store

    if settings.database_url:
        return Store.at_url(settings.database_url)
    store = Store.at_folder(settings.home)
    if store.tightened_paths:
        message = Message(
            "Other users of this machine could read {count} files and folders in {home}. Now only you can.",
            count=len(store.tightened_paths),
            home=settings.home,
        )
        sys.stderr.write(f"onward: {message}\n")
    return store


def build_model_setup(settings: Settings) -> ModelSetup:
    """Return the setup of language models. Nothing is requested, read or created yet."""
    from onward.app.models.gateway import ModelSetup
    from onward.llm.encryption import Sealer

    return ModelSetup(settings.llm, Sealer(settings.home, settings.sealing_key), settings.home)


def build_embedding_model(settings: Settings) -> EmbeddingModel | None:
    """Return the model of search by meaning; None if none is set. It is loaded when it is first used, once per process."""
    return _embedding_model(settings.embeddings) if settings.embeddings.model else None


@lru_cache(maxsize=4)
def _embedding_model(embeddings: EmbeddingSettings) -> EmbeddingModel:
    from onward.llm.embeddings import model_for

    return model_for(embeddings)
