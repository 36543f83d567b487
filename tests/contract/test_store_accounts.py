"""The behaviour of every store with accounts, charges and usage, on each database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.app.accounts import accounts, usage
from onward.app.accounts.charges import assign, find_account
from onward.app.accounts.selection import analyze, best_account, rotate
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.sessions.completion import complete
from onward.app.transcripts.imports import import_paths
from onward.core.accounts.accounts import Account, AccountEvent, Limit, ModelLimit
from onward.core.accounts.periods import Period
from onward.core.accounts.rank import AccountNeed, RotationWindow
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript.transcript import Usage
from onward.errors import Conflict, NotFound
from onward.message import Message
from onward.store import Store
from onward.store import accounts as stored
from onward.store.usage import TurnUsage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def project(store: Store) -> Project:
    return projects.create(store, "kopi")


def create_account(store: Store, name: str, **fields: object) -> Account:
    return accounts.create(store, {"name": name, **fields}, at=NOON).account


def start_session(store: Store, project: Project, account: Account | None = None) -> Session:
    return sessions.start(store, project, account_id=account.id if account else None).session


def credits_used_of(store: Store, account: Account, at: datetime = NOON) -> float:
    return accounts.show(store, account, at=at).availability.credits_used


def test_an_account_is_stored_as_given(store: Store) -> None:
    account = Account(
        id=0,
        name="kopi — ☕",
        provider="anthropic",
        plan="pro",
        models=(ModelLimit("opus", 40.0), ModelLimit("haiku")),
        tags=("web", "db"),
        note="note",
        credits_total=100.0,
        credits_used=12.5,
        credits_estimated=2.5,
        credits_at=NOON,
        resets_at=NOON + timedelta(hours=3),
        period=Period(5, "h"),
        is_paused=True,
        limits=(),
        created_at=NOON,
        updated_at=NOON,
    )
    limits = (Limit("", NOON, None), Limit("opus", NOON, NOON + timedelta(hours=1)))
    with store.write() as connection:
        [new_account] = stored.create_accounts(connection, [account])
        [held] = stored.lock_accounts(connection, [new_account.id])
        assert held == new_account
    assert replace(new_account, id=0, created_at=NOON, updated_at=NOON) == account
    with store.write() as connection:
        changed = stored.update_account(connection, replace(new_account, name="teh", limits=limits))
        assert stored.list_accounts(connection, name="teh") == [changed]
        assert changed.limits == limits
        assert stored.update_account(connection, replace(changed, limits=())).limits == ()


def test_a_name_is_taken_once_and_the_transaction_goes_on(store: Store) -> None:
    first, second = create_account(store, "a"), create_account(store, "b")
    with pytest.raises(Conflict):
        create_account(store, "a")
    with pytest.raises(Conflict):
        accounts.change(store, second, {"name": "a"}, at=NOON)
    assert [line.account for line in accounts.list_accounts(store, at=NOON)] == [first, second]


def test_events_are_listed_the_newest_first(store: Store) -> None:
    account, other = create_account(store, "a"), create_account(store, "b")
    with store.write() as connection:
        for hour in range(5):
            kind = "failure" if hour % 2 else "use"
            stored.record_events(
                connection,
                AccountEvent(
                    id=0,
                    account_id=account.id,
                    session_id=None,
                    kind=kind,
                    source="reported",
                    model="m",
                    credits=1.5,
                    used_after=3.0,
                    note="x",
                    at=NOON + timedelta(hours=hour),
                ),
            )
        events = stored.list_events(connection, account_id=account.id)
        assert [event.at.hour for event in events] == [16, 15, 14, 13, 12]
        assert [event.at.hour for event in stored.list_events(connection, account_id=account.id, before_id=events[1].id, limit=2)] == [
            14,
            13,
        ]
        assert [event.at.hour for event in stored.list_events(connection, kinds=["failure"], since=NOON + timedelta(hours=2))] == [15]
        assert stored.list_events(connection, account_id=other.id) == []


def test_credits_come_back_by_themselves(store: Store) -> None:
    account = create_account(store, "a", credits_total=100, credits_used=80, resets_at="2026-03-01T15:00", period="5h")
    assert [credits_used_of(store, account, NOON + timedelta(hours=hours)) for hours in (0, 2.9, 3, 9)] == [80, 80, 0, 0]
    later = NOON + timedelta(hours=4)
    accounts.change(store, account, {"resets_at": "2026-03-09T00:00"}, at=later)
    assert credits_used_of(store, account, later) == 0
    accounts.report_credits(store, account, 30, at=later)
    standing = accounts.show(store, account, at=later).availability
    assert (standing.credits_used, standing.credits_left, standing.resets_source) == (30, 70, "reported")
    assert accounts.show(store, account, at=NOON + timedelta(days=8)).availability.resets_source == "estimated"


def test_a_limit_ends_at_its_time_at_the_reset_or_when_a_person_says_so(store: Store) -> None:
    named, resetting, unknown = (create_account(store, name, **fields) for name, fields in
                                 [("a", {}), ("b", {"resets_at": "2026-03-01T15:00", "period": "1d"}), ("c", {})])  # fmt: skip
    accounts.report_limit(store, named, until_at=NOON + timedelta(hours=1), at=NOON)
    accounts.report_limit(store, resetting, at=NOON)
    accounts.report_limit(store, unknown, at=NOON)
    accounts.report_limit(store, unknown, model="opus", at=NOON)

    def exhausted(at: datetime) -> list[str]:
        return [line.account.name for line in accounts.list_accounts(store, status="exhausted", at=at)]

    assert exhausted(NOON) == ["a", "b", "c"]
    assert exhausted(NOON + timedelta(hours=2)) == ["b", "c"]
    assert exhausted(NOON + timedelta(days=400)) == ["c"]
    accounts.change(store, unknown, {"status": "active"}, at=NOON)
    assert exhausted(NOON) == ["a", "b"]
    assert accounts.show(store, unknown, at=NOON).availability.limits == ()


def test_a_batch_is_all_or_none(store: Store) -> None:
    rows = [{"name": f"pool-{number}", "credits_total": "100"} for number in range(120)]
    failed = accounts.create_batch(store, [*rows, {"name": "pool-5"}, {"name": "x", "period": "never"}], at=NOON)
    assert failed.created == []
    assert [(error.row, error.name) for error in failed.errors] == [(121, "pool-5"), (122, "x")]
    assert accounts.list_accounts(store) == []
    assert len(accounts.create_batch(store, rows, at=NOON).created) == 120


def test_a_session_is_charged_once_however_often_it_is_completed(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100, credits_used=5)
    session = start_session(store, project, account)
    for credits, after in ((30, 35), (30, 35), (25, 30)):
        complete(store, session, credits_used=credits)
        assert credits_used_of(store, account) == after
    other = create_account(store, "b", credits_total=100)
    assign(store, session, other)
    assert (credits_used_of(store, account), credits_used_of(store, other)) == (30, 0)
    assert find_account(store, session) == accounts.require(store, "b")


def test_credits_reported_during_a_session_are_not_counted_twice(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100, credits_used=10)
    session = start_session(store, project, account)
    accounts.report_credits(store, account, 60)
    complete(store, session, credits_used=55)
    assert credits_used_of(store, account, datetime.now(UTC)) == 65


def test_a_lower_charge_is_refunded_unless_reset_meanwhile(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100)
    session = start_session(store, project, account)
    complete(store, session, credits_used=40)
    accounts.change(store, account, {"resets_at": datetime.now(UTC).isoformat()})
    accounts.report_credits(store, account, 7)
    complete(store, session, credits_used=30)
    assert credits_used_of(store, account, datetime.now(UTC)) == 7


def test_rotation_moves_an_open_session_and_says_why(store: Store, project: Project) -> None:
    first = create_account(store, "a", credits_total=100, credits_used=84)
    session = start_session(store, project, first)
    stays = rotate(store, session, at=NOON)
    assert (stays.has_moved, stays.position, str(stays.why)) == (False, "below", "a has used 84% of its credits; rotation starts at 85%")
    rotation = rotate(store, session, credits_used=88, at=NOON)
    assert (rotation.has_moved, rotation.position) == (False, "in")
    create_account(store, "b", credits_total=100, credits_used=90)
    assert not rotate(store, session, at=NOON).has_moved
    past = rotate(store, session, credits_used=93, at=NOON)
    assert (past.has_moved, past.position, past.after and past.after.account.name) == (True, "past", "b")
    chosen = rotate(store, session, to=first, at=NOON)
    assert (chosen.has_moved, chosen.why) == (True, Message("chosen by hand"))
    assert not rotate(store, session, to=first, at=NOON).has_moved
    complete(store, session)
    with pytest.raises(Conflict):
        rotate(store, session)


def test_a_session_leaves_an_account_that_cannot_be_used_and_one_without_gets_the_best(store: Store, project: Project) -> None:
    first, second = create_account(store, "a", credits_total=100), create_account(store, "b", credits_total=50)
    session = start_session(store, project)
    assert rotate(store, session, at=NOON).why == Message("the session has no account yet")
    assert find_account(store, session) == first
    accounts.report_limit(store, first, until_at=NOON + timedelta(hours=1), at=NOON)
    moved = rotate(store, session, at=NOON)
    assert "cannot be used: limit reached, until in 1 h" in str(moved.why)
    assert find_account(store, session) == second
    accounts.change(store, second, {"status": "paused"}, at=NOON)
    stuck = rotate(store, session, at=NOON)
    assert (stuck.has_moved, str(stuck.why)) == (False, "b cannot be used: paused; no other account can be used")


def test_a_model_that_used_its_own_credits_is_left_alone(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100, models={"opus": 20, "haiku": None})
    with store.write() as connection:
        stored.record_events(
            connection,
            AccountEvent(
                id=0,
                account_id=account.id,
                session_id=None,
                kind="use",
                source="reported",
                model="opus",
                credits=20.0,
                used_after=20.0,
                note="",
                at=NOON,
            ),
        )

    def why(model: str) -> str:
        return str(best_account(store, AccountNeed(model), at=NOON).why)

    assert "no credits left for opus" in why("opus")
    assert "100 of 100 credits left" in why("haiku")
    assert "does not offer gpt" in why("gpt")


def test_sessions_that_rotate_at_once_see_what_the_others_did(store: Store, project: Project) -> None:
    full = create_account(store, "full", credits_total=100, credits_used=95)
    for number in range(4):
        create_account(store, f"free-{number}", credits_total=100)
    running = [start_session(store, project, full) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda session: rotate(store, session, at=NOON), running * 2))
    assert sum(outcome.has_moved for outcome in done) == 4
    # A later session sees that an account is taken, and takes another.
    assert {account.name for session in running if (account := find_account(store, session))} == {f"free-{number}" for number in range(4)}


@pytest.mark.slow
def test_no_credits_are_lost_when_many_are_charged_at_once(store: Store) -> None:
    account, other = create_account(store, "a", credits_total=1000), create_account(store, "b", credits_total=1000)
    running = [start_session(store, projects.create(store, f"p-{number}"), account) for number in range(8)]

    def work(number: int) -> None:
        complete(store, running[number], credits_used=number + 1)
        if number % 2:
            complete(store, running[number], credits_used=number + 11)
        accounts.report_failure(store, other)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert credits_used_of(store, account, datetime.now(UTC)) == sum(range(1, 9)) + 4 * 10
    with store.read() as connection:
        events = stored.list_events(connection, account_id=account.id)
        assert events[0].used_after == sum(event.credits or 0 for event in events)


def test_a_deleted_account_leaves_its_sessions(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100)
    session = start_session(store, project, account)
    complete(store, session, credits_used=30)
    accounts.delete(store, account)
    assert find_account(store, session) is None
    assert sessions.require_by_id(store, session.id).credits_used == 30
    with pytest.raises(NotFound):
        accounts.report_failure(store, account)
    with pytest.raises(NotFound):
        start_session(store, project, account)


def test_a_deleted_project_leaves_what_its_sessions_used(store: Store, project: Project) -> None:
    account = create_account(store, "a", credits_total=100)
    complete(store, start_session(store, project, account), credits_used=30)
    projects.delete(store, project)
    detail = accounts.show(store, account, at=NOON)
    assert (detail.availability.credits_used, detail.sessions) == (30, [])
    assert [(event.kind, event.session_id) for event in detail.events] == [("use", None)]


LINE = '{"id": "%s", "role": "%s", "text": "turn %s", "at": "2026-03-01T12:%02d:00Z"%s}\n'
COST = ', "model": "%s", "usage": {"input_tokens": 1000, "output_tokens": 100}'


def transcript(tmp_path: Path, name: str, turns: list[tuple[str, str, int]]) -> Path:
    path = tmp_path / name
    path.write_text(
        "".join(LINE % (key, "assistant" if model else "user", key, minute, COST % model if model else "") for key, model, minute in turns)
    )
    return path


def session_of_claude(path: Path, name: str, *answers: str) -> Path:
    """Write a session with that many answers, each with its usage; ids that begin with x belong to a model without a known price."""
    records: list[dict[str, object]] = []
    for number, answer in enumerate(answers):
        at, model = f"2026-03-01T12:{number:02}:00Z", "in-house-7b" if answer.startswith("x") else "claude-sonnet-4-5"
        usage = {"input_tokens": 1000, "output_tokens": 100}
        message = {
            "role": "assistant",
            "id": f"msg-{answer}",
            "model": model,
            "content": [{"type": "text", "text": answer}],
            "usage": usage,
        }
        question: dict[str, object] = {"type": "user", "uuid": f"q-{answer}", "message": {"role": "user", "content": f"say {answer}"}}
        for record in (question, {"type": "assistant", "uuid": f"a-{answer}", "message": message}):
            parent = records[-1]["uuid"] if records else None
            records.append({**record, "parentUuid": parent, "sessionId": name, "cwd": "/code/kopi", "timestamp": at})
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def test_usage_is_counted_once_by_model_and_a_fork_adds_only_its_own(store: Store, project: Project, tmp_path: Path) -> None:
    parent = session_of_claude(tmp_path / "a.jsonl", "one", "a1", "x1")
    fork = session_of_claude(tmp_path / "b.jsonl", "two", "a1", "x1", "a2")
    import_paths(store, [parent, fork], project=project, complete=True)
    import_paths(store, [fork, parent], project=project)
    assert usage.count_all(store) == 0
    assert [session.turns for session in sessions.list_sessions(store, project)] == [4, 2]
    [report] = analyze(store, at=NOON).projects
    assert [(row.model, row.turns, row.cost_usd, row.unpriced_turns) for row in report.usage] == [
        ("claude-sonnet-4-5", 2, pytest.approx(0.009), 0),
        ("in-house-7b", 1, None, 1),
    ]


def test_usage_of_late_turns_is_counted_on_request(store: Store, project: Project, tmp_path: Path) -> None:
    turns = [("t1", "", 0), ("t2", "claude-sonnet-4-5", 1)]
    import_paths(store, [transcript(tmp_path, "a.jsonl", turns)], project=project, complete=True)
    import_paths(store, [transcript(tmp_path, "a.jsonl", [*turns, ("t3", "claude-sonnet-4-5", 2)])], project=project)
    [row] = usage.read_session_usage(store, sessions.require(store, project, 1).id)
    assert (row.turns, row.tokens.input_tokens, row.account_id) == (2, 2000, None)
    account = create_account(store, "a")
    assign(store, sessions.require(store, project, 1), account)
    [row] = usage.read_session_usage(store, sessions.require(store, project, 1).id)
    assert (row.turns, row.account_id) == (2, account.id)


def test_missing_credits_are_estimated_until_entered(store: Store, project: Project, tmp_path: Path) -> None:
    account = create_account(store, "a", credits_total=100)
    for number in range(4):
        # A session waits only for a transcript that began after it.
        path = tmp_path / f"{number}.jsonl"
        at = datetime.now(UTC) + timedelta(minutes=1)
        path.write_text(
            f'{{"id": "u{number}", "role": "user", "text": "go {number}", "at": "{at.isoformat()}"}}\n'
            f'{{"id": "a{number}", "role": "assistant", "text": "gone {number}", "at": "{at.isoformat()}"{COST % "claude-sonnet-4-5"}}}\n'
        )
        session = start_session(store, project, account)
        import_paths(store, [path], project=project)
        complete(store, session, credits_used=10 if number < 3 else None)
    standing = accounts.show(store, account, at=datetime.now(UTC)).availability
    assert (standing.credits_used, standing.credits_estimated) == (40, 10)
    assert sessions.require_by_id(store, session.id).credits_used is None
    complete(store, session, credits_used=14)
    detail = accounts.show(store, account, at=datetime.now(UTC))
    assert (detail.availability.credits_used, detail.availability.credits_estimated) == (44, 0)
    assert [(event.source, event.credits, event.model) for event in detail.events[:3]] == [
        ("reported", 14, "claude-sonnet-4-5"),
        ("estimated", -10, "claude-sonnet-4-5"),
        ("estimated", 10, "claude-sonnet-4-5"),
    ]


def test_usage_goes_to_the_account_that_was_in_use_then(store: Store, project: Project, tmp_path: Path) -> None:
    first, second = create_account(store, "a"), create_account(store, "b")
    session = start_session(store, project, first)
    rotate(store, session, to=second, window=RotationWindow())
    early, late = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    with store.read() as connection:
        links = stored.list_links(connection, session_id=session.id)
    turns = [
        TurnUsage(early, "m", Usage(input_tokens=1)),
        TurnUsage(late, "m", Usage(input_tokens=2)),
        TurnUsage(None, "m", Usage(input_tokens=4)),
    ]
    assert {row.account_id: row.tokens.input_tokens for row in usage.sum_by_model(turns, links)} == {first.id: 1, second.id: 6}


def write_rollout(path: Path, used_percent: float, at: datetime) -> Path:
    """Write a session of Codex that reports both windows at that time."""
    window = {"used_percent": used_percent, "window_minutes": 300, "resets_at": int((at + timedelta(hours=2)).timestamp())}
    week = {"used_percent": 88.0, "window_minutes": 10080, "resets_at": int((at + timedelta(days=2)).timestamp())}
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fire the kiln at 900 degrees."}]}
    payloads = [
        ("session_meta", {"id": path.stem, "timestamp": at.isoformat(), "cwd": "/home/ana/kiln"}),
        ("response_item", message),
        ("event_msg", {"type": "token_count", "info": None, "rate_limits": {"primary": window, "secondary": week, "plan_type": "pro"}}),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps({"timestamp": at.isoformat(), "type": kind, "payload": payload}) for kind, payload in payloads))
    return path


def test_windows_fill_themselves_from_transcripts(store: Store, project: Project, tmp_path: Path) -> None:
    codex = create_account(store, "codex-1", provider="openai")
    import_paths(store, [write_rollout(tmp_path / "rollout-a.jsonl", 7, NOON - timedelta(hours=1))], project=project)
    import_paths(store, [write_rollout(tmp_path / "rollout-b.jsonl", 12, NOON)], project=project)
    availability = accounts.read_availability(store, codex, at=NOON)
    assert [(window.period, window.used_percent, window.source, window.plan) for window in availability.windows] == [
        ("5h", 12.0, "reported", "pro"),
        ("1w", 88.0, "reported", "pro"),
    ]
    assert availability.used_percent == 88
    [ranked] = best_account(store, at=NOON).ranking
    assert "in its rotation window: 88% of its 1w window used" in map(str, ranked.reasons)
    later = accounts.read_availability(store, codex, at=NOON + timedelta(days=3))
    assert [(window.used_percent, window.has_reset) for window in later.windows] == [(0.0, True), (0.0, True)]


def test_a_window_is_of_the_account_that_the_session_runs_on(store: Store, project: Project, tmp_path: Path) -> None:
    first, second = create_account(store, "codex-1"), create_account(store, "codex-2", profile=str(tmp_path / ".codex-2"))
    import_paths(store, [write_rollout(tmp_path / "rollout-a.jsonl", 7, NOON)], project=project)
    import_paths(store, [write_rollout(tmp_path / ".codex-2/sessions/2026/rollout-b.jsonl", 12, NOON)], project=project)
    [session] = [item for item in sessions.list_sessions(store, project, with_empty=True) if item.head().id == "rollout-a"]
    assign(store, session, first)
    used = {account.name: accounts.read_availability(store, account, at=NOON).windows[0].used for account in (first, second)}
    assert used == {"codex-1": 7.0, "codex-2": 12.0}


def test_typed_windows_are_stored_and_replaced_by_what_is_reported(store: Store, project: Project, tmp_path: Path) -> None:
    account = create_account(store, "codex-1", windows="5h=40%, 1w of opus=20/50")
    windows = accounts.read_availability(store, account, at=NOON).windows
    assert [(window.period, window.model, window.source) for window in windows] == [("5h", "", "estimated"), ("1w", "opus", "estimated")]
    import_paths(store, [write_rollout(tmp_path / "rollout-a.jsonl", 7, NOON)], project=project)
    accounts.report_credits(store, account, 3, at=NOON)
    windows = accounts.read_availability(store, account, at=NOON).windows
    assert [(window.period, window.source) for window in windows] == [("5h", "reported"), ("1w", "reported"), ("1w", "estimated")]
    assert accounts.change(store, account, {"windows": ""}, at=NOON).windows[-1].source == "reported"
