"""Data derived from completed sessions: knowledge, measures and files; also after corrections, moves and rebuilds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app import analytics
from onward.app.accounts import usage
from onward.app.admin import ledger_rebuild
from onward.app.handoffs import handoffs
from onward.app.knowledge import knowledge, troubleshooter
from onward.app.projects import facts, project_files, projects
from onward.app.projects.projects import Project
from onward.app.sessions import completion, reassignment, rederivation, sessions
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns.preparation import prepare_turns
from onward.core.analytics.csv_tables import growth_csv, patterns_csv
from onward.core.facts.fact import Handle
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn, Usage
from onward.errors import BadInput, NotFound
from onward.store import Store
from onward.tokens.prices import price_usd

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ERROR = "src/shop/cart.py:41: KeyError: 'currency'"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


def call(number: int, name: str, arguments: dict[str, object], answer: str = "ok", *, failed: bool = False) -> list[Turn]:
    result = ToolResult(str(number), answer, is_error=failed, exit_code=int(failed))
    return [Turn("assistant", calls=(ToolCall(str(number), name, arguments),)), Turn("tool", results=(result,))]


def fixing_turns(path: str = "src/shop/cart.py") -> list[Turn]:
    """Return a session that hits an error, finds its cause and fixes it."""
    return [
        Turn("user", "The cart breaks for guests. Find out why and mend it, please."),
        *call(1, "Read", {"file_path": path}, "x" * 2000),
        *call(2, "Bash", {"command": "pytest tests/test_cart.py"}, f"{ERROR}\n1 failed", failed=True),
        Turn("assistant", "The root cause: guests have no currency, so `cart.py` raises a KeyError; the fix is to default it to IDR."),
        *call(3, "Edit", {"file_path": path, "old_string": "a", "new_string": "a\nb"}),
        *call(4, "Bash", {"command": "pytest tests/test_cart.py"}, "1 passed"),
        Turn("assistant", "I decided to keep totals in `cents` instead of floats, because floats lost a rupiah now and then."),
    ]


def import_session(store: Store, project: Project, turns: list[Turn], native: str, day: int = 1, **words: object) -> None:
    """Import a session and complete it."""
    head = SessionHead(agent="codex", id=native, started_at=NOON + timedelta(days=day), cwd="/home/me/shop")
    intake = SessionIntake(store, project, head, f"{native}.jsonl")
    timed = [replace(turn, at=NOON + timedelta(days=day, minutes=minute)) for minute, turn in enumerate(turns)]
    for item in prepare_turns([head, *timed], lambda _: project.key):
        if not isinstance(item, SessionHead):
            intake.take(item)
    session = intake.finish()
    assert session is not None
    completion.complete(store, session, **words)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pattern(new_home: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with a project of one session."""
    folder = new_home(tmp_path_factory.mktemp("shop") / "home")
    with Store.at_folder(folder) as store:
        import_session(store, projects.create(store, "shop"), fixing_turns(), "first")
    return folder


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pattern, tmp_path / "home")


@pytest.fixture
def shop(store: Store) -> Project:
    return projects.require_only(store)


def entry_texts(store: Store, **only: object) -> list[str]:
    return [entry.text for entry in knowledge.list_entries(store, **only)]  # type: ignore[arg-type]


def derived_state(store: Store, project: Project) -> tuple[object, ...]:
    """Return all derived data without ids and times."""
    entries = [
        (entry.kind, entry.category, entry.text, entry.fix, entry.sources) for entry in knowledge.list_entries(store, project=project)
    ]
    return analytics.growth(store, project), project_files.list_files(store, project), sorted(entries)


def test_a_completed_session_adds_knowledge(store: Store, shop: Project) -> None:
    solutions = knowledge.list_entries(store, kind="solution")
    assert any("KeyError: 'currency'" in solution.text and "cart.py" in solution.fix for solution in solutions)
    assert any("cents" in text for text in entry_texts(store, kind="decision"))
    detail = knowledge.show(store, next(solution.id for solution in solutions if "failed with" in solution.text))
    assert [(source.project, source.handle) for source in detail.sources] == [("shop", Handle(1, 4))]


