"""The LLM key: store it encrypted, test it, delete it. It is never shown again."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from onward.app.jobs import jobs
from onward.app.models import gateway as llm_models
from onward.app.models.gateway import ModelSetup
from onward.core.llm_key import KeySource, KeyState, KeyStatus
from onward.errors import BadInput, Conflict, ProviderFailed, ProviderReason
from onward.llm.endpoint import HUGGING_FACE_MODEL, HUGGING_FACE_URL, Endpoint
from onward.message import Message
from onward.settings import LLMSettings
from onward.store import Store, encrypted_keys

MAX_KEY_CHARS = 1000
_TEST_SECONDS = 30.0
_STATES: dict[ProviderReason, KeyState] = {
    "key refused": "invalid",
    # The key was accepted, and the request refused afterwards.
    "payment": "valid",
    "rate limit": "valid",
    "bad answer": "valid",
    "too large": "valid",
    "cut off": "valid",
    "timeout": "unreachable",
    "unreachable": "unreachable",
    "server error": "unreachable",
}


def show(store: Store, model_setup: ModelSetup) -> KeyStatus:
    """Return the known status of the key. No request is sent."""
    settings = model_setup.current_settings
    if settings.key:
        return _key_status(settings, "set", "environment")
    with store.read() as connection:
        stored_key = encrypted_keys.find(connection)
    if stored_key is None:
        return _key_status(settings, "not set", "none", "The configured model is used without a key." if settings.url else "")
    if model_setup.sealer.open(stored_key.sealed) is None:
        message = "It was encrypted with a different sealing key: restore ONWARD_SEALING_KEY, or set the LLM key again."
        return replace(_key_status(settings, "invalid", "store", message), set_at=stored_key.created_at)
    state = cast("KeyState", stored_key.state or "set")
    return replace(_key_status(settings, state, "store"), set_at=stored_key.created_at, tested_at=stored_key.tested_at)


def save(store: Store, model_setup: ModelSetup, key: str) -> KeyStatus:
    """Store a key, encrypted, in place of the earlier one."""
    sealed = model_setup.sealer.seal(_clean_key(key))
    with store.write() as connection:
        encrypted_keys.save(connection, sealed)
    jobs.wake_waiting(store)
    return show(store, model_setup)


def delete(store: Store, model_setup: ModelSetup) -> KeyStatus:
    """Delete the stored key. A key in the environment stays in use."""
    with store.write() as connection:
        encrypted_keys.delete_key(connection)
    return show(store, model_setup)


def check(store: Store, model_setup: ModelSetup, key: str = "") -> KeyStatus:
    """Test *key*, or the key in use, by asking the model for one word, and return the result. The result for the stored key is stored."""
    settings = model_setup.current_settings
    if settings.is_off:
        raise Conflict("Requests to language models are turned off.", "Turn them on: ONWARD_LLM=on")
    if key:
        settings = replace(settings, key=_clean_key(key))
    model_context = llm_models.find_model_context(store, replace(model_setup, settings=settings, home=None))
    status = show(store, model_setup)
    if model_context is None:
        return status
    test_context = replace(model_context, endpoint=model_context.endpoint.within(_TEST_SECONDS))
    state: KeyState
    message: str | Message
    try:
        llm_models.call(store, test_context, "test of the key", "Answer with one word.", "Say yes.", answer_tokens=16, attempts=1)
        state, message = "valid", Message("{host} answered.", host=test_context.endpoint.host)
    except ProviderFailed as error:
        state, message = _STATES.get(error.reason, "set"), error.full_message()
    if key:
        return _key_status(settings, state, "none", message)
    if status.source == "store":
        with store.write() as connection:
            stored_key = encrypted_keys.find(connection)
            is_in_use = (
                stored_key
                and isinstance(model_context.endpoint, Endpoint)
                and model_setup.sealer.open(stored_key.sealed) == model_context.endpoint.key
            )
            if stored_key and is_in_use:
                encrypted_keys.record_test(connection, stored_key.sealed, state)
        status = show(store, model_setup)
    return replace(status, state=state, message=message)


def _key_status(settings: LLMSettings, state: KeyState, source: KeySource, message: str | Message = "") -> KeyStatus:
    return KeyStatus(
        state=state,
        source=source,
        url=settings.url or HUGGING_FACE_URL,
        model=settings.model or HUGGING_FACE_MODEL,
        is_off=settings.is_off,
        message=message,
    )


def _clean_key(key: str) -> str:
    key = key.strip()
    if not key or len(key) > MAX_KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput(
            "This is not an LLM key.",
            Message("A key is one word of up to {limit} printable ASCII characters. Copy all of it and nothing else.", limit=MAX_KEY_CHARS),
        )
    return key
