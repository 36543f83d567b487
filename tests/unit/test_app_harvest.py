"""What completed sessions leave behind: knowledge, measures, files; and how it follows corrections, moves and rebuilds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app import (
    analytics,
    completing,
    deriving,
    facts,
    knowledge,
    projects,
    rebuilding,
    remapping,
    sessions,
    touched,
    troubleshooting,
)
from onward.app.intake import SessionIntake
from onward.app.preparing import ready
from onward.app.projects import Project
from onward.core.facts import Handle
from onward.core.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ERROR = "src/shop/cart.py:41: KeyError: 'currency'"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


def call(number: int, name: str, arguments: dict[str, object], answer: str = "ok", *, failed: bool = False) -> list[Turn]:
    result = ToolResult(str(number), answer, is_error=failed, exit_code=int(failed))
    return [Turn("assistant", calls=(ToolCall(str(number), name, arguments),)), Turn("tool", results=(result,))]


def mending(path: str = "src/shop/cart.py") -> list[Turn]:
    """A session that meets an error, finds why, and mends it."""
    return [
        Turn("user", "The cart breaks for guests. Find out why and mend it, please."),
        *call(1, "Read", {"file_path": path}, "x" * 2000),
        *call(2, "Bash", {"command": "pytest tests/test_cart.py"}, f"{ERROR}\n1 failed", failed=True),
        Turn("assistant", "The root cause: guests have no currency, so `cart.py` raises a KeyError; the fix is to default it to IDR."),
        *call(3, "Edit", {"file_path": path, "old_string": "a", "new_string": "a\nb"}),
        *call(4, "Bash", {"command": "pytest tests/test_cart.py"}, "1 passed"),
        Turn("assistant", "I decided to keep totals in `cents` instead of floats, because floats lost a rupiah now and then."),
    ]


def play(store: Store, project: Project, said: list[Turn], native: str, day: int = 1, **words: object) -> None:
    """Import a session and complete it."""
    head = SessionHead("codex", native, NOON + timedelta(days=day), cwd="/home/me/shop")
    intake = SessionIntake(store, project, head, f"{native}.jsonl")
    timed = [replace(turn, at=NOON + timedelta(days=day, minutes=minute)) for minute, turn in enumerate(said)]
    for item in ready([head, *timed], lambda _: project.key):
        if not isinstance(item, SessionHead):
            intake.take(item)
    session = intake.finish()
    assert session is not None
    completing.complete(store, session, **words)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pattern(new_home: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with a project of one session."""
    made = new_home(tmp_path_factory.mktemp("shop") / "home")
    with Store.at_folder(made) as store:
        play(store, projects.new(store, "shop"), mending(), "first")
    return made


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pattern, tmp_path / "home")


@pytest.fixture
def shop(store: Store) -> Project:
    return projects.only(store)


def told(store: Store, **only: object) -> list[str]:
    return [one.text for one in knowledge.listed(store, **only)]  # type: ignore[arg-type]


def everything(store: Store, project: Project) -> tuple[object, ...]:
    """All that is derived, but for ids and times of the store."""
    entries = [(one.kind, one.category, one.text, one.fix, one.sources) for one in knowledge.listed(store, project=project)]
    return analytics.growth(store, project), touched.listed(store, project), sorted(entries)


def test_a_session_that_is_completed_teaches(store: Store, shop: Project) -> None:
    solutions = knowledge.listed(store, kind="solution")
    assert any("KeyError: 'currency'" in one.text and "cart.py" in one.fix for one in solutions)
    assert any("cents" in text for text in told(store, kind="decision"))
    detail = knowledge.show(store, next(one.id for one in solutions if "failed with" in one.text))
    assert [(one.project, one.handle) for one in detail.sources] == [("shop", Handle(1, 4))]


def test_an_error_is_known_again_in_its_project_first(store: Store, shop: Project) -> None:
    other = projects.new(store, "other")
    play(store, other, mending("app/basket.py"), "second", day=2)
    log = f"============ FAILURES ===========\n/ci/build/cart.py:99: KeyError: 'currency'\n{'-' * 40}"
    mine = knowledge.seen(store, log, project=shop)
    assert mine.answers[0].sure == "same"
    assert mine.answers[0].is_own
    assert mine.answers[0].source is not None
    assert mine.answers[0].source.project == "shop"
    assert "src/shop/cart.py" in mine.answers[0].fix
    theirs = knowledge.seen(store, log, project=other).answers[0]
    assert theirs.source is not None
    assert theirs.source.project == "other"
    assert "app/basket.py" in theirs.fix
    assert knowledge.seen(store, log, project=projects.new(store, "third")).answers[0].is_own is False
    assert [(one.project, one.is_solved) for one in mine.met] == [("shop", True), ("other", True)]
    assert mine.answers[0].entry.id == theirs.entry.id, "the same error is one entry"


