"""A store behaves as a plain model of it, whatever is done to it in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from onward.app import completing, facts, handoffs, projects, rebuilding
from onward.app import sessions as sittings
from onward.app.intake import SessionIntake
from onward.app.preparing import ready
from onward.core.master import turn_tokens
from onward.core.transcript import SessionHead, ToolResult, Turn
from onward.store import Store, health, search_index

MORNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
WORDS = [
    "Always use tabs.",
    "continue",
    "I decided to use Redis, because it is fast.",
    "Done: the cart is fixed.",
    "Never push to main.",
    "ok",
]


def spoken(words: int, minute: int | None, name: int | None) -> Turn:
    """A turn; what has an id says the same wherever it is met."""
    if name is not None:
        words, minute = name % len(WORDS), name
    at = None if minute is None else MORNING + timedelta(minutes=minute)
    return Turn("user" if words % 2 else "assistant", WORDS[words], at, None if name is None else f"turn-{name}")


turns = st.one_of(
    st.builds(spoken, st.integers(0, len(WORDS) - 1), st.none() | st.integers(0, 5), st.none()),
    st.builds(spoken, st.just(0), st.none(), st.integers(0, 12)),
    st.builds(lambda text: Turn("tool", results=(ToolResult("c", text),)), st.sampled_from(["", "exit 1", "Redis " + "x" * 9000])),
)


@dataclass
class Kept:
    """A session as the model has it."""

    native: str | None
    turns: dict[object, Turn] = field(default_factory=dict)
    status: str = "active"


class Machine(RuleBasedStateMachine):
    """One project in a store, and the same as plain lists. What makes a turn the same one is said here once more, in the simplest words."""

    open_store: Callable[[], Store]

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.project = projects.new(self.store, "shop")
        self.other = projects.new(self.store, "other")
        self.kept: list[Kept] = []
        self.versions = 0
        self.said: dict[str, str] = {}
        self.earlier: list[tuple[str, Sequence[Turn]]] = []

    def teardown(self) -> None:
        self.store.close()

    @rule(native=st.sampled_from("abcd"), said=st.lists(turns, min_size=1, max_size=12))
    def read(self, native: str, said: Sequence[Turn]) -> None:
        self.earlier.append((native, said))
        self._read(native, said)

    @precondition(lambda self: self.earlier)
    @rule(data=st.data(), more=st.lists(turns, max_size=4), upto=st.integers(1, 12))
    def read_again(self, data: st.DataObject, more: Sequence[Turn], upto: int) -> None:
        """The same file, a file that has grown, or one that was cut off."""
        native, said = data.draw(st.sampled_from(self.earlier))
        self._read(native, [*said[:upto], *more] if upto >= len(said) else said[:upto])

    @precondition(lambda self: self.earlier)
    @rule(data=st.data(), native=st.sampled_from("wxyz"), more=st.lists(turns, max_size=4))
    def fork(self, data: st.DataObject, native: str, more: Sequence[Turn]) -> None:
        """Another session that begins with what one before it said."""
        self._read(native, [*data.draw(st.sampled_from(self.earlier))[1], *more])

    def _read(self, native: str, said: Sequence[Turn]) -> None:
        head = SessionHead("codex", native)
        intake = SessionIntake(self.store, self.project, head, "a.jsonl")
        for item in ready([head, *said], lambda _: self.project.key):
            if not isinstance(item, SessionHead):
                intake.take(item)
        intake.finish()
        session = next((one for one in self.kept if one.native == native), None)
        met = Counter[object]()
        new = []
        for turn in said:
            content = (turn.role, turn.at, turn.text, turn.results and turn.results[0].text)
            met[content] += turn.id is None
            identity = turn.id or (content, met[content], native if turn.at is None else "")
            if identity not in [name for name, _ in new] and not any(identity in one.turns for one in self.kept):
                new.append((identity, turn))
        assert (intake.new_turns, intake.known_turns) == (len(new), len(said) - len(new))
        if new:
            if session is None:
                session = Kept(native)
                self.kept.append(session)
            session.turns.update(new)
            session.status = "active"

    @rule()
    def start(self) -> None:
        started = sittings.start(self.store, self.project, agent="codex")
        assert (started.previous.version if started.previous else 0) == self.versions
        self.kept.append(Kept(None))

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), words=st.none() | st.lists(st.sampled_from(["shipped", "half of it"]), max_size=2))
    def complete(self, data: st.DataObject, words: list[str] | None) -> None:
        place = data.draw(st.integers(0, len(self.kept) - 1))
        session = sittings.find(self.store, self.project, place + 1)
        done = completing.complete(self.store, session, accomplishments=words)
        again = self.kept[place].status == "completed" and (words is None or tuple(words) == session.accomplishments)
        assert done.again == again
        assert done.session.accomplishments == (session.accomplishments if words is None else tuple(words))
        self.versions += not again
        self.kept[place].status = "completed"

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), reopen=st.booleans())
    def set_aside(self, data: st.DataObject, reopen: bool) -> None:
        place = data.draw(st.integers(0, len(self.kept) - 1))
        (sittings.reopen if reopen else sittings.abandon)(self.store, sittings.find(self.store, self.project, place + 1))
        self.kept[place].status = "active" if reopen else "abandoned"

    @precondition(lambda self: facts.listed(self.store, self.project, state=None))
    @rule(data=st.data(), say=st.sampled_from([facts.pin, facts.retract]))
    def correct(self, data: st.DataObject, say: Callable[..., facts.Fact]) -> None:
        known = facts.listed(self.store, self.project, state=None)
        fact = data.draw(st.sampled_from(known))
        say(self.store, self.project, fact.id)
        self.said[fact.id] = say.__name__
        self.versions += self.versions > 0

    @precondition(lambda self: self.versions)
    @rule()
    def rebuild(self) -> None:
        before = handoffs.current(self.store, self.project).markdown
        rebuilt = rebuilding.rebuild(self.store, self.project)
        done = sum(one.status == "completed" for one in self.kept)
        assert rebuilt.sessions == done
        if rebuilt.handoff:
            self.versions += 1
            if all(one.status == "completed" for one in self.kept):
                assert rebuilt.handoff.markdown == before

    @invariant()
    def sessions_are_those_of_the_model(self) -> None:
        stored = sittings.listed(self.store, self.project)
        assert [(one.number, one.native_id, one.status, one.turns) for one in stored] == [
            (number, one.native, one.status, len(one.turns)) for number, one in enumerate(self.kept, start=1)
        ]
        for session, one in zip(stored, self.kept, strict=True):
            assert [(turn.ordinal, turn.turn) for turn in sittings.replay(self.store, session)] == list(
                enumerate(one.turns.values(), start=1)
            )
            assert session.tokens == sum(map(turn_tokens, one.turns.values()))
        assert sittings.listed(self.store, self.other) == []

    @invariant()
    def handoffs_are_versions(self) -> None:
        assert [one.version for one in handoffs.versions(self.store, self.project)] == list(range(self.versions, 0, -1))

    @invariant()
    def what_a_person_said_stands(self) -> None:
        known = {one.id: one for one in facts.listed(self.store, self.project, state=None)}
        for name, said in self.said.items():
            if name in known:
                assert known[name].pinned if said == "pin" else known[name].state == "retracted"

    @invariant()
    def the_index_is_in_step(self) -> None:
        said = [turn.text + "".join(one.text for one in turn.results) for one in self.kept for turn in one.turns.values()]
        with self.store.read() as connection:
            assert health.damage(connection) == []
            assert health.unindexed(connection) == 0
            assert search_index.of(connection).frequencies(connection, ["redis"])["redis"] == sum("Redis" in text for text in said)


def _run(open_store: Callable[[], Store], examples: int) -> None:
    machine = type("Machine", (Machine,), {"open_store": staticmethod(open_store)})
    # A failure is twelve steps at most: readable as it is, and not worth the minutes that making it smaller takes.
    few = settings(
        max_examples=examples,
        stateful_step_count=12,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(machine, settings=few)


@pytest.mark.slow
def test_on_sqlite(tmp_path_factory: pytest.TempPathFactory, soak: int) -> None:
    _run(lambda: Store.at_folder(tmp_path_factory.mktemp("store")), 20 * soak)


@pytest.mark.slow
def test_on_postgresql(new_database: Callable[[], str], soak: int) -> None:
    _run(lambda: Store.at_url(new_database()), 8 * soak)
