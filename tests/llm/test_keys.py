"""The LLM key: stored encrypted, never shown, and tested for validity."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onward.api.application import build
from onward.api.routes import llm as llm_routes
from onward.app.admin import access, backups
from onward.app.archives import archives
from onward.app.models import gateway, keys
from onward.app.models.gateway import ModelSetup
from onward.app.projects import projects
from onward.errors import BadInput, BadSetting, Conflict
from onward.llm.encryption import FILE_NAME, Sealer
from onward.settings import LLMSettings, Settings
from onward.store import Store

KEY = "hf" + "_" + "Tz5" * 11


@pytest.fixture
def key_models(home: Path, scripted) -> ModelSetup:
    return ModelSetup(LLMSettings(url=scripted.url, model="scripted"), Sealer(home))


@pytest.fixture
def client(store: Store, home: Path, scripted) -> Iterator[TestClient]:
    settings = Settings(home, home, llm=LLMSettings(url=scripted.url, model="scripted"))
    with TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as http_client:
        yield http_client


def test_encrypted_keys_need_the_same_key(home, tmp_path):
    sealed = Sealer(home).seal(KEY)
    assert KEY.encode() not in sealed
    assert Sealer(home).open(sealed) == KEY
    assert Sealer(tmp_path / "other").open(sealed) is None
    assert Sealer(home, "A" * 43 + "=").open(sealed) is None
    assert Sealer(home).open(b"nonsense") is None


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_key_file_is_made_private(tmp_path):
    home = tmp_path / "nothing yet"
    Sealer(home).seal(KEY)
    path = home / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    Sealer(home).seal(KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in home.iterdir()] == [FILE_NAME]


def test_concurrent_first_encryptions_share_one_key(home):
    sealed: list[bytes] = []
    threads = [threading.Thread(target=lambda: sealed.append(Sealer(home).seal(KEY))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Sealer(home).open(sealed_key) for sealed_key in sealed] == [KEY] * 8


@pytest.mark.parametrize("sealing_key", ["short", "A" * 44, "!" * 43 + "=", "ä" * 43])
def test_an_invalid_encryption_key_is_not_repeated(home, sealing_key):
    with pytest.raises(BadSetting) as caught:
        Sealer(home, sealing_key).seal(KEY)
    assert sealing_key not in str(caught.value)


def test_a_key_is_set_shown_as_set_and_removed(store, key_models, home):
    assert keys.show(store, replace(key_models, settings=LLMSettings())).state == "not set"
    assert keys.save(store, key_models, f" {KEY}\n").state == "set"
    shown = keys.show(store, key_models)
    assert (shown.state, shown.source, shown.model) == ("set", "store", "scripted")
    assert KEY not in repr(shown)
    assert gateway.find_model_context(store, key_models).endpoint.key == KEY
    assert keys.show(store, replace(key_models, settings=LLMSettings(key="k"))).source == "environment"
    assert gateway.find_model_context(store, replace(key_models, settings=LLMSettings(key="k"))).endpoint.key == "k"
    assert keys.delete(store, key_models).state == "not set"


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "x" * 1001, "schlüssel", "nul\0"])
def test_invalid_keys_are_refused_and_not_repeated(store, key_models, key):
    with pytest.raises(BadInput) as caught:
        keys.save(store, key_models, key)
    assert not key.strip() or key not in str(caught.value)


def test_a_key_from_another_machine_is_reported(store, key_models, tmp_path):
    keys.save(store, key_models, KEY)
    elsewhere = replace(key_models, sealer=Sealer(tmp_path / "other"))
    shown = keys.show(store, elsewhere)
    assert (shown.state, "ONWARD_SEALING_KEY" in shown.message) == ("invalid", True)


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda it: it.says("yes"), "valid"),
        (lambda it: it.says(""), "valid"),
        (lambda it: it.fails(401), "invalid"),
        (lambda it: it.fails(403), "invalid"),
        (lambda it: it.fails(402), "valid"),
        (lambda it: it.fails(429), "valid"),
        (lambda it: it.fails(500), "unreachable"),
        (lambda it: it.fails(404), "set"),
        (lambda it: it.tells_the_key(), "valid"),
    ],
)
def test_the_result_of_a_key_test_is_stored(store, key_models, scripted, act, state):
    scripted.does(act(scripted))
    keys.save(store, key_models, KEY)
    status = keys.check(store, key_models)
    assert (status.state, status.source) == (state, "store")
    assert status.message
    assert KEY not in repr(status)
    assert scripted.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    shown = keys.show(store, key_models)
    assert (shown.state, shown.tested_at is not None) == (state, True)
    keys.save(store, key_models, KEY + "2")
    assert keys.show(store, key_models).state == "set"


def test_an_unreachable_endpoint_is_reported(store, key_models):
    unreachable_models = replace(key_models, settings=LLMSettings(url="http://127.0.0.1:1/v1", key=KEY))
    assert keys.check(store, unreachable_models).state == "unreachable"


def test_without_a_key_no_model_is_called_unless_a_url_is_set(store, key_models, scripted):
    assert keys.check(store, replace(key_models, settings=LLMSettings())).state == "not set"
    scripted.does(scripted.says("yes"))
    assert keys.check(store, key_models).state == "valid"
    with pytest.raises(Conflict):
        keys.check(store, replace(key_models, settings=LLMSettings(is_off=True, key=KEY)))


def test_the_routes_never_return_the_key(client, scripted, store):
    scripted.does(scripted.says("yes"))
    answers = [
        client.get("/api/llm/key"),
        client.put("/api/llm/key", json={"key": KEY}, headers={"Idempotency-Key": "once"}),
        client.get("/api/llm/key"),
        client.post("/api/llm/key/test"),
        client.post("/api/llm/key/test", json={"key": KEY}),
        client.get("/api/llm/spend"),
        client.delete("/api/llm/key"),
        client.put("/api/llm/key", json={"key": KEY + " " + KEY}),
        client.put("/api/llm/key", json={"key": [KEY]}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 7 + [422] * 2
    assert [answer.json()["data"]["state"] for answer in answers[:5]] == ["not set", "set", "set", "valid", "valid"]
    assert answers[6].json()["data"]["state"] == "not set"
    assert not any(KEY in answer.text or KEY in str(answer.headers) for answer in answers)
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[5].json()["data"]["total"]["calls"] == 2
    assert client.get("/api/stats").json()["data"]["llm_calls"] == 2


def test_the_key_needs_admin_scope(store, home):
    with TestClient(build(store, Settings(home, home, host="0.0.0.0")), client=("203.0.113.7", 1)) as far:
        for scope, status in (("read", 403), ("write", 403), ("admin", 200)):
            token = access.create_token(store, scope, scope)[1]
            sent = far.get("/api/llm/key", headers={"Authorization": f"Bearer {token}"})
            assert sent.status_code == status


def test_only_so_many_wait_for_a_model(client, scripted, monkeypatch):
    monkeypatch.setattr(llm_routes, "_slots", threading.BoundedSemaphore(1))
    with llm_routes.model_slot():
        refused = client.post("/api/llm/key/test")
    assert refused.status_code == 429
    scripted.does(scripted.says("yes"))
    assert client.post("/api/llm/key/test").status_code == 200


def test_no_copy_of_the_store_opens_the_key(home, tmp_path, key_models):
    with Store.at_folder(home) as store:
        project = projects.create(store, "shop")
        keys.save(store, key_models, KEY)
        archives.export_project(store, project, tmp_path / "shop.zip")
        backups.backup(Settings(home, home), tmp_path / "copy.db")
    for path in (tmp_path / "shop.zip", tmp_path / "copy.db", *home.glob("onward.db*")):
        assert KEY.encode() not in path.read_bytes()
    # The backup holds the encrypted key; the encryption key stays in the home.
    with sqlite3.connect(tmp_path / "copy.db") as connection:
        (sealed,) = connection.execute("SELECT sealed FROM sealed_keys").fetchone()
    assert Sealer(home).open(sealed) == KEY
    assert Sealer(tmp_path / "elsewhere").open(sealed) is None
    shutil.unpack_archive(tmp_path / "shop.zip", tmp_path / "out")
    assert not [file for file in (tmp_path / "out").rglob("*") if file.is_file() and sealed in file.read_bytes()]


@pytest.mark.slow
def test_the_command_line_reads_the_key_from_stdin_and_never_shows_it(home, scripted):
    scripted.does(scripted.says("yes"))
    environment = {**os.environ, "ONWARD_HOME": str(home), "ONWARD_LLM_URL": scripted.url, "ONWARD_LLM_MODEL": "scripted"}

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onward", *arguments]
        return subprocess.run(command, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False)

    done = [
        run("llm-key", "set", typed=KEY + "\n"),
        run("llm-key", "show"),
        run("llm-key", "test"),
        run("llm-key", "show", "--json"),
        run("spend", "--json"),
        run("spend"),
        run("llm-key", "remove"),
    ]
    assert [result.returncode for result in done] == [0] * 7
    assert not any(KEY in result.stdout + result.stderr for result in done)
    assert "valid" in done[2].stdout
    assert json.loads(done[3].stdout)["state"] == "valid"
    assert json.loads(done[4].stdout)["total"]["calls"] == 1
    assert scripted.requests[0].headers["authorization"] == f"Bearer {KEY}"
    scripted.does(scripted.fails(401))
    run("llm-key", "set", typed=KEY)
    assert run("llm-key", "test").returncode == 1
    assert run("llm-key", "set", typed="two words").returncode == 2
    assert not [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
