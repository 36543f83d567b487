"""Use cases on a stored project: handoffs, facts, sources, search, rebuild, the doctor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app.admin import doctor, ledger_rebuild
from onward.app.handoffs import handoffs
from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.search import passages as search_passages
from onward.app.search import search_results
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts import imports
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns import sources
from onward.app.turns.preparation import prepare_turns
from onward.core.handoff.document import parse
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.errors import BadInput, NotFound
from onward.settings import Settings
from onward.store import Store
from onward.store.search import turn_index
from onward.tokens import count_tokens

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"

FIRST = [
    Turn("user", "Add a checkout page. Always run `make test` before you push. Never edit the generated client."),
    Turn("assistant", "I decided to keep totals in cents, because floats lost a rupiah here and there.", thinking="maybe Decimal"),
    Turn("assistant", calls=(ToolCall("1", "Bash", {"command": "pytest tests/test_checkout.py"}),)),
    Turn("tool", results=(ToolResult("1", "E   KeyError: 'currency'\n1 failed", is_error=True, exit_code=1),)),
    Turn("assistant", "The KeyError came from carts without a currency; I default it to IDR in src/shop/cartTotals.py."),
    Turn("user", "Good. Next: send the receipt through the mail server at localhost:2525."),
]
SECOND = [
    Turn("user", "Use integers of rupiah instead of cents from now on."),
    Turn("assistant", "Done: totals are whole rupiah now. Next: migrate old orders with `make migrate-orders`."),
]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.at_folder(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def pattern(new_home: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a store with a project of two completed sessions."""
    home = new_home(tmp_path_factory.mktemp("shop") / "home")
    with Store.at_folder(home) as store:
        project = projects.create(store, "shop")
        for number, turns in enumerate((FIRST, SECOND), start=1):
            import_session(store, project, f"native-{number}", turns, NOON + timedelta(days=number))
            completion.complete(store, sittings.require(store, project, number))
    return home


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pattern, tmp_path / "home")


@pytest.fixture
def project(store: Store) -> Project:
    return projects.require_only(store)


def import_session(store: Store, project: Project, native: str, turns: list[Turn], at: datetime) -> None:
    head = SessionHead(agent="codex", id=native, started_at=at)
    intake = SessionIntake(store, project, head, "a.jsonl")
    timed = [replace(turn, at=at + timedelta(minutes=minute)) for minute, turn in enumerate(turns)]
    for item in prepare_turns([head, *timed], lambda _: project.key):
        if not isinstance(item, SessionHead):
            intake.take(item)
    intake.finish()


def test_the_next_session_begins_with_the_last_handoff(store: Store, project: Project) -> None:
    started = sittings.start(store, project, agent="codex")
    assert started.session.number == 3
    assert started.previous is not None
    assert started.previous.version == 2
    detail = sittings.show(store, started.session)
    assert (detail.previous, detail.handoff) == (started.previous, None)
    first = sittings.start(store, projects.create(store, "new"))
    assert first.previous is None


def test_completion_notes_reach_the_handoff(store: Store, project: Project) -> None:
    session = sittings.start(store, project).session
    done = completion.complete(store, session, accomplishments=["Shipped the receipt"], blockers=["No DNS yet"], credits_used=87.5)
    assert (done.session.status, done.session.accomplishments, done.session.blockers, done.session.credits_used) == (
        "completed", ("Shipped the receipt",), ("No DNS yet",), 87.5,
    )  # fmt: skip
    assert "Shipped the receipt" in done.handoff.markdown
    assert "No DNS yet" in done.handoff.markdown
    again = completion.complete(store, done.session)
    assert (again.is_unchanged, again.handoff) == (True, done.handoff)
    more = completion.complete(store, done.session, blockers=[], words="replace")
    assert (more.is_unchanged, more.session.accomplishments) == (False, ("Shipped the receipt",))
    assert "No DNS yet" not in more.handoff.markdown


def test_current_and_earlier_handoffs(store: Store, project: Project) -> None:
    now = handoffs.current_handoff(store, project)
    assert (now.version, now.handoff.session) == (2, 2)
    assert parse(now.markdown) == now.handoff
    before = handoffs.current_handoff(store, project, session_number=1)
    assert (before.version, before.handoff.session) == (1, 1)
    for budget in (300, 600, 3000):
        small = handoffs.current_handoff(store, project, budget_tokens=budget)
        assert (small.version, small.budget_tokens) == (None, budget)
        assert count_tokens(small.markdown) <= budget
    small = handoffs.current_handoff(store, project, session_number=1, budget_tokens=500)
    assert small.handoff.session == 1
    assert "rupiah now" not in small.markdown