def test_an_error_is_known_again_in_its_project_first(store: Store, shop: Project) -> None:
    other = projects.create(store, "other")
    import_session(store, other, fixing_turns("app/basket.py"), "second", day=2)
    log = f"============ FAILURES ===========\n/ci/build/cart.py:99: KeyError: 'currency'\n{'-' * 40}"
    own_history = knowledge.match_error(store, log, project=shop)
    assert own_history.fixes[0].certainty == "same"
    assert own_history.fixes[0].is_own
    assert own_history.fixes[0].source is not None
    assert own_history.fixes[0].source.project == "shop"
    assert "`cart.py`" in own_history.fixes[0].fix
    other_answer = knowledge.match_error(store, log, project=other).fixes[0]
    assert other_answer.source is not None
    assert other_answer.source.project == "other"
    assert "`basket.py`" in other_answer.fix
    assert knowledge.match_error(store, log, project=projects.create(store, "third")).fixes[0].is_own is False
    assert [(occurrence.project, occurrence.is_solved) for occurrence in own_history.occurrences] == [("shop", True), ("other", True)]
    assert own_history.fixes[0].entry.id == other_answer.entry.id, "the same error is one entry"


def test_a_similar_error_is_called_similar_and_a_foreign_one_is_not_answered(store: Store, shop: Project) -> None:
    answers = knowledge.match_error(store, "KeyError: 'currency' while checking out the basket", project=shop).fixes
    assert answers
    assert answers[0].certainty == "similar"
    assert 0 < answers[0].likeness_ratio < 1
    assert knowledge.match_error(store, "Segmentation fault in libfoo during shutdown", project=shop).fixes == []
    with pytest.raises(BadInput):
        knowledge.match_error(store, " \n ")


def test_unsolved_errors_get_a_checklist(store: Store, shop: Project) -> None:
    result = troubleshooter.troubleshoot(store, "connect ECONNREFUSED 127.0.0.1:5432", project=shop)
    assert result.advice.category == "network"
    assert result.advice.causes
    assert result.advice.commands
    assert troubleshooter.troubleshoot(store, "qwertz uiop").advice.category == "general"


def test_a_correction_is_respected(store: Store, shop: Project) -> None:
    decision = next(fact for fact in facts.list_facts(store, shop) if "cents" in fact.text)
    facts.reword(store, shop, decision.id, "I decided to keep totals in `rupiah` instead of cents, because nobody pays in cents.")
    assert any("`rupiah`" in text for text in entry_texts(store, kind="decision"))
    facts.retract(store, shop, decision.id)
    assert entry_texts(store, kind="decision") == []
    ledger_rebuild.rebuild(store, shop)
    assert entry_texts(store, kind="decision") == []
    facts.restore(store, shop, decision.id)
    assert len(entry_texts(store, kind="decision")) == 1


def test_deleting_a_project_deletes_its_own_knowledge(store: Store, shop: Project) -> None:
    other = projects.create(store, "other")
    import_session(store, other, fixing_turns("app/basket.py"), "second", day=2)
    projects.delete(store, other)
    assert "app/basket.py" not in str(knowledge.list_entries(store))
    projects.delete(store, shop)
    assert knowledge.list_entries(store) == []


def test_derived_data_can_be_rebuilt(store: Store, shop: Project) -> None:
    for number in range(2, 5):
        import_session(store, shop, fixing_turns(), f"native-{number}", day=number, credits_used=90.0)
    before = derived_state(store, shop)
    assert rederivation.rederive(store, shop) == 4
    assert derived_state(store, shop) == before
    ledger_rebuild.rebuild(store, shop)
    assert derived_state(store, shop) == before


def test_a_session_that_moves_takes_its_knowledge_along(store: Store, shop: Project) -> None:
    other = projects.create(store, "other")
    before = entry_texts(store)
    reassignment.remap_sessions(store, shop, [1], other)
    assert entry_texts(store) == entry_texts(store, project=other) == before
    assert entry_texts(store, project=shop) == []
    assert [file.path for file in project_files.list_files(store, other)] == ["src/shop/cart.py"]
    facts.retract(store, other, next(fact.id for fact in facts.list_facts(store, other) if "cents" in fact.text))
    assert entry_texts(store, kind="decision") == []


