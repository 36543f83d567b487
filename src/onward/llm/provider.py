"""Asks a language model: `ask(endpoint, instructions, material, Shape)` returns an answer or raises `ProviderFailed` with a reason.

Import this only to send a request: the client library takes over a second to import.

`ask` takes care of: the mark of Onward's requests (`core.transcript.onward_calls`) in the instructions; fences around the material,
which is declared as data; retries with backoff after rate limits, failures and timeouts; limits of time, tokens and bytes; servers
without JSON schema support; and a key that appears in no message, answer or representation.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pydantic import BaseModel

from onward.core.transcript.transcript import Usage
from onward.errors import ProviderFailed
from onward.llm.answer import ModelAnswer
from onward.llm.failures import failure
from onward.llm.json_answer import MalformedAnswer, parse_answer
from onward.llm.language_model import ProgressWatch
from onward.llm.prompt import ModelPrompt, available_tokens, build_prompt
from onward.llm.transport import Reply, send_prompt
from onward.message import Message

if TYPE_CHECKING:
    from onward.llm.endpoint import Endpoint

__all__ = ["ModelAnswer", "ProgressWatch", "ask", "available_tokens"]

M = TypeVar("M", bound=BaseModel)

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 20.0
"""The longest wait between attempts. If a provider asks for more, `ask` raises the error."""

_WATCH_SECONDS = 0.2
_SHAPE_ATTEMPTS = 2

_schemaless_endpoints: set[tuple[str, str]] = set()
"""URLs and models that refused a JSON schema, for the life of this process."""


@overload
def ask(
    endpoint: Endpoint, instructions: str, material: str, shape: None = None, answer_tokens: int | None = None, *,
    watch: ProgressWatch | None = None, attempts: int = ATTEMPTS, first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> ModelAnswer[str]: ...  # fmt: skip
@overload
def ask(
    endpoint: Endpoint, instructions: str, material: str, shape: type[M], answer_tokens: int | None = None, *,
    watch: ProgressWatch | None = None, attempts: int = ATTEMPTS, first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> ModelAnswer[M]: ...  # fmt: skip
def ask(
    endpoint: Endpoint,
    instructions: str,
    material: str,
    shape: type[BaseModel] | None = None,
    answer_tokens: int | None = None,
    *,
    watch: ProgressWatch | None = None,
    attempts: int = ATTEMPTS,
    first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> ModelAnswer[Any]:
    """Return the model's answer to *instructions* and *material*: a text, or an object of *shape*.

    The answer has at most *answer_tokens* (default: those of the endpoint). Temporary failures are retried, *attempts* times in all,
    after *first_wait_seconds*, then with growing delays or when the provider says. Blocks: call it from a thread without an event
    loop and without an open database session. Raises `ProviderFailed` and whatever *watch* raises.
    """
    prompt = build_prompt(endpoint, instructions, material, shape, answer_tokens)
    needed = prompt.tokens + prompt.answer_tokens
    if needed > endpoint.context_tokens:
        raise failure(
            endpoint,
            "too large",
            Message(
                "The request and its answer need {tokens} tokens; the limit of {model} is {limit}.",
                tokens=needed,
                model=endpoint.model,
                limit=endpoint.context_tokens,
            ),
        )
    call = _ProviderCall(endpoint=endpoint, prompt=prompt, shape=shape, attempts=attempts, first_wait_seconds=first_wait_seconds)
    return asyncio.run(_run_watched(call.run(), lambda: watch(call.chars) if watch else None))


async def _run_watched(model_call: Coroutine[Any, Any, ModelAnswer[Any]], watch: Callable[[], None]) -> ModelAnswer[Any]:
    """Run *model_call* and cancel it when *watch* raises."""
    task = asyncio.ensure_future(model_call)
    try:
        while not (await asyncio.wait({task}, timeout=_WATCH_SECONDS))[0]:
            watch()
    finally:
        task.cancel()
        await asyncio.wait({task})
    return task.result()


@dataclass(slots=True)
class _ProviderCall:
    """One request with its retries, usage and cost."""

    endpoint: Endpoint
    prompt: ModelPrompt
    shape: type[BaseModel] | None
    attempts: int
    first_wait_seconds: float
    is_plain: bool = False
    chars: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = 0.0

    async def run(self) -> ModelAnswer[Any]:
        """Send requests until there is a valid answer."""
        if self.shape is None:
            return self._to_answer(reply := await self._request_reply(self.prompt), reply.text)
        prompt = self.prompt
        for attempt in range(_SHAPE_ATTEMPTS):
            reply = await self._request_reply(prompt)
            try:
                return self._to_answer(reply, parse_answer(reply.text, self.shape))
            except MalformedAnswer as error:
                problem = str(error) if reply.is_whole else f"it came to the end of its {prompt.answer_tokens} tokens"
            if attempt == 0:
                correction = f"An earlier answer could not be used: {problem}. Answer again, shorter, with the JSON object alone."
                prompt = prompt._replace(instructions=f"{prompt.instructions}\n\n{correction}")
        invalid = Message("{model} did not return the requested JSON: {problem}.", model=self.endpoint.model, problem=problem)
        raise self._with_cost(failure(self.endpoint, "bad answer", invalid))

    async def _request_reply(self, prompt: ModelPrompt) -> Reply:
        """Return one reply, with retries for temporary failures."""
        for attempt in itertools.count(1):
            sent_prompt = prompt._replace(schema=self._prompt_schema())
            try:
                reply = await send_prompt(self.endpoint, sent_prompt, self._count_chars)
                break
            except ProviderFailed as error:
                self._add_usage(Usage(input_tokens=error.input_tokens, output_tokens=error.output_tokens))
                # Some servers fail on a schema. The instructions contain it too.
                self.is_plain = self.is_plain or error.reason in ("refused", "server error")
                if sent_prompt.schema and error.reason == "refused":
                    _schemaless_endpoints.add((self.endpoint.url, self.endpoint.model))
                    continue
                if not error.is_temporary or attempt >= self.attempts:
                    raise self._with_cost(error) from None
                await self._wait(error, attempt)
        self._add_usage(reply.usage)
        if not reply.text.strip():
            empty = Message("{model} returned an empty answer.", model=self.endpoint.model)
            raise self._with_cost(failure(self.endpoint, "bad answer", empty))
        return reply

    async def _wait(self, error: ProviderFailed, attempt: int) -> None:
        jitter = 1 + random.random() / 4  # noqa: S311 - spreads the retries of many clients
        backoff_seconds = self.first_wait_seconds * 2 ** (attempt - 1) * jitter
        seconds = backoff_seconds if error.retry_after_seconds is None else error.retry_after_seconds
        if seconds > MAX_WAIT_SECONDS:
            raise self._with_cost(error)
        await asyncio.sleep(seconds)

    def _prompt_schema(self) -> dict[str, Any] | None:
        if self.shape is None or self.is_plain or (self.endpoint.url, self.endpoint.model) in _schemaless_endpoints:
            return None
        return self.shape.model_json_schema()

    def _count_chars(self, chars: int) -> None:
        self.chars = chars

    def _add_usage(self, usage: Usage) -> None:
        cost_usd = self.endpoint.cost_usd(usage)
        self.cost_usd = None if self.cost_usd is None or cost_usd is None else self.cost_usd + cost_usd
        input_tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        self.usage = Usage(
            input_tokens=self.usage.input_tokens + input_tokens, output_tokens=self.usage.output_tokens + usage.output_tokens
        )

    def _to_answer(self, reply: Reply, value: object) -> ModelAnswer[Any]:
        return ModelAnswer(
            value=value,
            input_tokens=self.usage.input_tokens,
            output_tokens=self.usage.output_tokens,
            cost_usd=self.cost_usd,
            model=reply.model,
            is_whole=reply.is_whole,
        )

    def _with_cost(self, error: ProviderFailed) -> ProviderFailed:
        """Return *error* with the tokens and the cost of all attempts."""
        error.input_tokens, error.output_tokens, error.cost_usd = self.usage.input_tokens, self.usage.output_tokens, self.cost_usd
        return error
