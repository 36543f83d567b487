"""Three sessions with a crash in the second: the third knows what the first two did, for each agent and for a mix of agents."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import forks

from onward.core.agents import HOOK_AGENT_IDS
from onward.core.facts.headings import NOTICE_PREFIXES

from .conftest import Sandbox
from .simulated_agents import STAND_INS, StandIn

pytestmark = pytest.mark.slow

RULE = "Never round the totals of a receipt."
FIRST_DONE = (
    "The receipts page is in `src/receipts.py` and shows every line of an order. Next: print receipts on the Epson at 192.168.10.40:9100."
)
SECOND_ASKED = "Always write the labels of the printer in Indonesian."
SECOND_DONE = "We decided to send raw ESC/POS instead of PDF because the Epson drops PDF jobs. Next: connect the cash drawer."
ONE_AFTER_ANOTHER = ("claude-code", "codex", "gemini-cli")


@pytest.fixture
def sandbox_on(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, on each kind of store and on a remote Onward server."""
    if request.param == "postgresql":
        sandbox.environment["ONWARD_DATABASE_URL"] = request.getfixturevalue("new_database")()
    if request.param != "server":
        yield sandbox
        return
    environment = {**os.environ, "ONWARD_HOME": str(sandbox.folder / "server"), "HOME": str(sandbox.folder)}
    command = forks.command("serve", "--port", "0", "--no-token", "--json")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        sandbox.environment["ONWARD_SERVER"] = json.loads(server.stdout.readline())["url"]
        yield sandbox
        server.terminate()


@pytest.mark.parametrize(
    ("sandbox_on", "agents"),
    [
        *(("sqlite", (agent,) * 3) for agent in HOOK_AGENT_IDS),
        *((store, ONE_AFTER_ANOTHER) for store in ("sqlite", "postgresql", "server")),
        # Of its database only the one session is sent.
        ("server", ("opencode",) * 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
    indirect=["sandbox_on"],
)
def test_the_third_session_knows_what_the_first_two_did(
    agents: tuple[str, str, str], sandbox_on: Sandbox, commit: Callable[[Path, str], None]
) -> None:
    sandbox = sandbox_on
    first, second, third = (STAND_INS[agent](sandbox, day) for day, agent in enumerate(agents, 1))

    assert "there is none yet" in first.begin()
    first.say(f"Build a receipts page for the shop. {RULE}", FIRST_DONE)
    if first.end():
        sandbox.wait_until(lambda: not sandbox.notes())
    commit(sandbox.shop, "Add the receipts page")

    briefing_text = second.begin()
    assert RULE in briefing_text
    assert "192.168.10.40:9100" in briefing_text
    second.say(SECOND_ASKED, SECOND_DONE)
    second.crash()

    briefing = third.begin()

    def is_complete() -> bool:
        nonlocal briefing
        if NOTICE_PREFIXES[1] in briefing or "new commits" not in briefing:
            briefing = third.begin()
        return NOTICE_PREFIXES[1] not in briefing and "new commits" in briefing

    # On a busy machine the hook stops waiting for the session or for git; both arrive shortly after.
    sandbox.wait_until(is_complete)
    assert RULE in briefing
    assert SECOND_ASKED in briefing
    assert "raw ESC/POS instead of PDF" in briefing
    # Cursor's transcripts have no times: work after its session counts from its handoff.
    assert ("no new commits" if second.agent == "cursor" else "2 new commits (`Add the receipts page`, `Begin`)") in briefing
    assert_learned_once(sandbox, third)
    assert [line["fault"] for line in sandbox.log() if "fault" in line] == []


def assert_learned_once(sandbox: Sandbox, third: StandIn) -> None:
    """Check that facts which the hook injected into the second session are not learned again."""
    facts = sandbox.run("fact", "list", "--json").stdout
    assert sum(RULE in fact["text"] for fact in json.loads(facts)) == 1, facts
    rule = next(line for line in third.injected.splitlines() if RULE in line)
    assert "[s1." in rule
    assert "You continue work" not in facts
    third.say("Go on.", "I go on.")