def test_a_session_is_measured(store: Store, shop: Project) -> None:
    import_session(store, shop, fixing_turns(), "second", day=2, credits_used=80.0, accomplishments=["Mended", "Tested"])
    report = analytics.growth(store, shop)
    first, second = report.points
    assert (first.actual.rework_tokens, first.actual.facts_used_again) == (0, 0)
    assert first.actual.first_edit_minutes == 6
    assert first.actual.recovery_tokens is not None
    assert second.actual.explained_tokens > 0, "it met an error whose fix the ledger had"
    assert second.actual.facts_used_again > 0
    assert second.actual.output == pytest.approx(80 * (second.actual.efficiency_ratio or 0) * second.actual.knowledge_factor)
    assert second.actual.credits_per_accomplishment == 40
    assert (first.predicted.session, second.predicted.session) == (1, 2)
    assert second.predicted.output < first.predicted.output, "for 80 credits, not 90"
    assert report.growth.per_credit, "the first session's credits are not known"
    assert report.reach.session is None
    assert report.preservation_ratio is not None


def test_reading_a_known_file_after_the_first_step_is_rework(store: Store, shop: Project) -> None:
    again = [
        Turn("user", "Once more."),
        *call(1, "Bash", {"command": "make build"}),
        *call(2, "Read", {"file_path": "src/shop/cart.py"}, "x" * 2000),
    ]
    import_session(store, shop, again, "second", day=2)
    assert analytics.growth(store, shop).points[1].actual.reread_tokens > 400


def test_retention_is_reported_session_by_session(store: Store, shop: Project) -> None:
    report = analytics.retention(store, shop)
    assert [(point.later, point.sessions) for point in report.points] == [(0, report.sessions)]
    for number in range(2, 5):
        import_session(store, shop, fixing_turns(), f"native-{number}", day=number)
    later = analytics.retention(store, shop)
    assert later.sessions == report.sessions + 3
    assert later.points[0].kept_ratio == 1.0
    assert [point.later for point in later.points] == list(range(len(later.points)))
    assert all(0 <= point.kept_ratio <= 1 for point in later.points)
    assert analytics.retention(store, projects.create(store, "untouched")).points == []


def test_retention_leaves_out_what_a_person_retracted(store: Store, shop: Project) -> None:
    assert analytics.retention(store, shop).points
    for fact in facts.list_facts(store, shop):
        facts.retract(store, shop, fact.id)
    assert analytics.retention(store, shop).points == []


def test_growth_is_reported_for_each_project_and_for_all(store: Store, shop: Project) -> None:
    assert analytics.overall_growth(store) == analytics.NO_GROWTH
    for number in range(2, 5):
        import_session(store, shop, fixing_turns(), f"native-{number}", day=number)
    other = projects.create(store, "other")
    import_session(store, other, fixing_turns(), "theirs", day=9)
    told_of = analytics.growth_by_project(store, [shop, other])
    assert told_of.growth_by_id[shop.id] == analytics.growth(store, shop).growth
    assert analytics.overall_growth(store) == analytics.growth(store).growth
    assert told_of.growth_by_id[other.id] == analytics.NO_GROWTH
    assert analytics.growth_by_project(store, [other]).growth_by_id.keys() == {other.id}
    assert told_of.preservation_ratio_by_id == analytics.preservation_ratios(store)
    assert told_of.preservation_ratio_by_id.keys() == {shop.id, other.id}


def test_many_points_are_thinned_but_the_totals_hold_all(store: Store, shop: Project) -> None:
    for number in range(2, 8):
        import_session(store, shop, [Turn("user", "Hello there, how are you?")], f"native-{number}", day=number)
    report = analytics.growth(store, shop, most_points=3)
    assert [point.session for point in report.points] == [1, 4, 7]
    assert (report.sessions, report.not_measured) == (7, 6)
    assert len(growth_csv(report).splitlines()) == 4


