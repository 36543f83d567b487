"""Asking models for jobs and people: nothing is paid for twice, nothing above the limits, and no key anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import inspect, text

from onward.app import jobs, models, projects
from onward.app.jobs import Bench, Left, Running
from onward.app.models import Asking, Models, Request
from onward.core.job import Job
from onward.core.project import Project
from onward.errors import ProviderFailed, SpendLimit
from onward.llm.endpoint import Endpoint
from onward.llm.sealing import Sealer
from onward.settings import LLM
from onward.store import Store, model_calls

pytestmark = pytest.mark.slow


class Cause(BaseModel):
    cause: str


@pytest.fixture
def project(store: Store) -> Project:
    return projects.new(store, "shop")


@pytest.fixture
def sealer(tmp_path) -> Sealer:
    return Sealer(tmp_path / "keys")


@pytest.fixture
def asking(store, project, scripted) -> Asking:
    job = jobs.ask(store, "refine", {}, project=project)
    return Asking(scripted.endpoint(usd_per_million=(1.0, 2.0)), LLM(), project.id, job.id, project.key)


def test_an_answer_is_paid_for_once(store, scripted, asking):
    scripted.does(scripted.says_json({"cause": "a port"}))
    first = models.call(store, asking, "why", "Say why.", "It broke.", Cause)
    again = models.call(store, asking, "why", "Say why.", "It broke.", Cause)
    assert first == again
    assert again.value == Cause(cause="a port")
    assert len(scripted.asked) == 1
    spent = models.spend(store, job_id=asking.job_id)
    assert (spent.calls, spent.input_tokens, spent.output_tokens, spent.cost_usd, spent.unpriced) == (1, 100, 20, pytest.approx(0.00014), 0)
    assert jobs.find(store, asking.job_id).spend_usd == pytest.approx(0.00014)


def test_what_is_asked_otherwise_is_another_call(store, scripted, asking):
    scripted.does(scripted.says("fine"))
    for step, material in (("one", "a"), ("two", "a"), ("two", "b")):
        models.call(store, asking, step, "Say why.", material)
    models.call(store, replace(asking, endpoint=replace(asking.endpoint, model="another")), "two", "Say why.", "b")
    assert len(scripted.asked) == 4


def test_without_a_job_nothing_is_remembered_but_what_it_cost(store, scripted, asking):
    scripted.does(scripted.says("fine"))
    alone = replace(asking, job_id=None)
    for _ in range(2):
        models.call(store, alone, "why", "Say why.", "It broke.")
    assert len(scripted.asked) == 2
    assert models.spend(store).calls == 2
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0


def test_a_failure_is_counted_and_asked_again(store, scripted, asking):
    scripted.does(scripted.says("prose"))
    with pytest.raises(ProviderFailed):
        models.call(store, asking, "why", "Say why.", "It broke.", Cause)
    scripted.does(scripted.says_json({"cause": "a port"}))
    models.call(store, asking, "why", "Say why.", "It broke.", Cause)
    made = models.calls(store, job_id=asking.job_id)
    assert [(one.attempts, one.input_tokens, one.output_tokens, one.failed) for one in made] == [(2, 300, 60, "")]


def test_the_answers_go_when_the_job_is_done_and_what_they_cost_stays(store, scripted, asking, tmp_path):
    scripted.does(scripted.says("fine"))
    run = jobs.find(store, asking.job_id).run

    def piece(_: Bench, __: Job, ___: Running) -> Left:
        models.call(store, asking, "why", "Say why.", "It broke.")
        return Left(True, {}, {})

    assert jobs.take_step(Bench(store, tmp_path), {"refine": piece}, run, "w", Running()) is False
    assert jobs.find(store, asking.job_id).state == "done"
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0
    assert models.spend(store).calls == 1


def test_deleting_a_project_takes_the_answers_and_leaves_the_sum(store, scripted, asking, project):
    scripted.does(scripted.says("fine"))
    models.call(store, asking, "why", "Say why.", "It broke.")
    projects.delete(store, project)
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM model_answers")).scalar() == 0
    assert models.spend(store).calls == 1


def test_a_secret_that_a_model_makes_up_is_not_kept(store, scripted, asking):
    secret = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    scripted.does(scripted.says_json({"cause": f"the token {secret} was in the log"}))
    answer = models.call(store, asking, "why", "Say why.", "It broke.", Cause)
    assert secret not in answer.value.cause
    assert secret not in everything(store)


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        (LLM(daily_tokens=3000, job_tokens=0), "today"),
        (LLM(daily_usd=0.004, job_usd=0), "today"),
        (LLM(job_tokens=3000), "this job"),
        (LLM(job_usd=0.004), "this job"),
    ],
)
def test_a_limit_holds_before_anything_is_asked(store, scripted, asking, limits, names):
    scripted.does(scripted.says("fine", input_tokens=1400, output_tokens=100))
    asking = replace(asking, limits=limits)
    models.call(store, asking, "one", "Say why.", "It broke.")
    with pytest.raises(SpendLimit, match=names) as caught:
        models.call(store, asking, "two", "Say why.", "It broke.")
    assert len(scripted.asked) == 1
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert (caught.value.until.date() if caught.value.until else None) == (tomorrow if names == "today" else None)


def test_what_no_day_allows_is_not_waited_for(store, scripted, asking):
    with pytest.raises(SpendLimit) as caught:
        models.call(store, replace(asking, limits=LLM(daily_tokens=1000)), "one", "Say why.", "It broke.")
    assert caught.value.until is None


def test_what_is_not_over_counts_for_what_it_may_come_to(store, scripted, asking):
    scripted.does(scripted.drips())

    def watch(chars: int) -> None:
        if chars:
            raise jobs.Stopped

    with pytest.raises(jobs.Stopped):
        models.call(store, asking, "one", "Say why.", "It broke.", watch=watch)
    with store.read() as connection:
        tokens, usd = model_calls.committed(connection, project_id=asking.project_id)
    assert tokens > 1500
    assert usd > 0.003
    assert models.spend(store).output_tokens == 0


def test_an_unknown_price_is_said(store, scripted, asking):
    elsewhere = replace(
        asking, endpoint=Endpoint(url=asking.endpoint.url.replace("127.0.0.1", "127.1"), model="made-up-9000", timeout_seconds=10)
    )
    scripted.does(scripted.says("fine"))
    assert models.call(store, elsewhere, "one", "Say why.", "It broke.").cost_usd is None
    assert models.spend(store).unpriced == 1


def test_spend_by_job_project_and_model(store, scripted, asking, project):
    scripted.does(scripted.says("fine"))
    models.call(store, asking, "one", "Say why.", "It broke.")
    models.call(
        store,
        replace(asking, job_id=None, endpoint=replace(asking.endpoint, model="dear", usd_per_million=(9.0, 9.0))),
        "two",
        "Say.",
        "It.",
    )
    by_job = models.spend_by(store, "job")
    assert [(one.name, one.id, one.spent.calls) for one in by_job] == [("refine", asking.job_id, 1), ("", None, 1)]
    assert [(one.name, one.spent.calls) for one in models.spend_by(store, "project", days=1)] == [("shop", 2)]
    assert [one.name for one in models.spend_by(store, "model", project=project)] == ["dear", "scripted"]


def test_an_estimate_asks_nothing(scripted):
    request = Request("Say why.", "word " * 1000, Cause, 500)
    said = models.estimate(scripted.endpoint(usd_per_million=(1.0, 2.0)), [request] * 3)
    assert (said.calls, said.output_tokens) == (3, 1500)
    assert 3000 < said.input_tokens < 4000
    assert said.cost_usd == pytest.approx((said.input_tokens + 3000) / 1e6)
    assert models.estimate(Endpoint(url="https://models.example/v1", model="made-up-9000"), [request]).cost_usd is None
    assert scripted.asked == []


def take(store: Store, piece: Callable[..., Left], bench: Bench, job_id: int) -> Job:
    jobs.take_step(bench, {"refine": piece}, jobs.find(store, job_id).run, "w", Running())
    return jobs.find(store, job_id)


def test_offline_a_job_waits_says_so_and_goes_on(store, scripted, asking, tmp_path):
    bench = Bench(store, tmp_path, first_wait_seconds=0.0)
    nowhere = replace(asking, endpoint=replace(asking.endpoint, url="http://127.0.0.1:1/v1"))
    using = [nowhere]

    def piece(_: Bench, __: Job, ___: Running) -> Left:
        return Left(True, {}, {"text": models.call(store, using[0], "why", "Say why.", "It broke.", attempts=1).value})

    for attempt in range(1, 10):
        # More often than what fails for other reasons is tried.
        job = take(store, piece, bench, asking.job_id)
        assert (job.state, job.step, job.attempts) == ("queued", "waiting for the model", attempt)
        assert "cannot be reached" in job.error["message"]
        assert "It goes on by itself" in job.error["hint"]
    using[0] = asking
    scripted.does(scripted.says("fine"))
    job = take(store, piece, bench, asking.job_id)
    assert (job.state, job.result, job.error) == ("done", {"text": "fine"}, None)


def test_a_job_waits_as_long_as_the_provider_says(store, scripted, asking, tmp_path):
    scripted.does(scripted.fails(429, retry_after="3600"))

    def piece(_: Bench, __: Job, ___: Running) -> Left:
        models.call(store, asking, "why", "Say why.", "It broke.")
        raise AssertionError

    job = take(store, piece, Bench(store, tmp_path, first_wait_seconds=0.0), asking.job_id)
    assert job.state == "queued"
    assert job.due_at - datetime.now(UTC) > timedelta(minutes=59)


@pytest.mark.parametrize(("status", "code"), [(401, "provider_failed"), (402, "provider_failed")])
def test_what_does_not_pass_ends_the_job(store, scripted, asking, tmp_path, status, code):
    scripted.does(scripted.fails(status))

    def piece(_: Bench, __: Job, ___: Running) -> Left:
        models.call(store, asking, "why", "Say why.", "It broke.")
        raise AssertionError

    job = take(store, piece, Bench(store, tmp_path), asking.job_id)
    assert (job.state, job.error["code"]) == ("failed", code)


def test_a_day_that_is_spent_is_waited_for(store, scripted, asking, tmp_path):
    scripted.does(scripted.says("fine", input_tokens=2900))
    asking = replace(asking, limits=LLM(daily_tokens=4000))
    models.call(store, asking, "one", "Say why.", "It broke.")

    def piece(_: Bench, __: Job, ___: Running) -> Left:
        models.call(store, asking, "two", "Say why.", "It broke.")
        raise AssertionError

    job = take(store, piece, Bench(store, tmp_path), asking.job_id)
    assert (job.state, job.error["code"]) == ("queued", "spend_limit")
    assert job.due_at.date() == (datetime.now(UTC) + timedelta(days=1)).date()


def test_whom_is_asked(store, sealer, scripted, project):
    def whom(said: LLM, **beside: Any) -> tuple[str, str, str] | None:
        found = models.asking_for(store, Models(said, sealer), **beside)
        return found and (found.endpoint.url, found.endpoint.model, found.endpoint.key)

    router, llama = "https://router.huggingface.co/v1", "meta-llama/Llama-3.1-8B-Instruct"
    assert models.asking_for(store, None) is None
    assert whom(LLM()) is None
    assert whom(LLM(key="k")) == (router, llama, "k")
    assert whom(LLM(key="k", is_off=True)) is None
    assert whom(LLM(), token="t") == (router, llama, "t")
    assert whom(LLM(url="http://localhost:11434/v1", model="m")) == ("http://localhost:11434/v1", "m", "")
    assert whom(LLM(url="http://localhost:11434/v1", model="m"), token="t") == ("http://localhost:11434/v1", "m", "t")
    # Whoever else is set up is not shown a Hugging Face token.
    assert whom(LLM(url="https://api.openai.com/v1", model="gpt", key="k", usd_per_million=(1, 1)), token="t") == (router, llama, "t")
    assert whom(LLM(url="https://x.us-east-1.aws.endpoints.huggingface.cloud/v1", model="m"), token="t")[2] == "t"
    assert whom(LLM(url="https://evilhuggingface.co/v1", model="m"), token="t")[0] == router


def test_a_token_that_came_with_a_request_is_kept_sealed_until_its_job_ends(store, sealer, project, tmp_path):
    token = "hf" + "_" + "Wq8" * 11
    seen: list[str] = []
    held = Models(LLM(), sealer)
    job = jobs.ask(store, "refine", {}, project=project)
    models.keep_key_for(store, held, job, token)
    assert token not in everything(store)

    def piece(bench: Bench, job: Job, _: Running) -> Left:
        seen.append(models.asking_for(store, bench.models, job=job).endpoint.key)
        return Left(len(seen) == 2, {}, {})

    bench = Bench(store, tmp_path, models=held)
    for _ in range(2):
        take(store, piece, bench, job.id)
    assert seen == [token, token]
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sealed_keys")).scalar() == 0


def everything(store: Store) -> str:
    """All that the store holds, as text."""
    with store.read() as connection:
        tables = inspect(connection).get_table_names()
        return "\n".join(str(tuple(row)) for name in tables for row in connection.execute(text(f'SELECT * FROM "{name}"')))
