"""The endpoint of a language model: URL, model, key and limits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onward.core.transcript.transcript import Usage
from onward.errors import BadInput
from onward.llm.answer import ModelAnswer
from onward.message import Message
from onward.tokens.prices import price_usd

if TYPE_CHECKING:
    from pydantic import BaseModel

    from onward.llm.language_model import ProgressWatch

HUGGING_FACE_URL = "https://router.huggingface.co/v1"
HUGGING_FACE_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
CONTEXT_TOKENS = 32_000
ANSWER_TOKENS = 2_000
TIMEOUT_SECONDS = 120.0

_MILLION = 1_000_000
_OPENAI = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model behind an OpenAI-compatible URL. The key is excluded from its representation.

    `url` ends before `/chat/completions`, usually in `/v1`. A request and its answer share `context_tokens`; an answer has at most
    `answer_tokens` unless the request overrides it. One attempt takes at most `timeout_seconds`. `usd_per_million` are the prices of
    input and output tokens; None means the list price if known, and 0 for a local model.
    """

    url: str = HUGGING_FACE_URL
    model: str = HUGGING_FACE_MODEL
    key: str = field(default="", repr=False)
    context_tokens: int = CONTEXT_TOKENS
    answer_tokens: int = ANSWER_TOKENS
    timeout_seconds: float = TIMEOUT_SECONDS
    usd_per_million: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise BadInput(
                "The address of the model is not a web address.",
                "Use an address such as https://router.huggingface.co/v1, without a key or query.",
            )
        if not self.model.strip():
            raise BadInput("No model is set.", Message("Set one, such as {model}.", model=HUGGING_FACE_MODEL))

    @property
    def host(self) -> str:
        """The host of the provider, for messages."""
        return urlsplit(self.url).netloc

    @property
    def is_local(self) -> bool:
        """Whether the model runs on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def is_openai(self) -> bool:
        """Whether the provider is OpenAI, whose newer models require fields that others do not support."""
        return urlsplit(self.url).hostname == _OPENAI

    @property
    def address(self) -> str:
        """The URL, which with the model identifies the endpoint."""
        return self.url

    @property
    def is_own_agent(self) -> bool:
        """Nobody's agent is used."""
        return False

    def forget_request(self, instructions: str, material: str, shape: type[BaseModel] | None, answer_tokens: int | None) -> None:
        """Do nothing: an address keeps nothing here."""

    def within(self, seconds: float) -> Endpoint:
        """Return this endpoint with at most *seconds* for an answer."""
        return replace(self, timeout_seconds=min(self.timeout_seconds, seconds))

    def ask(
        self,
        instructions: str,
        material: str,
        shape: type[BaseModel] | None,
        answer_tokens: int | None,
        *,
        watch: ProgressWatch | None,
        attempts: int | None,
    ) -> ModelAnswer[Any]:
        """Return the model's answer, see `llm.provider.ask`."""
        # Imported here: the client takes a second to import, and most callers have no model.
        from onward.llm import provider

        options: dict[str, Any] = {"watch": watch, "attempts": attempts or provider.ATTEMPTS}
        return provider.ask(self, instructions, material, shape, answer_tokens, **options)

    def cost_usd(self, usage: Usage) -> float | None:
        """Return the cost of *usage*; None if the price is unknown."""
        if self.usd_per_million is not None:
            input_usd, output_usd = self.usd_per_million
            return (
                (usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens) * input_usd + usage.output_tokens * output_usd
            ) / _MILLION
        return 0.0 if self.is_local else price_usd(self.model, usage)
