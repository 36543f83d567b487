"""Moving sessions to another project: nothing lost, no duplicates, and the ledgers are derived again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward import samples
from onward.app.admin import ledger_rebuild
from onward.app.handoffs import handoffs
from onward.app.projects import facts, projects
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.app.sessions import reassignment
from onward.app.sessions import sessions as sittings
from onward.app.transcripts.imports import import_paths
from onward.app.turns import sources
from onward.cli.main import main
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput, NotFound
from onward.store import Store, health
from onward.store import turns as kept_turns

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Iterator[Store]:
    with open_again() as opened:
        yield opened
        with opened.read() as connection:
            assert (health.find_damage(connection), health.count_unindexed(connection)) == ([], 0)


def write_session(path: Path, *texts: str, native: str | None = None, at: datetime = NOON, cwd: str = "") -> Path:
    messages = [
        {"role": ("user", "assistant")[i % 2], "content": text, "timestamp": (at + timedelta(minutes=i)).isoformat()}
        for i, text in enumerate(texts)
    ]
    path.write_text(json.dumps([{"messages": messages, **({"id": native} if native else {}), **({"cwd": cwd} if cwd else {})}]), "utf-8")
    return path


def texts(store: Store, project: Project) -> list[list[str]]:
    return [[stored.turn.text for stored in sittings.replay(store, session)] for session in sittings.list_sessions(store, project)]


def fact_states(store: Store, project: Project) -> list[tuple[str, str, str]]:
    return sorted((fact.kind, fact.text, fact.state) for fact in facts.list_facts(store, project, state=None))


def test_a_project_goes_into_another_whole(store: Store, tmp_path: Path) -> None:
    shop, wrong = projects.create(store, "shop"), projects.create(store, "wrong")
    first, middle, later = samples.write(tmp_path)
    import_paths(store, [later], project=shop, complete=True)
    import_paths(store, [first, middle], project=wrong, complete=True)
    pinned = next(fact for fact in facts.list_facts(store, wrong) if fact.kind == "rule")
    facts.reword(store, wrong, pinned.id, "Never drop the till table.")
    stated = facts.add(store, wrong, "rule", "Ask before a release.")
    done = reassignment.remap_project(store, wrong, shop)
    assert [tuple(move) for move in done.sessions] == [("wrong", 1, 2), ("wrong", 2, 3)]
    with pytest.raises(NotFound):
        projects.resolve(store, "wrong")
    live = {fact.text for fact in facts.list_facts(store, shop)}
    assert {"Never drop the till table.", stated.text} <= live
    assert handoffs.current_handoff(store, shop).handoff.session == 3
    before = fact_states(store, shop)
    ledger_rebuild.rebuild(store, shop)
    assert fact_states(store, shop) == before
    again = import_paths(store, [later, first, middle], project=shop)
    assert [session.new_turns for file in again.files for session in file.sessions] == [0, 0, 0]
    assert search_results.search(store, "till", project=shop)


def test_shared_sessions_are_stored_once(store: Store, tmp_path: Path) -> None:
    shop, wrong = projects.create(store, "shop"), projects.create(store, "wrong")
    same = [write_session(tmp_path / "a.json", "one", "two", native="a"), write_session(tmp_path / "b.json", "three", "four")]
    for project in (shop, wrong):
        import_paths(store, same, project=project)
    import_paths(store, [write_session(tmp_path / "c.json", "five", "six", native="c")], project=wrong)
    done = reassignment.remap_project(store, wrong, shop)
    assert sorted(move.number or 0 for move in done.sessions) == [0, 0, 3]
    assert sorted(texts(store, shop)) == [["five", "six"], ["one", "two"], ["three", "four"]]


def test_a_longer_copy_loses_nothing(store: Store, tmp_path: Path) -> None:
    shop, wrong = projects.create(store, "shop"), projects.create(store, "wrong")
    import_paths(store, [write_session(tmp_path / "a.json", "one", "two", native="a")], project=shop)
    import_paths(store, [write_session(tmp_path / "a.json", "one", "two", "three", native="a")], project=wrong)
    reassignment.remap_project(store, wrong, shop)
    assert texts(store, shop) == [["one", "two"], ["one", "two", "three"]]
    assert not any(session.new_turns for session in import_paths(store, [tmp_path / "a.json"], project=shop).files[0].sessions)


def secret(number: int) -> str:
    """Return a dummy secret that is redacted."""
    return "ghp_" + f"{number}aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA"[:36]


def write_secrets(path: Path, *, times: bool, native: str | None = None, more: tuple[str, ...] = ()) -> Path:
    """Write a session with secrets, with or without times."""
    texts = [f"push with {secret(1)}", "pushed", f"push with {secret(2)}", f"now with {secret(1)} again", *more]
    messages: list[dict[str, str]] = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    if times:
        messages = [{**message, "timestamp": (NOON + timedelta(minutes=i)).isoformat()} for i, message in enumerate(messages)]
    path.write_text(json.dumps([{"messages": messages, **({"id": native} if native else {})}]), "utf-8")
    return path


@pytest.mark.parametrize("times", [True, False])
@pytest.mark.parametrize("native", ["a", None])
def test_sessions_with_secrets_are_recognised(store: Store, tmp_path: Path, times: bool, native: str | None) -> None:
    wrong, shop = projects.create(store, "wrong"), projects.create(store, "shop")
    import_paths(store, [write_session(tmp_path / "b.json", "three", "four")], project=shop)
    import_paths(store, [write_secrets(tmp_path / "a.json", times=times, native=native)], project=wrong)
    reassignment.remap_project(store, wrong, shop)
    before = texts(store, shop)
    assert [len(turn_texts) for turn_texts in before] == [2, 4]
    assert secret(1) not in str(before)
    for _ in range(2):
        import_paths(store, [tmp_path / "a.json"], project=shop)
        assert texts(store, shop) == before
    import_paths(store, [write_secrets(tmp_path / "a.json", times=times, native=native, more=("five",))], project=shop)
    assert texts(store, shop) == [before[0], [*before[1], "five"]]
    last = projects.create(store, "last")
    reassignment.remap_project(store, shop, last)
    import_paths(store, [tmp_path / "a.json"], project=last)
    assert [len(turn_texts) for turn_texts in sorted(texts(store, last), key=len)] == [2, 5]


@pytest.mark.parametrize("times", [True, False])
@pytest.mark.parametrize("native", ["a", None])
def test_shared_sessions_with_secrets_are_stored_once(store: Store, tmp_path: Path, times: bool, native: str | None) -> None:
    wrong, shop = projects.create(store, "wrong"), projects.create(store, "shop")
    for project in (wrong, shop):
        import_paths(store, [write_secrets(tmp_path / "a.json", times=times, native=native)], project=project)
    done = reassignment.remap_project(store, wrong, shop)
    assert [move.number for move in done.sessions] == [None]
    assert [len(turn_texts) for turn_texts in texts(store, shop)] == [4]


def test_some_sessions_go_and_the_rest_stays(store: Store, tmp_path: Path) -> None:
    wrong = projects.create(store, "wrong")
    import_paths(store, samples.write(tmp_path), project=wrong, complete=True)
    shop = projects.create(store, "shop")
    before = fact_states(store, wrong)
    reassignment.remap_sessions(store, wrong, [2], shop)
    assert [session.number for session in sittings.list_sessions(store, wrong)] == [1, 3]
    assert [session.number for session in sittings.list_sessions(store, shop)] == [1]
    for project in (wrong, shop):
        ledger_before = fact_states(store, project)
        assert ledger_before
        ledger_rebuild.rebuild(store, project)
        assert fact_states(store, project) == ledger_before
    reassignment.remap_sessions(store, shop, [1], wrong)
    assert [session.number for session in sittings.list_sessions(store, wrong)] == [1, 3, 4]
    assert {row[:2] for row in fact_states(store, wrong)} == {row[:2] for row in before}
    with pytest.raises(NotFound):
        reassignment.remap_sessions(store, wrong, [2], shop)
    with pytest.raises(BadInput):
        reassignment.remap_project(store, shop, shop)


def test_notes_of_an_agent_move_with_their_session(store: Store, tmp_path: Path) -> None:
    wrong, shop = projects.create(store, "wrong"), projects.create(store, "shop")
    import_paths(store, samples.write(tmp_path), project=wrong, complete=True)
    first, second, _ = sittings.list_sessions(store, wrong)
    stays, goes = (facts.note(store, wrong, session, "lesson", f"Noted in session {session.number}") for session in (first, second))
    facts.pin(store, wrong, goes.id)
    reassignment.remap_sessions(store, wrong, [2], shop)
    moved_fact = next(fact for fact in facts.list_facts(store, shop) if fact.text == goes.text)
    assert (moved_fact.session, moved_fact.turn, moved_fact.pinned) == (1, 0, True)
    assert "lesson: Noted in session 2" in sources.read_source(store, shop, "s1.0").turns[0][1].text
    noted = [fact.id for fact in facts.list_facts(store, wrong) if fact.text.startswith("Noted in session")]
    assert noted == [stays.id]
    # The same statement in that session is a known fact.
    assert facts.note(store, shop, sittings.require(store, shop, 1), "lesson", goes.text).id == moved_fact.id
    reassignment.remap_project(store, shop, wrong)
    assert {fact.session for fact in facts.list_facts(store, wrong) if fact.text == goes.text} == {4}


@pytest.mark.parametrize(("folder", "inside"), [("/code/big/api", "/code/big/api/src"), (r"C:\big\api", "c:/big/api/src")])
def test_a_moved_folder_keeps_future_sessions(store: Store, tmp_path: Path, folder: str, inside: str) -> None:
    paths = [
        write_session(tmp_path / "a.json", "in it", native="a", cwd=inside),
        write_session(tmp_path / "b.json", "beside it", native="b", cwd=folder + "-2"),
    ]
    import_paths(store, paths)
    api = projects.create(store, "the api")
    reassignment.remap_folder(store, folder, api)
    assert texts(store, api) == [["in it"]]
    owner = projects.ensure_for_session(store, SessionHead("codex", cwd=inside))
    assert owner is not None
    assert owner.id == api.id
    other = projects.ensure_for_session(store, SessionHead("codex", cwd=folder + "-2"))
    assert other is not None
    assert other.id != api.id


def test_the_place_goes_with_the_project(store: Store) -> None:
    clone = SessionHead("codex", cwd="/gone/kopi", remote="git@example.com:ayu/kopi.git")
    first = projects.ensure_for_session(store, clone)
    assert first is not None
    shop = projects.create(store, "shop")
    reassignment.remap_project(store, first, shop)
    elsewhere = SessionHead("codex", cwd="/other/kopi", remote="https://example.com/ayu/kopi")
    for head in (clone, SessionHead("claude-code", cwd="/gone/kopi"), elsewhere):
        owner = projects.ensure_for_session(store, head)
        assert owner is not None
        assert owner.id == shop.id
    last = projects.create(store, "last")
    reassignment.remap_project(store, shop, last)
    owner = projects.ensure_for_session(store, clone)
    assert owner is not None
    assert owner.id == last.id


def test_a_failure_moves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, wrong = projects.create(store, "shop"), projects.create(store, "wrong")
    import_paths(store, samples.write(tmp_path), project=wrong, complete=True)
    before = texts(store, wrong)

    def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(kept_turns, "move", fails)
        with pytest.raises(RuntimeError):
            reassignment.remap_project(store, wrong, shop)
    assert texts(store, wrong) == before
    assert texts(store, shop) == []


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    path = write_session(tmp_path / "a.json", "one", "two", native="a", cwd="/code/kopi")
    assert main(["import", str(path)]) == 0
    shutil.move(path, tmp_path / "elsewhere.json")
    assert main(["project", "remap", "nothing", "shop"]) == 2
    assert main(["project", "remap", "/code", "shop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["deleted_projects"] == ["kopi"]
    assert main(["project", "new", "other"]) == 0
    assert main(["project", "remap", "other", "shop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["deleted_projects"] == ["other"]
    assert main(["project", "list", "--json"]) == 0
    assert [(item["name"], item["sessions"]) for item in json.loads(capsys.readouterr().out)] == [("shop", 1)]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_project_whose_folder_moved_is_found_in_its_new_one(store: Store, tmp_path: Path, is_gone: bool) -> None:
    old, new = tmp_path / "old" / "kopi", tmp_path / "new" / "kopi"
    for folder in (old, new):
        folder.mkdir(parents=True)
    project = projects.create(store, "kopi", repository=(str(old), ""))
    if is_gone:
        old.rmdir()
    reassignment.remap_folder(store, str(new), project)
    assert projects.require(store, project.id).root == str(new if is_gone else old)
    assert projects.resolve(store, folder=new) == projects.require(store, project.id)
