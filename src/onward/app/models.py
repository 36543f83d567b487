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
from onward.core.spend import Estimate, ModelCall, SpendBy, SpendLine, Spent, Used
from onward.core.transcript import Usage
from onward.errors import ProviderFailed, SpendLimit
from onward.llm.answer import Answer
from onward.llm.endpoint import HUGGING_FACE_MODEL, HUGGING_FACE_URL, Endpoint
from onward.llm.prompt import Prompt, fitting_tokens, prompted
from onward.llm.sealing import Sealer
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import LLM
from onward.store import Store, model_calls, projects, sealed_keys
from onward.store.model_calls import Asked

if TYPE_CHECKING:
    from pydantic import BaseModel

    from onward.llm.provider import Watch

__all__ = ["Answer", "Asking", "Estimate", "ModelCall", "Models", "Request", "SpendBy", "SpendLine", "Spent", "asking_for", "call", "calls", "estimate", "fitting_tokens", "keep_key_for", "spend", "spend_by"]  # fmt: skip

M = TypeVar("M", bound="BaseModel")

_HUGGING_FACE = ("huggingface.co", "huggingface.cloud")


@dataclass(frozen=True, slots=True)
class Models:
    """What models are asked with: the settings, and what opens the keys that are kept."""

    settings: LLM
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom is asked, within what limits, and on whose account. `redact_key` keys the placeholders of secrets that an answer makes up."""

    endpoint: Endpoint
    limits: LLM
    project_id: int | None = None
    job_id: int | None = None
    redact_key: bytes = DISTILL_KEY


class Request(NamedTuple):
    """What would be asked, for an estimate."""

    instructions: str
    material: str
    shape: type[BaseModel] | None = None
    answer_tokens: int | None = None


def asking_for(
    store: Store, models: Models | None, *, project: Project | None = None, job: Job | None = None, token: str = ""
) -> Asking | None:
    """Return whom is asked for a *project* or a *job*; None where no model is set up, or all are turned off.

    A Hugging Face *token* that came with a request, or was kept for the job, is used for Hugging Face (and for a gateway on this machine), never shown to
    anybody else. Without one it is the key of the environment, else the kept one. An address that was set may need none.
    """
    if models is None or models.settings.is_off:
        return None
    said = models.settings
    endpoint = _with_token(said, token or _key_of_job(store, models, job))
    if endpoint is None:
        key = said.key or _kept_key(store, models)
        if not key and not said.url:
            return None
        endpoint = _endpoint(said, key)
    project_id = project.id if project else job.project_id if job else None
    return Asking(endpoint, said, project_id, job.id if job else None, project.key if project else DISTILL_KEY)


def keep_key_for(store: Store, models: Models, job: Job, token: str) -> None:
    """Keep a *token* that came with a request, encrypted, until the job that needs it ends."""
    sealed = models.sealer.seal(token)
    with store.write() as connection:
        sealed_keys.keep(connection, sealed, job_id=job.id)


@overload
def call(
    store: Store, asking: Asking, step: str, instructions: str, material: str, shape: None = None, answer_tokens: int | None = None, *,
    watch: Watch | None = None, attempts: int | None = None,
) -> Answer[str]: ...  # fmt: skip
@overload
def call(
    store: Store, asking: Asking, step: str, instructions: str, material: str, shape: type[M], answer_tokens: int | None = None, *,
    watch: Watch | None = None, attempts: int | None = None,
) -> Answer[M]: ...  # fmt: skip
def call(
    store: Store,
    asking: Asking,
    step: str,
    instructions: str,
    material: str,
    shape: type[BaseModel] | None = None,
    answer_tokens: int | None = None,
    *,
    watch: Watch | None = None,
    attempts: int | None = None,
) -> Answer[Any]:
    """Return what the model makes of *material* (see `llm.provider.ask`), or made of it before for this job and *step*. Secrets that it made up are redacted.

    It is noted before it is asked, and stored before it is returned. *watch* is told how many characters there are, some times a second, and may raise to end
    it: `Stopped` and `Leaving` of `app.jobs`, by `running.at`. Raises `ProviderFailed`, and `SpendLimit` before anything is asked.
    """
    prompt = prompted(asking.endpoint, instructions, material, shape, answer_tokens)
    asked = Asked(
        asking.project_id, asking.job_id, step, _digest(asking.endpoint, prompt, shape), asking.endpoint.host, asking.endpoint.model
    )
    with store.read() as connection:
        stored = model_calls.answer_of(connection, asked)
    if stored is not None:
        return _told(stored, shape)
    call_id = _begin(store, asking, asked, prompt)
    # Imported here: what speaks to a model takes a second, and most who come here have not been told of any.
    from onward.llm import provider

    beside: dict[str, Any] = {"watch": watch, "attempts": attempts or provider.ATTEMPTS}
    try:
        answer = provider.ask(asking.endpoint, instructions, material, shape, answer_tokens, **beside)
    except ProviderFailed as error:
        with store.write() as connection:
            model_calls.failed(connection, call_id, Used(error.input_tokens, error.output_tokens, error.cost_usd), error.reason)
        raise
    except BaseException:
        # It was ended from here. What it may have come to stays reserved: the provider may want to be paid for it.
        with store.write() as connection:
            model_calls.stopped(connection, call_id)
        raise
    answer = replace(answer, value=_clean(answer.value, Redactor(asking.redact_key)))
    with store.write() as connection:
        body = None if asking.job_id is None else _kept(answer)
        model_calls.answered(connection, call_id, Used(answer.input_tokens, answer.output_tokens, answer.cost_usd), body)
    return answer


def estimate(endpoint: Endpoint, requests: Iterable[Request]) -> Estimate:
    """Return what *requests* come to at most, if none has to be asked again; nothing is asked."""
    prompts = [prompted(endpoint, *request) for request in requests]
    costs = [endpoint.cost_usd(Usage(one.tokens, one.answer_tokens)) for one in prompts]
    known = [cost for cost in costs if cost is not None]
    total = sum(known) if len(known) == len(costs) else None
    return Estimate(len(prompts), sum(one.tokens for one in prompts), sum(one.answer_tokens for one in prompts), total)


def spend(store: Store, *, project: Project | None = None, job_id: int | None = None, days: int | None = None) -> Spent:
    """Return what was spent: in all, by a project, by a job; in the last *days*, of which today (UTC) is one."""
    with store.read() as connection:
        return model_calls.spent(connection, project_id=project.id if project else None, job_id=job_id, since=_since(days))


def spend_by(store: Store, by: SpendBy, *, project: Project | None = None, days: int | None = None, limit: int = 100) -> list[SpendLine]:
    """Return what was spent by job, project or model: the newest jobs first, else the dearest first."""
    with store.read() as connection:
        return model_calls.spent_by(connection, by, project_id=project.id if project else None, since=_since(days), limit=limit)


def calls(store: Store, *, job_id: int | None = None, before: int | None = None, limit: int = 50) -> list[ModelCall]:
    """Return what was asked, the newest first."""
    with store.read() as connection:
        return model_calls.listed(connection, job_id=job_id, before=before, limit=limit)


def _endpoint(said: LLM, key: str, *, url: str = "", model: str = "") -> Endpoint:
    usual = Endpoint()
    return Endpoint(
        url or said.url or HUGGING_FACE_URL,
        model or said.model or HUGGING_FACE_MODEL,
        key,
        said.context_tokens or usual.context_tokens,
        said.answer_tokens or usual.answer_tokens,
        said.timeout_seconds or usual.timeout_seconds,
        said.usd_per_million,
    )


def _with_token(said: LLM, token: str) -> Endpoint | None:
    """Return where a Hugging Face *token* is used; None where there is none."""
    if not token:
        return None
    if not said.url:
        return _endpoint(said, token)
    set_up = _endpoint(said, token)
    host = urlsplit(set_up.url).hostname or ""
    if set_up.is_here or any(host == one or host.endswith(f".{one}") for one in _HUGGING_FACE):
        return set_up
    # What is set up is somebody else's: neither the token nor that model's name and price belong together.
    return replace(_endpoint(said, token, url=HUGGING_FACE_URL, model=HUGGING_FACE_MODEL), usd_per_million=None)


def _kept_key(store: Store, models: Models) -> str:
    with store.read() as connection:
        kept = sealed_keys.find(connection)
    return (models.sealer.open(kept.sealed) or "") if kept else ""


def _key_of_job(store: Store, models: Models, job: Job | None) -> str:
    if job is None:
        return ""
    with store.read() as connection:
        kept = sealed_keys.find(connection, job_id=job.id)
    return (models.sealer.open(kept.sealed) or "") if kept else ""


def _digest(endpoint: Endpoint, prompt: Prompt, shape: type[BaseModel] | None) -> str:
    """Return what tells a request from any other: all that is sent."""
    sent = [endpoint.url, endpoint.model, *prompt, shape.__name__ if shape else ""]
    return sha256(json.dumps(sent).encode()).hexdigest()


def _begin(store: Store, asking: Asking, asked: Asked, prompt: Prompt) -> int:
    """Note that a call is made, where the limits allow it. Raises `SpendLimit`."""
    tokens = prompt.tokens + prompt.answer_tokens
    usd = asking.endpoint.cost_usd(Usage(prompt.tokens, prompt.answer_tokens)) or 0.0
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    limits = asking.limits
    with store.write() as connection:
        if asking.project_id is not None:
            # Two that ask at the same time do not both get the last of a day's budget.
            projects.hold(connection, asking.project_id)
        spent_today = model_calls.committed(connection, project_id=asking.project_id, since=today)
        if over := _over(spent_today, (tokens, usd), (limits.daily_tokens, limits.daily_usd)):
            until = today + timedelta(days=1) if any(spent_today) else None
            raise SpendLimit(
                f"Asking {asked.model} would come to {over} today.",
                "The limits are ONWARD_LLM_DAILY_TOKENS and ONWARD_LLM_DAILY_USD.",
                until=until,
            )
        if asked.job_id is not None:
            spent_by_job = model_calls.committed(connection, job_id=asked.job_id)
            if over := _over(spent_by_job, (tokens, usd), (limits.job_tokens, limits.job_usd)):
                raise SpendLimit(
                    f"Asking {asked.model} would come to {over} for this job.",
                    "The limits are ONWARD_LLM_JOB_TOKENS and ONWARD_LLM_JOB_USD.",
                )
        return model_calls.begin(connection, asked, tokens, usd)


def _over(spent: tuple[int, float], more: tuple[int, float], limits: tuple[int, float]) -> str:
    """Return in what *spent* and *more* are over the *limits*, of which 0 is any amount; empty where they are not."""
    tokens, usd = spent[0] + more[0], spent[1] + more[1]
    if limits[0] and tokens > limits[0]:
        return f"{tokens:,} of {limits[0]:,} tokens"
    if limits[1] and usd > limits[1]:
        return f"{usd:.4f} of {limits[1]:.2f} USD"
    return ""


def _clean(value: Any, redactor: Redactor) -> Any:
    """Return an answer without what looks like a secret."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {name: _clean(one, redactor) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_clean(one, redactor) for one in value]
    if hasattr(value, "model_dump"):
        return type(value).model_validate(_clean(value.model_dump(mode="json"), redactor))
    return value


def _kept(answer: Answer[Any]) -> str:
    value = answer.value if isinstance(answer.value, str) else answer.value.model_dump(mode="json")
    return json.dumps({**asdict(replace(answer, value=None)), "value": value})


def _told(stored: str, shape: type[BaseModel] | None) -> Answer[Any]:
    fields = json.loads(stored)
    return Answer(**{**fields, "value": fields["value"] if shape is None else shape.model_validate(fields["value"])})


def _since(days: int | None) -> datetime | None:
    if days is None:
        return None
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
