"""The behaviour of every store with knowledge, files, measures and templates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from onward.core.effort.rework import Effort, SessionError
from onward.core.effort.touched_files import TouchedFile
from onward.core.facts.fact import Handle
from onward.core.knowledge.entry import HarvestedEntry
from onward.core.knowledge.signature import signature, terms
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript.transcript import SessionHead
from onward.errors import Conflict
from onward.store import Store, analytics, knowledge, project_files, projects, sessions, templates
from onward.store.analytics import Measure

LOCK = "fatal: Unable to create '.git/index.lock': File exists."


@pytest.fixture
def project(store: Store) -> Project:
    return create_project(store, "kopi")


def create_project(store: Store, name: str) -> Project:
    with store.write() as connection:
        return projects.create(connection, name)


def start_session(store: Store, project: Project) -> Session:
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        session = sessions.create(connection, project.id, SessionHead("codex"))
        sessions.complete(connection, session)
        return session


def solution(error: str = LOCK, fix: str = "Remove the stale lock.", fact: str = "f1") -> HarvestedEntry:
    return HarvestedEntry(
        kind="solution", signature=signature(error), category="version control", text=error, error=error, fix=fix, fact_id=fact, turn=4
    )


def store_findings(store: Store, session: Session, *findings: HarvestedEntry) -> None:
    with store.write() as connection:
        knowledge.save_session_entries(connection, session.id, findings)


def entries(store: Store) -> list[tuple[str, str, int]]:
    with store.read() as connection:
        return [(entry.text, entry.fix, entry.sources) for entry in knowledge.list_entries(connection)]


def test_the_same_entry_of_many_sessions_has_the_newest_wording(store: Store, project: Project) -> None:
    first, second = start_session(store, project), start_session(store, create_project(store, "teh"))
    store_findings(store, first, solution())
    store_findings(store, second, solution(fix="End the other git.\0"), solution(error="ENOSPC: no space left"))
    assert entries(store) == [("ENOSPC: no space left", "Remove the stale lock.", 1), (LOCK, "End the other git.", 2)]
    with store.read() as connection:
        ids = [entry.id for entry in knowledge.list_entries(connection)]
        sources = knowledge.list_sources(connection, ids)[ids[1]]
    assert [(source.project, source.handle, source.fix) for source in sources] == [
        ("teh", Handle(1, 4), "End the other git."), ("kopi", Handle(1, 4), "Remove the stale lock."),
    ]  # fmt: skip


def test_an_entry_lasts_while_a_session_supports_it(store: Store, project: Project) -> None:
    other = create_project(store, "teh")
    first, second = start_session(store, project), start_session(store, other)
    store_findings(store, first, solution())
    store_findings(store, second, solution(fix="End the other git."))
    with store.write() as connection:
        projects.delete_project(connection, other.id)
    assert entries(store) == [(LOCK, "Remove the stale lock.", 1)]
    store_findings(store, first)
    assert entries(store) == []


def test_a_fact_that_is_withdrawn_takes_its_source_away(store: Store, project: Project) -> None:
    store_findings(store, start_session(store, project), solution(fact="f1"))
    store_findings(store, start_session(store, project), solution(fact="f2", fix="Reboot."))
    with store.write() as connection:
        knowledge.withdraw_facts(connection, project.id, ["f2", "unknown"])
    assert entries(store) == [(LOCK, "Remove the stale lock.", 1)]
    with store.write() as connection:
        knowledge.withdraw_facts(connection, project.id, ["f1"])
    assert entries(store) == []


def test_no_harvest_overwrites_what_a_person_said(store: Store, project: Project) -> None:
    session = start_session(store, project)
    store_findings(store, session, solution())
    with store.write() as connection:
        entry = knowledge.list_entries(connection)[0]
        knowledge.update_entry(
            connection, entry.id, kind="solution", category="files", text="Git's lock", error="", fix="Look who holds it."
        )
        by_hand = knowledge.create(connection, "practice", "tests", "Ask for port 0", "")
    store_findings(store, session, solution(fix="Other words."))
    store_findings(store, start_session(store, project), solution())
    assert entries(store) == [("Ask for port 0", "", 0), ("Git's lock", "Look who holds it.", 2)]
    with store.write() as connection:
        projects.delete_project(connection, project.id)
        assert {entry.author for entry in knowledge.list_entries(connection)} == {"person"}
        assert by_hand.id in knowledge.find_by_ids(connection, [by_hand.id])


def test_deleted_entries_do_not_return(store: Store, project: Project) -> None:
    session = start_session(store, project)
    store_findings(store, session, solution())
    with store.write() as connection:
        knowledge.delete_entry(connection, knowledge.list_entries(connection)[0].id)
    store_findings(store, session, solution(fix="Again."))
    store_findings(store, start_session(store, project), solution())
    assert entries(store) == []
    with store.read() as connection:
        assert knowledge.find_solutions(connection, [signature(LOCK)]) == {}
        assert not knowledge.match_terms(connection, terms(LOCK)).shared_terms


def test_entries_are_found_by_their_rarest_words(store: Store, project: Project) -> None:
    store_findings(
        store,
        start_session(store, project),
        solution(),
        *(solution(f"error: common thing {word}", fact=word) for word in ("alpha", "beta")),
    )
    with store.read() as connection:
        matches = knowledge.match_terms(connection, terms("error: common index.lock"))
        texts = {key: entry.text for key, entry in knowledge.find_by_ids(connection, list(matches.shared_terms)).items()}
    assert LOCK in texts.values()
    assert matches.entry_count == 3
    assert matches.term_counts["common"] == 2


def test_concurrent_sessions_add_the_same_entry(store: Store) -> None:
    begun_in = [start_session(store, create_project(store, f"project {number}")) for number in range(8)]
    errors = [f"error: thing {word} is broken" for word in ("alpha", "beta", "gamma", "delta")]

    def teach(place: int) -> None:
        solutions = [solution(error, fact=str(place)) for error in errors]
        store_findings(store, begun_in[place], *(solutions if place % 2 else reversed(solutions)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(teach, range(8)))
    assert sorted(sources for _, _, sources in entries(store)) == [8, 8, 8, 8]


def test_usage_is_counted(store: Store, project: Project) -> None:
    store_findings(store, start_session(store, project), solution())
    with store.write() as connection:
        ids = [entry.id for entry in knowledge.list_entries(connection)]
        knowledge.record_shown(connection, ids)
        knowledge.record_used(connection, knowledge.find_by_facts(connection, project.id, ["f1", "other"]))
        knowledge.record_used(connection, ids)
        entry = knowledge.find_by_ids(connection, ids)[ids[0]]
    assert (entry.shown, entry.used) == (1, 2)


def test_lists_of_entries_are_filtered_and_go_on(store: Store, project: Project) -> None:
    other = start_session(store, create_project(store, "teh"))
    store_findings(
        store, start_session(store, project), *(solution(f"error: thing {word}", fact=word) for word in ("alpha", "beta", "gamma"))
    )
    store_findings(store, other, solution())
    with store.read() as connection:
        all_ids = [entry.id for entry in knowledge.list_entries(connection)]
        assert all_ids == sorted(all_ids, reverse=True)
        assert [entry.id for entry in knowledge.list_entries(connection, before=all_ids[1], limit=1)] == all_ids[2:3]
        assert len(knowledge.list_entries(connection, project_id=project.id)) == 3
        assert knowledge.list_entries(connection, kind="lesson") == knowledge.list_entries(connection, author="person") == []
        assert len(knowledge.list_entries(connection, category="version control")) == 4


def store_files(store: Store, session: Session, *files: TouchedFile, errors: tuple[SessionError, ...] = ()) -> None:
    with store.write() as connection:
        project_files.save(connection, session.id, files, errors)


def test_files_list_what_each_session_did(store: Store, project: Project) -> None:
    first, second = start_session(store, project), start_session(store, project)
    store_files(
        store,
        first,
        TouchedFile(path="src/a.py", change="created", added_lines=10, removed_lines=0, times=1, first_turn=3, last_turn=3),
        TouchedFile(path="b_%.py", change="edited", added_lines=None, removed_lines=None, times=1, first_turn=5, last_turn=5),
    )
    store_files(
        store,
        second,
        TouchedFile(path="src/a.py", change="edited", added_lines=2, removed_lines=1, times=4, first_turn=7, last_turn=20),
        TouchedFile(path="c\0.py", change="deleted", added_lines=None, removed_lines=3, times=1, first_turn=2, last_turn=2),
    )
    with store.read() as connection:
        files = project_files.list_files(connection, project.id)
        assert [(f.path, f.change, f.added_lines, f.removed_lines, [t.session for t in f.sessions]) for f in files] == [
            ("b_%.py", "edited", None, None, [1]), ("c.py", "deleted", None, 3, [2]), ("src/a.py", "created", 12, 1, [1, 2]),
        ]  # fmt: skip
        assert [f.path for f in project_files.list_files(connection, project.id, session=2)] == ["c.py", "src/a.py"]
        assert [f.path for f in project_files.list_files(connection, project.id, text="_%")] == ["b_%.py"]
        assert [f.path for f in project_files.list_files(connection, project.id, after="c.py", limit=1)] == ["src/a.py"]
        assert [(f.path, f.sessions, f.times) for f in project_files.list_often_touched(connection, None, 5)] == [("src/a.py", 2, 5)]
    store_files(store, second)
    with store.read() as connection:
        assert [f.path for f in project_files.list_files(connection, project.id)] == ["b_%.py", "src/a.py"]


def test_errors_of_several_sessions_are_shown_as_the_last_had_them(store: Store, project: Project) -> None:
    name = signature(LOCK)
    store_files(
        store,
        start_session(store, project),
        errors=(
            SessionError(signature=name, text="first words", turn=4, times=2, is_solved=True),
            SessionError(signature="once", text="x", turn=1, times=1, is_solved=False),
        ),
    )
    store_files(
        store, start_session(store, project), errors=(SessionError(signature=name, text="last words", turn=9, times=1, is_solved=False),)
    )
    with store.read() as connection:
        assert [
            (error.text, error.sessions, error.times, error.last_session, error.turn, error.is_solved)
            for error in project_files.list_often_seen(connection, project.id, 5)
        ] == [("last words", 2, 3, 2, 9, False)]
        assert [
            (occurrence.session, occurrence.is_solved)
            for occurrence in project_files.find_error_occurrences(connection, [name, "other"], 5)
        ] == [(2, False), (1, True)]


def measure(recovery: int | None = 10, preservation_ratio: float | None = 0.5) -> Measure:
    return Measure(
        effort=Effort(
            tokens=100,
            recovery_tokens=recovery,
            reread_tokens=1,
            repeated_tokens=2,
            explained_tokens=3,
            edits=4,
            commands=5,
            failures=6,
            first_edit_ms=7,
        ),
        facts_used_again=8,
        accomplished=9,
        preservation_ratio=preservation_ratio,
        handoff_tokens=10,
        kept_of=40,
    )


def test_measures_are_kept_once_for_each_session(store: Store, project: Project) -> None:
    done = [start_session(store, project) for _ in range(12)]
    other = start_session(store, create_project(store, "teh"))
    with store.write() as connection:
        for session in [*done, other]:
            assert not analytics.is_measured(connection, session.id)
            analytics.save(connection, session.id, measure())
        analytics.save(connection, done[0].id, measure(recovery=None, preservation_ratio=None))
        sessions.set_status(connection, done[1].id, "in_progress")
    with store.read() as connection:
        assert [point.session for point in analytics.list_measured(connection, project.id)] == [1, *range(3, 13)]
        assert len(analytics.list_measured(connection)) == 12
        assert analytics.list_measured(connection, project.id)[1].measure == measure()
        first, last, among = analytics.first_and_last(connection, [project.id], 5)[project.id]
        assert ([point.session for point in first], [point.session for point in last], among) == ([3, 4, 5, 6, 7], [8, 9, 10, 11, 12], 10)
    with store.write() as connection:
        projects.delete_project(connection, project.id)
        assert len(analytics.list_measured(connection)) == 1


def test_templates_go_by_their_names(store: Store) -> None:
    with store.write() as connection:
        fix = templates.create(connection, "bugfix", "", ["Find the cause\0"], ["A test"])
        templates.create(connection, "audit", "yearly", [], ["Keys"])
        with pytest.raises(Conflict):
            templates.create(connection, "bugfix", "", [], [])
        assert templates.find_by_name(connection, "bugfix") == templates.find(connection, fix.id) == fix
        assert fix.objectives == ("Find the cause",)
        assert [template.name for template in templates.list_templates(connection)] == ["audit", "bugfix"]
        assert [template.name for template in templates.list_templates(connection, after="audit", limit=1)] == ["bugfix"]
        templates.delete_template(connection, fix.id)
        assert templates.find(connection, fix.id) is None
