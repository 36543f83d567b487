"""Through three sessions with a crash in the second, the third knows what the first two did: each agent, and one after another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onward.agents.payload import AGENTS
from onward.core.headings import NOTICES

from .conftest import Desk
from .stand_ins import STAND_INS, StandIn

pytestmark = pytest.mark.slow

RULE = "Never round the totals of a receipt."
FIRST_DONE = (
    "The receipts page is in `src/receipts.py` and shows every line of an order. Next: print receipts on the Epson at 192.168.10.40:9100."
)
SECOND_ASKED = "Always write the labels of the printer in Indonesian."
SECOND_DONE = "We decided to send raw ESC/POS instead of PDF because the Epson drops PDF jobs. Next: connect the cash drawer."
ONE_AFTER_ANOTHER = ("claude-code", "codex", "gemini-cli")


@pytest.fixture(params=["sqlite", "postgresql", "server"])
def desk_on(request: pytest.FixtureRequest, desk: Desk) -> Iterator[Desk]:
    """The desk, on each kind of store, and on the store of an Onward elsewhere."""
    if request.param == "postgresql":
        desk.environment["ONWARD_DATABASE_URL"] = request.getfixturevalue("new_database")()
    if request.param != "server":
        yield desk
        return
    environment = {**os.environ, "ONWARD_HOME": str(desk.folder / "server"), "HOME": str(desk.folder)}
    command = [sys.executable, "-m", "onward", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        desk.environment["ONWARD_SERVER"] = json.loads(server.stdout.readline())["url"]
        yield desk
        server.terminate()


@pytest.mark.parametrize("agents", [*((agent,) * 3 for agent in AGENTS), ONE_AFTER_ANOTHER], ids="-".join)
def test_the_third_session_knows_what_the_first_two_did(
    agents: tuple[str, str, str], desk_on: Desk, commit: Callable[[Path, str], None]
) -> None:
    desk = desk_on
    first, second, third = (STAND_INS[agent](desk, day) for day, agent in enumerate(agents, 1))

    assert "there is none yet" in first.begin()
    first.say(f"Build a receipts page for the shop. {RULE}", FIRST_DONE)
    if first.end():
        desk.settle(1 + bool(first.events[3]))
    commit(desk.shop, "Add the receipts page")

    known = second.begin()
    assert RULE in known
    assert "192.168.10.40:9100" in known
    second.say(SECOND_ASKED, SECOND_DONE)
    second.crash()

    told = third.begin()

    def whole() -> bool:
        nonlocal told
        if NOTICES[1] in told or "Since then" not in told:
            told = third.begin()
        return NOTICES[1] not in told and "Since then" in told

    # On a busy machine a start waits no longer for the session, or for git. A moment later both are there.
    desk.until(whole)
    assert RULE in told
    assert SECOND_ASKED in told
    assert "raw ESC/POS instead of PDF" in told
    # Cursor's transcripts have no times: what came after its session is what came after its handoff.
    assert ("no new commits" if second.agent == "cursor" else "2 new commits (`Add the receipts page`, `Begin`)") in told
    learned_once(desk, third)
    assert [line["fault"] for line in desk.log() if "fault" in line] == []


def learned_once(desk: Desk, third: StandIn) -> None:
    """What the hook put into the second session was not learned from it."""
    facts = desk.run("fact", "list", "--json").stdout
    assert facts.count(RULE) == 1, facts
    rule = next(line for line in third.injected.splitlines() if RULE in line)
    assert "[s1." in rule
    assert "You continue work" not in facts
    third.say("Go on.", "I go on.")
