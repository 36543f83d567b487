"""What every store promises of knowledge, files, measures and templates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from onward.core.facts import Handle
from onward.core.knowledge import Gathered
from onward.core.project import Project
from onward.core.rework import Effort, Met
from onward.core.session import Session
from onward.core.signature import signature, terms
from onward.core.touched import Touched
from onward.core.transcript import SessionHead
from onward.errors import Conflict
from onward.store import Store, analytics, knowledge, projects, sessions, templates, touched
from onward.store.analytics import Measure

LOCK = "fatal: Unable to create '.git/index.lock': File exists."


@pytest.fixture
def project(store: Store) -> Project:
    return made(store, "kopi")


def made(store: Store, name: str) -> Project:
    with store.write() as connection:
        return projects.add(connection, name)


def begun(store: Store, project: Project) -> Session:
    with store.write() as connection:
        projects.hold(connection, project.id)
        session = sessions.add(connection, project.id, SessionHead("codex"))
        sessions.complete(connection, session)
        return session


def solution(error: str = LOCK, fix: str = "Remove the stale lock.", fact: str = "f1") -> Gathered:
    return Gathered("solution", signature(error), "version control", error, fix, fact, 4)


def tell(store: Store, session: Session, *told: Gathered) -> None:
    with store.write() as connection:
        knowledge.keep(connection, session.id, told)


def entries(store: Store) -> list[tuple[str, str, int]]:
    with store.read() as connection:
        return [(one.text, one.fix, one.sources) for one in knowledge.listed(connection)]


def test_what_many_sessions_tell_is_one_entry_in_the_words_of_the_newest(store: Store, project: Project) -> None:
    first, second = begun(store, project), begun(store, made(store, "teh"))
    tell(store, first, solution())
    tell(store, second, solution(fix="End the other git.\0"), solution(error="ENOSPC: no space left"))
    assert entries(store) == [("ENOSPC: no space left", "Remove the stale lock.", 1), (LOCK, "End the other git.", 2)]
    with store.read() as connection:
        ids = [one.id for one in knowledge.listed(connection)]
        sources = knowledge.sources(connection, ids)[ids[1]]
    assert [(one.project, one.handle, one.fix) for one in sources] == [
        ("teh", Handle(1, 4), "End the other git."), ("kopi", Handle(1, 4), "Remove the stale lock."),
    ]  # fmt: skip


def test_an_entry_lives_as_long_as_a_session_tells_it(store: Store, project: Project) -> None:
    other = made(store, "teh")
    first, second = begun(store, project), begun(store, other)
    tell(store, first, solution())
    tell(store, second, solution(fix="End the other git."))
    with store.write() as connection:
        projects.remove(connection, other.id)
    assert entries(store) == [(LOCK, "Remove the stale lock.", 1)]
    tell(store, first)
    assert entries(store) == []


def test_a_fact_that_is_withdrawn_takes_its_source_away(store: Store, project: Project) -> None:
    tell(store, begun(store, project), solution(fact="f1"))
    tell(store, begun(store, project), solution(fact="f2", fix="Reboot."))
    with store.write() as connection:
        knowledge.withdraw(connection, project.id, ["f2", "unknown"])
    assert entries(store) == [(LOCK, "Remove the stale lock.", 1)]
    with store.write() as connection:
        knowledge.withdraw(connection, project.id, ["f1"])
    assert entries(store) == []


def test_no_harvest_overwrites_what_a_person_said(store: Store, project: Project) -> None:
    session = begun(store, project)
    tell(store, session, solution())
    with store.write() as connection:
        one = knowledge.listed(connection)[0]
        knowledge.change(connection, one.id, kind="solution", category="files", text="Git's lock", fix="Look who holds it.")
        by_hand = knowledge.add(connection, "practice", "tests", "Ask for port 0", "")
    tell(store, session, solution(fix="Other words."))
    tell(store, begun(store, project), solution())
    assert entries(store) == [("Ask for port 0", "", 0), ("Git's lock", "Look who holds it.", 2)]
    with store.write() as connection:
        projects.remove(connection, project.id)
        assert {one.author for one in knowledge.listed(connection)} == {"person"}
        assert by_hand.id in knowledge.by_ids(connection, [by_hand.id])


def test_what_a_person_deleted_stays_away(store: Store, project: Project) -> None:
    session = begun(store, project)
    tell(store, session, solution())
    with store.write() as connection:
        knowledge.remove(connection, knowledge.listed(connection)[0].id)
    tell(store, session, solution(fix="Again."))
    tell(store, begun(store, project), solution())
    assert entries(store) == []
    with store.read() as connection:
        assert knowledge.by_signatures(connection, [signature(LOCK)]) == {}
        assert not knowledge.matching(connection, terms(LOCK)).shared


def test_entries_are_found_by_their_rarest_words(store: Store, project: Project) -> None:
    tell(store, begun(store, project), solution(), *(solution(f"error: common thing {word}", fact=word) for word in ("alpha", "beta")))
    with store.read() as connection:
        found = knowledge.matching(connection, terms("error: common index.lock"))
        texts = {key: one.text for key, one in knowledge.by_ids(connection, list(found.shared)).items()}
    assert LOCK in texts.values()
    assert found.entries == 3
    assert found.holding["common"] == 2


def test_sessions_of_many_projects_teach_the_same_at_once(store: Store) -> None:
    begun_in = [begun(store, made(store, f"project {number}")) for number in range(8)]
    errors = [f"error: thing {word} is broken" for word in ("alpha", "beta", "gamma", "delta")]

    def teach(place: int) -> None:
        told = [solution(error, fact=str(place)) for error in errors]
        tell(store, begun_in[place], *(told if place % 2 else reversed(told)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(teach, range(8)))
    assert sorted(sources for _, _, sources in entries(store)) == [8, 8, 8, 8]


def test_usage_is_counted(store: Store, project: Project) -> None:
    tell(store, begun(store, project), solution())
    with store.write() as connection:
        ids = [one.id for one in knowledge.listed(connection)]
        knowledge.note_shown(connection, ids)
        knowledge.note_used(connection, knowledge.told_by(connection, project.id, ["f1", "other"]))
        knowledge.note_used(connection, ids)
        one = knowledge.by_ids(connection, ids)[ids[0]]
    assert (one.shown, one.used) == (1, 2)


def test_lists_of_entries_are_filtered_and_go_on(store: Store, project: Project) -> None:
    other = begun(store, made(store, "teh"))
    tell(store, begun(store, project), *(solution(f"error: thing {word}", fact=word) for word in ("alpha", "beta", "gamma")))
    tell(store, other, solution())
    with store.read() as connection:
        all_ids = [one.id for one in knowledge.listed(connection)]
        assert all_ids == sorted(all_ids, reverse=True)
        assert [one.id for one in knowledge.listed(connection, before=all_ids[1], limit=1)] == all_ids[2:3]
        assert len(knowledge.listed(connection, project_id=project.id)) == 3
        assert knowledge.listed(connection, kind="lesson") == knowledge.listed(connection, author="person") == []
        assert len(knowledge.listed(connection, category="version control")) == 4


def keep_files(store: Store, session: Session, *files: Touched, errors: tuple[Met, ...] = ()) -> None:
    with store.write() as connection:
        touched.keep(connection, session.id, files, errors)


def test_files_are_told_with_what_each_session_did(store: Store, project: Project) -> None:
    one, two = begun(store, project), begun(store, project)
    keep_files(store, one, Touched("src/a.py", "created", 10, 0, 1, 3, 3), Touched("b_%.py", "edited", None, None, 1, 5, 5))
    keep_files(store, two, Touched("src/a.py", "edited", 2, 1, 4, 7, 20), Touched("c\0.py", "deleted", None, 3, 1, 2, 2))
    with store.read() as connection:
        found = touched.listed(connection, project.id)
        assert [(f.path, f.change, f.added_lines, f.removed_lines, [t.session for t in f.sessions]) for f in found] == [
            ("b_%.py", "edited", None, None, [1]), ("c.py", "deleted", None, 3, [2]), ("src/a.py", "created", 12, 1, [1, 2]),
        ]  # fmt: skip
        assert [f.path for f in touched.listed(connection, project.id, session=2)] == ["c.py", "src/a.py"]
        assert [f.path for f in touched.listed(connection, project.id, text="_%")] == ["b_%.py"]
        assert [f.path for f in touched.listed(connection, project.id, after="c.py", limit=1)] == ["src/a.py"]
        assert [(f.path, f.sessions, f.times) for f in touched.most_touched(connection, None, 5)] == [("src/a.py", 2, 5)]
    keep_files(store, two)
    with store.read() as connection:
        assert [f.path for f in touched.listed(connection, project.id)] == ["b_%.py", "src/a.py"]


def test_errors_that_several_sessions_met_are_told_as_the_last_had_them(store: Store, project: Project) -> None:
    name = signature(LOCK)
    keep_files(
        store, begun(store, project), errors=(Met(name, "first words", 4, 2, is_solved=True), Met("once", "x", 1, 1, is_solved=False))
    )
    keep_files(store, begun(store, project), errors=(Met(name, "last words", 9, 1, is_solved=False),))
    with store.read() as connection:
        assert [
            (one.text, one.sessions, one.times, one.last_session, one.turn, one.is_solved)
            for one in touched.often_met(connection, project.id, 5)
        ] == [("last words", 2, 3, 2, 9, False)]
        assert [(one.session, one.is_solved) for one in touched.met_before(connection, [name, "other"], 5)] == [(2, False), (1, True)]


def measure(recovery: int | None = 10, kept: float | None = 0.5) -> Measure:
    return Measure(Effort(100, recovery, 1, 2, 3, 4, 5, 6, 7), 8, 9, kept, 10, 40)


def test_measures_are_kept_once_for_each_session(store: Store, project: Project) -> None:
    done = [begun(store, project) for _ in range(12)]
    other = begun(store, made(store, "teh"))
    with store.write() as connection:
        for session in [*done, other]:
            assert not analytics.is_measured(connection, session.id)
            analytics.keep(connection, session.id, measure())
        analytics.keep(connection, done[0].id, measure(recovery=None, kept=None))
        sessions.set_status(connection, done[1].id, "active")
    with store.read() as connection:
        assert [one.session for one in analytics.points(connection, project.id)] == [1, *range(3, 13)]
        assert len(analytics.points(connection)) == 12
        assert analytics.points(connection, project.id)[1].measure == measure()
        first, last, among = analytics.ends(connection, [project.id], 5)[project.id]
        assert ([one.session for one in first], [one.session for one in last], among) == ([3, 4, 5, 6, 7], [8, 9, 10, 11, 12], 10)
        assert analytics.ends_of_all(connection, 5)[2] == 11
        assert analytics.kept_ratios(connection, [project.id]) == {project.id: pytest.approx(0.5)}
    with store.write() as connection:
        projects.remove(connection, project.id)
        assert len(analytics.points(connection)) == 1


def test_templates_go_by_their_names(store: Store) -> None:
    with store.write() as connection:
        fix = templates.add(connection, "bugfix", "", ["Find the cause\0"], ["A test"])
        templates.add(connection, "audit", "yearly", [], ["Keys"])
        with pytest.raises(Conflict):
            templates.add(connection, "bugfix", "", [], [])
        assert templates.by_name(connection, "bugfix") == templates.by_id(connection, fix.id) == fix
        assert fix.objectives == ("Find the cause",)
        assert [one.name for one in templates.listed(connection)] == ["audit", "bugfix"]
        assert [one.name for one in templates.listed(connection, after="audit", limit=1)] == ["bugfix"]
        templates.remove(connection, fix.id)
        assert templates.by_id(connection, fix.id) is None
