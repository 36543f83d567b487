"""Where a model is asked, and with what key."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from onward.core.transcript.transcript import Usage
from onward.errors import BadInput
from onward.tokens.prices import price_usd

HUGGING_FACE_URL = "https://router.huggingface.co/v1"
HUGGING_FACE_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
CONTEXT_TOKENS = 32_000
ANSWER_TOKENS = 1_500
TIMEOUT_SECONDS = 120.0

_MILLION = 1_000_000
_OPENAI = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model behind an OpenAI-compatible address. The key is in no representation of it.

    `url` ends before `/chat/completions`, mostly in `/v1`. A request and its answer share `context_tokens`; an answer has at most `answer_tokens`, unless a
    request says otherwise. One attempt at a request takes at most `timeout_seconds`. `usd_per_million` is what input and output tokens cost; None: the
    list price, where there is one, and nothing on this machine.
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
                "The address of the model is no web address.", "Give one such as https://router.huggingface.co/v1, without key or query."
            )
        if not self.model.strip():
            raise BadInput("No model is named.", f"Name one, such as {HUGGING_FACE_MODEL}.")

    @property
    def host(self) -> str:
        """Who is asked, for messages."""
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
        """Whether OpenAI itself is asked, whose newer models want fields that others do not know."""
        return urlsplit(self.url).hostname == _OPENAI

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what an answer with that *usage* costs; None where no price is known."""
        if self.usd_per_million is not None:
            input_usd, output_usd = self.usd_per_million
            return (
                (usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens) * input_usd + usage.output_tokens * output_usd
            ) / _MILLION
        return 0.0 if self.is_local else price_usd(self.model, usage)
