"""All calls to language models: which model, within which limits, and never paid for twice.

For a job: `context = gateway.find_model_context(store, setup, job=job, project=project)`; None means no model is configured. Then for
each step `gateway.call(store, context, "write decisions", instructions, material, Shape, watch=…)`. The answer is stored before `call`
returns, and a job that runs again reads it from the store. So a step is named by its purpose, and its request must be the same when it
runs again: build it from the job's memo or from data that does not change. No database transaction may be open during a call.

Do not catch `ProviderFailed` and `SpendLimit` in a job: a temporary failure makes the job wait (`app.jobs`), a permanent one ends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload
from urllib.parse import urlsplit

from onward.app.models import model_choice, writers
from onward.core.agents import WRITER_IDS
from onward.core.job import Job
from onward.core.project import Project
from onward.core.spend import AttemptUsage, CostEstimate, ModelCall, SpendGrouping, SpendLine, SpendTotals
from onward.core.transcript.transcript import Usage
from onward.errors import ProviderFailed, SpendLimit
from onward.llm.answer import ModelAnswer
from onward.llm.encryption import Sealer
from onward.llm.endpoint import HUGGING_FACE_MODEL, HUGGING_FACE_URL, Endpoint
from onward.llm.language_model import LanguageModel, ProgressWatch
from onward.llm.prompt import ModelPrompt, available_tokens, build_prompt
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import LLMSettings
from onward.store import Store, encrypted_keys, model_calls, projects
from onward.store.model_calls import CallKey

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = [
    "CostEstimate",
    "ModelAnswer",
    "ModelCall",
    "ModelContext",
    "ModelRequest",
    "ModelSetup",
    "SpendGrouping",
    "SpendLine",
    "SpendTotals",
    "available_tokens",
    "call",
    "estimate",
    "find_model_context",
    "list_calls",
    "list_spend",
    "save_job_key",
    "total_spend",
]

M = TypeVar("M", bound="BaseModel")

_HUGGING_FACE_DOMAINS = ("huggingface.co", "huggingface.cloud")


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """The settings of language models, and the encryption of stored keys. Files in `home` name the agent that writes, and the model that a
    person chose.
    """

    settings: LLMSettings
    sealer: Sealer
    home: Path | None = None

    @property
    def current_settings(self) -> LLMSettings:
        """The settings with the model that a person chose, unless they set one."""
        return model_choice.apply(self.home, self.settings)


@dataclass(frozen=True, slots=True)
class ModelContext:
    """The writer for a project or job, its limits, and who is charged. `redact_key` is the key of placeholders for secrets in an
    answer.
    """

    endpoint: LanguageModel
    limits: LLMSettings
    project_id: int | None = None
    job_id: int | None = None
    redact_key: bytes = DISTILL_KEY


class ModelRequest(NamedTuple):
    """A request, for a cost estimate."""

    instructions: str
    material: str
    shape: type[BaseModel] | None = None
    answer_tokens: int | None = None


def find_model_context(
    store: Store, model_setup: ModelSetup | None, *, project: Project | None = None, job: Job | None = None, token: str = ""
) -> ModelContext | None:
    """Return the model context of a *project* or *job*; None if no model is configured or all are turned off.

    A Hugging Face *token* from the request, or stored for the job, is used for Hugging Face and for a gateway on this machine, and sent
    nowhere else. Without one, the agent that a person chose writes; without that, the key of the environment is used, or else the stored
    key. A configured address may need none.
    """
    if model_setup is None or model_setup.settings.is_off:
        return None
    settings = model_setup.current_settings
    endpoint: LanguageModel | None = _token_endpoint(settings, token or _job_key(store, model_setup, job))
    if endpoint is None and model_setup.home:
        endpoint = writers.find_chosen(model_setup.home, settings)
    if endpoint is None:
        key = settings.key or _stored_key(store, model_setup)
        if not key and not settings.url:
            return None
        endpoint = _build_endpoint(settings, key)
    project_id = project.id if project else job.project_id if job else None
    return ModelContext(
        endpoint=endpoint,
        limits=settings,
        project_id=project_id,
        job_id=job.id if job else None,
        redact_key=project.key if project else DISTILL_KEY,
    )


def save_job_key(store: Store, model_setup: ModelSetup, job: Job, token: str) -> None:
    """Store the *token* of a request, encrypted, until the job ends."""
    sealed = model_setup.sealer.seal(token)
    with store.write() as connection:
        encrypted_keys.save(connection, sealed, job_id=job.id)


@overload
def call(
    store: Store,
    model_context: ModelContext,
    step: str,
    instructions: str,
    material: str,
    shape: None = None,
    answer_tokens: int | None = None,
    *,
    watch: ProgressWatch | None = None,
    attempts: int | None = None,
) -> ModelAnswer[str]: ...
@overload
def call(
    store: Store,
    model_context: ModelContext,
    step: str,
    instructions: str,
    material: str,
    shape: type[M],
    answer_tokens: int | None = None,
    *,
    watch: ProgressWatch | None = None,
    attempts: int | None = None,
) -> ModelAnswer[M]: ...
def call(
    store: Store,
    model_context: ModelContext,
    step: str,
    instructions: str,
    material: str,
    shape: type[BaseModel] | None = None,
    answer_tokens: int | None = None,
    *,
    watch: ProgressWatch | None = None,
    attempts: int | None = None,
) -> ModelAnswer[Any]:
    """Return the model's answer about *material* (see `llm.provider.ask`), or the stored answer for the same job and *step*. Secrets in
    the answer are redacted.

    The call is recorded before it is sent, and the answer stored before it is returned. *watch* is called some times a second with the
    number of characters received, and may raise to abort the call, as `StepProgress.report` does. Raises `ProviderFailed`, and
    `SpendLimit` before anything is sent.
    """
    prompt = build_prompt(model_context.endpoint, instructions, material, shape, answer_tokens)
    call_key = CallKey(
        project_id=model_context.project_id,
        job_id=model_context.job_id,
        step=step,
        digest=_digest(model_context.endpoint, prompt, shape),
        host=model_context.endpoint.host,
        model=model_context.endpoint.model,
    )
    with store.read() as connection:
        stored = model_calls.find_answer(connection, call_key)
    if stored is not None:
        return _load_answer(stored, shape)
    call_id = _start_call(store, model_context, call_key, prompt)
    try:
        answer = model_context.endpoint.ask(instructions, material, shape, answer_tokens, watch=watch, attempts=attempts)
    except ProviderFailed as error:
        with store.write() as connection:
            model_calls.record_failure(
                connection, call_id, AttemptUsage(error.input_tokens, error.output_tokens, error.cost_usd), error.reason
            )
        raise
    except BaseException:
        # The call was aborted here. Its reserved cost stays: the provider may charge for it.
        with store.write() as connection:
            model_calls.record_stop(connection, call_id)
        raise
    answer = replace(answer, value=_redact(answer.value, Redactor(model_context.redact_key)))
    with store.write() as connection:
        body = None if model_context.job_id is None else _dump_answer(answer)
        model_calls.record_answer(connection, call_id, AttemptUsage(answer.input_tokens, answer.output_tokens, answer.cost_usd), body)
    model_context.endpoint.forget_request(instructions, material, shape, answer_tokens)
    return answer


def estimate(endpoint: LanguageModel, requests: Iterable[ModelRequest]) -> CostEstimate:
    """Return the maximum cost of *requests* without retries. No request is sent."""
    prompts = [build_prompt(endpoint, *request) for request in requests]
    costs = [endpoint.cost_usd(Usage(input_tokens=prompt.tokens, output_tokens=prompt.answer_tokens)) for prompt in prompts]
    known_costs = [cost for cost in costs if cost is not None]
    total = sum(known_costs) if len(known_costs) == len(costs) else None
    return CostEstimate(len(prompts), sum(prompt.tokens for prompt in prompts), sum(prompt.answer_tokens for prompt in prompts), total)


def total_spend(store: Store, *, project: Project | None = None, job_id: int | None = None, days: int | None = None) -> SpendTotals:
    """Return the spend: in all, of a project or of a job; in the last *days*, today (UTC) included."""
    with store.read() as connection:
        return model_calls.total_spend(connection, project_id=project.id if project else None, job_id=job_id, since=_period_start(days))


def list_spend(
    store: Store, by: SpendGrouping, *, project: Project | None = None, days: int | None = None, limit: int = 100
) -> list[SpendLine]:
    """Return the spend by job, project or model: newest jobs first, otherwise highest spend first."""
    with store.read() as connection:
        return model_calls.list_spend(connection, by, project_id=project.id if project else None, since=_period_start(days), limit=limit)


def list_calls(store: Store, *, job_id: int | None = None, before: int | None = None, limit: int = 50) -> list[ModelCall]:
    """Return the calls, newest first."""
    with store.read() as connection:
        return model_calls.list_calls(connection, job_id=job_id, before=before, limit=limit)


def _build_endpoint(settings: LLMSettings, key: str, *, url: str = "", model: str = "") -> Endpoint:
    defaults = Endpoint()
    return Endpoint(
        url=url or settings.url or HUGGING_FACE_URL,
        model=model or settings.model or HUGGING_FACE_MODEL,
        key=key,
        context_tokens=settings.context_tokens or defaults.context_tokens,
        answer_tokens=settings.answer_tokens or defaults.answer_tokens,
        timeout_seconds=settings.timeout_seconds or defaults.timeout_seconds,
        usd_per_million=settings.usd_per_million,
    )


def _token_endpoint(settings: LLMSettings, token: str) -> Endpoint | None:
    """Return the endpoint for a Hugging Face *token*; None without a token."""
    if not token:
        return None
    if not settings.url:
        return _build_endpoint(settings, token)
    endpoint = _build_endpoint(settings, token)
    host = urlsplit(endpoint.url).hostname or ""
    if endpoint.is_local or any(host == domain or host.endswith(f".{domain}") for domain in _HUGGING_FACE_DOMAINS):
        return endpoint
    # The configured address belongs to someone else: the token must not go there, and its model name and price do not apply.
    return replace(_build_endpoint(settings, token, url=HUGGING_FACE_URL, model=HUGGING_FACE_MODEL), usd_per_million=None)


def _stored_key(store: Store, model_setup: ModelSetup) -> str:
    with store.read() as connection:
        stored_key = encrypted_keys.find(connection)
    return (model_setup.sealer.open(stored_key.sealed) or "") if stored_key else ""


def _job_key(store: Store, model_setup: ModelSetup, job: Job | None) -> str:
    if job is None:
        return ""
    with store.read() as connection:
        stored_key = encrypted_keys.find(connection, job_id=job.id)
    return (model_setup.sealer.open(stored_key.sealed) or "") if stored_key else ""


def _digest(endpoint: LanguageModel, prompt: ModelPrompt, shape: type[BaseModel] | None) -> str:
    """Return a digest of everything that is sent."""
    sent = [endpoint.address, endpoint.model, *prompt, shape.__name__ if shape else ""]
    return sha256(json.dumps(sent).encode()).hexdigest()


def _start_call(store: Store, model_context: ModelContext, call_key: CallKey, prompt: ModelPrompt) -> int:
    """Record that a call starts, if the limits allow it. Raises `SpendLimit`."""
    tokens = prompt.tokens + prompt.answer_tokens
    usd = model_context.endpoint.cost_usd(Usage(input_tokens=prompt.tokens, output_tokens=prompt.answer_tokens)) or 0.0
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    limits = model_context.limits
    with store.write() as connection:
        if model_context.project_id is not None:
            # Two simultaneous calls must not both get the last of a daily budget.
            projects.lock_project(connection, model_context.project_id)
        spent_today = model_calls.committed_spend(connection, project_id=model_context.project_id, since=today)
        if excess := _describe_excess(spent_today, (tokens, usd), (limits.daily_tokens, limits.daily_usd)):
            until = today + timedelta(days=1) if any(spent_today) else None
            raise SpendLimit(
                Message("This request to {model} would bring today's use to {excess}.", model=call_key.model, excess=excess),
                "The limits are ONWARD_LLM_DAILY_TOKENS and ONWARD_LLM_DAILY_USD.",
                until=until,
            )
        if model_context.endpoint.is_own_agent and limits.daily_answers:
            answers = model_calls.count_calls(connection, WRITER_IDS, since=today)
            if answers >= limits.daily_answers:
                raise SpendLimit(
                    Message(
                        "{agent} has written {count} answers today, which is the limit.", agent=model_context.endpoint.host, count=answers
                    ),
                    "The limit is ONWARD_LLM_DAILY_ANSWERS.",
                    until=today + timedelta(days=1),
                )
        if call_key.job_id is not None:
            spent_by_job = model_calls.committed_spend(connection, job_id=call_key.job_id)
            if excess := _describe_excess(spent_by_job, (tokens, usd), (limits.job_tokens, limits.job_usd)):
                raise SpendLimit(
                    Message("This request to {model} would bring the job's use to {excess}.", model=call_key.model, excess=excess),
                    "The limits are ONWARD_LLM_JOB_TOKENS and ONWARD_LLM_JOB_USD.",
                )
        return model_calls.start(connection, call_key, tokens, usd)


def _describe_excess(spent: tuple[int, float], added: tuple[int, float], limits: tuple[int, float]) -> Message | None:
    """Return by what *spent* and *added* exceed the *limits*, where 0 means no limit; None if they do not."""
    tokens, usd = spent[0] + added[0], spent[1] + added[1]
    if limits[0] and tokens > limits[0]:
        return Message("{tokens:,} of {limit:,} tokens", tokens=tokens, limit=limits[0])
    if limits[1] and usd > limits[1]:
        return Message("{usd:.4f} of {limit:.2f} USD", usd=usd, limit=limits[1])
    return None


def _redact(value: Any, redactor: Redactor) -> Any:
    """Return an answer with secrets redacted."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {name: _redact(item, redactor) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_redact(item, redactor) for item in value]
    if hasattr(value, "model_dump"):
        return type(value).model_validate(_redact(value.model_dump(mode="json"), redactor))
    return value


def _dump_answer(answer: ModelAnswer[Any]) -> str:
    value = answer.value if isinstance(answer.value, str) else answer.value.model_dump(mode="json")
    return json.dumps({**asdict(replace(answer, value=None)), "value": value})


def _load_answer(stored: str, shape: type[BaseModel] | None) -> ModelAnswer[Any]:
    fields = json.loads(stored)
    return ModelAnswer(**{**fields, "value": fields["value"] if shape is None else shape.model_validate(fields["value"])})


def _period_start(days: int | None) -> datetime | None:
    if days is None:
        return None
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
