"""Embedding models: they make a vector of a text, so that texts of like meaning have like vectors.

`AddressModel` asks an OpenAI-compatible address, `LocalModel` runs on this machine with fastembed, which is part of the extra `semantic`.
Both raise `ProviderFailed`. Text of a provider is never passed on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from onward.errors import ProviderFailed, ProviderReason
from onward.llm.endpoint import Endpoint
from onward.message import Message
from onward.settings import EmbeddingSettings

Vector = Sequence[float]

EXTRA_HINT = 'Install what it needs: pip install "onward[semantic]"'
CONNECT_SECONDS = 5.0
_BYTES_PER_NUMBER, _MOST_NUMBERS, _FEWEST_BYTES = 32, 4096, 64 * 1024
"""The most that an answer may hold: numbers as text, and what surrounds them."""
_CHECK = "Check ONWARD_EMBEDDINGS_URL, ONWARD_EMBEDDINGS_MODEL and ONWARD_EMBEDDINGS_KEY."
_REASON_BY_STATUS: dict[int, ProviderReason] = {
    401: "key refused",
    403: "key refused",
    402: "payment",
    404: "unknown model",
    429: "rate limit",
}


class EmbeddingModel(Protocol):
    """Makes vectors of texts. `name` identifies the model: vectors of another one cannot be compared with its own."""

    @property
    def name(self) -> str:
        """The model, and its host if it has one."""
        ...

    @property
    def endpoint(self) -> Endpoint | None:
        """The address that texts are sent to; None if they stay on this machine."""
        ...

    def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
        """Return a vector for each text. Raises `ProviderFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class AddressModel:
    """An embedding model at an OpenAI-compatible address, which ends before `/embeddings`, usually in `/v1`."""

    endpoint: Endpoint

    @property
    def name(self) -> str:
        """The model and its host."""
        return f"{self.endpoint.host} {self.endpoint.model}"

    def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
        """Return a vector for each text."""
        # Imported here: only search by meaning needs it.
        import httpx2

        # A line for every request would fill a server's log.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        headers = {"user-agent": "onward", "accept-encoding": "identity"}
        if self.endpoint.key:
            headers["authorization"] = f"Bearer {self.endpoint.key}"
        request = {"model": self.endpoint.model, "input": list(texts), "encoding_format": "float"}
        limit = _FEWEST_BYTES + len(texts) * _MOST_NUMBERS * _BYTES_PER_NUMBER
        timeout = httpx2.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
        try:
            # A redirect is not followed: the key and the texts go to the address that a person chose.
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", f"{self.endpoint.url}/embeddings", json=request, headers=headers) as response,
            ):
                if response.status_code != 200:
                    status = response.status_code
                    raise self._failure(_REASON_BY_STATUS.get(status, "server error" if status >= 500 else "refused"))
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > limit:
                        raise self._failure("too large")
        except httpx2.TimeoutException:
            raise self._failure("timeout") from None
        except (httpx2.HTTPError, OSError):
            raise self._failure("unreachable") from None
        return self._read(bytes(body), len(texts))

    def _read(self, body: bytes, count: int) -> list[Vector]:
        try:
            entries = sorted(json.loads(body)["data"], key=lambda entry: entry["index"])
            vectors: list[Vector] = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (ValueError, KeyError, TypeError):
            raise self._failure("bad answer") from None
        if len(vectors) != count or not all(0 < len(vector) == len(vectors[0]) for vector in vectors):
            raise self._failure("bad answer")
        return vectors

    def _failure(self, reason: ProviderReason) -> ProviderFailed:
        message = Message("{host} makes no vectors for search by meaning ({reason}).", host=self.endpoint.host, reason=reason)
        return ProviderFailed(reason, message, _CHECK, remedy=_CHECK)


@dataclass(slots=False)
class LocalModel:
    """A model that fastembed loads, and downloads when it is first used."""

    name: str
    endpoint: Endpoint | None = field(default=None, init=False)

    def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
        """Return a vector for each text. A local model needs no timeout."""
        return [vector.tolist() for vector in self._loaded.embed(list(texts))]

    @cached_property
    def _loaded(self) -> Any:
        try:
            # Imported here: it takes half a second, and few installations have it.
            from fastembed import TextEmbedding
        except ImportError:
            raise ProviderFailed("unreachable", "Search by meaning needs fastembed, which is not installed.", EXTRA_HINT) from None
        try:
            return TextEmbedding(self.name)
        except Exception as error:  # noqa: BLE001 - an unknown name, or no network: fastembed and its downloads raise many kinds
            message = Message("fastembed cannot load the model {model} ({error}).", model=self.name, error=type(error).__name__)
            raise ProviderFailed(
                "unknown model", message, "Check ONWARD_EMBEDDINGS_MODEL and the network: it is downloaded when it is first used."
            ) from None


def model_for(settings: EmbeddingSettings) -> EmbeddingModel:
    """Return the model that *settings* name: at their address, or on this machine. It is loaded when it is first used."""
    if settings.url:
        return AddressModel(Endpoint(url=settings.url, model=settings.model, key=settings.key))
    return LocalModel(settings.model)
