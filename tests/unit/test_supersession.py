"""Facts that a later session replaced, finished, fixed, deleted or renamed have the right state in the ledger: through `distill` of
several sessions and through the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onward.app.handoffs import handoffs
from onward.app.handoffs.distillation import distill_files, distill_session
from onward.app.projects import facts, projects
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports
from onward.app.turns.reader import TranscriptReader
from onward.core.facts.fact import LAST_MESSAGE, Fact, FactKind, Handle, Remark, fact_id
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.document import render
from onward.store import Store

ROOT = "/home/ayu/toko"


class Script:
    """Builds a session as an agent writes it: messages, calls and results."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._records: list[dict[str, object]] = []

    def user(self, text: str) -> Script:
        return self._add("user", text)

    def agent(self, text: str) -> Script:
        return self._add("assistant", [{"type": "text", "text": text}])

    def run(self, command: str, output: str = "", *, failed: bool = False) -> Script:
        return self.call("Bash", {"command": command}, f"Exit code 1\n{output}" if failed else output, failed=failed)

    def write(self, path: str) -> Script:
        return self.call("Write", {"file_path": f"{ROOT}/{path}", "content": "x\n"})

    def edit(self, path: str) -> Script:
        return self.call("Edit", {"file_path": f"{ROOT}/{path}", "old_string": "x", "new_string": "y"})

    def todos(self, **status: str) -> Script:
        entries = [{"content": text.replace("_", " "), "status": state, "activeForm": text} for text, state in status.items()]
        return self.call("TodoWrite", {"todos": entries})

    def call(self, tool: str, given: dict[str, object], output: str = "ok", *, failed: bool = False) -> Script:
        name = f"toolu_{self.number}_{len(self._records)}"
        self._add("assistant", [{"type": "tool_use", "id": name, "name": tool, "input": given}])
        return self._add("user", [{"type": "tool_result", "tool_use_id": name, "content": output, "is_error": failed}])

    def _add(self, role: str, content: object) -> Script:
        place = len(self._records)
        about = {"cwd": ROOT, "sessionId": f"5b1e7c1a-0d7e-4b7e-9a53-2f6b8c4d1e{self.number:02}", "version": "2.1.30", "isSidechain": False}
        name = {"uuid": f"u{self.number}-{place}", "parentUuid": f"u{self.number}-{place - 1}" if place else None}
        at = f"2026-03-{self.number:02}T09:{place // 60:02}:{place % 60:02}.000Z"
        self._records.append({**about, **name, "timestamp": at, "type": role, "message": {"role": role, "content": content}})
        return self

    def bytes(self) -> bytes:
        return "\n".join(map(json.dumps, self._records)).encode()


def first() -> Script:
    return Script(1).user("Build the online shop of the bakery. Keep the orders, the cart and the receipts in one service.")


def later(number: int = 2) -> Script:
    return Script(number).user("Go on with the shop of the bakery, please.")


class ReplayResult:
    """The facts after all sessions: by `distill` and by the store, which must agree."""

    def __init__(self, ledger: Ledger, document: str) -> None:
        self.facts = ledger.facts
        self.document = document

    def state(self, words: str) -> str:
        """The state of the only fact that contains *words*."""
        return self.fact(words).state

    def fact(self, words: str) -> Fact:
        (only_fact,) = [fact for fact in self.facts if words in fact.text and fact.subject != LAST_MESSAGE]
        return only_fact


Replay = Callable[..., ReplayResult]


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    def run(*scripts: Script) -> ReplayResult:
        files = []
        for script in scripts:
            path = tmp_path / f"{script.number}.jsonl"
            path.write_bytes(script.bytes())
            files.append(path)
        reading = TranscriptReader()
        for path in files:
            reading.read(path)
        ledger = fold(Ledger(), (fact for path in reading.paths for fact in distill_session(path).facts))
        document = render(distill_files(files)[0].handoff)
        with Store.at_folder(tmp_path / "home") as store:
            project = projects.create(store, "shop")
            for number, path in enumerate(files, start=1):
                imports.import_paths(store, [path], project=project)
                completion.complete(store, sittings.require(store, project, number))
            stored_facts = facts.list_facts(store, project, state=None)
            assert {(fact.text, fact.state) for fact in stored_facts} == {(fact.text, fact.state) for fact in ledger.facts}
            assert handoffs.current_handoff(store, project).markdown == document
        return ReplayResult(ledger, document)

    return run


