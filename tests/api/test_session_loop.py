"""The loop over HTTP: create, save, complete, handoff, create."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

FIRST = [
    {"role": "user", "content": "Always keep the checkout on port 8443. We decided to use PostgreSQL because of the reports."},
    {"role": "assistant", "content": "Done: the checkout listens on port 8443. Next: write the migration for the reports."},
]
SECOND = [{"role": "user", "content": "continue"}, {"role": "assistant", "content": "The migration 0042_reports.sql is written."}]


@pytest.fixture
def project(client: TestClient) -> int:
    return int(client.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"])


def start_session(client: Any, project: int, **more: object) -> dict[str, Any]:
    answer = client.post("/api/sessions/create", json={"projectId": project, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def save_turns(client: Any, session: int, turns: list[dict[str, Any]]) -> dict[str, Any]:
    answer = client.post("/api/conversations/save", json={"session_id": session, "turns": turns})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def check_loop(client: Any) -> None:
    project = client.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"]
    first = start_session(client, project, objectives="- Ship the checkout\n- Keep the port")
    assert first["previous_handoff"] is None
    assert first["session_number"] == 1
    assert first["data"]["objectives"] == ["Ship the checkout", "Keep the port"]
    session = first["session_id"]
    assert save_turns(client, session, FIRST)["new_turns"] == 2
    assert save_turns(client, session, SECOND)["turn_count"] == 4
    words = {"accomplishments": ["The checkout is up"], "blockers": "Production keys are missing", "creditsUsed": 88}
    done = client.post(f"/api/sessions/{session}/complete", json=words).json()["data"]
    assert done["session"]["status"] == "completed"
    assert done["session"]["credits_used"] == 88
    assert "8443" in done["handoff"]["markdown"]
    again = client.post(f"/api/sessions/{session}/complete", json=words).json()["data"]
    assert again["is_unchanged"] is True
    assert again["handoff"]["id"] == done["handoff"]["id"]
    handoff = client.get(f"/api/projects/{project}/handoff").json()["data"]
    assert handoff["markdown"] == done["handoff"]["markdown"]
    second = start_session(client, project)
    previous_handoff = second["previous_handoff"]
    assert second["session_number"] == 2
    assert previous_handoff["session_number"] == 1
    assert previous_handoff["compressed_context"] == handoff["markdown"]
    assert any("Production keys" in line for line in previous_handoff["blockers"])
    assert any("The checkout is up" in line for line in previous_handoff["accomplishments"])
    assert previous_handoff["credits"]["used"] == 88
    assert "8443" in previous_handoff["master_prompt"]


def test_the_loop(client: TestClient) -> None:
    check_loop(client)


@pytest.mark.slow
def test_the_loop_with_the_program(server: Any) -> None:
    check_loop(server)


def test_a_turn_is_stored_once_and_a_second_continue_counts(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    go = {"role": "user", "content": "continue"}
    assert save_turns(client, session, [*FIRST, go])["turn_count"] == 3
    # The answer was lost: the same request is sent again, then one that continues from its end.
    assert save_turns(client, session, [*FIRST, go])["turn_count"] == 3
    assert save_turns(client, session, [go, {"role": "assistant", "content": "Half done."}])["turn_count"] == 4
    # The full conversation each time.
    assert save_turns(client, session, [*FIRST, go, {"role": "assistant", "content": "Half done."}, go])["turn_count"] == 5
    assert save_turns(client, session, [{"role": "assistant", "content": "Done."}])["turn_count"] == 6
    assert save_turns(client, session, [go])["turn_count"] == 7
    turns = client.get(f"/api/ai/conversations/{project}").json()["data"]
    assert [turn["content"] for turn in turns][2:] == ["continue", "Half done.", "continue", "Done.", "continue"]


def test_turns_are_recognised_by_ids_or_times(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    by_id = [{"id": "1", "role": "user", "text": "Go"}, {"id": "2", "role": "assistant", "text": "Gone"}]
    by_time = [{"role": "user", "content": "Go", "at": f"2026-03-01T12:00:0{second}Z"} for second in range(3)]
    assert save_turns(client, session, by_id)["new_turns"] == 2
    assert save_turns(client, session, [by_id[1], *by_time])["new_turns"] == 3
    assert save_turns(client, session, [*by_id, *by_time])["new_turns"] == 0
    grown = save_turns(client, session, [{"id": "2", "role": "assistant", "text": "Gone, and back again"}])
    assert grown == {**grown, "new_turns": 0, "turn_count": 5}
    other = start_session(client, project)["session_id"]
    assert save_turns(client, other, [{"id": "1", "role": "user", "text": "Something else"}])["new_turns"] == 1


def test_saving_to_a_completed_session_opens_it_again(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    save_turns(client, session, FIRST)
    client.post(f"/api/sessions/{session}/complete", json={})
    assert save_turns(client, session, FIRST)["status"] == "completed"
    assert save_turns(client, session, SECOND)["status"] == "in_progress"
    assert client.post(f"/api/sessions/{session}/complete", json={}).json()["data"]["is_unchanged"] is False


def test_complete_takes_turns_or_text_and_works_with_neither(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    text = "User: Always use port 9443.\nAssistant: Noted: port 9443 from now on."
    done = client.post(f"/api/sessions/{session}/complete", json={"conversationText": text, "accomplishments": ""}).json()["data"]
    assert done["new_turns"] == 2
    assert "9443" in done["handoff"]["markdown"]
    second_session = start_session(client, project)["session_id"]
    claimed = client.post(
        f"/api/sessions/{second_session}/complete", json={"accomplishments": ["Moved the tea to shelf 7"], "turns": []}
    ).json()["data"]
    assert "shelf 7" in claimed["handoff"]["markdown"]
    empty = start_session(client, project)["session_id"]
    assert client.post(f"/api/sessions/{empty}/complete", json={"auto_generate_handoff": False}).json()["data"]["handoff"] is None


def test_a_model_key_is_neither_stored_nor_returned(client: TestClient, project: int) -> None:
    key = "hf_" + "kEyOfNobody" * 3
    session = start_session(client, project)["session_id"]
    done = client.post(f"/api/sessions/{session}/complete", json={"hugging_face_token": key, "accomplishments": [f"The key is {key}"]})
    assert done.status_code == 200
    assert key not in done.text
    assert key not in client.get(f"/api/sessions/{session}").text


@pytest.mark.parametrize("turn", [{}, {"role": "user"}, {"role": "nobody", "content": "x"}, {"content": "x"}])
def test_a_turn_says_something_and_who_says_it(client: TestClient, project: int, turn: dict[str, str]) -> None:
    session = start_session(client, project)["session_id"]
    answer = client.post("/api/conversations/save", json={"session_id": session, "turns": [*FIRST, turn]})
    assert answer.status_code == 422
    assert "2 (counted from 0)" in answer.json()["error"]["message"]
    assert client.get(f"/api/sessions/{session}").json()["data"]["session"]["turn_count"] == 0


@pytest.mark.parametrize("path", ["/api/sessions/create", "/api/sessions/create-with-handoff", "/api/sessions"])
def test_every_way_to_begin_loads_the_handoff(client: TestClient, project: int, path: str) -> None:
    session = start_session(client, project)["session_id"]
    save_turns(client, session, FIRST)
    client.post(f"/api/sessions/{session}/complete", json={})
    new_session = client.post(path, json={"project_id": project}).json()
    assert new_session["previous_handoff"]["session_number"] == 1
    detail = client.get(f"/api/sessions/{new_session['session_id']}/detail").json()["data"]
    assert detail["previous_handoff"]["id"] == new_session["previous_handoff"]["handoff_id"]
    assert detail["handoff"] is None


def test_a_full_session_is_shown_in_pages(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    save_turns(client, session, [*FIRST, *SECOND])
    first = client.get(f"/api/sessions/{session}/detail?limit=3").json()["data"]
    rest = client.get(f"/api/sessions/{session}", params={"limit": 3, "cursor": first["next_cursor"]}).json()["data"]
    assert [turn["handle"] for turn in first["conversation"] + rest["conversation"]] == ["s1.1", "s1.2", "s1.3", "s1.4"]
    assert rest["next_cursor"] is None


def test_the_detail_has_the_account_and_the_files(client: TestClient, project: int) -> None:
    account = client.post("/api/accounts", json={"name": "claude-1"}).json()["data"]["id"]
    session = start_session(client, project, account_id=account)["session_id"]
    edit = {"id": "c1", "name": "Write", "arguments": {"file_path": "src/checkout.py", "content": "PORT = 8443\n"}}
    turns = [*FIRST, {"role": "assistant", "content": "Written.", "tool_calls": [edit]}]
    save_turns(client, session, turns)
    client.post(f"/api/sessions/{session}/complete", json={})
    detail = client.get(f"/api/sessions/{session}/detail").json()["data"]
    assert detail["account"]["name"] == "claude-1"
    assert [(file["path"], file["added_lines"], file["first_turn"]) for file in detail["files"]] == [("src/checkout.py", 1, "s1.3")]


def test_a_word_for_nothing_is_no_statement(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    statements = {"accomplishments": ["None! 🎉", "The checkout is up"], "blockers": "- No blockers\n- Tidak ada\n- 无"}
    done = client.post(f"/api/sessions/{session}/complete", json=statements).json()["data"]
    assert (done["session"]["accomplishments"], done["session"]["blockers"]) == (["The checkout is up"], [])
    assert "Tidak ada" not in done["handoff"]["markdown"]


def test_lists_of_sessions(client: TestClient, project: int) -> None:
    for _ in range(3):
        start_session(client, project)
    first = client.get("/api/sessions").json()["data"][-1]["id"]
    save_turns(client, first, FIRST)
    client.post(f"/api/sessions/{first}/complete", json={})
    assert [session["number"] for session in client.get("/api/sessions").json()["data"]] == [3, 2, 1]
    assert [session["number"] for session in client.get(f"/api/projects/{project}/sessions?status=in_progress").json()["data"]] == [2, 3]
    page = client.get(f"/api/projects/{project}/sessions-timeline?limit=1").json()
    assert page["data"][0]["has_handoff"] is True
    assert 0 <= page["data"][0]["preservation_ratio"] <= 1
    rest = client.get(f"/api/projects/{project}/sessions-timeline", params={"cursor": page["next_cursor"]}).json()["data"]
    assert [session["has_handoff"] for session in rest] == [False, False]
    assert client.get("/api/sessions?status=completed&project_id=77").json()["data"] == []


def test_reopening_and_leaving_a_session(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    assert client.post(f"/api/sessions/{session}/abandon").json()["data"]["status"] == "abandoned"
    assert client.post(f"/api/sessions/{session}/reopen").json()["data"]["status"] == "in_progress"
    assert client.post("/api/sessions/99/reopen").status_code == 404


def test_sessions_completed_at_once_are_merged(client: TestClient, project: int) -> None:
    names = [start_session(client, project)["session_id"] for _ in range(4)]
    for place, session in enumerate(names):
        save_turns(client, session, [{"role": "user", "content": f"Always keep shelf {place} on port 90{place}1."}])
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda session: client.post(f"/api/sessions/{session}/complete", json={}).status_code, names))
    assert done == [200] * 4
    markdown = client.get(f"/api/projects/{project}/handoff").json()["data"]["markdown"]
    assert all(f"90{place}1" in markdown for place in range(4))


def test_turns_saved_by_many_at_once_are_each_kept_once(client: TestClient, project: int) -> None:
    session = start_session(client, project)["session_id"]
    parts = [[{"id": f"{part}-{place}", "role": "user", "content": f"{part} {place}"} for place in range(5)] for part in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sum(answer["new_turns"] for answer in pool.map(lambda part: save_turns(client, session, part), [*parts, *parts])) == 40
    assert client.get(f"/api/sessions/{session}").json()["data"]["session"]["turn_count"] == 40


@pytest.mark.slow
def test_two_hundred_concurrent_saves_lose_and_duplicate_nothing(server: Any) -> None:
    project = server.post("/api/projects", json={"name": "kopi"}).json()["data"]["id"]
    sessions = [start_session(server, project)["session_id"] for _ in range(2)]
    parts = [
        [{"id": f"{part}-{place}", "role": "user", "content": f"Part {part} says {place}."} for place in range(50)] for part in range(200)
    ]
    # Every tenth request is sent twice, as after a lost answer.
    places = [*range(200), *range(0, 200, 10)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda place: save_turns(server, sessions[place % 2], parts[place]), places))
    assert sum(answer["new_turns"] for answer in answers) == 10_000
    assert sum(answer["known_turns"] for answer in answers) == 1_000
    for place, session in enumerate(sessions):
        saved_ids, cursor = list[str](), ""
        while cursor is not None:
            page = server.get(f"/api/sessions/{session}/turns", params={"limit": 200, "cursor": cursor}).json()
            saved_ids += [turn["id"] for turn in page["data"]]
            cursor = page["next_cursor"]
        assert sorted(saved_ids) == sorted(turn["id"] for part in parts[place::2] for turn in part)


def test_a_template_gives_its_objectives(client: TestClient, store: Any, project: int) -> None:
    from onward.app.sessions import templates

    templates.create(store, "release", objectives=["Tag it"], checklist=["Changelog written"])
    new_session = start_session(client, project, template="release", objectives=["Tell everyone"])
    assert new_session["data"]["objectives"] == ["Tag it", "Tell everyone"]
    assert (new_session["data"]["template"], new_session["data"]["checklist"]) == (
        "release",
        [{"text": "Changelog written", "is_done": False}],
    )
    path = f"/api/sessions/{new_session['session_id']}"
    assert client.patch(f"{path}/checklist/1", json={}).json()["data"]["checklist"] == [{"text": "Changelog written", "is_done": True}]
    assert client.get(path).json()["data"]["session"]["checklist"][0]["is_done"]
    assert not client.patch(f"{path}/checklist/1", json={"isDone": False}).json()["data"]["checklist"][0]["is_done"]
    assert client.patch(f"{path}/checklist/2", json={}).status_code == 404
    assert client.post("/api/sessions", json={"project_id": project, "template": "nothing"}).status_code == 404