def test_a_similar_error_is_called_similar_and_a_foreign_one_is_not_answered(store: Store, shop: Project) -> None:
    found = knowledge.seen(store, "KeyError: 'currency' while checking out the basket", project=shop).answers
    assert found
    assert found[0].sure == "similar"
    assert 0 < found[0].likeness_ratio < 1
    assert knowledge.seen(store, "Segmentation fault in libfoo during shutdown", project=shop).answers == []
    with pytest.raises(BadInput):
        knowledge.seen(store, " \n ")


def test_what_nobody_solved_yet_gets_a_checklist_by_rules(store: Store, shop: Project) -> None:
    said = troubleshooting.troubleshoot(store, "connect ECONNREFUSED 127.0.0.1:5432", project=shop)
    assert said.advice.category == "network"
    assert said.advice.causes
    assert said.advice.commands
    assert troubleshooting.troubleshoot(store, "qwertz uiop").advice.category == "general"


def test_a_correction_is_heeded(store: Store, shop: Project) -> None:
    decision = next(one for one in facts.listed(store, shop) if "cents" in one.text)
    facts.reword(store, shop, decision.id, "I decided to keep totals in `rupiah` instead of cents, because nobody pays in cents.")
    assert any("`rupiah`" in text for text in told(store, kind="decision"))
    facts.retract(store, shop, decision.id)
    assert told(store, kind="decision") == []
    rebuilding.rebuild(store, shop)
    assert told(store, kind="decision") == []
    facts.restore(store, shop, decision.id)
    assert len(told(store, kind="decision")) == 1


def test_a_project_deleted_takes_what_only_it_taught(store: Store, shop: Project) -> None:
    other = projects.new(store, "other")
    play(store, other, mending("app/basket.py"), "second", day=2)
    projects.delete(store, other)
    assert "app/basket.py" not in str(knowledge.listed(store))
    projects.delete(store, shop)
    assert knowledge.listed(store) == []


def test_all_of_it_is_made_again(store: Store, shop: Project) -> None:
    for number in range(2, 5):
        play(store, shop, mending(), f"native-{number}", day=number, credits_used=90.0)
    before = everything(store, shop)
    assert deriving.derive(store, shop) == 4
    assert everything(store, shop) == before
    rebuilding.rebuild(store, shop)
    assert everything(store, shop) == before


def test_a_session_that_moves_takes_its_knowledge_along(store: Store, shop: Project) -> None:
    other = projects.new(store, "other")
    before = told(store)
    remapping.remap_sessions(store, shop, [1], other)
    assert told(store) == told(store, project=other) == before
    assert told(store, project=shop) == []
    assert [one.path for one in touched.listed(store, other)] == ["src/shop/cart.py"]
    facts.retract(store, other, next(one.id for one in facts.listed(store, other) if "cents" in one.text))
    assert told(store, kind="decision") == []


def test_a_session_is_measured(store: Store, shop: Project) -> None:
    play(store, shop, mending(), "second", day=2, credits_used=80.0, accomplishments=["Mended", "Tested"])
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
    assert report.kept_ratio is not None


def test_reading_a_known_file_after_the_first_step_is_rework(store: Store, shop: Project) -> None:
    again = [
        Turn("user", "Once more."),
        *call(1, "Bash", {"command": "make build"}),
        *call(2, "Read", {"file_path": "src/shop/cart.py"}, "x" * 2000),
    ]
    play(store, shop, again, "second", day=2)
    assert analytics.growth(store, shop).points[1].actual.reread_tokens > 400


def test_retention_is_told_session_by_session_later(store: Store, shop: Project) -> None:
    found = analytics.retention(store, shop)
    assert [(one.later, one.sessions) for one in found.points] == [(0, found.sessions)]
    for number in range(2, 5):
        play(store, shop, mending(), f"native-{number}", day=number)
    later = analytics.retention(store, shop)
    assert later.sessions == found.sessions + 3
    assert later.points[0].kept_ratio == 1.0
    assert [one.later for one in later.points] == list(range(len(later.points)))
    assert all(0 <= one.kept_ratio <= 1 for one in later.points)
    assert analytics.retention(store, projects.new(store, "untouched")).points == []


def test_retention_leaves_out_what_a_person_retracted(store: Store, shop: Project) -> None:
    assert analytics.retention(store, shop).points
    for one in facts.listed(store, shop):
        facts.retract(store, shop, one.id)
    assert analytics.retention(store, shop).points == []


def test_growth_is_told_of_each_project_and_of_all(store: Store, shop: Project) -> None:
    assert analytics.overall_growth(store) == analytics.NOTHING_GROWN
    for number in range(2, 5):
        play(store, shop, mending(), f"native-{number}", day=number)
    other = projects.new(store, "other")
    play(store, other, mending(), "theirs", day=9)
    told_of = analytics.growths(store, [shop, other])
    assert told_of.of_project[shop.id] == analytics.growth(store, shop).growth
    assert analytics.overall_growth(store) == analytics.growth(store).growth
    assert told_of.of_project[other.id] == analytics.NOTHING_GROWN
    assert analytics.growths(store, [other]).of_project.keys() == {other.id}
    assert told_of.kept_ratio == analytics.kept_ratios(store)
    assert told_of.kept_ratio.keys() == {shop.id, other.id}