def test_a_port_that_changed(replay: Replay) -> None:
    now = replay(
        first().agent("The shop server listens on port 8080 in the container."),
        later().agent("I changed the port from 8080 to 9090, so the shop server listens on port 9090 in the container."),
    )
    assert now.state("listens on port 8080") == "superseded"
    assert now.fact("from 8080 to 9090").state == "live"


def test_a_library_that_was_swapped(replay: Replay) -> None:
    now = replay(
        first().agent("I decided to use moment for the dates of the receipts, because it knows the locales."),
        later().agent("The dates of the receipts now use dayjs instead of moment, since it is a tenth of the size."),
    )
    assert now.state("use moment for the dates") == "superseded"
    assert now.state("use dayjs instead of moment") == "live"


def test_a_decision_that_was_reversed_by_the_person(replay: Replay) -> None:
    now = replay(
        first().user("Let's store the orders of the shop in mongodb."),
        later().user("On second thought, store the orders of the shop in postgres instead of mongodb."),
    )
    assert now.state("orders of the shop in mongodb.") == "superseded"
    assert now.state("postgres instead of mongodb") == "live"


def test_a_decision_that_was_reversed_in_indonesian(replay: Replay) -> None:
    now = replay(
        first().user("Simpan pesanan toko pakai mongodb saja ya."),
        later().user("Ganti mongodb jadi postgres untuk simpan pesanan toko."),
    )
    assert now.state("pakai mongodb saja") in ("superseded", "contradicted")
    assert now.state("jadi postgres") == "live"


def test_a_rule_that_was_reversed(replay: Replay) -> None:
    now = replay(
        first().user("Always run the checks of the shop with npm before you push."),
        later().user("From now on always run the checks of the shop with pnpm instead of npm."),
    )
    assert now.state("with npm before") == "superseded"
    assert now.state("pnpm instead of npm") == "live"


def test_a_todo_that_was_done(replay: Replay) -> None:
    now = replay(
        first().todos(Write_the_receipt_page="in_progress", Print_the_labels="pending"),
        later().todos(Write_the_receipt_page="completed", Print_the_labels="pending"),
    )
    assert now.state("receipt page (in progress)") == "resolved"
    assert now.fact("receipt page (ticked off").kind == "done"
    assert [fact.state for fact in now.facts if "Print the labels" in fact.text] == ["superseded", "live"]


def test_a_todo_that_was_dropped(replay: Replay) -> None:
    now = replay(first().todos(Print_the_labels="pending"), later().todos(Print_the_labels="cancelled"))
    assert [fact.state for fact in now.facts if "Print the labels (not begun)" in fact.text] == ["superseded"]


def test_an_error_that_was_fixed_in_a_later_session(replay: Replay) -> None:
    now = replay(
        first().run("pytest tests/test_cart.py", "E   KeyError: 'currency' in the totals of the cart", failed=True),
        later().edit("src/cart.py").run("pytest tests/test_cart.py", "12 passed in 0.31s"),
    )
    (error,) = [fact for fact in now.facts if fact.kind == "error" and "KeyError" in fact.text]
    assert error.state == "resolved"
    assert now.state("`pytest tests/test_cart.py` failed when it last ran") == "superseded"
    assert now.fact("ran without error, 12 passed").state == "live"


def test_an_error_that_came_back(replay: Replay) -> None:
    failing = "E   KeyError: 'currency' in the totals of the cart"
    now = replay(
        first().run("pytest tests/test_cart.py", failing, failed=True),
        later().edit("src/cart.py").run("pytest tests/test_cart.py", "12 passed in 0.31s"),
        later(3).run("pytest tests/test_cart.py", failing, failed=True),
    )
    assert [fact.state for fact in now.facts if fact.kind == "error" and "KeyError" in fact.text][-1] == "live"


