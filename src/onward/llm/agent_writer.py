"""A person's own agent as a language model: its program is asked, without tools, hooks, MCP servers or a record of the session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onward.core.agents import find_agent
from onward.core.transcript.transcript import Usage
from onward.core.writer_command import FOLDER, USD, WriterCommand
from onward.errors import NotFound, ProviderFailed, ProviderReason
from onward.llm.agent_answer import AgentAnswer, failure_kind, read_output
from onward.llm.agent_process import AgentProcess, ProcessOutput
from onward.llm.answer import ModelAnswer
from onward.llm.json_answer import MalformedAnswer, parse_answer
from onward.llm.prompt import ModelPrompt, build_prompt
from onward.message import Message
from onward.tokens.estimate import count_tokens

if TYPE_CHECKING:
    from pydantic import BaseModel

    from onward.llm.language_model import ProgressWatch

CONTEXT_TOKENS, ANSWER_TOKENS, TIMEOUT_SECONDS = 32_000, 3_000, 300.0
_MAX_CHARS_PER_TOKEN = 8
"""An answer with more characters for each token that it may have is cut."""
_DEFAULT_USD = 1.0


@dataclass(frozen=True, slots=True)
class AgentWriter:
    """The agent `agent_id`, whose program is at `program`; runs have their folders below `folder`.

    One answer costs at most `usd`, if the program can limit it.
    """

    agent_id: str
    program: str
    folder: Path
    context_tokens: int = CONTEXT_TOKENS
    answer_tokens: int = ANSWER_TOKENS
    timeout_seconds: float = TIMEOUT_SECONDS
    usd: float = _DEFAULT_USD

    @property
    def address(self) -> str:
        """The program."""
        return self.program

    @property
    def host(self) -> str:
        """The agent's name, for messages."""
        agent = find_agent(self.agent_id)
        return agent.label if agent else self.agent_id

    @property
    def model(self) -> str:
        """The agent: which model it asks is its own choice."""
        return self.agent_id

    @property
    def is_own_agent(self) -> bool:
        """A person's subscription or account is used."""
        return True

    def within(self, seconds: float) -> AgentWriter:
        """Return this writer with at most *seconds* for an answer."""
        return replace(self, timeout_seconds=min(self.timeout_seconds, seconds))

    def cost_usd(self, _: Usage) -> float | None:
        """Return 0: the agent's subscription or account is used, and Onward sees no price."""
        return 0.0

    def forget_request(self, instructions: str, material: str, shape: type[BaseModel] | None, answer_tokens: int | None) -> None:
        """Delete what is left of a run whose answer is stored."""
        self._process(build_prompt(self, instructions, material, shape, answer_tokens)).clear()

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
        """Return the agent's answer, see `llm.provider.ask`. It is asked once, whatever *attempts* says: a job asks again when due."""
        prompt = build_prompt(self, instructions, material, shape, answer_tokens)
        process = self._process(prompt)
        try:
            output = process.run(_text_of(prompt), watch or (lambda _: None))
        except OSError:
            process.clear()
            raise self._failure("not installed") from None
        answer = read_output(self._command.answer, output.text, output.errors)
        try:
            return self._to_answer(prompt, answer, output, shape)
        except ProviderFailed:
            process.clear()
            raise

    @property
    def _command(self) -> WriterCommand:
        agent = find_agent(self.agent_id)
        if agent is None or agent.writer is None:
            raise NotFound(Message("{agent} cannot write handoffs.", agent=self.agent_id))
        return agent.writer

    def _process(self, prompt: ModelPrompt) -> AgentProcess:
        command = self._command
        folder = self.folder / sha256("\0".join((self.program, _text_of(prompt))).encode("utf-8", "replace")).hexdigest()[:24]
        work_folder = (folder / "work").as_posix()

        def fill(text: str) -> str:
            return text.replace(FOLDER, work_folder).replace(USD, f"{self.usd:g}")

        return AgentProcess(
            command=(self.program, *map(fill, command.arguments)),
            folder=folder,
            variables={name: fill(value) for name, value in command.variables.items()},
            files=command.files,
            session_variables=command.session_variables,
            seconds=self.timeout_seconds,
        )

    def _to_answer(
        self, prompt: ModelPrompt, answer: AgentAnswer, output: ProcessOutput, shape: type[BaseModel] | None
    ) -> ModelAnswer[Any]:
        usage = Usage(input_tokens=answer.input_tokens or prompt.tokens, output_tokens=answer.output_tokens or count_tokens(answer.text))
        if output.end == "timeout":
            raise self._failure("timeout", usage)
        if output.end == "too large":
            too_much = Message("The answer of {host} was too long.", host=self.host)
            raise self._failure("too large", usage, too_much)
        if not answer.text.strip():
            kinds: dict[str, ProviderReason] = {"no login": "not logged in", "limit": "rate limit", "options": "unknown options"}
            is_silent = not answer.error and (output.code is None or output.code < 0)
            raise self._failure("cut off" if is_silent else kinds.get(failure_kind(answer.error), "bad answer"), usage)
        most_chars = _MAX_CHARS_PER_TOKEN * prompt.answer_tokens
        text = answer.text[:most_chars]
        value: object = text
        if shape is not None:
            try:
                value = parse_answer(text, shape)
            except MalformedAnswer as error:
                invalid = Message("{model} did not return the requested JSON: {problem}.", model=self.host, problem=str(error))
                raise self._failure("bad answer", usage, invalid) from None
        model = f"{self.host} ({answer.model})" if answer.model else self.host
        return ModelAnswer(
            value=value,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=0.0,
            model=model,
            is_whole=len(answer.text) <= most_chars,
        )

    def _failure(self, reason: ProviderReason, usage: Usage | None = None, message: Message | None = None) -> ProviderFailed:
        text, remedy = _MESSAGES.get(reason, _MESSAGES["bad answer"])
        command = self._command
        names = {"host": self.host, "program": command.program, "login": command.login, "version": command.version}
        hint = Message(remedy, **{name: value for name, value in names.items() if f"{{{name}}}" in remedy})
        spent = usage if usage and reason not in ("not logged in", "unknown options") else Usage()
        return ProviderFailed(
            reason, message or Message(text, host=self.host), hint, remedy=hint, input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
        )  # fmt: skip


_MESSAGES: dict[ProviderReason, tuple[str, str]] = {
    "not installed": ("{host} was removed or cannot be started.", "Install it, then: onward install AGENT --writer"),
    "not logged in": ("{host} is not logged in.", "{login} Then ask for the handoff again."),
    "rate limit": ("{host} has reached its usage limit.", "Onward tries again later. Choose another writer at /settings/model."),
    "unknown options": ("This version of {host} does not know the options that Onward starts it with.", "Install {version} or newer."),
    "timeout": ("{host} did not answer in time.", "For a slow agent, increase ONWARD_LLM_TIMEOUT_SECONDS."),
    "too large": ("The answer of {host} was too long.", "Start {program} yourself and see what it prints."),
    "cut off": ("{host} ended without an answer.", "Start {program} yourself and see what it says."),
    "bad answer": ("{host} gave no answer.", "Start {program} yourself and see what it says."),
}


def _text_of(prompt: ModelPrompt) -> str:
    """Return the whole prompt. It begins with the mark of Onward's requests, by which an import skips a record of it."""
    return f"{prompt.instructions}\n\n{prompt.material}\n"
