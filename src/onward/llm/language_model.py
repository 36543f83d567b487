"""What answers a prompt: a model behind an address, or the program of a person's own agent.

`gateway.call` asks any `LanguageModel` within the limits of a project, records what it cost, and stores the answer. A writer bounds its own
time and the length of its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from onward.core.transcript.transcript import Usage
from onward.llm.answer import ModelAnswer

if TYPE_CHECKING:
    from pydantic import BaseModel

ProgressWatch = Callable[[int], None]
"""Called several times a second with the number of characters so far. If it raises, the request ends and `ask` raises the exception."""


class LanguageModel(Protocol):
    """Answers prompts."""

    @property
    def address(self) -> str:
        """What identifies this writer, together with its model."""
        ...

    @property
    def host(self) -> str:
        """Where it runs, for messages."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked."""
        ...

    @property
    def context_tokens(self) -> int:
        """The tokens of a prompt and its answer together."""
        ...

    @property
    def answer_tokens(self) -> int:
        """The most tokens of an answer, unless a prompt says otherwise."""
        ...

    @property
    def is_own_agent(self) -> bool:
        """Whether it is a person's own agent, whose subscription or account is used."""
        ...

    def forget_request(self, instructions: str, material: str, shape: type[BaseModel] | None, answer_tokens: int | None) -> None:
        """Forget what is kept of the request until its answer is stored."""
        ...

    def within(self, seconds: float) -> LanguageModel:
        """Return this writer with at most *seconds* for an answer."""
        ...

    def cost_usd(self, usage: Usage) -> float | None:
        """Return the cost of *usage*; None if it is unknown."""
        ...

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
        """Return the answer to *instructions* about *material*: a text, or an object of *shape*. Blocks. Raises `ProviderFailed` with what
        it cost, and whatever *watch* raises.
        """
        ...
