"""A store behaves like a simple model under any sequence of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from onward.app.admin import ledger_rebuild
from onward.app.handoffs import handoffs
from onward.app.projects import facts, projects
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns.preparation import prepare_turns
from onward.core.transcript.transcript import SessionHead, ToolResult, Turn
from onward.core.transcript.turn import turn_tokens
from onward.store import Store, health
from onward.store.search import turn_index

MORNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
WORDS = [
    "Always use tabs.",
    "continue",
    "I decided to use Redis, because it is fast.",
    "Done: the cart is fixed.",
    "Never push to main.",
    "ok",
]


def make_turn(words: int, minute: int | None, name: int | None) -> Turn:
    """Return a turn; the same *name* always gives the same text."""
    if name is not None:
        words, minute = name % len(WORDS), name
    at = None if minute is None else MORNING + timedelta(minutes=minute)
    return Turn(role="user" if words % 2 else "assistant", text=WORDS[words], at=at, id=None if name is None else f"turn-{name}")


def is_told_again(earlier: Turn, turn: Turn) -> bool:
    """Return whether *turn* may be *earlier*, written to another file of the same session: times are left out there."""
    texts = [f"{each.text}{each.results[0].text if each.results else ''}" for each in (earlier, turn)]
    return earlier.role == turn.role and texts[0] == texts[1] != "" and (None in (earlier.at, turn.at) or earlier.at == turn.at)


turns = st.one_of(
    st.builds(make_turn, st.integers(0, len(WORDS) - 1), st.none() | st.integers(0, 5), st.none()),
    st.builds(make_turn, st.just(0), st.none(), st.integers(0, 12)),
    st.builds(lambda text: Turn("tool", results=(ToolResult("c", text),)), st.sampled_from(["", "exit 1", "Redis " + "x" * 9000])),
)


@dataclass
class ModelSession:
    """A session of the model."""

    native: str | None
    turns: dict[object, Turn] = field(default_factory=dict)
    status: str = "in_progress"


class Machine(RuleBasedStateMachine):
    """One project in a store, and the same as plain lists. The identity of turns is defined here again, in the simplest form."""

    open_store: Callable[[], Store]

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_store()
        self.project = projects.create(self.store, "shop")
        self.other = projects.create(self.store, "other")
        self.sessions: list[ModelSession] = []
        self.versions = 0
        self.edits: dict[str, str] = {}
        self.earlier: list[tuple[str, Sequence[Turn]]] = []

    def teardown(self) -> None:
        self.store.close()

    @rule(native=st.sampled_from("abcd"), transcript=st.lists(turns, min_size=1, max_size=12))
    def read(self, native: str, transcript: Sequence[Turn]) -> None:
        self.earlier.append((native, transcript))
        self._read(native, transcript)

    @precondition(lambda self: self.earlier)
    @rule(data=st.data(), more=st.lists(turns, max_size=4), upto=st.integers(1, 12))
    def read_again(self, data: st.DataObject, more: Sequence[Turn], upto: int) -> None:
        """Read the same file again, grown or cut off."""
        native, transcript = data.draw(st.sampled_from(self.earlier))
        self._read(native, [*transcript[:upto], *more] if upto >= len(transcript) else transcript[:upto])

    @precondition(lambda self: self.earlier)
    @rule(data=st.data(), native=st.sampled_from("wxyz"), more=st.lists(turns, max_size=4))
    def fork(self, data: st.DataObject, native: str, more: Sequence[Turn]) -> None:
        """Read another session that begins with the turns of an earlier one."""
        self._read(native, [*data.draw(st.sampled_from(self.earlier))[1], *more])

    def _read(self, native: str, transcript: Sequence[Turn]) -> None:
        head = SessionHead("codex", native)
        intake = SessionIntake(self.store, self.project, head, "a.jsonl")
        for item in prepare_turns([head, *transcript], lambda _: self.project.key):
            if not isinstance(item, SessionHead):
                intake.take(item)
        intake.finish()
        session = next((candidate for candidate in self.sessions if candidate.native == native), None)
        met = Counter[object]()
        named: list[tuple[object, Turn]] = []
        for turn in transcript:
            content = (turn.role, turn.at, turn.text, turn.results and turn.results[0].text)
            met[content] += turn.id is None
            named.append((turn.id or (content, met[content], native if turn.at is None else ""), turn))
        # What the session had before and this file does not name may be told again by it with another time.
        unnamed = [turn for name, turn in session.turns.items() if name not in dict(named)] if session else []
        new = list[tuple[object, Turn]]()
        told_again = set[object]()
        for identity, turn in named:
            if identity in told_again or identity in dict(new) or any(identity in candidate.turns for candidate in self.sessions):
                continue
            twin = next((earlier for earlier in unnamed if turn.id is None and is_told_again(earlier, turn)), None)
            if twin:
                unnamed = [earlier for earlier in unnamed if earlier is not twin]
                told_again.add(identity)
            else:
                new.append((identity, turn))
        assert (intake.new_turns, intake.known_turns) == (len(new), len(transcript) - len(new))
        if new:
            if session is None:
                session = ModelSession(native)
                self.sessions.append(session)
            session.turns.update(new)
            session.status = "in_progress"

    @rule()
    def start(self) -> None:
        started = sittings.start(self.store, self.project, agent="codex")
        assert (started.previous.version if started.previous else 0) == self.versions
        self.sessions.append(ModelSession(None))

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), words=st.none() | st.lists(st.sampled_from(["shipped", "half of it"]), max_size=2))
    def complete(self, data: st.DataObject, words: list[str] | None) -> None:
        place = data.draw(st.integers(0, len(self.sessions) - 1))
        session = sittings.require(self.store, self.project, place + 1)
        done = completion.complete(self.store, session, accomplishments=words, words=None if words is None else "replace")
        again = self.sessions[place].status == "completed" and (words is None or tuple(words) == session.accomplishments)
        assert done.is_unchanged == again
        assert done.session.accomplishments == (session.accomplishments if words is None else tuple(words))
        self.versions += not again
        self.sessions[place].status = "completed"

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), reopen=st.booleans())
    def set_aside(self, data: st.DataObject, reopen: bool) -> None:
        place = data.draw(st.integers(0, len(self.sessions) - 1))
        (sittings.reopen if reopen else sittings.abandon)(self.store, sittings.require(self.store, self.project, place + 1))
        self.sessions[place].status = "in_progress" if reopen else "abandoned"

    @precondition(lambda self: facts.list_facts(self.store, self.project, state=None))
    @rule(data=st.data(), say=st.sampled_from([facts.pin, facts.retract]))
    def correct(self, data: st.DataObject, say: Callable[..., facts.Fact]) -> None:
        all_facts = facts.list_facts(self.store, self.project, state=None)
        fact = data.draw(st.sampled_from(all_facts))
        say(self.store, self.project, fact.id)
        self.edits[fact.id] = say.__name__
        self.versions += self.versions > 0

    @precondition(lambda self: self.versions)
    @rule()
    def rebuild(self) -> None:
        before = handoffs.current_handoff(self.store, self.project).markdown
        rebuilt = ledger_rebuild.rebuild(self.store, self.project)
        done = sum(session.status == "completed" for session in self.sessions)
        assert rebuilt.sessions == done
        if rebuilt.handoff:
            self.versions += 1
            if all(session.status == "completed" for session in self.sessions):
                assert rebuilt.handoff.markdown == before

    @invariant()
    def sessions_are_those_of_the_model(self) -> None:
        stored = sittings.list_sessions(self.store, self.project, with_empty=True)
        assert [(session.number, session.native_id, session.status, session.turns) for session in stored] == [
            (number, expected.native, expected.status, len(expected.turns)) for number, expected in enumerate(self.sessions, start=1)
        ]
        for session, expected in zip(stored, self.sessions, strict=True):
            assert [(turn.ordinal, turn.turn) for turn in sittings.replay(self.store, session)] == list(
                enumerate(expected.turns.values(), start=1)
            )
            assert session.tokens == sum(map(turn_tokens, expected.turns.values()))
        assert sittings.list_sessions(self.store, self.other) == []

    @invariant()
    def handoffs_are_versions(self) -> None:
        assert [handoff.version for handoff in handoffs.list_versions(self.store, self.project)] == list(range(self.versions, 0, -1))

    @invariant()
    def what_a_person_said_stands(self) -> None:
        all_facts = {fact.id: fact for fact in facts.list_facts(self.store, self.project, state=None)}
        for name, edit in self.edits.items():
            if name in all_facts:
                assert all_facts[name].pinned if edit == "pin" else all_facts[name].state == "retracted"

    @invariant()
    def the_index_is_in_step(self) -> None:
        texts = [
            turn.text + "".join(result.text for result in turn.results) for session in self.sessions for turn in session.turns.values()
        ]
        with self.store.read() as connection:
            assert health.find_damage(connection) == []
            assert health.count_unindexed(connection) == 0
            assert turn_index.index_for(connection).frequencies(connection, ["redis"])["redis"] == sum("Redis" in text for text in texts)


def _run(open_store: Callable[[], Store], examples: int) -> None:
    machine = type("Machine", (Machine,), {"open_store": staticmethod(open_store)})
    # A failure has at most twelve steps: readable without shrinking, which would take minutes.
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
