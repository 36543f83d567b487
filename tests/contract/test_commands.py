"""Every command gives the same data, output, errors and exit codes on a server as on a local store."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onward import samples
from onward.client import Client

pytestmark = pytest.mark.slow

# Parts that differ between any two stores: times, ids that contain a time, and digests of secrets, which are keyed by project.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+\d\d:\d\d)?")
_DIGEST = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{8}\b|(?<=:)[0-9a-f]{6,}(?=\])")
_TIME_KEYS = {"created_at", "updated_at", "completed_at", "at", "began_at", "last_at", "size_bytes", "started_at"}


def mask_differences(value: Any) -> Any:
    """Return *value* with the parts masked that differ between stores; floats are rounded as in the API."""
    if isinstance(value, dict):
        return {key: "…" if key in _TIME_KEYS and value[key] is not None else mask_differences(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [mask_differences(item) for item in value]
    if isinstance(value, float):
        return pytest.approx(value, abs=2e-4)
    return _DIGEST.sub("…", _TIME.sub("…", value)) if isinstance(value, str) else value


def read_output(text: str) -> Any:
    """Return the output of a command, parsed: JSON, JSON lines, or text."""
    try:
        return mask_differences([json.loads(line) for line in text.splitlines()])
    except ValueError:
        return mask_differences(text)


INVALID_REQUEST = "The request cannot be used."
"""Beginning of the server's message when it rejects a request before any use case; locally another message reports the same bad input."""


class BothStores:
    """Runs a command locally and remotely, and compares the results."""

    def __init__(self, here: Any, remote: Any) -> None:
        self.here, self.remote = here, remote

    def __call__(self, *arguments: object) -> Any:
        local, from_remote = self.here(*arguments), self.remote(*arguments)
        if INVALID_REQUEST in from_remote.err:
            assert (from_remote.code, local.code) == (2, 2), (arguments, local, from_remote)
        else:
            assert (from_remote.code, read_output(from_remote.out), read_output(from_remote.err)) == (
                local.code,
                read_output(local.out),
                read_output(local.err),
            ), arguments
        return from_remote

    def all(self, *lines: str) -> None:
        """Run each of *lines*, and report all that differ."""
        differ = []
        for line in lines:
            try:
                self(*shlex.split(line))
            except AssertionError as error:
                differ.append(str(error))
        assert not differ, "\n\n".join(differ)


@pytest.fixture
def both(local: Any, remote: Any) -> BothStores:
    return BothStores(local, remote)


@pytest.fixture
def transcripts(tmp_path: Path) -> Path:
    samples.write(tmp_path / "samples")
    return tmp_path / "samples"


@pytest.fixture
def both_filled(both: BothStores, transcripts: Path) -> BothStores:
    """Both stores, with the three sample sessions completed."""
    both("import", transcripts, "--complete")
    return both


def test_an_empty_store(both: BothStores) -> None:
    both.all(
        "project list",
        "project list --json",
        "project show",
        "session list",
        "session start",
        "handoff",
        "handoff list --json",
        "fact list --json",
        "search anything",
        "source s1.1",
        "knowledge list --json",
        "knowledge seen 'KeyError: 1'",
        "files",
        "account list",
        "account best",
        "account best --json",
        "account credits",
        "account credits --json",
        "template list",
        "template list --json",
        "analytics growth",
        "analytics growth --all",
        "analytics growth --all --json",
        "analytics patterns --all",
        "rebuild",
    )


def test_the_loop_by_hand(both: BothStores) -> None:
    both.all(
        "project new kopi-shop --description 'toko kopi ☕' --json",
        "template new bugfix --objective 'Find the cause first' --check 'A test fails without it' --description 'In production' --json",
        "session start --objective 'Ship π' --agent codex --template bugfix --json",
        "session list --json",
        "session show 1 --json",
        "session complete --accomplishment 'Checkout läuft' --accomplishment 二 --blocker 'Keys fehlen' --credits 12.5 --json",
        "session complete 1 --json",
        "session start",
        "session start --format prompt",
        "session list",
        "session list --status in_progress --json",
        "session rename 1 'Das erste Stück' --json",
        "session rename 1 ''",
        "session delete 1",
        "session delete 1 --json",
        "session list --deleted",
        "session list",
        "session show 1",
        "handoff",
        "session undelete 1 --json",
        "session undelete 1",
        "session list --deleted",
        "session list --deleted --json",
        "session abandon 2 --json",
        "session reopen 2",
        "handoff --json",
        "handoff --session 1",
        "handoff --budget 300 --json",
        "handoff --format prompt --next-goal 'Go on' --no-sources",
        "handoff list --json",
        "session complete 2 --accomplishment 'Second'",
        "handoff diff 1 2 --json",
        "handoff diff 1 2",
        "handoff redline 1 2",
        "handoff redline 1 2 --json",
        "session show 1",
        "source s1.0 --json",
        "project show --json",
        "project rename kopi-shop kopi --json",
        "project archive kopi",
        "project list",
        "project list --archived --json",
        "project restore kopi",
        "project delete kopi --yes --json",
        "project list --json",
        "session move 2 other --json",
        "session move 1 kopi-shop --project other",
        "session list --json",
        "project list",
    )


