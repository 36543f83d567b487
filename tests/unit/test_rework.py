"""The effort of a session: recovery, rework, errors, facts used again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from onward.core.effort.reuse import reused_fact_ids
from onward.core.effort.rework import PriorKnowledge, facts_before, list_errors, measure_effort, prior_knowledge
from onward.core.effort.shell_effects import is_read_only
from onward.core.effort.steps import SessionSteps
from onward.core.facts.fact import Fact, Handle, Outcome
from onward.core.facts.ledger import Ledger, fold
from onward.core.knowledge.signature import likeness, signature, terms
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "x" * 400


class TranscriptWriter:
    """Writes a transcript, one call with its result at a time, a minute apart."""

    def __init__(self, cwd: str = "/home/me/shop") -> None:
        self.steps = SessionSteps(cwd)
        self.turns: list[tuple[int, Turn]] = []

    def say(self, role: str, text: str) -> TranscriptWriter:
        return self._take(Turn(role=role, text=text, at=self._now))  # type: ignore[arg-type]

    def do(self, name: str, arguments: dict[str, object], answer: str = "ok", *, failed: bool = False) -> TranscriptWriter:
        call = f"c{len(self.turns)}"
        self._take(Turn("assistant", at=self._now, calls=(ToolCall(call, name, arguments),)))
        return self._take(Turn("tool", at=self._now, results=(ToolResult(call, answer, is_error=failed, exit_code=int(failed)),)))

    def run(self, command: str, answer: str = "ok", *, failed: bool = False) -> TranscriptWriter:
        return self.do("Bash", {"command": command}, answer, failed=failed)

    def read(self, path: str, answer: str = LONG) -> TranscriptWriter:
        return self.do("Read", {"file_path": path}, answer)

    def edit(self, path: str) -> TranscriptWriter:
        return self.do("Edit", {"file_path": path, "old_string": "a", "new_string": "b"})

    @property
    def _now(self) -> datetime:
        return NOON + timedelta(minutes=len(self.turns))

    def _take(self, turn: Turn) -> TranscriptWriter:
        ordinal = len(self.turns) + 1
        self.turns.append((ordinal, turn))
        self.steps.add_turn(ordinal, turn)
        return self


def test_recovery_is_what_comes_before_the_first_edit_or_the_first_command_that_is_not_reading() -> None:
    session = TranscriptWriter().say("user", "x" * 400).run("git status && ls src | head", LONG).read("src/a.py")
    first = session.steps.tokens
    session.edit("/home/me/shop/src/a.py").run("make test", LONG)
    spent = measure_effort(session.steps, PriorKnowledge())
    assert spent.recovery_tokens == first
    assert (spent.edits, spent.commands, spent.failures) == (1, 2, 0)
    assert spent.first_edit_ms == 5 * 60_000
    assert measure_effort(TranscriptWriter().say("user", LONG).run("make test").steps, PriorKnowledge()).recovery_tokens == 100


def test_a_session_that_only_reads_has_no_recovery_to_tell() -> None:
    assert measure_effort(TranscriptWriter().run("cat a.py").read("b.py").steps, PriorKnowledge()).recovery_tokens is None
    assert measure_effort(TranscriptWriter().say("user", "Why is the sky blue?").steps, PriorKnowledge()).recovery_tokens is None


def test_an_edit_that_was_refused_is_no_progress() -> None:
    refused = TranscriptWriter().do("Edit", {"file_path": "a.py", "old_string": "a", "new_string": "b"}, "not found", failed=True)
    assert measure_effort(refused.steps, PriorKnowledge()).recovery_tokens is None


@pytest.mark.parametrize(
    ("command", "looks"),
    [
        ("cd src && rg -n cart | head", True), ("git -C a log --oneline", True), ("Get-Content a.ps1", True), ("ls 2>/dev/null", True),
        ("grep x a.py 2>&1", True), ("make test", False), ("cat > a.py <<'E'\nx\nE", False), ("echo hi >> notes", False),
        ("sed -i s/a/b/ a.py", False), ("git commit -m x", False), ("pytest -q", False), ("cat a | tee b", False),
    ],
)  # fmt: skip
def test_reading_commands_are_not_work(command: str, looks: bool) -> None:
    assert is_read_only(command) is looks


def test_reading_what_the_ledger_knew_is_rework_until_the_file_changes() -> None:
    before = PriorKnowledge(frozenset({"src/a.py"}))
    session = TranscriptWriter().run("make build").read("/home/me/shop/src/a.py").run("sed -n 1,40p src/a.py", LONG).read("src/b.py")
    once = measure_effort(session.steps, before).reread_tokens
    assert once >= 2 * 100
    session.edit("src/a.py").read("src/a.py")
    assert measure_effort(session.steps, before).reread_tokens == once
    assert measure_effort(TranscriptWriter().read("src/a.py").run("make build").steps, before).reread_tokens == 0, "it is recovery already"


def test_failing_again_the_same_way_and_meeting_what_was_explained_are_rework() -> None:
    error = "src/a.py:41: KeyError: 'currency'"
    session = TranscriptWriter().run("make test", error, failed=True).edit("a.py").run("make test", error.replace("41", "57"), failed=True)
    spent = measure_effort(session.steps, PriorKnowledge())
    assert spent.repeated_tokens > 0
    assert spent.explained_tokens == 0
    explained = measure_effort(session.steps, PriorKnowledge(explained_errors=frozenset({signature(error)})))
    assert explained.repeated_tokens == spent.repeated_tokens, "a token counts once"
    started = TranscriptWriter().run("make build").run("make test", error, failed=True)
    assert measure_effort(started.steps, PriorKnowledge(explained_errors=frozenset({signature(error)}))).explained_tokens > 0
    other = TranscriptWriter().run("make test", error, failed=True).run("make test", "TypeError: price is missing", failed=True)
    assert measure_effort(other.steps, PriorKnowledge()).repeated_tokens == 0


def test_rework_and_recovery_are_never_more_than_the_session() -> None:
    session = (
        TranscriptWriter()
        .read("a.py")
        .run("make", "Error: broken pipe", failed=True)
        .run("make", "Error: broken pipe", failed=True)
        .read("a.py")
    )
    spent = measure_effort(session.steps, PriorKnowledge(frozenset({"a.py"}), frozenset({signature("Error: broken pipe")})))
    assert 0 < (spent.recovery_tokens or 0) + spent.rework_tokens <= spent.tokens


def test_errors_are_met_once_each_and_solved_when_the_same_command_passes() -> None:
    session = TranscriptWriter().run("make test", "KeyError: 'currency'", failed=True).run("make test 2>&1 | tail -5", "1 passed")
    session.run("make lint", "error: unused import os", failed=True).run("grep nothing", "no error", failed=True)
    session.run("make lint", "error: unused import os", failed=True)
    assert [(error.text, error.times, error.is_solved) for error in list_errors(session.steps.steps)] == [
        ("KeyError: 'currency'", 1, True), ("error: unused import os", 2, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        ("/a/b/cart.py:41: KeyError: 'currency'", "C:\\x\\cart.py:7: KeyError: 'currency'", True),
        ("connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.0.0.7:5433", True),
        ("panic at 0x7ffe12ab after 31ms", "panic at 0xdeadbeef after 2.5s", True),
        ("2026-03-01T10:00:00Z job 7f0c2a9 failed", "2026-04-09T11:22:33Z job 9ab3c11 failed", True),
        ("KeyError: 'currency'", "KeyError: 'price'", False),
        ("error TS2322: not assignable", "error TS2345: not assignable", False),
    ],
)
def test_an_error_is_known_again_without_its_paths_and_numbers(first: str, other: str, same: bool) -> None:
    assert (signature(first) == signature(other)) is same


def test_a_text_without_words_has_no_signature() -> None:
    assert signature("12:34 0xff /") == ""


def test_likeness_is_more_for_rare_words_shared() -> None:
    weight = {"lock": 5.0, "fail": 0.5, "git": 1.0}
    words = terms("git failed: lock")
    assert likeness(words, words, weight) == pytest.approx(1)
    assert likeness(words, terms("lock git"), weight) > likeness(words, terms("git failing"), weight) > 0
    assert likeness(words, frozenset(), weight) == 0


def fact(number: int, kind: str, subject: str, text: str, minute: int = 0, **more: object) -> Fact:
    name = f"{number}-{minute}-{subject or text[:20]}"
    return Fact(
        id=name,
        kind=kind,
        subject=subject,
        statement=text,
        sources=(Handle(number, 1),),
        at=NOON + timedelta(days=number, minutes=minute),
        **more,
    )  # type: ignore[arg-type]


def test_earlier_facts_are_those_not_retired_before() -> None:
    old, newer, newest = (fact(n, "file", "file:a.py", f"`a.py` was edited {n} times") for n in (1, 2, 3))
    ledger = fold(Ledger(), [old, newer, newest])
    assert facts_before(ledger, 3) == [fact for fact in ledger.facts if fact.id == newer.id]
    assert facts_before(ledger, 2) == [fact for fact in ledger.facts if fact.id == old.id]
    assert facts_before(ledger, 1) == []


def test_the_ledger_knows_files_that_are_there_and_errors_that_were_solved() -> None:
    facts = [
        fact(1, "file", "file:a.py", "`a.py` was created"),
        fact(1, "file", "file:b.py", "`b.py` was deleted", outcome=Outcome("deleted")),
        fact(
            1,
            "error",
            "error:x",
            "`make test` failed with: KeyError: 'currency' → it passes after a change of `a.py`",
            outcome=Outcome("passes", "make test", "KeyError: 'currency'", "a.py"),
        ),
        fact(1, "error", "error:y", "`make lint` failed with: error: unused import"),
    ]
    assert prior_knowledge(facts) == PriorKnowledge(frozenset({"a.py"}), frozenset({signature("KeyError: 'currency'")}))


def test_a_fact_is_used_again_by_its_file_its_command_or_its_exact_name() -> None:
    facts = [
        fact(1, "file", "file:src/a.py", "`src/a.py` was created"),
        fact(1, "command", "command:make test", "`make test` ran without error"),
        fact(1, "value", "", "The mail server is at localhost:2525"),
        fact(1, "decision", "", "Totals are integers, see `CART_ROUNDING`"),
        fact(1, "lesson", "", "Ducks float because of `Plumage::oil`"),
    ]
    session = TranscriptWriter().say("user", "Plumage::oil").read("src/a.py").run("cd /home/me/shop && make test | tail -3")
    session.say("assistant", "I set CART_ROUNDING and send through localhost:2525.")
    assert reused_fact_ids(facts, session.steps.steps, session.turns) == [fact.id for fact in facts[:4]]
