"""Asking language models: whom, within what limits, and so that nothing is paid for twice. The one way in which anything here asks a model.

For a job: `asking = models.asking_for(store, bench.models, job=job, project=project)` (None: no model is set up, the rules' handoff stands), then for each step
`models.call(store, asking, "write decisions", instructions, material, Shape, watch=lambda chars: running.at(…))`. The answer is stored before `call` returns; a job
that is carried out again, after a crash or a failure, gets it from there. So a step is named by what it is for, and asks the same when it is done again:
take what it asks about from the job's memo, or from what does not change. No database session may be open around a call.

Let `ProviderFailed` and `SpendLimit` through: what may pass makes the job wait and go on later (`app.jobs`), what may not ends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload
from urllib.parse import urlsplit

from onward.core.job import Job
from onward.core.project import Project
from onward.core.spend import AttemptUsage, CostEstimate, ModelCall, SpendGrouping, SpendLine, SpendTotals
from onward.core.transcript.transcript import Usage
from onward.errors import ProviderFailed, SpendLimit
from onward.llm.answer import ModelAnswer
from onward.llm.encryption import Sealer
from onward.llm.endpoint import HUGGING_FACE_MODEL, HUGGING_FACE_URL, Endpoint
from onward.llm.prompt import ModelPrompt, available_tokens, build_prompt
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import LLMSettings
from onward.store import Store, encrypted_keys, model_calls, projects
from onward.store.model_calls import CallKey

if TYPE_CHECKING:
    from pydantic import BaseModel

    from onward.llm.provider import ProgressWatch

__all__ = ["CostEstimate", "ModelAnswer", "ModelCall", "ModelContext", "ModelRequest", "ModelSetup", "SpendGrouping", "SpendLine", "SpendTotals", "available_tokens", "call", "estimate", "find_model_context", "list_calls", "list_spend", "save_job_key", "total_spend"]  # fmt: skip

M = TypeVar("M", bound="BaseModel")

_HUGGING_FACE_DOMAINS = ("huggingface.co", "huggingface.cloud")


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """What models are asked with: the settings, and what opens the keys that are kept."""

    settings: LLMSettings
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class ModelContext:
    """Whom is asked, within what limits, and on whose account. `redact_key` keys the placeholders of secrets that an answer makes up."""

    endpoint: Endpoint
    limits: LLMSettings
    project_id: int | None = None
    job_id: int | None = None
    redact_key: bytes = DISTILL_KEY


class ModelRequest(NamedTuple):
    """What would be asked, for an estimate."""

    instructions: str
    material: str
    shape: type[BaseModel] | None = None
    answer_tokens: int | None = None


def find_model_context(
    store: Store, model_setup: ModelSetup | None, *, project: Project | None = None, job: Job | None = None, token: str = ""
) -> ModelContext | None:
    """Return whom is asked for a *project* or a *job*; None where no model is set up, or all are turned off.

    A Hugging Face *token* that came with a request, or was kept for the job, is used for Hugging Face (and for a gateway on this machine), never shown to
    anybody else. Without one it is the key of the environment, else the kept one. An address that was set may need none.
    """
    if model_setup is None or model_setup.settings.is_off:
        return None
    settings = model_setup.settings
    endpoint = _token_endpoint(settings, token or _job_key(store, model_setup, job))
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
    """Keep a *token* that came with a request, encrypted, until the job that needs it ends."""
    sealed = model_setup.sealer.seal(token)
    with store.write() as connection:
        encrypted_keys.save(connection, sealed, job_id=job.id)


@overload
def call(
    store: Store, model_context: ModelContext, step: str, instructions: str, material: str, shape: None = None, answer_tokens: int | None = None, *,
    watch: ProgressWatch | None = None, attempts: int | None = None,
) -> ModelAnswer[str]: ...  # fmt: skip
@overload
def call(
    store: Store, model_context: ModelContext, step: str, instructions: str, material: str, shape: type[M], answer_tokens: int | None = None, *,
    watch: ProgressWatch | None = None, attempts: int | None = None,
) -> ModelAnswer[M]: ...  # fmt: skip
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
    """Return what the model makes of *material* (see `llm.provider.ask`), or made of it before for this job and *step*. Secrets that it made up are redacted.

    It is noted before it is asked, and stored before it is returned. *watch* is told how many characters there are, some times a second, and may raise to end
    it: `Stopped` and `Leaving` of `app.jobs`, by `running.at`. Raises `ProviderFailed`, and `SpendLimit` before anything is asked.
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
    # Imported here: what speaks to a model takes a second, and most who come here have not been told of any.
    from onward.llm import provider

    options: dict[str, Any] = {"watch": watch, "attempts": attempts or provider.ATTEMPTS}
    try:
        answer = provider.ask(model_context.endpoint, instructions, material, shape, answer_tokens, **options)
    except ProviderFailed as error:
        with store.write() as connection:
            model_calls.record_failure(
                connection, call_id, AttemptUsage(error.input_tokens, error.output_tokens, error.cost_usd), error.reason
            )
        raise
    except BaseException:
        # It was ended from here. What it may have come to stays reserved: the provider may want to be paid for it.
        with store.write() as connection:
            model_calls.record_stop(connection, call_id)
        raise
    answer = replace(answer, value=_redact(answer.value, Redactor(model_context.redact_key)))
    with store.write() as connection:
        body = None if model_context.job_id is None else _dump_answer(answer)
        model_calls.record_answer(connection, call_id, AttemptUsage(answer.input_tokens, answer.output_tokens, answer.cost_usd), body)
    return answer


