"""Model calls for jobs and users: nothing is paid twice, nothing exceeds the limits, and no key is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import inspect, text

from onward.app.jobs import jobs
from onward.app.jobs.jobs import JobContext, StepProgress, StepResult
from onward.app.models import gateway
from onward.app.models.gateway import ModelContext, ModelRequest, ModelSetup
from onward.app.projects import projects
from onward.core.job import Job
from onward.core.project import Project
from onward.errors import ProviderFailed, SpendLimit
from onward.llm.encryption import Sealer
from onward.llm.endpoint import Endpoint
from onward.settings import LLMSettings
from onward.store import Store, model_calls

pytestmark = pytest.mark.slow


class Cause(BaseModel):
    cause: str


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "shop")


@pytest.fixture
def sealer(tmp_path) -> Sealer:
    return Sealer(tmp_path / "keys")


@pytest.fixture
def model_context(store, project, scripted) -> ModelContext:
    job = jobs.request_job(store, "refine", {}, project=project)
    return ModelContext(
        endpoint=scripted.endpoint(usd_per_million=(1.0, 2.0)),
        limits=LLMSettings(),
        project_id=project.id,
        job_id=job.id,
        redact_key=project.key,
    )


def test_an_answer_is_paid_for_once(store, scripted, model_context):
    scripted.does(scripted.says_json({"cause": "a port"}))
    first = gateway.call(store, model_context, "why", "Say why.", "It broke.", Cause)
    again = gateway.call(store, model_context, "why", "Say why.", "It broke.", Cause)
    assert first == again
    assert again.value == Cause(cause="a port")
    assert len(scripted.requests) == 1
    spent = gateway.total_spend(store, job_id=model_context.job_id)
    assert (spent.calls, spent.input_tokens, spent.output_tokens, spent.cost_usd, spent.unpriced) == (1, 100, 20, pytest.approx(0.00014), 0)
    assert jobs.require(store, model_context.job_id).spend_usd == pytest.approx(0.00014)


def test_what_is_asked_otherwise_is_another_call(store, scripted, model_context):
    scripted.does(scripted.says("fine"))
    for step, material in (("one", "a"), ("two", "a"), ("two", "b")):
        gateway.call(store, model_context, step, "Say why.", material)
    gateway.call(store, replace(model_context, endpoint=replace(model_context.endpoint, model="another")), "two", "Say why.", "b")
    assert len(scripted.requests) == 4


def test_without_a_job_nothing_is_remembered_but_what_it_cost(store, scripted, model_context):
    scripted.does(scripted.says("fine"))
    context_without_job = replace(model_context, job_id=None)
    for _ in range(2):
        gateway.call(store, context_without_job, "why", "Say why.", "It broke.")
    assert len(scripted.requests) == 2
    assert gateway.total_spend(store).calls == 2
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0


def test_a_failure_is_counted_and_asked_again(store, scripted, model_context):
    scripted.does(scripted.says("prose"))
    with pytest.raises(ProviderFailed):
        gateway.call(store, model_context, "why", "Say why.", "It broke.", Cause)
    scripted.does(scripted.says_json({"cause": "a port"}))
    gateway.call(store, model_context, "why", "Say why.", "It broke.", Cause)
    calls = gateway.list_calls(store, job_id=model_context.job_id)
    assert [(call.attempts, call.input_tokens, call.output_tokens, call.failed) for call in calls] == [(2, 300, 60, "")]


def test_the_answers_go_when_the_job_is_done_and_what_they_cost_stays(store, scripted, model_context, tmp_path):
    scripted.does(scripted.says("fine"))
    run = jobs.require(store, model_context.job_id).run

    def piece(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
        gateway.call(store, model_context, "why", "Say why.", "It broke.")
        return StepResult(True, {}, {})

    assert jobs.take_step(JobContext(store, tmp_path), {"refine": piece}, run, "w", StepProgress()) is False
    assert jobs.require(store, model_context.job_id).state == "done"
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0
    assert gateway.total_spend(store).calls == 1


def test_deleting_a_project_takes_the_answers_and_leaves_the_sum(store, scripted, model_context, project):
    scripted.does(scripted.says("fine"))
    gateway.call(store, model_context, "why", "Say why.", "It broke.")
    projects.delete(store, project)
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0
    assert gateway.total_spend(store).calls == 1


def test_a_secret_that_a_model_makes_up_is_not_kept(store, scripted, model_context):
    secret = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    scripted.does(scripted.says_json({"cause": f"the token {secret} was in the log"}))
    answer = gateway.call(store, model_context, "why", "Say why.", "It broke.", Cause)
    assert secret not in answer.value.cause
    assert secret not in dump_store(store)


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        (LLMSettings(daily_tokens=3000, job_tokens=0), "today"),
        (LLMSettings(daily_usd=0.005, job_usd=0), "today"),
        (LLMSettings(job_tokens=3000), "the job.s use"),
        (LLMSettings(job_usd=0.005), "the job.s use"),
    ],
)
def test_a_limit_holds_before_anything_is_asked(store, scripted, model_context, limits, names):
    scripted.does(scripted.says("fine", input_tokens=1400, output_tokens=100))
    model_context = replace(model_context, limits=limits)
    gateway.call(store, model_context, "one", "Say why.", "It broke.")
    with pytest.raises(SpendLimit, match=names) as caught:
        gateway.call(store, model_context, "two", "Say why.", "It broke.")
    assert len(scripted.requests) == 1
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert (caught.value.until.date() if caught.value.until else None) == (tomorrow if names == "today" else None)


def test_requests_above_the_daily_limit_fail_at_once(store, scripted, model_context):
    with pytest.raises(SpendLimit) as caught:
        gateway.call(store, replace(model_context, limits=LLMSettings(daily_tokens=1000)), "one", "Say why.", "It broke.")
    assert caught.value.until is None


def test_running_calls_count_with_their_maximum_cost(store, scripted, model_context):
    scripted.does(scripted.drips())

    def watch(chars: int) -> None:
        if chars:
            raise jobs.JobStopped

    with pytest.raises(jobs.JobStopped):
        gateway.call(store, model_context, "one", "Say why.", "It broke.", watch=watch)
    with store.read() as connection:
        tokens, usd = model_calls.committed_spend(connection, project_id=model_context.project_id)
    assert tokens > 1500
    assert usd > 0.003
    assert gateway.total_spend(store).output_tokens == 0


def test_an_unknown_price_is_reported(store, scripted, model_context):
    elsewhere = replace(
        model_context,
        endpoint=Endpoint(url=model_context.endpoint.url.replace("127.0.0.1", "127.1"), model="made-up-9000", timeout_seconds=10),
    )
    scripted.does(scripted.says("fine"))
    assert gateway.call(store, elsewhere, "one", "Say why.", "It broke.").cost_usd is None
    assert gateway.total_spend(store).unpriced == 1


def test_spend_by_job_project_and_model(store, scripted, model_context, project):
    scripted.does(scripted.says("fine"))
    gateway.call(store, model_context, "one", "Say why.", "It broke.")
    gateway.call(
        store,
        replace(model_context, job_id=None, endpoint=replace(model_context.endpoint, model="dear", usd_per_million=(9.0, 9.0))),
        "two",
        "Say.",
        "It.",
    )
    by_job = gateway.list_spend(store, "job")
    assert [(row.name, row.id, row.spent.calls) for row in by_job] == [("refine", model_context.job_id, 1), ("", None, 1)]
    assert [(row.name, row.spent.calls) for row in gateway.list_spend(store, "project", days=1)] == [("shop", 2)]
    assert [row.name for row in gateway.list_spend(store, "model", project=project)] == ["dear", "scripted"]


def test_an_estimate_asks_nothing(scripted):
    request = ModelRequest("Say why.", "word " * 1000, Cause, 500)
    estimate = gateway.estimate(scripted.endpoint(usd_per_million=(1.0, 2.0)), [request] * 3)
    assert (estimate.calls, estimate.output_tokens) == (3, 1500)
    assert 3000 < estimate.input_tokens < 4000
    assert estimate.cost_usd == pytest.approx((estimate.input_tokens + 3000) / 1e6)
    assert gateway.estimate(Endpoint(url="https://models.example/v1", model="made-up-9000"), [request]).cost_usd is None
    assert scripted.requests == []


def take_step(store: Store, piece: Callable[..., StepResult], job_context: JobContext, job_id: int) -> Job:
    jobs.take_step(job_context, {"refine": piece}, jobs.require(store, job_id).run, "w", StepProgress())
    return jobs.require(store, job_id)


def test_offline_a_job_waits_says_so_and_goes_on(store, scripted, model_context, tmp_path):
    job_context = JobContext(store, tmp_path, first_wait_seconds=0.0)
    unreachable_context = replace(model_context, endpoint=replace(model_context.endpoint, url="http://127.0.0.1:1/v1"))
    using = [unreachable_context]

    def piece(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
        return StepResult(True, {}, {"text": gateway.call(store, using[0], "why", "Say why.", "It broke.", attempts=1).value})

    for attempt in range(1, 10):
        # More often than other failures are retried.
        job = take_step(store, piece, job_context, model_context.job_id)
        assert (job.state, job.step, job.attempts) == ("queued", "waiting for the model", attempt)
        assert "is unreachable" in str(job.error["message"])
        assert "continues by itself" in str(job.error["hint"])
        assert "Check the network" in str(job.error["hint"])
    using[0] = model_context
    scripted.does(scripted.says("fine"))
    job = take_step(store, piece, job_context, model_context.job_id)
    assert (job.state, job.result, job.error) == ("done", {"text": "fine"}, None)


def test_a_job_waits_as_long_as_the_provider_says(store, scripted, model_context, tmp_path):
    scripted.does(scripted.fails(429, retry_after="3600"))

    def piece(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
        gateway.call(store, model_context, "why", "Say why.", "It broke.")
        raise AssertionError

    job = take_step(store, piece, JobContext(store, tmp_path, first_wait_seconds=0.0), model_context.job_id)
    assert job.state == "queued"
    assert job.due_at - datetime.now(UTC) > timedelta(minutes=59)


@pytest.mark.parametrize(("status", "code"), [(401, "provider_failed"), (402, "provider_failed")])
def test_permanent_failures_end_the_job(store, scripted, model_context, tmp_path, status, code):
    scripted.does(scripted.fails(status))

    def piece(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
        gateway.call(store, model_context, "why", "Say why.", "It broke.")
        raise AssertionError

    job = take_step(store, piece, JobContext(store, tmp_path), model_context.job_id)
    assert (job.state, job.error["code"]) == ("failed", code)


def test_a_job_waits_for_the_next_day_at_the_daily_limit(store, scripted, model_context, tmp_path):
    scripted.does(scripted.says("fine", input_tokens=2900))
    model_context = replace(model_context, limits=LLMSettings(daily_tokens=4000))
    gateway.call(store, model_context, "one", "Say why.", "It broke.")

    def piece(_: JobContext, __: Job, ___: StepProgress) -> StepResult:
        gateway.call(store, model_context, "two", "Say why.", "It broke.")
        raise AssertionError

    job = take_step(store, piece, JobContext(store, tmp_path), model_context.job_id)
    assert (job.state, job.error["code"]) == ("queued", "spend_limit")
    assert job.due_at.date() == (datetime.now(UTC) + timedelta(days=1)).date()


def test_which_endpoint_is_asked(store, sealer, scripted, project):
    def find_endpoint(llm: LLMSettings, **beside: Any) -> tuple[str, str, str] | None:
        model_context = gateway.find_model_context(store, ModelSetup(llm, sealer), **beside)
        return model_context and (model_context.endpoint.url, model_context.endpoint.model, model_context.endpoint.key)

    router, llama = "https://router.huggingface.co/v1", "meta-llama/Llama-3.1-8B-Instruct"
    assert gateway.find_model_context(store, None) is None
    assert find_endpoint(LLMSettings()) is None
    assert find_endpoint(LLMSettings(key="k")) == (router, llama, "k")
    assert find_endpoint(LLMSettings(key="k", is_off=True)) is None
    assert find_endpoint(LLMSettings(), token="t") == (router, llama, "t")
    assert find_endpoint(LLMSettings(url="http://localhost:11434/v1", model="m")) == ("http://localhost:11434/v1", "m", "")
    assert find_endpoint(LLMSettings(url="http://localhost:11434/v1", model="m"), token="t") == ("http://localhost:11434/v1", "m", "t")
    # A Hugging Face token goes to no other provider.
    assert find_endpoint(LLMSettings(url="https://api.openai.com/v1", model="gpt", key="k", usd_per_million=(1, 1)), token="t") == (
        router,
        llama,
        "t",
    )
    assert find_endpoint(LLMSettings(url="https://x.us-east-1.aws.endpoints.huggingface.cloud/v1", model="m"), token="t")[2] == "t"
    assert find_endpoint(LLMSettings(url="https://evilhuggingface.co/v1", model="m"), token="t")[0] == router


def test_a_token_that_came_with_a_request_is_kept_sealed_until_its_job_ends(store, sealer, project, tmp_path):
    token = "hf" + "_" + "Wq8" * 11
    keys: list[str] = []
    held = ModelSetup(LLMSettings(), sealer)
    job = jobs.request_job(store, "refine", {}, project=project)
    gateway.save_job_key(store, held, job, token)
    assert token not in dump_store(store)

    def piece(job_context: JobContext, job: Job, _: StepProgress) -> StepResult:
        keys.append(gateway.find_model_context(store, job_context.model_setup, job=job).endpoint.key)
        return StepResult(len(keys) == 2, {}, {})

    job_context = JobContext(store, tmp_path, model_setup=held)
    for _ in range(2):
        take_step(store, piece, job_context, job.id)
    assert keys == [token, token]
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sealed_keys")).scalar() == 0


def dump_store(store: Store) -> str:
    """Return all contents of the store as text."""
    with store.read() as connection:
        tables = inspect(connection).get_table_names()
        return "\n".join(str(tuple(row)) for name in tables for row in connection.execute(text(f'SELECT * FROM "{name}"')))
