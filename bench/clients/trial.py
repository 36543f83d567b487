"""One client on its own: a fresh home, a fresh repository, Onward installed, and what can be seen afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.clients.catalogue import Client, environment
from bench.clients.endpoint import Endpoint
from bench.clients.installation import Installation
from bench.clients.script import ANSWER, BUILD, DECISION, RULE, TOOL_MARK, UNSAID, asks_for_handoff, asks_for_summary
from onward.agents import hook_log, session_notes
from onward.agents.handoff_command import STEPS
from onward.core.agents import WRITER_IDS, find_agent
from onward.core.facts.headings import PREAMBLE

RUN_SECONDS = 240
SETTLE_SECONDS = 90
EVENTS_OF_CAPTURES = ("pre-compact", "post-compact", "session-end", "stop")


class Output(NamedTuple):
    """What a program printed, both streams together, and its exit status."""

    code: int
    text: str


class Trial:
    """The folders, and the client and Onward as processes in them. `problems` are what was not as it must be, by check."""

    def __init__(self, client: Client, installation: Installation, endpoint: Endpoint, folder: Path) -> None:
        self.client = client
        self.endpoint = endpoint
        self.home, self.repository, self.data = folder / "home", folder / f"shop-{client.agent}", folder / "onward"
        program = installation.program(client)
        assert program
        self._program = str(program)
        self.variables = {
            **environment(endpoint.url),
            "HOME": str(self.home),
            "USER": "agent",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PATH": os.pathsep.join((str(program.parent), installation.path)),
            # Not the default: hooks and the MCP server must use the same.
            "ONWARD_HOME": str(self.data),
        }
        self._lay_out()

    def _lay_out(self) -> None:
        self.home.mkdir(parents=True)
        self.repository.mkdir()
        git = ["git", "-C", str(self.repository), "-c", "user.name=Ayu", "-c", "user.email=ayu@example.com"]
        for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "Begin"]):
            subprocess.run([*git, *words], check=True, capture_output=True)
        for name, text in self.client.settings(self.endpoint.url, self.repository).items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if self.client.preparation:
            self._run(self._program, *(word.replace("{url}", self.endpoint.url) for word in self.client.preparation))

    def prompt(self, text: str) -> Output:
        """Run one session of the client."""
        return self.start(*self.client.arguments, text)

    def start(self, *arguments: str) -> Output:
        """Start the client, and wait until its session is imported."""
        self.endpoint.model.folder = self.repository
        output = self._run(self._program, *arguments)
        self.settle()
        return output

    def onward(self, *words: str, **variables: str) -> Output:
        """Run a command of Onward in the repository."""
        return self._run(sys.executable, "-m", "onward", *words, **variables)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """Return what a command prints as JSON; empty where it prints something else."""
        try:
            value = json.loads(self.onward(*words, "--json").text)
        except ValueError:
            return []
        return value if isinstance(value, list) else []

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of the hooks' log."""
        return hook_log.read_lines(str(self.data))

    def settle(self) -> None:
        """Wait until every import that a hook began is finished."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            lines = self.log()
            requested = sum(line["what"] == hook_log.IMPORT_STARTED for line in lines)
            if requested <= sum(str(line["event"]).startswith(hook_log.IMPORTED) for line in lines):
                return
            time.sleep(0.5)

    def files(self) -> dict[str, bytes]:
        """Return the files of the agent's own folders that are not a cache, a log or a transcript."""
        settings = find_agent(self.client.agent)
        assert settings
        assert settings.hooks
        paths = [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink() and _is_setting(path)]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in paths}

    def _run(self, *command: str, **variables: str) -> Output:
        try:
            result = subprocess.run(
                command, cwd=self.repository, env=self.variables | _source_folder() | variables, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=RUN_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Output(124, "no end within the time limit")
        return Output(result.returncode, result.stdout)


def _source_folder() -> dict[str, str]:
    """Return what lets Onward's processes find this source."""
    return {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}


def _is_setting(path: Path) -> bool:
    return path.suffix in {".json", ".jsonc", ".toml", ".js", ".ts"} and not {"node_modules", ".cache", ".npm"} & set(path.parts)


Check = Callable[[Trial], str]
"""Returns what is wrong, empty for nothing."""


def check_settings(trial: Trial) -> str:
    """Install, uninstall to the byte, and install again."""
    before = trial.files()
    if (output := trial.onward("install", trial.client.agent)).code:
        return output.text
    trial.onward("install", trial.client.agent, "--uninstall")
    if trial.files() != before:
        return "uninstall did not give the files back"
    return trial.onward("install", trial.client.agent).text if not _installed(trial) else ""


def _installed(trial: Trial) -> bool:
    return trial.onward("install", trial.client.agent).code == 0


def check_first_session(trial: Trial) -> str:
    """Run a session: its start and its end are heard, and at most two imports happen."""
    output = trial.prompt(BUILD)
    if ANSWER.splitlines()[0] not in output.text:
        return f"the client failed: {output.text[-300:]}"
    events = [line["event"] for line in trial.log() if not str(line["event"]).startswith(hook_log.IMPORTED)]
    captures = [line for line in trial.log() if line["what"] == hook_log.IMPORT_STARTED]
    if "session-start" not in events:
        return "no start was heard"
    if trial.client.hears_end and "session-end" not in events:
        return "no end was heard"
    return "" if 1 <= len(captures) <= 2 else f"{len(captures)} imports in a short session"


def check_end(trial: Trial) -> str:
    """The session is complete when it is over."""
    return "" if trial.onward("handoff").code == 0 else "there is no handoff"


def check_start(trial: Trial) -> str:
    """The model of the next session received the handoff."""
    place = len(trial.endpoint.requests)
    trial.prompt("Go on. [[note]]")
    texts = trial.endpoint.texts_since(place)
    return "" if any(PREAMBLE in text and RULE in text for text in texts) else f"not in any of {len(texts)} requests"


def check_reading(trial: Trial) -> str:
    """The first session's handoff has its goal, its rule, its file and its error."""
    page = trial.onward("handoff", "--session", "1").text
    wanted = {"goal": "build the parcel tracker", "rule": f"- {RULE}", "file": "`tracker.py`", "error": "AttributeError"}
    return ", ".join(f"no {name}" for name, text in wanted.items() if text not in page)


def check_server(trial: Trial) -> str:
    """What the model recorded over MCP belongs to the second session, and there is no third one."""
    numbers = [str(session["number"]) for session in trial.rows("session", "list")]
    facts = [fact for fact in trial.rows("fact", "list", "--session", "2", "--state", "all") if DECISION in json.dumps(fact)]
    if sorted(numbers) != ["1", "2"]:
        return f"sessions {', '.join(numbers)} instead of 1 and 2"
    return "" if facts else "the fact is not in session 2"


def check_command(trial: Trial) -> str:
    """The person enters `/handoff` in the session, and the agent writes the handoff that the next session gets."""
    place = len(trial.endpoint.requests)
    output = trial.start(*trial.client.command)
    if not any(STEPS.partition("\n")[0] in text for text in trial.endpoint.texts_since(place)):
        return f"the command did not reach the model: {output.text[-200:]}"
    page = trial.onward("handoff").text
    return "" if UNSAID in page else f"it is not the handoff: {page[:200]}"


def check_compaction(trial: Trial) -> str:
    """The client compacts, its hook before it is heard, and no words of the client become facts."""
    place, lines = len(trial.endpoint.requests), len(trial.log())
    trial.prompt("Look around. [[full]]")
    if trial.client.compaction:
        trial.start(*trial.client.compaction)
    if not any(asks_for_summary(request) for request in trial.endpoint.requests[place:]):
        return "it did not compact"
    known_agent = find_agent(trial.client.agent)
    has_event = known_agent and known_agent.hooks and "pre-compact" in known_agent.hooks.events.values()
    if has_event and not any(line["event"] == "pre-compact" for line in trial.log()[lines:]):
        return "its hook was not heard"
    if not trial.client.hears_end:
        trial.onward("sweep")  # What came after the last hook call is imported by the next session, or by this.
    return "" if "SUMMARYMARK" in trial.onward("search", "SUMMARYMARK").text else "its summary is not stored"


def check_search(trial: Trial) -> str:
    """A new store finds the sessions without a path."""
    output = trial.onward("import", "--complete", "--yes", ONWARD_HOME=str(trial.data.with_name("second")))
    return "" if output.code == 0 and "new turns" in output.text and " 0 sessions" not in output.text else output.text[-200:]


def check_writer(trial: Trial) -> str:
    """The agent writes the handoff when it is told to: once, without tools, hooks, servers or a session, and only then."""
    agent = find_agent(trial.client.agent)
    assert agent
    assert agent.writer
    place, lines = len(trial.endpoint.requests), len(trial.log())
    if (output := trial.onward("install", trial.client.agent, "--writer")).code:
        return output.text
    if not trial.client.hears_end:
        trial.onward("session", "complete")
    known = trial.onward("session", "list", "--json").text
    answer = trial.onward("handoff", "refine", "--json")
    trial.onward("install", trial.client.agent, "--uninstall", "--writer")
    try:
        report = json.loads(answer.text[answer.text.index("{") :])["refinement"]
    except (ValueError, KeyError):
        return answer.text
    requests = [request for request in trial.endpoint.requests[place:] if asks_for_handoff(request)]
    problems = {
        f"it wrote nothing: {report}": not report["written"] or agent.label not in report["model"],
        "a tool ran": any(trial.home.parent.rglob(TOOL_MARK)),
        "Onward's server was offered": any(
            "onward" in tool.namespace + tool.name for request in requests for tool in request.tools.values()
        ),
        "a hook ran": len(trial.log()) > lines,
        "no tokens are counted": not report["input_tokens"] or not report["output_tokens"],
    }
    trial.onward("sweep")
    trial.onward("import", "--complete", "--yes")
    problems["its own session is imported"] = trial.onward("session", "list", "--json").text != known
    return ", ".join(problem for problem, has_it in problems.items() if has_it)


def check_uninstall(trial: Trial) -> str:
    """Nothing of Onward is left, and no session waits for its import."""
    trial.onward("install", trial.client.agent, "--uninstall")
    left = [name for name, data in trial.files().items() if b" hook session-start " in data or b"onward mcp" in data or "onward" in name]
    waiting = [note for note in session_notes.list_notes(str(trial.data)) if note.state == session_notes.ENDED]
    return ", ".join(left) or (f"{len(waiting)} sessions wait" if waiting else "")


CHECKS: dict[str, Check] = {
    "settings": check_settings,
    "session": check_first_session,
    "end": check_end,
    "start": check_start,
    "reading": check_reading,
    "mcp": check_server,
    "command": check_command,
    "compaction": check_compaction,
    "search": check_search,
    "writer": check_writer,
    "uninstall": check_uninstall,
}
"""The checks in their order: each builds on those before it."""


def skip_reason(client: Client, check: str) -> str:
    """Return why a check does not apply to a client; empty where it does."""
    if check == "mcp" and not client.has_mcp:
        return "has no MCP"
    if check == "command" and not client.command:
        return "has no command files"
    if check == "writer" and client.agent not in WRITER_IDS:
        return "cannot write"
    if check == "end" and not client.hears_end:
        return "without a terminal it ends unheard: the next start completes it"
    return "in a terminal only" if check == "compaction" and not client.compacts else ""


def start_ms(trial: Trial) -> int:
    """Return how long the last start's hook took."""
    return max((int(line["ms"]) for line in trial.log()[-12:] if line["event"] == "session-start"), default=0)