def test_a_file_that_was_deleted(replay: Replay) -> None:
    now = replay(
        first().write("src/coupons.py").agent("The coupons are in src/coupons.py."),
        later().run("git rm src/coupons.py", "rm 'src/coupons.py'"),
    )
    assert now.state("`src/coupons.py` was created") == "superseded"
    assert now.fact("`src/coupons.py` was deleted").state == "live"
    assert "`src/coupons.py` was created" not in now.document


def test_a_file_that_was_deleted_by_a_plain_command(replay: Replay) -> None:
    now = replay(first().write("src/coupons.py"), later().run("cd /home/ayu/toko && rm -f src/coupons.py && ls src", "cart.py"))
    assert now.fact("`src/coupons.py` was deleted").state == "live"


def test_a_deletion_that_failed_deletes_nothing(replay: Replay) -> None:
    now = replay(first().write("src/coupons.py"), later().run("rm src/coupons.py", "rm: Permission denied", failed=True))
    assert now.state("`src/coupons.py` was created") == "live"


def test_a_scratch_file_that_is_cleared_away_is_no_file_of_the_project(replay: Replay) -> None:
    now = replay(first().run("rm -f /tmp/shop.log server.log && pytest -q", "3 passed in 0.1s"))
    assert [fact for fact in now.facts if fact.kind == "file"] == []


@pytest.mark.parametrize(
    "command", ["git mv src/coupons.py src/discounts.py", "mv src/coupons.py src/discounts.py", "mv src/coupons.py ./src/discounts.py"]
)
def test_a_file_that_was_renamed(replay: Replay, command: str) -> None:
    now = replay(first().write("src/coupons.py").agent("The coupons are in src/coupons.py, one class each."), later().run(command, ""))
    assert now.state("`src/coupons.py` was created") == "superseded"
    new = now.fact("`src/discounts.py` is the new name of `src/coupons.py`")
    assert (new.state, new.subject) == ("live", "file:src/discounts.py")
    assert "`src/coupons.py` was created" not in now.document


def test_a_file_that_was_moved(replay: Replay) -> None:
    now = replay(first().write("src/coupons.py"), later().run("git mv src/coupons.py src/shop/", ""))
    assert now.state("`src/coupons.py` was created") == "superseded"
    assert now.fact("`src/shop/coupons.py` was moved here from `src/`").state == "live"


def test_a_file_that_was_renamed_and_edited(replay: Replay) -> None:
    now = replay(
        first().write("src/coupons.py"),
        later().run("git mv src/coupons.py src/discounts.py", ""),
        later(3).edit("src/discounts.py"),
    )
    assert [(fact.subject, fact.state) for fact in now.facts if fact.kind == "file"][-1] == ("file:src/discounts.py", "live")
    assert not [fact for fact in now.facts if fact.kind == "file" and fact.subject == "file:src/coupons.py" and fact.state == "live"]


def test_a_file_that_came_back(replay: Replay) -> None:
    now = replay(first().write("src/coupons.py"), later().run("rm src/coupons.py", ""), later(3).write("src/coupons.py"))
    assert [fact.state for fact in now.facts if fact.kind == "file"][-1] == "live"
    assert "deleted" not in now.document


def test_the_branch_and_its_last_commit(replay: Replay) -> None:
    now = replay(
        first().run("git commit -am 'Add the cart'", "[main 1a2b3c4] Add the cart\n 1 file changed"),
        later().run("git commit -am 'Add the receipts' && git push", "[main 5d6e7f8] Add the receipts\n 1 file changed"),
    )
    assert now.state("the last commit `1a2b3c4` is committed locally") == "superseded"
    assert now.state("the last commit `5d6e7f8` is pushed") == "live"
    assert now.state("Committed `1a2b3c4`") == "live"