def test_no_handoff_yet(store: Store) -> None:
    empty = projects.create(store, "empty")
    with pytest.raises(NotFound, match="no handoff yet"):
        handoffs.current_handoff(store, empty)
    with pytest.raises(NotFound, match="Session 4"):
        handoffs.current_handoff(store, empty, session_number=4)
    assert facts.add(store, empty, "rule", "Be kind.").author == "person"
    assert handoffs.list_versions(store, empty) == []


def test_a_person_corrects_the_ledger(store: Store, project: Project) -> None:
    rule = next(fact for fact in facts.list_facts(store, project, kind="rule") if "generated client" in fact.text)
    facts.reword(store, project, rule.id[:6], "Never edit  src/client by hand.")
    added = facts.add(store, project, "decision", "Jakarta is the only warehouse.")
    facts.pin(store, project, added.id)
    todo = next(fact for fact in facts.list_facts(store, project) if "migrate" in fact.text)
    facts.retract(store, project, todo.id)
    for _ in range(2):
        document = handoffs.current_handoff(store, project).markdown
        assert "Never edit src/client by hand." in document
        assert "Jakarta is the only warehouse." in document
        assert todo.text not in document
        assert facts.require(store, project, todo.id).state == "retracted"
        import_session(store, project, "native-3", [Turn("user", "go on"), Turn("assistant", "ok")], NOON + timedelta(days=3))
        completion.complete(store, sittings.require(store, project, 3))
        ledger_rebuild.rebuild(store, project)
    facts.restore(store, project, todo.id)
    facts.unpin(store, project, added.id)
    assert todo.id in {fact.id for fact in facts.list_facts(store, project)}
    assert not facts.require(store, project, added.id).pinned


def test_facts_are_filtered(store: Store, project: Project) -> None:
    everything = facts.list_facts(store, project, state=None)
    assert {fact.kind for fact in facts.list_facts(store, project, kind="rule")} == {"rule"}
    assert all(fact.session == 2 for fact in facts.list_facts(store, project, session=2, state=None))
    assert all("cartTotals" in fact.subject + fact.text for fact in facts.list_facts(store, project, file="cartTotals", state=None))
    assert {fact.id for fact in facts.list_facts(store, project)} <= {fact.id for fact in everything}
    with pytest.raises(NotFound):
        facts.pin(store, project, "zzzz")
    with pytest.raises(BadInput, match="Give more"):
        facts.require(store, project, "")
    with pytest.raises(BadInput, match="not a kind"):
        facts.add(store, project, "wish", "x")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="needs a text"):
        facts.add(store, project, "rule", "  ")


def test_every_line_leads_to_its_turns(store: Store, project: Project) -> None:
    document = handoffs.current_handoff(store, project).handoff
    handles = {str(handle) for section in document.sections for line in section.lines for handle in line.sources}
    assert handles
    for handle in handles:
        assert sources.read_source(store, project, handle).turns
    assert [turn.text for _, turn in sources.read_source(store, project, "[s2.1]").turns] == [SECOND[0].text]
    assert [ordinal for ordinal, _ in sources.read_source(store, project, "1.2-4").turns] == [2, 3, 4]
    completion.complete(store, sittings.require(store, project, 2), accomplishments=["Shipped"])
    assert [turn.text for _, turn in sources.read_source(store, project, "s2.0").turns] == ["Done: Shipped"]


@pytest.mark.parametrize(
    ("handle", "error"),
    [("s9.1", NotFound), ("s1.99", NotFound), ("s1.0", NotFound), ("x", BadInput), ("s1.5-2", BadInput), ("s1.1-999", BadInput)],
)
def test_a_handle_that_leads_nowhere(store: Store, project: Project, handle: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sources.read_source(store, project, handle)


def test_sources_of_files_are_those_of_the_store(store: Store) -> None:
    files = [FIXTURES / "codex" / "rollout.jsonl", FIXTURES / "claude_code" / "rewound.jsonl"]
    project = projects.create(store, "files")
    for file in files:
        imports.import_paths(store, [file], project=project, complete=True)
    for section in handoffs.current_handoff(store, project).handoff.sections:
        for handle in {str(handle) for line in section.lines for handle in line.sources}:
            stored, read = sources.read_source(store, project, handle), sources.read_from_files(files, handle)
            assert (read.span, read.turns) == (stored.span, stored.turns)
    with pytest.raises(NotFound, match="contain 2"):
        sources.read_from_files(files, "s3.1")


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("Which port is the mail server on?", "localhost:2525"),
        ("why were totals kept in cents", "floats lost a rupiah"),
        ("KeyError currency", "carts without a currency"),
        ("what failed", "failed"),
        ("cart totals", "cartTotals.py"),
        ("src/shop/cartTotals.py", "cartTotals.py"),
        ("migrating orders", "migrate-orders"),
        ('"); DROP TABLE turns; -- generated', "generated client"),
        ("the", "the"),
    ],
)
def test_a_question_finds_its_passage(store: Store, project: Project, query: str, holds: str) -> None:
    result = search_results.search(store, query, project=project, budget_tokens=400)
    assert holds in "\n".join(excerpt.text for excerpt in result.excerpts)
    assert result.tokens <= 400
    assert result.tokens > sum(count_tokens(excerpt.text) for excerpt in result.excerpts)