def test_recurring_patterns_are_reported(store: Store, shop: Project) -> None:
    import_session(store, shop, fixing_turns(), "second", day=2, blockers=["=No keys for production"])
    import_session(store, shop, fixing_turns(), "third", day=3)
    patterns = analytics.patterns(store, shop)
    assert [(error.text, error.sessions) for error in patterns.errors] == [(ERROR, 3)]
    assert [(file.path, file.sessions) for file in patterns.files] == [("src/shop/cart.py", 3)]
    assert [(blocker.text, blocker.outlived_sessions) for blocker in patterns.blockers] == [("=No keys for production", 1)]
    assert analytics.patterns(store) == patterns
    lines = patterns_csv(patterns).splitlines()
    assert lines[0] == "what,project,text,sessions,times,last_seen"
    assert any("'=No keys" in line for line in lines), "no formula of somebody else's in a spreadsheet"
    facts.retract(store, shop, next(fact.id for fact in facts.list_facts(store, shop, kind="blocker")))
    assert analytics.patterns(store, shop).blockers == []


def test_knowledge_that_was_used_again_is_counted_once(store: Store, shop: Project) -> None:
    again = [
        Turn("user", "Round the totals."),
        *call(1, "Bash", {"command": "pytest tests/test_cart.py"}, "1 passed"),
        Turn("assistant", "Totals stay in `src/shop/cart.py` as before."),
    ]
    import_session(store, shop, again, "second", day=2)
    used = {entry.id: entry.used for entry in knowledge.list_entries(store)}
    assert max(used.values()) == 1
    rederivation.rederive(store, shop)
    assert {entry.id: entry.used for entry in knowledge.list_entries(store)} == used


def test_entries_are_written_changed_and_deleted_by_hand(store: Store, shop: Project) -> None:
    entry = knowledge.add(store, "Fixtures make a folder of their own, so that tests run in any order.")
    assert (entry.kind, entry.category, entry.author) == ("practice", "tests", "person")
    assert knowledge.search(store, "order of tests")[0].entry == entry
    changed = knowledge.edit(store, entry.id, text="Ask for port 0.", category="network", kind="pattern")
    assert (changed.text, changed.category, changed.kind) == ("Ask for port 0.", "network", "pattern")
    assert knowledge.record_used(store, entry.id).used == 1
    harvested = next(candidate for candidate in knowledge.list_entries(store) if candidate.author == "session")
    knowledge.delete(store, harvested.id)
    ledger_rebuild.rebuild(store, shop)
    assert harvested.text not in entry_texts(store)
    knowledge.delete(store, entry.id)
    for missing in (entry.id, harvested.id, 99):
        with pytest.raises(NotFound):
            knowledge.show(store, missing)


def test_words_are_redacted_and_wrong_ones_are_refused(store: Store) -> None:
    secret = "sk-" + "ant-api03-" + "Zx9" * 30
    assert secret not in str(knowledge.add(store, f"The key is {secret}"))
    for wrong in ({"text": "  "}, {"text": "x", "category": "cooking"}, {"text": "x", "kind": "recipe"}, {"text": "x" * 5000}):
        with pytest.raises(BadInput):
            knowledge.add(store, **wrong)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        knowledge.search(store, "?!")


def test_searching_keeps_to_a_project_a_kind_and_a_category(store: Store, shop: Project) -> None:
    knowledge.add(store, "A KeyError for a currency is a guest's cart", kind="pattern")
    assert {hit.entry.author for hit in knowledge.search(store, "currency KeyError")} == {"person", "session"}
    assert {hit.entry.author for hit in knowledge.search(store, "currency KeyError", project=shop)} == {"session"}
    assert {hit.entry.kind for hit in knowledge.search(store, "currency KeyError", kind="pattern")} == {"pattern"}
    assert knowledge.search(store, "currency", category="frontend") == []
    assert knowledge.search(store, "zeppelin") == []


def test_the_steps_of_a_growing_handoff_are_chosen_evenly(store: Store, shop: Project) -> None:
    for number in range(2, 6):
        import_session(store, shop, fixing_turns(), f"native-{number}", day=number)
    points = {point.session: point.actual for point in analytics.growth(store, shop).points}
    steps = analytics.handoff_steps(store, shop, 10)
    assert {step.point.session: step.point.actual for step in steps} == points
    assert [step.point.session for step in analytics.handoff_steps(store, shop, 3)] == [1, 3, 5]
    assert analytics.handoff_steps(store, projects.create(store, "empty"), 3) == []