# Other facts stay live.


def test_only_facts_of_one_subject_retire_each_other(replay: Replay) -> None:
    now = replay(
        first()
        .agent("The printer of the kitchen listens on port 8080 for its labels.")
        .agent("The receipts of the shop are rounded to whole rupiah."),
        later().agent("I changed the port from 8080 to 9090 for the shop server in the container."),
    )
    assert now.state("printer of the kitchen") == "live"
    assert now.state("whole rupiah") == "live"


def test_a_request_that_is_taken_up_again_in_other_words_leaves_the_new_one(replay: Replay) -> None:
    now = replay(
        first().user("Show the prices of the cart with tax."),
        later().user("Show the prices of the cart without tax at the counter."),
    )
    assert (now.state("with tax"), now.state("without tax")) == ("resolved", "live")
    assert "cart with tax" not in now.document


def test_two_files_of_one_name_are_two(replay: Replay) -> None:
    now = replay(first().write("src/index.ts").write("web/index.ts"), later().run("rm src/index.ts", ""))
    assert now.state("`web/index.ts` was created") == "live"


def test_the_same_command_elsewhere_fixes_nothing(replay: Replay) -> None:
    now = replay(
        first().run("pytest tests/test_cart.py", "E   KeyError: 'currency' in the totals of the cart", failed=True),
        later().run("pytest tests/test_menu.py", "3 passed in 0.1s"),
    )
    assert now.state("failed with: E KeyError") == "live"


def test_a_long_text_that_names_the_old_value_among_others_is_marked_not_hidden(replay: Replay) -> None:
    now = replay(
        first().agent(
            "I decided to keep the orders in mongodb with one collection for each counter of the shop and nightly copies to the cellar "
            "disk "
            "plus totals by month under receipts customer baker labels."
        ),
        later().agent("The orders of the shop are kept in postgres instead of mongodb, one table for each counter."),
    )
    assert now.state("nightly copies to the cellar") == "contradicted"
    assert "(in part replaced since)" in now.document


def test_ten_changes_end_in_the_last_state(replay: Replay) -> None:
    scripts = [first().todos(Pay_the_baker="pending")]
    for number in range(2, 11):
        old, new = 8000 + number, 8001 + number
        scripts.append(
            later(number)
            .agent(f"I changed the port from {old} to {new}, so the shop server listens on port {new} in the container.")
            .edit("src/cart.py")
        )
    now = replay(*scripts)
    ports = [fact for fact in now.facts if "listens on port" in fact.text and fact.kind == "done"]
    assert [fact.state for fact in ports] == ["superseded"] * 8 + ["live"]
    assert [fact.state for fact in now.facts if fact.kind == "file"] == ["superseded"] * 8 + ["live"]
    assert now.state("Pay the baker") == "live"


def test_an_open_item_is_resolved_by_what_a_later_session_did_in_most_of_its_words() -> None:
    def make_fact(kind: FactKind, text: str, session: int, remark: Remark | None = None) -> Fact:
        source = Handle(session, 1)
        return Fact(
            id=fact_id(kind, "", text, source),
            kind=kind,
            subject="",
            statement=text,
            remark=remark,
            sources=(source,),
            at=datetime(2026, 3, session, tzinfo=UTC),
        )

    todo = make_fact(
        "next_step", "Nurse page: call the next number", 1, remark=Remark("reported", "waits for the new loudspeakers of the hall")
    )
    other = make_fact("next_step", "Print the ticket", 1)
    aside = make_fact("next_step", "Train (with a visit of the hall) all of the staff", 1)
    done = make_fact("done", "The nurse page works: a tap calls, and the number shows on the TV.", 2)
    visit = make_fact("done", "All staff made a visit to the hall to train.", 2)
    states = {fact.text: fact.state for fact in fold(Ledger(), [todo, other, aside, done, visit]).facts}
    assert states == {todo.text: "resolved", other.text: "live", aside.text: "resolved", done.text: "live", visit.text: "live"}