def test_many_points_are_thinned_but_the_totals_hold_all(store: Store, shop: Project) -> None:
    for number in range(2, 8):
        play(store, shop, [Turn("user", "Hello there, how are you?")], f"native-{number}", day=number)
    report = analytics.growth(store, shop, most_points=3)
    assert [one.session for one in report.points] == [1, 4, 7]
    assert (report.sessions, report.not_measured) == (7, 6)
    assert len(analytics.growth_csv(report).splitlines()) == 4


def test_what_recurs_is_told(store: Store, shop: Project) -> None:
    play(store, shop, mending(), "second", day=2, blockers=["=No keys for production"])
    play(store, shop, mending(), "third", day=3)
    found = analytics.patterns(store, shop)
    assert [(one.text, one.sessions) for one in found.errors] == [(ERROR, 3)]
    assert [(one.path, one.sessions) for one in found.files] == [("src/shop/cart.py", 3)]
    assert [(one.text, one.outlived) for one in found.blockers] == [("=No keys for production", 1)]
    assert analytics.patterns(store) == found
    lines = analytics.patterns_csv(found).splitlines()
    assert lines[0] == "what,project,text,sessions,times,last_seen"
    assert any("'=No keys" in line for line in lines), "no formula of somebody else's in a spreadsheet"
    facts.retract(store, shop, next(one.id for one in facts.listed(store, shop, kind="blocker")))
    assert analytics.patterns(store, shop).blockers == []


def test_knowledge_that_was_used_again_is_counted_once(store: Store, shop: Project) -> None:
    again = [
        Turn("user", "Round the totals."),
        *call(1, "Bash", {"command": "pytest tests/test_cart.py"}, "1 passed"),
        Turn("assistant", "Totals stay in `src/shop/cart.py` as before."),
    ]
    play(store, shop, again, "second", day=2)
    used = {one.id: one.used for one in knowledge.listed(store)}
    assert max(used.values()) == 1
    deriving.derive(store, shop)
    assert {one.id: one.used for one in knowledge.listed(store)} == used


def test_entries_are_written_changed_and_deleted_by_hand(store: Store, shop: Project) -> None:
    made = knowledge.add(store, "Fixtures make a folder of their own, so that tests run in any order.")
    assert (made.kind, made.category, made.author) == ("practice", "tests", "person")
    assert knowledge.search(store, "order of tests")[0].entry == made
    changed = knowledge.edit(store, made.id, text="Ask for port 0.", category="network", kind="pattern")
    assert (changed.text, changed.category, changed.kind) == ("Ask for port 0.", "network", "pattern")
    assert knowledge.note_used(store, made.id).used == 1
    harvested = next(one for one in knowledge.listed(store) if one.author == "session")
    knowledge.delete(store, harvested.id)
    rebuilding.rebuild(store, shop)
    assert harvested.text not in told(store)
    knowledge.delete(store, made.id)
    for missing in (made.id, harvested.id, 99):
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
    assert {one.entry.author for one in knowledge.search(store, "currency KeyError")} == {"person", "session"}
    assert {one.entry.author for one in knowledge.search(store, "currency KeyError", project=shop)} == {"session"}
    assert {one.entry.kind for one in knowledge.search(store, "currency KeyError", kind="pattern")} == {"pattern"}
    assert knowledge.search(store, "currency", category="frontend") == []
    assert knowledge.search(store, "zeppelin") == []


def test_the_steps_of_a_growing_handoff_are_chosen_evenly(store: Store, shop: Project) -> None:
    for number in range(2, 6):
        play(store, shop, mending(), f"native-{number}", day=number)
    points = {one.session: one.actual for one in analytics.growth(store, shop).points}
    assert {one.session: one.actual for one in analytics.steps(store, shop, 10)} == points
    assert [one.session for one in analytics.steps(store, shop, 3)] == [1, 3, 5]
    assert analytics.steps(store, projects.new(store, "empty"), 3) == []


def test_the_newest_sessions_come_first_and_page_by_page(store: Store, shop: Project) -> None:
    for number in range(2, 5):
        play(store, shop, mending(), f"native-{number}", day=number)
    sessions.start(store, shop)
    first = sessions.recent(store, shop, limit=3)
    assert [one.session.number for one in first] == [5, 4, 3]
    assert first[0].handoff is None
    assert first[1].handoff is not None
    assert [one.session.number for one in sessions.recent(store, shop, before=3, limit=3)] == [2, 1]
    assert [one.session.number for one in sessions.recent(store, shop, status="active", limit=3)] == [5]


def test_facts_are_found_by_what_they_say_in_capitals_or_not(store: Store, shop: Project) -> None:
    found = facts.listed(store, shop, text="CENTS")
    assert found
    assert all("cents" in one.text.casefold() for one in found)
    assert facts.listed(store, shop, text="nowhere said") == []
