"""The account pool over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient


def post(client: TestClient, path: str, body: object = None, status: int = 200) -> Any:
    answer = client.post(f"/api{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["data"] if status == 200 else answer.json()["error"]


def create_account(client: TestClient, name: str, **fields: object) -> Any:
    return post(client, "/accounts", {"name": name, **fields})


def start_session(client: TestClient, account_id: int | None = None) -> int:
    projects = client.get("/api/projects").json()["data"]
    project = projects[0] if projects else post(client, "/projects", {"name": "kopi"})
    body = {"projectId": project["id"], "accountId": account_id}
    answer = client.post("/api/sessions/create", json={name: value for name, value in body.items() if value})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["session_id"])


def test_an_account_is_entered_shown_changed_and_deleted(client: TestClient) -> None:
    account = create_account(
        client,
        "claude-1",
        provider="anthropic",
        totalCredits=100,
        creditsUsed=20,
        resetTime="2030-01-01T07:00:00+07:00",
        specialization="Backend, review",
        models={"opus": 40, "haiku": None},
    )
    assert (account["credits_left"], account["status"], account["tags"]) == (80, "active", ["backend", "review"])
    assert account["models"] == [{"model": "opus", "credits": 40}, {"model": "haiku", "credits": None}]
    assert (account["resets_at"], account["resets_source"]) == ("2030-01-01T00:00:00Z", "reported")
    place = f"/api/accounts/{account['id']}"
    changed = client.patch(place, json={"credits_used": 45, "resets_at": None, "status": "paused"}).json()["data"]
    assert (changed["credits_left"], changed["resets_at"], changed["status"]) == (55, None, "paused")
    detail = client.get(place).json()["data"]
    assert [(event["kind"], event["credits"]) for event in detail["events"]] == [("report", 25), ("report", None)]
    assert client.get(f"{place}/events?limit=1").json()["next_cursor"]
    assert client.delete(place).json()["data"]["name"] == "claude-1"
    assert client.get(place).status_code == 404


def test_accounts_are_paged_by_name_and_told_apart_by_status(client: TestClient) -> None:
    for name in ("c", "a", "b"):
        create_account(client, name, status="paused" if name == "b" else "active")
    first = client.get("/api/accounts?limit=2").json()
    assert [account["name"] for account in first["data"]] == ["a", "b"]
    assert [account["name"] for account in client.get(f"/api/accounts?limit=2&cursor={first['next_cursor']}").json()["data"]] == ["c"]
    assert [account["name"] for account in client.get("/api/accounts?status=active").json()["data"]] == ["a", "c"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": "a", "password": "x"}, "password"),
        ({"name": "a", "apiKey": "x"}, "apiKey"),
        ({"name": "a", "note": "password: " + "hunter2" + "Zq9"}, "note"),
        ({"name": "sk-ant-" + "api03-" + "aB3" * 30}, "name"),
        ({"name": "a", "credits_total": -1}, "credits_total"),
        ({"name": "a", "period": "often"}, "period"),
        ({"name": "a", "models": [{"credits": 3}]}, "models"),
        ({"name": "17"}, "17"),
        ({"name": "a", "resets_at": "0001-01-01T00:00:00Z"}, "resets_at"),
    ],
)
def test_invalid_accounts_and_secrets_are_refused_and_not_stored(client: TestClient, body: dict[str, object], named: str) -> None:
    error = post(client, "/accounts", body, 422)
    assert named in error["message"]
    assert "hunter2" not in error["message"]
    assert client.get("/api/accounts").json()["data"] == []


def test_unknown_account_fields_are_refused_by_name(client: TestClient) -> None:
    assert "'color'" in post(client, "/accounts", {"name": "a", "color": "blue"}, 422)["message"]
    assert create_account(client, "a")["name"] == "a"
    assert post(client, "/accounts", {"name": "a"}, 409)["code"] == "conflict"


def test_a_batch_is_stored_completely_or_not_at_all(client: TestClient) -> None:
    many = [{"name": f"pool-{number:03}", "creditsTotal": 100} for number in range(150)]
    wrong = [*many, {"name": "pool-007"}, {"provider": "x"}, {"name": "ok", "token": "x"}]
    error = post(client, "/private/batch-create-accounts", {"accounts": wrong}, 422)
    assert error["code"] == "bad_rows"
    assert [(detail["row"], detail["name"]) for detail in error["details"]] == [(151, "pool-007"), (152, ""), (153, "ok")]
    assert client.get("/api/accounts").json()["data"] == []
    assert post(client, "/private/batch-create-accounts", {"accounts": many})["count"] == 150
    again = post(client, "/private/batch-create-accounts", {"accounts": [many[3]]}, 422)
    assert "already" in again["details"][0]["message"]


def test_the_best_account_is_named_with_its_reasons(client: TestClient) -> None:
    assert post(client, "/private/select-best-account")["account"] is None
    create_account(client, "a", credits_total=100, credits_used=50)
    create_account(client, "b", credits_total=100, credits_used=10, specialization=["frontend"])
    choice = post(client, "/private/select-best-account", {"specialization": "frontend", "creditsNeeded": 30})
    assert choice["account"]["name"] == "b"
    assert "90 of 100 credits left" in choice["reason"]
    assert "good at frontend" in choice["ranking"][0]["reasons"]
    post(client, f"/accounts/{choice['account']['id']}/events", {"kind": "limit", "untilAt": "2199-01-01T00:00:00Z"})
    after = post(client, "/private/select-best-account", {})
    assert after["account"]["name"] == "a"
    assert [candidate["is_usable"] for candidate in after["ranking"]] == [True, False]


def test_a_session_rotates_when_its_account_comes_into_the_window(client: TestClient) -> None:
    first, second = (create_account(client, name, credits_total=100) for name in ("a", "b"))
    session_id = start_session(client, first["id"])
    stays = post(client, "/private/auto-rotate", {"sessionId": session_id, "creditsUsed": 84})
    assert (stays["has_moved"], stays["position"]) == (False, "below")
    goes = post(client, "/private/auto-rotate", {"session_id": session_id, "credits_used": 86})
    assert (goes["has_moved"], goes["position"], goes["to_account"]["id"]) == (True, "in", second["id"])
    assert "within the rotation window of 85–92%" in goes["reason"]
    completed = client.post(f"/api/sessions/{session_id}/complete", json={"credits_used": 90})
    assert completed.status_code == 200
    used = {account["name"]: account["credits_used"] for account in client.get("/api/accounts").json()["data"]}
    assert used == {"a": 86, "b": 4}
    assert post(client, "/private/auto-rotate", {"session_id": session_id}, 409)["code"] == "conflict"
    assert post(client, "/private/auto-rotate", {}, 422)["code"] == "bad_input"


def test_a_session_is_assigned_to_an_account_with_its_credits(client: TestClient) -> None:
    account = create_account(client, "a", credits_total=100)
    session_id = start_session(client)
    assert client.post(f"/api/sessions/{session_id}/complete", json={"credits_used": 30, "accomplishments": ["x", "y"]}).status_code == 200
    put = client.put(f"/api/sessions/{session_id}/account", json={"account_id": account["id"]})
    assert put.json()["data"]["credits_used"] == 30
    analysis = post(client, "/private/analyze-credits")
    assert analysis["credits_left"] == 70
    [of_account], [of_project] = analysis["accounts"], analysis["projects"]
    assert of_account["efficiency"]["credits_per_accomplishment"] == 15
    assert of_project["forecast"]["empty_at"]
    assert any("No interval" in assumption for assumption in of_project["forecast"]["assumptions"])
    assert client.get(f"/api/sessions/{session_id}/usage").json()["data"] == []
    assert post(client, "/private/analyze-credits", {"account_id": 99}, 404)
    assert post(client, "/private/analyze-credits", {"project_id": 99}, 404)
    assert client.put(f"/api/sessions/{session_id}/account", json={"account_id": 99}).status_code == 404
    assert client.put("/api/sessions/99/account", json={"account_id": account["id"]}).status_code == 404


def test_usage_is_counted_from_saved_turns_and_unknown_prices_are_null(client: TestClient) -> None:
    account = create_account(client, "a")
    session_id = start_session(client, account["id"])
    turns = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "done", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 1000, "output_tokens": 100}},
        {"role": "assistant", "content": "and more", "model": "in-house-7b", "usage": {"input_tokens": 10, "output_tokens": 1}},
    ]
    assert client.post("/api/conversations/save", json={"session_id": session_id, "turns": turns}).status_code == 200
    priced_model, unpriced_model = client.get(f"/api/sessions/{session_id}/usage").json()["data"]
    assert (priced_model["model"], priced_model["input_tokens"], priced_model["account_id"]) == ("claude-sonnet-4-5", 1000, account["id"])
    assert priced_model["cost_usd"] == pytest.approx(0.0045)
    assert (unpriced_model["cost_usd"], unpriced_model["unpriced_turns"]) == (None, 1)