def test_the_steps_of_a_handoff_count_what_came_what_was_closed_and_what_was_dropped(store: Store, shop: Project) -> None:
    first = analytics.handoff_steps(store, shop, 10)[0]
    shown_ids = handoffs.current_handoff(store, shop).handoff.fact_ids()
    assert (first.added_count, first.closed_count, first.dropped_count) == (len(shown_ids), 0, 0)
    # The same facts in other turns are no change.
    import_session(store, shop, fixing_turns(), "native-2", day=2)
    same = analytics.handoff_steps(store, shop, 10)[1]
    assert (same.added_count, same.closed_count, same.dropped_count) == (0, 0, 0)
    import_session(store, shop, [Turn("user", "Always run the linter before a commit.")], "native-3", day=3)
    for fact in facts.list_facts(store, shop):
        if "`cents`" in fact.text:
            facts.retract(store, shop, fact.id)
    import_session(store, shop, [Turn("user", "Never push to main.")], "native-4", day=4)
    ruled, retracted = analytics.handoff_steps(store, shop, 10)[2:]
    # The rule, and that it has no reply yet; the state of the session before stays.
    assert (ruled.added_count, ruled.closed_count) == (2, 0)
    assert (retracted.added_count, retracted.closed_count) == (1, 1)


def test_the_context_and_the_cost_of_a_session_are_known_at_each_answer(store: Store, shop: Project) -> None:
    model = "claude-sonnet-4-5"
    turns = [
        Turn("user", "Sort the cart by price, please."),
        Turn("assistant", "Reading.", model=model, usage=Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=9000)),
        Turn("assistant", "Looking.", model=model, usage=Usage(input_tokens=90_000, output_tokens=10), sidechain="agent-1"),
        Turn("assistant", "Done.", model=model, usage=Usage(input_tokens=500, output_tokens=200, cache_write_tokens=20_000)),
        Turn("assistant", "Nothing else.", model="unknown-model", usage=Usage(input_tokens=7, output_tokens=1)),
    ]
    import_session(store, shop, turns, "native-2", day=2)
    session = sessions.require_by_id(store, 2)
    points = usage.list_usage_points(store, session, 10)
    assert [(point.turn, point.context_tokens) for point in points] == [(2, 10_000), (4, 20_500), (5, 7)]
    costs = [price_usd(model, turn.usage) for turn in turns if turn.usage and turn.model == model]
    assert points[0].cost_usd == pytest.approx(costs[0])
    assert points[-1].cost_usd == pytest.approx(sum(cost or 0 for cost in costs))
    assert [(point.turn, point.context_tokens) for point in usage.list_usage_points(store, session, 2)] == [(4, 20_500), (5, 7)]


def test_the_newest_sessions_come_first_and_page_by_page(store: Store, shop: Project) -> None:
    for number in range(2, 5):
        import_session(store, shop, fixing_turns(), f"native-{number}", day=number)
    sessions.start(store, shop)
    first = sessions.list_recent(store, shop, limit=3)
    assert [recent.session.number for recent in first] == [5, 4, 3]
    assert first[0].handoff is None
    assert first[1].handoff is not None
    assert [recent.session.number for recent in sessions.list_recent(store, shop, before=3, limit=3)] == [2, 1]
    assert [recent.session.number for recent in sessions.list_recent(store, shop, status="in_progress", limit=3)] == [5]


def test_facts_are_found_by_what_they_say_in_capitals_or_not(store: Store, shop: Project) -> None:
    cents_facts = facts.list_facts(store, shop, text="CENTS")
    assert cents_facts
    assert all("cents" in fact.text.casefold() for fact in cents_facts)
    assert facts.list_facts(store, shop, text="nowhere said") == []


def test_projects_are_listed_by_when_they_were_worked_on_not_by_when_they_were_imported(store: Store, shop: Project) -> None:
    old = projects.create(store, "archive")
    import_session(store, old, fixing_turns(), "old", day=-30)
    lines = projects.list_latest_with_totals(store, limit=5)
    assert [line.project.name for line in lines] == ["shop", "archive"]
    # The import completed it today.
    assert lines[1].totals.last_at is not None
    assert lines[1].totals.last_at < NOON - timedelta(days=29)
