"""A person's own agent as the writer: its program is started without tools, bounded, and asked once.

The programs here are small scripts that print what the real ones print; `make agents` runs the real ones.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app.jobs import jobs
from onward.app.models import gateway, keys, writers
from onward.app.models.gateway import ModelContext, ModelSetup
from onward.app.projects import projects
from onward.cli.main import main
from onward.core.agents import AGENTS
from onward.core.transcript.onward_calls import is_onward_call
from onward.errors import BadInput, NotFound, ProviderFailed, SpendLimit
from onward.llm.agent_answer import read_output
from onward.llm.encryption import Sealer
from onward.settings import LLMSettings
from onward.store import jobs as stored_jobs

PAGE = "# Handoff\n**Goal.** Poll the courier. [s1.1]"
WRITERS = {agent.id: agent.writer for agent in AGENTS if agent.writer}

RESULT = {"type": "result", "subtype": "success", "is_error": False, "result": PAGE}
OUTPUTS = {
    "claude-code": json.dumps({**RESULT, "usage": {"input_tokens": 900, "cache_creation_input_tokens": 50, "cache_read_input_tokens": 50,
                               "output_tokens": 40}, "modelUsage": {"opus": {"inputTokens": 900}}}),
    "qwen-code": json.dumps([{"type": "system", "tools": []}, {**RESULT, "usage": {"input_tokens": 1000, "output_tokens": 40,
                             "cache_read_input_tokens": 300}, "stats": {"models": {"opus": {}}}}]),
    "codex": "\n".join(map(json.dumps, (
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.completed", "item": {"type": "error", "message": "Code Mode is unavailable."}},
        {"type": "item.completed", "item": {"type": "agent_message", "text": PAGE}},
        {"type": "turn.completed", "usage": {"input_tokens": 1000, "cached_input_tokens": 300, "output_tokens": 40}},
    ))),
    "gemini-cli": "Ripgrep is not available.\n" + json.dumps({"session_id": "g", "response": PAGE, "stats": {"models": {"opus": {
        "tokens": {"prompt": 1000, "candidates": 30, "thoughts": 10}}}}}, indent=1),
    "opencode": "\n".join(map(json.dumps, (
        {"type": "step_start", "part": {}},
        {"type": "text", "part": {"text": PAGE}},
        {"type": "step_finish", "part": {"tokens": {"input": 700, "output": 30, "reasoning": 10, "cache": {"read": 300, "write": 0}}}},
    ))),
}  # fmt: skip
"""What each program prints, in its own form."""

PROGRAM = """\
#!{python}
import json, os, sys, time
from pathlib import Path
note = {{"arguments": sys.argv[1:], "prompt": sys.stdin.read(), "variables": dict(os.environ), "files": sorted(map(str, Path().rglob("*")))}}
with open({log!r}, "a") as log:
    log.write(json.dumps(note) + chr(10))
{action}
"""


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def installed(bin_folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """Puts the program of an agent into PATH: it notes how it was started in the returned file, and then does *action*."""

    def write(agent_id: str, action: str = "") -> Path:
        log, program = tmp_path / "runs.jsonl", bin_folder / WRITERS[agent_id].program
        action = action or f"print({OUTPUTS[agent_id]!r})"
        program.write_text(PROGRAM.format(python=sys.executable, log=str(log), action=action))
        program.chmod(0o755)
        return log

    return write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "data"


def runs(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def context_of(store, home: Path, **settings) -> ModelContext:
    project = projects.create(store, "shop")
    job = jobs.request_job(store, "refine", {}, project=project)
    model_setup = ModelSetup(LLMSettings(**settings), Sealer(home), home)
    model_context = gateway.find_model_context(store, model_setup, project=project, job=job)
    assert model_context
    return model_context


def ask(store, model_context: ModelContext, step: str = "write"):
    return gateway.call(store, model_context, step, "Write the page.", "The courier is polled.")


@pytest.mark.parametrize("agent_id", OUTPUTS)
def test_an_agent_answers_once_and_its_subscription_is_told(store, home, installed, monkeypatch, agent_id) -> None:
    monkeypatch.setenv("ONWARD_LLM_KEY", "not-for-others")
    names = ("ONWARD_", *WRITERS[agent_id].session_variables)
    for name in names:
        monkeypatch.setenv(f"{name}_X", "1")
    log = installed(agent_id)
    writers.choose(home, agent_id)
    model_context = context_of(store, home)
    answer = ask(store, model_context)
    assert (answer.value.strip(), answer.input_tokens, answer.output_tokens, answer.cost_usd) == (PAGE, 1000, 40, 0.0)
    assert answer.model.startswith(model_context.endpoint.host)
    assert ask(store, model_context).value == answer.value
    (run,) = runs(log)
    assert is_onward_call(run["prompt"])
    assert "The courier is polled." in run["prompt"]
    assert not [name for name in run["variables"] if name.startswith(names)]
    wanted = {part for name in WRITERS[agent_id].files for part in (name, *map(str, list(Path(name).parents)[:-1]))}
    assert set(run["files"]) == wanted
    assert not [part for part in run["arguments"] if "{" in part.replace("mcp_servers={}", "")]
    assert not list((home / writers.RUNS_FOLDER).iterdir())
    spent = gateway.total_spend(store)
    assert (spent.calls, spent.subscription, spent.cost_usd, spent.unpriced) == (1, 1, 0.0, 0)
    assert [(line.name, line.spent.subscription) for line in gateway.list_spend(store, "model")] == [(agent_id, 1)]


ACTIONS = {
    "not logged in": 'print(json.dumps({"type": "result", "is_error": True, "result": "Not logged in · Please run /login"})); sys.exit(1)',
    "rate limit": 'print(json.dumps({"type": "result", "is_error": True, "result": "You have hit your usage limit"})); sys.exit(1)',
    "unknown options": 'print("error: unknown option --safe-mode", file=sys.stderr); sys.exit(1)',
    "bad answer": 'print("Hello! I am a shell."); sys.exit(3)',
    "too large": 'print("x" * 9_000_000, flush=True); time.sleep(60)',
    "timeout": "time.sleep(60)",
    "cut off": "os.kill(os.getpid(), 9)",
}


@pytest.mark.parametrize("reason", ACTIONS)
def test_what_goes_wrong_is_told_and_leaves_nothing(store, home, installed, reason) -> None:
    installed("claude-code", ACTIONS[reason])
    writers.choose(home, "claude-code")
    model_context = context_of(store, home, timeout_seconds=3.0 if reason == "timeout" else 30.0)
    with pytest.raises(ProviderFailed) as caught:
        ask(store, model_context)
    assert caught.value.reason == reason
    assert "Claude Code" in str(caught.value)
    assert caught.value.hint
    assert not list((home / writers.RUNS_FOLDER).iterdir())
    assert [call.failed for call in gateway.list_calls(store)] == [reason]


def test_a_program_that_is_gone_is_told(store, home, installed, bin_folder) -> None:
    installed("codex")
    writers.choose(home, "codex")
    model_context = context_of(store, home)
    (bin_folder / "codex").unlink()
    with pytest.raises(ProviderFailed) as caught:
        ask(store, model_context)
    assert caught.value.reason == "not installed"


def test_a_stopped_job_kills_the_program(store, home, installed, tmp_path) -> None:
    installed("claude-code", f"time.sleep(4); open({str(tmp_path / 'late')!r}, 'w').write('x')")
    writers.choose(home, "claude-code")

    def stop(_: int) -> None:
        if (tmp_path / "runs.jsonl").exists():
            raise jobs.JobStopped

    with pytest.raises(jobs.JobStopped):
        gateway.call(store, context_of(store, home), "write", "Write the page.", "Material", watch=stop)
    time.sleep(5)
    assert not (tmp_path / "late").exists()


def test_a_day_has_an_end(store, home, installed) -> None:
    log = installed("claude-code")
    writers.choose(home, "claude-code")
    model_context = context_of(store, home, daily_answers=2)
    for step in ("one", "two"):
        ask(store, model_context, step)
    with pytest.raises(SpendLimit) as caught:
        ask(store, model_context, "three")
    assert caught.value.until
    assert len(runs(log)) == 2


def test_nobody_writes_until_a_person_says_so(store, home, installed, bin_folder) -> None:
    installed("claude-code")
    model_setup = ModelSetup(LLMSettings(), Sealer(home), home)
    assert gateway.find_model_context(store, model_setup) is None
    assert [(agent.agent_id, bool(agent.program)) for agent in writers.list_agents(home) if agent.program] == [("claude-code", True)]
    with pytest.raises(NotFound):
        writers.choose(home, "codex")
    with pytest.raises(BadInput):
        writers.choose(home, "cursor")
    writers.choose(home, "claude")
    assert gateway.find_model_context(store, model_setup).endpoint.model == "claude-code"
    assert gateway.find_model_context(store, ModelSetup(LLMSettings(is_off=True), Sealer(home), home)) is None
    assert gateway.find_model_context(store, model_setup, token="t").endpoint.model != "claude-code"
    writers.clear(home)
    assert gateway.find_model_context(store, model_setup) is None


def test_a_new_key_wakes_what_waits(store, home) -> None:
    job = jobs.request_job(store, "refine", {}, project=projects.create(store, "shop"))
    with store.write() as connection:
        later = datetime.now(UTC) + timedelta(days=1)
        waiting = stored_jobs.lock_run(connection, job.run)
        assert waiting
        stored_jobs.requeue(connection, waiting, due_at=later, error={}, step=jobs.WAITING_STEP)
    keys.save(store, ModelSetup(LLMSettings(), Sealer(home), home), "a-key")
    assert jobs.require(store, job.id).due_at is None


KILLED = """
import sys
from pathlib import Path
from onward.llm.agent_writer import AgentWriter
writer = AgentWriter(agent_id="claude-code", program=sys.argv[1], folder=Path(sys.argv[2]))
writer.ask("Write the page.", "The courier is polled.", None, None, watch=None, attempts=None)
"""


@pytest.mark.parametrize("is_over", [False, True])
def test_after_a_kill_the_answer_is_found_and_not_paid_for_again(store, home, installed, bin_folder, tmp_path, is_over) -> None:
    log = installed("claude-code", f"time.sleep({0 if is_over else 3}); print({OUTPUTS['claude-code']!r})")
    writers.choose(home, "claude-code")
    command = [sys.executable, "-c", KILLED, str(bin_folder / "claude"), str(home / writers.RUNS_FOLDER)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not runs(log) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(2 if is_over else 0)
        os.kill(process.pid, signal.SIGKILL)
    answer = ask(store, context_of(store, home))
    assert answer.value.strip() == PAGE
    assert len(runs(log)) == 1


@pytest.mark.parametrize(
    ("form", "output", "errors", "error"),
    [
        ("response", "", 'Warning\n{"error": {"message": "Please set an Auth method", "code": 41}}', "Please set an Auth method"),
        ("result", '[{"type": "result", "is_error": true, "error": {"message": "No auth type is selected."}}]', "", "No auth type"),
        ("events", '{"type": "error", "message": "Reconnecting..."}\n{"type": "turn.failed", "error": {"message": "401 no"}}', "", "401"),
        ("parts", '{"type": "error", "error": {"name": "ProviderAuthError", "data": {"message": "no key"}}}', "", "no key"),
        ("parts", "", "Segmentation fault", "Segmentation fault"),
        ("result", "[[1, 2], null]", "", ""),
    ],
)
def test_what_a_program_says_of_its_failure_is_found(form, output, errors, error) -> None:
    answer = read_output(form, output, errors)
    assert answer.text == ""
    assert error in answer.error


def test_install_chooses_the_writer_and_uninstall_takes_it_back(installed, home, tmp_path, monkeypatch, capsys) -> None:
    installed("claude-code")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ONWARD_HOME", str(home))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    assert main(["install", "claude-code", "codex", "--writer"]) == 2
    capsys.readouterr()
    assert main(["install", "claude-code", "--writer"]) == 0
    assert "writes the handoffs" in capsys.readouterr().out
    assert writers.find_agent_id(home) == "claude-code"
    assert main(["install", "claude-code", "--uninstall", "--writer"]) == 0
    assert "does not write handoffs any more" in capsys.readouterr().out
    assert writers.find_agent_id(home) == ""
    assert (tmp_path / ".claude" / "settings.json").exists()
    assert main(["install", "claude-code", "--writer"]) == 0
    assert main(["install", "claude-code", "--uninstall"]) == 0
    assert writers.find_agent_id(home) == ""