def test_search_keeps_to_what_is_asked(store: Store, project: Project) -> None:
    other = projects.create(store, "other")
    import_session(store, other, "native", [Turn("user", "The mail server here is exim.")], NOON)
    assert {excerpt.project for excerpt in search_results.search(store, "mail server").excerpts} == {"shop", "other"}
    assert {excerpt.project for excerpt in search_results.search(store, "mail server", project=other).excerpts} == {"other"}
    assert {excerpt.kind for excerpt in search_results.search(store, "currency", kinds=["tool"]).excerpts} == {"tool"}
    assert {excerpt.kind for excerpt in search_results.search(store, "mail server", kinds=["fact"], project=project).excerpts} == {"fact"}
    assert search_results.search(store, "xylophone").excerpts == []
    assert search_results.search(store, "mail server", budget_tokens=5).excerpts == []
    with pytest.raises(BadInput, match="no word"):
        search_results.search(store, "?!")


def test_passages_are_whole_and_bounded() -> None:
    text = "\n".join(f"line {number} " + "word " * 30 for number in range(40)) + "\n\n---\n" + "endless" * 500
    passages = list(search_passages.passages(text))
    assert max(map(len, passages)) <= search_passages.LONGEST_LINE_CHARS + search_passages.PASSAGE_CHARS
    assert "".join(passages).replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(" ", "").replace("---", "")


def test_a_rebuild_changes_nothing_that_was_right(store: Store, project: Project) -> None:
    before = handoffs.current_handoff(store, project)
    progress: list[tuple[int, int]] = []
    rebuilt = ledger_rebuild.rebuild(store, project, lambda done, of: progress.append((done, of)))
    assert rebuilt.handoff is not None
    assert (rebuilt.sessions, rebuilt.handoff.markdown, progress) == (2, before.markdown, [(0, 2), (1, 2)])
    assert ledger_rebuild.rebuild_index(store) == len(FIRST) + len(SECOND)


def _examine(home: Path, tmp_path: Path) -> list[doctor.Finding]:
    retention = doctor.TranscriptRetention("claude-code", tmp_path / "claude" / "projects", "*/*.jsonl", timedelta(days=30))
    return doctor.examine(Settings(home, tmp_path / "claude"), lambda settings: Store.at_folder(settings.home), [retention])


def test_the_doctor_finds_nothing_in_a_sound_store(store: Store, project: Project, home: Path, tmp_path: Path) -> None:
    findings = _examine(home, tmp_path)
    assert {finding.status for finding in findings} == {"ok"}
    assert len({finding.check for finding in findings}) == len(findings)


def test_the_doctor_says_what_is_wrong(store: Store, project: Project, home: Path, tmp_path: Path) -> None:
    sittings.start(store, project)
    with store.write() as connection:
        turn_index.index_for(connection).clear(connection)
        connection.exec_driver_sql("UPDATE sessions SET created_at = created_at - 172800000000, checksum = NULL")
    old = tmp_path / "claude" / "projects" / "shop" / "s.jsonl"
    old.parent.mkdir(parents=True)
    old.write_bytes((FIXTURES / "claude_code" / "session.jsonl").read_bytes())
    month_ago = (datetime.now(UTC) - timedelta(days=28)).timestamp()
    os.utime(old, (month_ago, month_ago))
    wrong = {str(finding.check): finding for finding in _examine(home, tmp_path) if finding.status != "ok"}
    assert set(wrong) == {"search index", "sessions", "Claude Code transcripts"}
    assert "3" in str(wrong["sessions"].message)
    assert str(old) in str(wrong["Claude Code transcripts"].message)
    imports.import_paths(store, [old], project=project)
    ledger_rebuild.rebuild_index(store)
    sittings.abandon(store, sittings.require(store, project, 3))
    still = {str(finding.check) for finding in _examine(home, tmp_path) if finding.status != "ok"}
    assert still == set()


def test_the_doctor_looks_at_a_store_that_is_damaged(store: Store, project: Project, home: Path, tmp_path: Path) -> None:
    store.close()
    database = home / "onward.db"
    database.write_bytes(b"not a database at all" * 1000)
    findings = _examine(home, tmp_path)
    broken = next(finding for finding in findings if finding.check == "store")
    assert broken.status == "problem"
    assert broken.hint
