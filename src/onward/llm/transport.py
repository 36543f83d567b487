"""Sends one request to a model and reads the streamed answer, limited in time and bytes, with a fixed set of headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, NamedTuple

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from onward.core.transcript.transcript import Usage
from onward.errors import ProviderFailed
from onward.llm.failures import failure, failure_from
from onward.llm.prompt import ModelPrompt
from onward.message import Message

if TYPE_CHECKING:
    from onward.llm.endpoint import Endpoint

CONNECT_SECONDS = 10.0
MIN_SECRET_CHARS = 12
"""Characters from which on a key is a secret: local servers take any word for one, such as "none", which an answer may well hold."""
_BYTES_PER_TOKEN = 1024
"""Upper bound: a token of a streamed answer arrives in an event of about 300 bytes."""
_FEWEST_BYTES = 64 * 1024
_CHARS_PER_TOKEN = 4
_HEADERS = ("host", "accept", "content-type", "content-length", "user-agent", "transfer-encoding", "connection")


class Reply(NamedTuple):
    """One answer of a model. `is_whole` is False if it reached its token limit."""

    text: str
    usage: Usage
    model: str
    is_whole: bool


async def send_prompt(endpoint: Endpoint, prompt: ModelPrompt, on_chars: Callable[[int], None]) -> Reply:
    """Send *prompt* once and return the reply; *on_chars* receives the number of characters so far.

    Raises `ProviderFailed`, with the estimated usage if an answer had started.
    """
    chars = 0

    def report_chars(so_far: int) -> None:
        nonlocal chars
        chars = so_far
        on_chars(so_far)

    try:
        async with asyncio.timeout(endpoint.timeout_seconds):
            response = await _stream_response(endpoint, prompt, report_chars)
    except Exception as error:  # noqa: BLE001 - parsing a wrong answer may raise anything; `failure_from` raises other errors again
        usage = _estimate_usage(prompt, chars) if chars else Usage()
        raise _with_usage(failure_from(endpoint, error), usage) from None
    text, usage = response.text or "", _read_usage(response, prompt)
    if "finish_reason" not in (response.provider_details or {}):
        raise _with_usage(failure(endpoint, "cut off"), usage) if text else failure(endpoint, "bad answer")
    if len(endpoint.key) >= MIN_SECRET_CHARS and endpoint.key in text:
        leaked = Message("The response of {host} contained the LLM key and was discarded.", host=endpoint.host)
        raise _with_usage(failure(endpoint, "bad answer", leaked), usage)
    # Some servers return the path of the model's file as its name.
    model_name = response.model_name or ""
    model = endpoint.model if not model_name or model_name.startswith("/") or "\\" in model_name else model_name
    return Reply(text, usage, model, response.finish_reason != "length")


def _with_usage(error: ProviderFailed, usage: Usage) -> ProviderFailed:
    error.input_tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    error.output_tokens = usage.output_tokens
    return error


async def _stream_response(endpoint: Endpoint, prompt: ModelPrompt, on_chars: Callable[[int], None]) -> ModelResponse:
    parameters = ModelRequestParameters()
    if prompt.schema:
        parameters = ModelRequestParameters(output_mode="native", output_object=OutputObjectDefinition(prompt.schema, name="answer"))
    settings = ModelSettings(max_tokens=prompt.answer_tokens, temperature=0.0)
    message = ModelRequest.user_text_prompt(prompt.material, instructions=prompt.instructions)
    async with _build_client(endpoint, prompt.answer_tokens) as client:
        model = OpenAIChatModel(endpoint.model, provider=_build_provider(endpoint, client))
        stream = model_request_stream(model, [message], model_settings=settings, model_request_parameters=parameters)
        async with stream as events:
            chars = 0
            async for event in events:
                # Count the characters of each event: joining the text each time would be quadratic.
                chars += _chars_of(event)
                on_chars(chars)
            return events.get()


def _chars_of(event: ModelResponseStreamEvent) -> int:
    """Return the number of characters of text in one event."""
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return len(event.part.content)
    return len(event.delta.content_delta) if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta) else 0


def _build_provider(endpoint: Endpoint, client: httpx2.AsyncClient) -> OpenAICompatibleProvider:
    # A placeholder: `_build_client` sets the real key, but the constructor requires one.
    openai_client = AsyncOpenAI(base_url=endpoint.url, api_key="none", http_client=client, max_retries=0, timeout=client.timeout)
    profile: OpenAIModelProfile = {"openai_chat_supports_max_completion_tokens": endpoint.is_openai, "supports_json_schema_output": True}
    return OpenAICompatibleProvider("onward", openai_client=openai_client, profile=profile)


def _build_client(endpoint: Endpoint, answer_tokens: int) -> httpx2.AsyncClient:
    most_bytes = _FEWEST_BYTES + _BYTES_PER_TOKEN * answer_tokens

    async def clean_headers(request: httpx2.Request) -> None:
        # The client adds headers from the environment (organisation, credentials for the host) and details of this machine.
        for name in list(request.headers):
            if name not in _HEADERS:
                del request.headers[name]
        request.headers["accept-encoding"] = "identity"
        request.headers["user-agent"] = "onward"
        if endpoint.key:
            request.headers["authorization"] = f"Bearer {endpoint.key}"

    async def limit_response(response: httpx2.Response) -> None:
        if response.is_redirect:
            redirected = Message("{host} redirects to another address. The key is not sent there.", host=endpoint.host)
            raise failure(endpoint, "refused", redirected)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            compressed = Message("{host} sent a compressed response, which was not requested.", host=endpoint.host)
            raise failure(endpoint, "bad answer", compressed)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _LimitedStream(response.stream, most_bytes, endpoint)

    timeout = httpx2.Timeout(endpoint.timeout_seconds, connect=min(CONNECT_SECONDS, endpoint.timeout_seconds))
    return httpx2.AsyncClient(
        timeout=timeout, follow_redirects=False, event_hooks={"request": [clean_headers], "response": [limit_response]}
    )


class _LimitedStream(httpx2.AsyncByteStream):
    """The bytes of a response up to a limit. Raises `ProviderFailed` beyond it."""

    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int, endpoint: Endpoint) -> None:
        self._stream = stream
        self._endpoint = endpoint
        self._bytes_left = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._bytes_left -= len(chunk)
            if self._bytes_left < 0:
                too_long = Message("The response of {host} exceeded the requested length.", host=self._endpoint.host)
                raise failure(self._endpoint, "too large", too_long)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _read_usage(response: ModelResponse, prompt: ModelPrompt) -> Usage:
    """Return the token counts of the provider, or an estimate if there are none."""
    counts = response.usage
    if not counts.input_tokens and not counts.output_tokens:
        return _estimate_usage(prompt, len(response.text or ""))
    read_tokens, written_tokens = counts.cache_read_tokens, counts.cache_write_tokens
    return Usage(
        input_tokens=max(0, counts.input_tokens - read_tokens - written_tokens),
        output_tokens=counts.output_tokens,
        cache_read_tokens=read_tokens,
        cache_write_tokens=written_tokens,
    )


def _estimate_usage(prompt: ModelPrompt, chars: int) -> Usage:
    return Usage(input_tokens=prompt.tokens, output_tokens=-(-chars // _CHARS_PER_TOKEN))