def estimate(endpoint: Endpoint, requests: Iterable[ModelRequest]) -> CostEstimate:
    """Return what *requests* come to at most, if none has to be asked again; nothing is asked."""
    prompts = [build_prompt(endpoint, *request) for request in requests]
    costs = [endpoint.cost_usd(Usage(prompt.tokens, prompt.answer_tokens)) for prompt in prompts]
    known_costs = [cost for cost in costs if cost is not None]
    total = sum(known_costs) if len(known_costs) == len(costs) else None
    return CostEstimate(len(prompts), sum(prompt.tokens for prompt in prompts), sum(prompt.answer_tokens for prompt in prompts), total)


def total_spend(store: Store, *, project: Project | None = None, job_id: int | None = None, days: int | None = None) -> SpendTotals:
    """Return what was spent: in all, by a project, by a job; in the last *days*, of which today (UTC) is one."""
    with store.read() as connection:
        return model_calls.total_spend(connection, project_id=project.id if project else None, job_id=job_id, since=_period_start(days))


def list_spend(
    store: Store, by: SpendGrouping, *, project: Project | None = None, days: int | None = None, limit: int = 100
) -> list[SpendLine]:
    """Return what was spent by job, project or model: the newest jobs first, else the dearest first."""
    with store.read() as connection:
        return model_calls.list_spend(connection, by, project_id=project.id if project else None, since=_period_start(days), limit=limit)


def list_calls(store: Store, *, job_id: int | None = None, before: int | None = None, limit: int = 50) -> list[ModelCall]:
    """Return what was asked, the newest first."""
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
    """Return where a Hugging Face *token* is used; None where there is none."""
    if not token:
        return None
    if not settings.url:
        return _build_endpoint(settings, token)
    endpoint = _build_endpoint(settings, token)
    host = urlsplit(endpoint.url).hostname or ""
    if endpoint.is_local or any(host == domain or host.endswith(f".{domain}") for domain in _HUGGING_FACE_DOMAINS):
        return endpoint
    # What is set up is somebody else's: neither the token nor that model's name and price belong together.
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


def _digest(endpoint: Endpoint, prompt: ModelPrompt, shape: type[BaseModel] | None) -> str:
    """Return what tells a request from any other: all that is sent."""
    sent = [endpoint.url, endpoint.model, *prompt, shape.__name__ if shape else ""]
    return sha256(json.dumps(sent).encode()).hexdigest()


def _start_call(store: Store, model_context: ModelContext, call_key: CallKey, prompt: ModelPrompt) -> int:
    """Note that a call is made, where the limits allow it. Raises `SpendLimit`."""
    tokens = prompt.tokens + prompt.answer_tokens
    usd = model_context.endpoint.cost_usd(Usage(prompt.tokens, prompt.answer_tokens)) or 0.0
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    limits = model_context.limits
    with store.write() as connection:
        if model_context.project_id is not None:
            # Two that ask at the same time do not both get the last of a day's budget.
            projects.lock_project(connection, model_context.project_id)
        spent_today = model_calls.committed_spend(connection, project_id=model_context.project_id, since=today)
        if excess := _describe_excess(spent_today, (tokens, usd), (limits.daily_tokens, limits.daily_usd)):
            until = today + timedelta(days=1) if any(spent_today) else None
            raise SpendLimit(
                Message("This request to {model} would bring today's use to {excess}.", model=call_key.model, excess=excess),
                "The limits are ONWARD_LLM_DAILY_TOKENS and ONWARD_LLM_DAILY_USD.",
                until=until,
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
    """Return an answer without what looks like a secret."""
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
