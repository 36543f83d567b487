"""Turns failures of a model request into `ProviderFailed`. Text of the provider is never passed on, because it may contain the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from onward.errors import ProviderFailed, ProviderReason
from onward.message import Message, as_message

if TYPE_CHECKING:
    from onward.llm.endpoint import Endpoint

_KEY_HINT = "Set another key (onward llm-key set) and test it (onward llm-key test)."
_TRY_LATER = "Try again later."
_REMEDIES: dict[ProviderReason, str] = {
    "key refused": _KEY_HINT,
    "payment": "Add credit at the provider, or choose another model or provider (ONWARD_LLM_MODEL, ONWARD_LLM_URL).",
    "rate limit": "",
    "unknown model": "Check ONWARD_LLM_MODEL and ONWARD_LLM_URL; most addresses end in /v1.",
    "refused": "Check ONWARD_LLM_URL and ONWARD_LLM_MODEL.",
    "server error": "",
    "timeout": "For a slow model, increase ONWARD_LLM_TIMEOUT_SECONDS.",
    "unreachable": "Check the network and ONWARD_LLM_URL.",
    "cut off": "",
    "bad answer": "Try a larger model (ONWARD_LLM_MODEL).",
    "too large": "Set ONWARD_LLM_CONTEXT_TOKENS to the context size of the model, or choose a model with a larger context.",
}
_REASON_BY_STATUS: dict[int, ProviderReason] = {
    401: "key refused", 403: "key refused", 402: "payment", 404: "unknown model", 408: "timeout", 413: "too large", 429: "rate limit"
}  # fmt: skip
_MESSAGES: dict[ProviderReason, str] = {
    "key refused": "{host} refused the LLM key.",
    "payment": "{host} requires payment.",
    "rate limit": "{host} is limiting requests.",
    "unknown model": "{host} does not know the model {model}.",
    "refused": "{host} refused the request.",
    "server error": "{host} failed.",
    "timeout": "{host} did not answer in time.",
    "unreachable": "{host} is unreachable.",
    "cut off": "The response of {host} was cut off.",
    "bad answer": "{host} returned an invalid response.",
    "too large": "The request is too large for {model}.",
}


def failure(
    endpoint: Endpoint, reason: ProviderReason, message: Message | None = None, *, retry_after_seconds: float | None = None
) -> ProviderFailed:
    """Return the error for *reason*, with *message* (default: that of the reason) and a hint."""
    remedy = _REMEDIES[reason]
    error = ProviderFailed(reason, message or _message(endpoint, reason), remedy, remedy=remedy, retry_after_seconds=retry_after_seconds)
    if error.is_temporary and reason != "unreachable":
        error.hint = Message("{message} {hint}", message=as_message(_TRY_LATER), hint=as_message(remedy)) if remedy else _TRY_LATER
    return error


def _message(endpoint: Endpoint, reason: ProviderReason) -> Message:
    return Message(_MESSAGES[reason], host=endpoint.host, model=endpoint.model)


def failure_from(endpoint: Endpoint, error: BaseException) -> ProviderFailed:
    """Return the `ProviderFailed` for an exception of a request. Any other exception is a bug of Onward and is raised again."""
    if known_failure := next((cause for cause in _error_chain(error) if isinstance(cause, ProviderFailed)), None):
        return known_failure
    if isinstance(error, TimeoutError | ModelTimeoutError):
        return failure(endpoint, "timeout")
    if isinstance(error, ModelAPIError):
        return _from_api_error(endpoint, error)
    if isinstance(error, AgentRunError | ValueError | KeyError | TypeError | AttributeError | IndexError):
        # The client could not parse the response as a chat event.
        return failure(endpoint, "bad answer")
    if any(_is_network_error(cause) for cause in _error_chain(error)):
        return failure(endpoint, "cut off")
    raise error


def _from_api_error(endpoint: Endpoint, error: ModelAPIError) -> ProviderFailed:
    if isinstance(error, ModelQuotaExceededError):
        return failure(endpoint, "payment")
    if isinstance(error, ModelContextWindowExceededError):
        return failure(endpoint, "too large")
    if isinstance(error, ModelNotFoundError):
        return failure(endpoint, "unknown model")
    if isinstance(error, ModelHTTPError):
        return _from_status(endpoint, error)
    if isinstance(error, ModelConnectionError):
        if error.phase == "read":
            return failure(endpoint, "cut off")
        return failure(endpoint, "unreachable")
    if isinstance(error, ModelAuthenticationError):
        return failure(endpoint, "key refused")
    if isinstance(error, ModelRateLimitError):
        return failure(endpoint, "rate limit")
    return failure(endpoint, "server error" if error.in_stream else "bad answer")


def _from_status(endpoint: Endpoint, error: ModelHTTPError) -> ProviderFailed:
    status = error.status_code
    reason = _REASON_BY_STATUS.get(status) or ("server error" if status >= 500 else "refused")
    message = Message("HTTP {status}: {problem}", status=status, problem=_message(endpoint, reason))
    return failure(endpoint, reason, message, retry_after_seconds=_retry_after_seconds(error.headers or {}))


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the value of the Retry-After header (seconds or a date) in seconds; None if there is none."""
    retry_after = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _error_chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_network_error(error: BaseException) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("httpx2", "httpcore2", "openai", "anyio", "h11")