def test_errors_are_the_same_on_both(both: BothStores) -> None:
    both.all(
        "project new 7",
        "project new ''",
        "project new kopi",
        "project new kopi",
        "project new kopi --json",
        "project show nope --json",
        "session show 9",
        "session show 9 --json",
        "session start --project nope --json",
        "session start --template nope",
        "session complete",
        "handoff",
        "handoff --session 3",
        "handoff diff 4 3",
        "handoff diff 1 2",
        "handoff redline 8 9",
        "handoff refine",
        "handoff refine --dry-run --json",
        "fact add rule ''",
        "fact pin nope",
        "fact list --session 9",
        "source nonsense",
        "source s9.1",
        "files --session 9",
        "search ''",
        "search '?!'",
        "knowledge show 9",
        "knowledge edit 9 --text x",
        "knowledge delete 9 --json",
        "account show nope",
        "account new ''",
        "account new a --credits nonsense",
        "account new a --every never",
        "account new a --resets-at tomorrow",
        "account edit a --used 4",
        "account rotate 1",
        "template show nope",
        "template new nope",
        "project rename kopi ''",
        "project remap kopi kopi",
        "project remap nope kopi",
        "session start --json",
        "project remap kopi other --session 9",
        "rebuild --project nope",
        "import nothing.jsonl",
        "project import nothing.zip",
        "project delete kopi",
    )


def test_transcripts_and_their_results(both_filled: BothStores, transcripts: Path) -> None:
    both_filled("import", transcripts, "--complete", "--json")
    both_filled("import", next(transcripts.iterdir()), "--project", "other", "--json")
    both_filled("import", transcripts / "nothing.jsonl", transcripts, "--project", "other")
    both_filled.all(
        "project list --json",
        "session list --project antre --json",
        "session show 2 --project antre --json",
        "session show 1 --project antre",
        "session replay 1 --project antre --json",
        "session replay 3 --project antre --from 4 --to 9",
        "handoff --project antre --json",
        "handoff diff 1 3 --project antre --json",
        "handoff list --project antre",
        "fact list --project antre --json",
        "fact list --project antre --kind rule --state all",
        "fact list --project antre --file src --json",
        "search printer --project antre --json",
        "search nomor --all --budget 20 --json",
        "search webhook --project antre --kind user --kind fact",
        "source s1.1-3 --project antre --json",
        "source s2.4 --project antre",
        "knowledge list --json",
        "knowledge list --project antre --kind lesson",
        "knowledge search printer --json",
        "knowledge search 'no such thing at all'",
        "files --project antre --json",
        "files src --project antre --session 3",
        "analytics growth --project antre --json",
        "analytics growth --all --csv",
        "analytics growth --project antre",
        "analytics patterns --project antre --json",
        "analytics patterns --all --csv",
        "project show antre --json",
    )


def test_a_person_has_the_last_word(both_filled: BothStores) -> None:
    mine = both_filled("fact", "add", "rule", "Never on a Friday — 金曜日", "--json")
    rule = json.loads(both_filled.here("fact", "list", "--kind", "rule", "--json").out)[0]["id"]
    assert rule in both_filled.remote("fact", "list", "--kind", "rule", "--json").out
    both_filled.all(
        f"fact edit {rule} 'Never store names.' --json", f"fact pin {rule}", f"fact pin {rule} --undo --json", f"fact retract {rule[:10]}",
        f"fact retract {rule} --undo --json", "handoff", "handoff list --json",
    )  # fmt: skip
    assert "Friday" in mine.out
    both_filled.all(
        "knowledge add 'Ask for port 0' --json",
        "knowledge add ECONNREFUSED --kind solution --fix 'start it' --category network --json",
        "knowledge list --by-hand --json",
        "knowledge edit 5 --fix 'Start it first' --used --json",
        "knowledge show 5 --json",
        "knowledge show 1",
        "knowledge seen ECONNREFUSED --json",
        "knowledge delete 5",
        "knowledge list",
    )


