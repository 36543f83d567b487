"""What can go wrong with a request to a model, said in our own words: nothing of what the provider said, which may hold the key, is passed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
from onward.llm.endpoint import Endpoint

_KEY_HINT = "Give another: onward llm-key set. See whether it works: onward llm-key test"
_HINTS: dict[ProviderReason, str] = {
    "key refused": _KEY_HINT,
    "payment": "Add credit at the provider, or choose another model or address (ONWARD_LLM_URL, ONWARD_LLM_MODEL).",
    "rate limit": "Try again later.",
    "unknown model": "Check ONWARD_LLM_MODEL and ONWARD_LLM_URL; the address ends in /v1 with most.",
    "refused": "Check ONWARD_LLM_URL and ONWARD_LLM_MODEL.",
    "server error": "It is the provider's trouble: try again later.",
    "timeout": "Try again later. A slow model wants a longer ONWARD_LLM_TIMEOUT_SECONDS.",
    "unreachable": "Check the network and ONWARD_LLM_URL.",
    "cut off": "Try again later.",
    "bad answer": "Try a larger model (ONWARD_LLM_MODEL).",
    "too large": "Set ONWARD_LLM_CONTEXT_TOKENS to what the model holds, or choose one that holds more.",
}
_REASON_BY_STATUS: dict[int, ProviderReason] = {
    401: "key refused", 403: "key refused", 402: "payment", 404: "unknown model", 408: "timeout", 413: "too large", 429: "rate limit"
}  # fmt: skip
_MESSAGES: dict[ProviderReason, str] = {
    "key refused": "{host} refused the LLM key.",
    "payment": "{host} wants to be paid first.",
    "rate limit": "{host} takes no more requests for now.",
    "unknown model": "{host} does not know the model {model}.",
    "refused": "{host} refused the request.",
    "server error": "{host} failed.",
    "timeout": "{host} did not answer in time.",
    "unreachable": "{host} cannot be reached.",
    "cut off": "The answer of {host} stopped in the middle.",
    "bad answer": "{host} answered with what is no answer of a model.",
    "too large": "The request is larger than {model} takes.",
}


def failure(endpoint: Endpoint, reason: ProviderReason, message: str = "", *, retry_after_seconds: float | None = None) -> ProviderFailed:
    """Return the error for a *reason*, with a message of ours and what to do."""
    text = message or _MESSAGES[reason].format(host=endpoint.host, model=endpoint.model)
    return ProviderFailed(reason, text, _HINTS[reason], retry_after_seconds=retry_after_seconds)


def failure_from(endpoint: Endpoint, error: BaseException) -> ProviderFailed:
    """Return the error that what a request raised stands for; a defect of ours is raised again."""
    if known_failure := next((cause for cause in _error_chain(error) if isinstance(cause, ProviderFailed)), None):
        return known_failure
    if isinstance(error, TimeoutError | ModelTimeoutError):
        return failure(endpoint, "timeout")
    if isinstance(error, ModelAPIError):
        return _from_api_error(endpoint, error)
    if isinstance(error, AgentRunError | ValueError | KeyError | TypeError | AttributeError | IndexError):
        # What came was no event of a chat, and what reads it stumbled.
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
    text = _MESSAGES[reason].format(host=endpoint.host, model=endpoint.model).rstrip(".") + f" (HTTP {status})."
    return failure(endpoint, reason, text, retry_after_seconds=_retry_after_seconds(error.headers or {}))


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return for how long the provider wants to be left alone: seconds, or the time at which it is over."""
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
