"""The LLM key: kept encrypted, tested, removed. Nobody is shown it again."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from onward.app import models as asking_models
from onward.app.models import Models
from onward.core.llm_key import KeySource, KeyStanding, KeyState
from onward.errors import BadInput, Conflict, ProviderFailed, ProviderReason
from onward.llm.endpoint import HUGGING_FACE_MODEL, HUGGING_FACE_URL
from onward.settings import LLM
from onward.store import Store, sealed_keys

MOST_KEY_CHARS = 1000
_TEST_SECONDS = 30.0
_STATES: dict[ProviderReason, KeyState] = {
    "key refused": "invalid",
    # It was let in, and only then turned away.
    "payment": "valid",
    "rate limit": "valid",
    "bad answer": "valid",
    "too large": "valid",
    "cut off": "valid",
    "timeout": "unreachable",
    "unreachable": "unreachable",
    "server error": "unreachable",
}


def show(store: Store, models: Models) -> KeyStanding:
    """Return how the key stands, as far as is known: nothing is asked."""
    said = models.settings
    if said.key:
        return _standing(said, "set", "environment")
    with store.read() as connection:
        kept = sealed_keys.find(connection)
    if kept is None:
        return _standing(said, "not set", "none", "The model that was set up is asked without a key." if said.url else "")
    if models.sealer.open(kept.sealed) is None:
        wrong = "It was encrypted with another key than this machine has: set ONWARD_SEALING_KEY as it was, or set the LLM key again."
        return replace(_standing(said, "invalid", "store", wrong), set_at=kept.created_at)
    state = cast("KeyState", kept.state or "set")
    return replace(_standing(said, state, "store"), set_at=kept.created_at, tested_at=kept.tested_at)


def put(store: Store, models: Models, key: str) -> KeyStanding:
    """Keep a key, encrypted, in the place of the one before."""
    sealed = models.sealer.seal(_checked(key))
    with store.write() as connection:
        sealed_keys.keep(connection, sealed)
    return show(store, models)


def remove(store: Store, models: Models) -> KeyStanding:
    """Remove the kept key. One of the environment stays, for as long as that says so."""
    with store.write() as connection:
        sealed_keys.remove(connection)
    return show(store, models)


def check(store: Store, models: Models, key: str = "") -> KeyStanding:
    """Ask the model for one word, with *key* or the one that is used, and return what that says of the key. What it finds of the kept key is noted."""
    said = models.settings
    if said.is_off:
        raise Conflict("Asking models is turned off.", "Turn it on: ONWARD_LLM=on")
    if key:
        said = replace(said, key=_checked(key))
    asking = asking_models.asking_for(store, replace(models, settings=said))
    standing = show(store, models)
    if asking is None:
        return standing
    quick = replace(asking, endpoint=replace(asking.endpoint, timeout_seconds=min(_TEST_SECONDS, asking.endpoint.timeout_seconds)))
    state: KeyState
    try:
        asking_models.call(store, quick, "test of the key", "Answer with one word.", "Say yes.", answer_tokens=16, attempts=1)
        state, message = "valid", f"{quick.endpoint.host} answered."
    except ProviderFailed as error:
        state, message = _STATES.get(error.reason, "set"), str(error)
    if key:
        return _standing(said, state, "none", message)
    if standing.source == "store":
        with store.write() as connection:
            kept = sealed_keys.find(connection)
            if kept and models.sealer.open(kept.sealed) == quick.endpoint.key:
                sealed_keys.tested(connection, kept.sealed, state)
        standing = show(store, models)
    return replace(standing, state=state, message=message)


def _standing(said: LLM, state: KeyState, source: KeySource, message: str = "") -> KeyStanding:
    return KeyStanding(state, source, said.url or HUGGING_FACE_URL, said.model or HUGGING_FACE_MODEL, said.is_off, message=message)


def _checked(key: str) -> str:
    key = key.strip()
    if not key or len(key) > MOST_KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput(
            "That is no LLM key.",
            f"A key is one word of up to {MOST_KEY_CHARS} printable ASCII characters. Copy it whole, and nothing else.",
        )
    return key