def test_a_pool_of_accounts(both_filled: BothStores, work_folder: Path) -> None:
    (work_folder / "pool.csv").write_text("name,credits_total,tags\nc-1,100,review\nc-2,50,\n")
    (work_folder / "bad.csv").write_text("name,credits_total\nd-1,100\nc-1,5\n,7\n")
    both_filled.all(
        "account new claude-1 --provider anthropic --credits 100 --every 5h --model opus=40 --tag review --json",
        "account new claude-1",
        "account import pool.csv --json",
        "account import bad.csv",
        "account import bad.csv --json",
        "account list",
        "account list --json",
        "account edit claude-1 --used 90 --note 'half shared' --json",
        "account report c-2 --failure --note overloaded",
        "account report c-1 --limit --model opus --json",
        "account best",
        "account best --all",
        "account best --model opus --tag review --needs 20 --json",
        "session start --account claude-1 --json",
        "session show 4 --json",
        "account rotate 4 --used 91 --json",
        "account rotate --to c-2",
        "account show c-2 --json",
        "account show claude-1",
        "session complete 4 --credits 9 --account best --json",
        "account credits --json",
        "account credits claude-1",
        "account credits --project antre",
        "account list --status paused",
        "account edit c-1 --status paused --name c-one",
        "account delete c-one --yes --json",
        "account list --json",
    )


def test_handing_over_at_a_limit(both_filled: BothStores) -> None:
    both_filled.all(
        "next --json",
        "account new claude-1 --credits 100",
        "account new codex-1 --credits 50",
        "session start --account claude-1 --objective 'Print'",
        "next --limit --credits 91 --next-goal 'Print the receipt' --json",
        "next --agent codex",
        "next 9",
        "next --project nope --json",
        "troubleshoot 'KeyError: 1' --no-llm --json",
        "troubleshoot 'EADDRINUSE :::3000' --no-llm --context 'while starting'",
    )


def test_handover_imports_new_local_transcripts(both: BothStores, transcripts: Path, work_folder: Path) -> None:
    (work_folder / ".git").mkdir()
    path = work_folder.parent / "person" / ".claude" / "projects" / "some" / "one.jsonl"
    path.parent.mkdir(parents=True)
    records = [json.loads(line) for line in min(transcripts.iterdir()).read_text(encoding="utf-8").splitlines()]
    written = "".join(json.dumps(record | ({"cwd": str(work_folder)} if "cwd" in record else {})) + "\n" for record in records)
    path.write_text(written, encoding="utf-8")
    assert both("next", "--json").data["new_turns"] > 1
    assert both("next", "--json").data["new_turns"] == 0
    more = {"uuid": "more", "type": "user", "message": {"role": "user", "content": "Print it twice."}}
    path.write_text(written + json.dumps(records[-1] | more | {"cwd": str(work_folder)}) + "\n", encoding="utf-8")
    assert both("next", "--json").data["new_turns"] == 1


def test_long_running_commands(both_filled: BothStores, work_folder: Path) -> None:
    both_filled.all(
        "rebuild --json",
        "rebuild --index",
        "handoff --json",
        "project remap antre queue --session 2 --json",
        "project remap queue antre",
        "project list --json",
    )
    for place in (both_filled.here, both_filled.remote):
        file = work_folder / f"{place.home.name}.zip"
        export = place("project", "export", "antre", file, "--training", "--json")
        assert export.data["sessions"] == 3
        assert place("project", "export", "antre", file).code == 2
        assert place("project", "import", file, "--json").data["is_unchanged"] is True
        place("project", "delete", "antre", "--yes")
        assert place("project", "import", file, "--name", "back", "--json").data["project"] == "back"
    both_filled.all("handoff --project back --json", "session list --project back --json")


def test_the_llm_key_and_spending(both: BothStores, monkeypatch: pytest.MonkeyPatch) -> None:
    both.all(
        "llm-key show",
        "llm-key show --json",
        "llm-key test --json",
        "llm-key remove",
        "spend",
        "spend --by model --json",
        "spend --days 0",
        "spend --project nope",
    )
    for place in (both.here, both.remote):
        monkeypatch.setattr("sys.stdin", io.StringIO("not-" + "a-real-key\n"))
        result = place("llm-key", "set", "--json")
        assert result.data["state"] == "set"
        assert "not-" + "a-real-key" not in result.out + result.err
    both.all("llm-key show --json", "llm-key remove --json", "project new kopi", "spend --project kopi --by job --json")


def test_the_how_to_works(both_filled: BothStores, remote: Any, work_folder: Path, root: Path) -> None:
    page = (root / "docs/howto/use-from-python.md").read_text(encoding="utf-8")
    first, *examples = re.findall(r"```python\n(.*?)```", page, re.S)
    names: dict[str, Any] = {}
    remote("project", "new", "kopi-shop")
    exec(first.replace("http://127.0.0.1:3000", remote.url), names)
    assert names["completion"].session.accomplishments == ("Checkout is at port 8443",)
    with Client(remote.url) as names["onward"]:
        for example in examples:
            jobs = [job.id for job in names["onward"].jobs.list_jobs()]
            exec(example.replace("follow(12)", f"follow({jobs[0] if jobs else 1})"), names)
    assert (work_folder / "kopi.zip").is_file()
    assert names["job"].state == "done"


def test_a_server_that_is_gone_is_reported(work_folder: Path, serving: Any, create_runner: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "there") as (url, process):
        remote = create_runner(url)
        assert remote("project", "new", "kopi").code == 0
        process.kill()
        process.wait(30)
        failed_start = remote("session", "start", "--json")
    assert (failed_start.code, failed_start.error["code"]) == (1, "server_unreachable")
    assert url in failed_start.error["message"]


def test_access_tokens_are_limited_to_their_scope(local: Any, serving: Any, create_runner: Any, tmp_path: Path) -> None:
    tokens = {scope: local("access", "new", scope, "--scope", scope, "--json").data["token"] for scope in ("read", "write")}
    with serving(local.home) as (url, _):
        remote = create_runner(url)
        assert remote("project", "new", "kopi", token=tokens["write"]).code == 0
        assert remote("project", "list", token=tokens["read"]).out.startswith("1\tkopi")
        few = remote("project", "new", "teh", "--json", token=tokens["read"])
        assert (few.code, few.error["code"]) == (1, "not_allowed")
        wrong = remote("project", "list", "--json", token="onw" + "_wrong")
        assert (wrong.code, wrong.error["code"]) == (1, "not_authenticated")
        assert "onw" + "_wrong" not in wrong.err


@pytest.mark.parametrize(
    "command",
    [
        "backup x.db",
        "restore x.db",
        "doctor",
        "access list",
        "db migrate",
        "worker",
        "serve",
        "demo --keep",
        "import . --follow --yes",
    ],
)
def test_local_commands_refuse_a_server(work_folder: Path, create_runner: Any, command: str) -> None:
    result = create_runner("http://127.0.0.1:9")(*shlex.split(command))
    assert result.code == 2
    assert "works on the store of this machine" in result.err
    assert '--server ""' in result.err


def test_a_flag_goes_back_to_this_machine(work_folder: Path, create_runner: Any) -> None:
    assert create_runner("http://127.0.0.1:9")("--server", "", "project", "new", "kopi").code == 0


@pytest.mark.parametrize(
    "command", ["handoff", "session list", "project list", "fact list", "search x", "import nothing.jsonl", "rebuild", "account best"]
)
def test_remote_commands_import_no_database_and_no_server(remote: Any, command: str) -> None:
    program = (
        "import sys; from onward.cli.main import main; code = main(sys.argv[1:])\n"
        "print(sorted({'sqlalchemy', 'alembic', 'fastapi', 'starlette', 'pydantic', 'dbos', 'structlog', 'asyncio'} & set(sys.modules)), "
        "file=sys.stderr)"
    )
    environment = {**os.environ, "ONWARD_HOME": str(remote.home), "ONWARD_SERVER": remote.url}
    result = subprocess.run(
        [sys.executable, "-c", program, *shlex.split(command)], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stderr.endswith("[]\n")
