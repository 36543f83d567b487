"""The client on ways that lose things, and before what is no Onward server."""

from __future__ import annotations

import inspect
import socket
import ssl
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from onward import errors
from onward.api.envelope import refused_by
from onward.api.routes.analytics import retention_shape
from onward.client import Client
from onward.client.projects import line_of
from onward.client.refusals import BY_CODE
from onward.core.retention import Shown, retention
from onward.desk import here
from onward.errors import BadSetting, OnwardError, ServerFailed, ServerUnreachable
from onward.settings import read_settings

Told = Any
NOW = "2026-03-01T12:00:00Z"
PROJECT = {
    "id": 1, "name": "kopi", "description": "", "root": "", "remote": "", "status": "active", "created_at": NOW, "updated_at": NOW,
    "session_count": 0, "completed_count": 0, "turn_count": 0, "tokens": 0, "credits_used": 0.0, "last_session_at": None,
}  # fmt: skip
JOB = {
    "id": 3, "kind": "rebuild", "state": "running", "project_id": 1, "requested_by": "api", "step": "", "done": 1, "total": 9, "attempts": 1, "error": None,
    "spend_usd": 0, "result": {}, "is_being_cancelled": False, "created_at": NOW, "started_at": NOW, "due_at": None, "finished_at": None,
}  # fmt: skip


@pytest.fixture
def told(scripted: Any) -> Any:
    """Makes an answer of the scripted server."""
    import sys

    return sys.modules[type(scripted).__module__].Told


@pytest.fixture
def client(scripted: Any) -> Any:
    with Client(scripted.url, "a-token") as asking:
        yield asking


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_nobody_answers() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(ServerUnreachable, match="Nobody answers") as caught:
        list(client.projects.listed())
    assert "onward serve" in caught.value.hint


@pytest.mark.parametrize("method", ["find", "new"])
def test_a_dropped_request_is_sent_again_and_a_write_under_the_same_key(scripted: Any, told: Told, client: Client, method: str) -> None:
    scripted.say(told(status=0), told(status=503, body=b"{}"), told(PROJECT))
    assert getattr(client.projects, method)("kopi").name == "kopi"
    keys = [headers.get("idempotency-key") for _, _, headers, _ in scripted.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert (keys[0] is None) == (method == "find")


def test_one_that_drops_everything_is_told_of(scripted: Any, told: Told, client: Client) -> None:
    scripted.say(told(status=0))
    with pytest.raises(ServerUnreachable, match="broke"):
        client.projects.find("kopi")
    assert len(scripted.asked) == 4


def test_too_many_requests_wait_as_long_as_they_are_told(scripted: Any, told: Told, client: Client) -> None:
    refusal = orjson.dumps({"success": False, "error": {"code": "too_many_requests", "message": "Too many. Wait.", "hint": "Wait."}})
    scripted.say(told(status=429, body=refusal, headers={"retry-after": "0"}), told(PROJECT))
    assert client.projects.find("kopi").id == 1
    scripted.say(told(status=429, body=refusal, headers={"retry-after": "60"}))
    with pytest.raises(errors.TooMany, match=r"Too many\."):
        client.projects.find("kopi")


def test_the_same_request_at_work_is_waited_for(scripted: Any, told: Told, client: Client) -> None:
    busy = orjson.dumps({"success": False, "error": {"code": "conflict", "message": "The same request is being answered right now."}})
    scripted.say(told(status=0), told(status=409, body=busy), told(PROJECT))
    assert client.projects.new("kopi").id == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"body": b"<html>hello</html>", "headers": {"content-type": "text/html"}}, "no Onward server"),
        ({"status": 404, "body": b"not found", "headers": {"content-type": "text/plain"}}, "no Onward server"),
        ({"body": b'{"ok": true}'}, "no Onward server"),
        ({"status": 302, "body": b"", "headers": {"location": "https://elsewhere.example/"}}, r"leads on to https://elsewhere\.example"),
        ({"data": {"id": 1}}, "is none that this version of Onward reads"),
        (
            {"status": 404, "body": b'{"success": false, "error": {"code": "not_found", "message": "There is no such route."}}'},
            "does not know GET",
        ),
        (
            {"status": 500, "body": b'{"success": false, "error": {"code": "defect", "message": "This is a defect of Onward."}}'},
            "defect of Onward",
        ),
    ],
)
def test_what_is_no_answer_of_onward_is_told_so(scripted: Any, told: Told, client: Client, answer: dict[str, Any], said: str) -> None:
    scripted.say(told(**answer))
    with pytest.raises(ServerFailed, match=said):
        client.projects.find("kopi")


@pytest.mark.parametrize("kind", sorted(set(BY_CODE.values()) - {errors.ProviderFailed}, key=lambda kind: kind.code))
def test_every_error_arrives_as_what_it_was(scripted: Any, told: Told, client: Client, kind: type[OnwardError]) -> None:
    refused = refused_by(kind("What happened.", "What to do."), "r")
    scripted.say(told(status=refused.status_code if refused.status_code != 503 else 409, body=bytes(refused.body)))
    with pytest.raises(kind) as caught:
        client.projects.find("kopi")
    assert (type(caught.value), caught.value.message, caught.value.hint) == (kind, "What happened.", "What to do.")


def test_every_error_of_the_house_is_known_by_its_code() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, OnwardError)]
    assert {kind.code: kind for kind in kinds} == BY_CODE


def test_pages_follow_each_other(scripted: Any, told: Told, client: Client) -> None:
    scripted.script = lambda _, path: told(
        [{**PROJECT, "id": 2 if "cursor" in path else 1}], beside={"next_cursor": None if "cursor" in path else "abc"}
    )
    assert [line.project.id for line in client.projects.listed()] == [1, 2]
    assert "cursor=abc" in scripted.asked[1][1]


def test_what_survives_is_read_as_it_was_told(scripted: Any, told: Told, client: Client) -> None:
    shown = [Shown(frozenset("ab"), frozenset("ab")), Shown(frozenset("c"), frozenset("ac")), Shown(frozenset(), frozenset("c"))]
    found = retention(shown, "abc")
    scripted.say(told(asdict(retention_shape(found))))
    assert client.analytics.retention(line_of(PROJECT).project) == found
    assert scripted.asked[0][:2] == ("GET", "/api/analytics/retention?project_id=1")


def test_the_token_is_sent_as_it_should_be_and_shown_nowhere(scripted: Any, told: Told, client: Client) -> None:
    scripted.say(told(PROJECT))
    client.projects.find("kopi")
    assert scripted.asked[0][2]["authorization"] == "Bearer a-token"
    settings = read_settings(environment={"ONWARD_HOME": "/nowhere", "ONWARD_SERVER": scripted.url, "ONWARD_TOKEN": "a-token"})
    assert settings.token == "a-token"
    assert "a-token" not in repr(settings) + repr(client)


@pytest.mark.parametrize("url", ["", "kopi", "ftp://kopi.example", "http://", "http://me:geheim@kopi.example", "127.0.0.1:3000"])
def test_what_is_no_address_is_refused_without_what_it_holds(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Client(url)
    assert "geheim" not in str(caught.value)


def test_a_stream_that_breaks_is_taken_up_where_it_was(scripted: Any, told: Told, client: Client) -> None:
    states = iter([JOB, {**JOB, "done": 5}, {**JOB, "done": 5}, {**JOB, "state": "done", "finished_at": NOW, "result": {"facts": 7}}])
    events = iter(["id: 7\nevent: job\ndata: {}\n\n", "id: 8\nevent: job\ndata: {}\n\n"])

    def script(_: str, path: str) -> Any:
        if path.startswith("/api/events"):
            return told(body=next(events).encode(), headers={"content-type": "text/event-stream"}, cut=True)
        return told(next(states))

    scripted.script = script
    seen: list[int] = []
    assert client.jobs.result(3, lambda done, _total, _step: seen.append(done))["facts"] == 7
    assert seen == [1, 5, 5]
    asked = [headers.get("last-event-id") for _, path, headers, _ in scripted.asked if path.startswith("/api/events")]
    assert asked == [None, "7"]


def test_a_job_that_failed_raises_what_it_failed_by(scripted: Any, told: Told, client: Client) -> None:
    failed = {
        **JOB,
        "state": "failed",
        "finished_at": NOW,
        "error": {"code": "bad_archive", "message": "It is damaged.", "hint": "Copy it again."},
    }
    scripted.script = lambda _, path: (
        told(body=b"retry: 1\n\n", headers={"content-type": "text/event-stream"}) if "events" in path else told(failed)
    )
    with pytest.raises(errors.BadArchive, match="damaged"):
        client.jobs.result(3)


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that nobody vouches for, and its key."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kopi")])
    at = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), at - timedelta(days=1), at + timedelta(days=1)
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    scripted: Any, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    scripted.socket = context.wrap_socket(scripted.socket, server_side=True)
    scripted.handle_error = lambda *_: None
    scripted.say(told(PROJECT))
    url = scripted.url.replace("http:", "https:")
    with Client(url) as client, pytest.raises(ServerUnreachable, match="is not trusted") as caught:
        client.projects.find("kopi")
    assert "SSL_CERT_FILE" in caught.value.hint
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(url) as client:
        assert client.projects.find("kopi").id == 1


def _words(part: type) -> dict[str, list[str]]:
    return {
        name: [one for one in inspect.signature(getattr(part, name)).parameters if one not in ("self", "store")]
        for name in dir(part)
        if not name.startswith("_") and callable(getattr(part, name))
    }


def test_both_sides_of_the_desk_take_the_same_words(tmp_path: Path) -> None:
    with Client("http://127.0.0.1:1") as client:
        there = {name: type(part) for name, part in vars(client).items() if hasattr(part, "_wire")}
    ours = here.Here(None, None)  # type: ignore[arg-type] - nothing is asked of it
    parts = {name: type(part) for name, part in vars(ours).items() if isinstance(part, here.Part)}
    assert not set(parts) - set(there)
    missing = {f"{name}.{method}" for name, part in parts.items() for method in _words(part) if not hasattr(there[name], method)}
    assert not missing


@pytest.mark.parametrize("name", ["server", "token", "database_url", "host", "cors_origins"])
def test_a_project_has_no_say_in_where_commands_work(tmp_path: Path, name: str) -> None:
    (tmp_path / ".onward.toml").write_text(f'{name} = "http://evil.example"\n')
    with pytest.raises(BadSetting, match="only you may"):
        read_settings(environment={"ONWARD_HOME": str(tmp_path / "home")}, folder=tmp_path)


def test_a_flag_wins_over_a_variable_and_that_over_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "onward.toml").write_text('server = "http://file.example"\ntoken = "t"\n')
    environment = {"ONWARD_HOME": str(home)}
    assert read_settings(environment=environment, folder=tmp_path).server == "http://file.example"
    assert read_settings(environment={**environment, "ONWARD_SERVER": "http://b.example"}, folder=tmp_path).server == "http://b.example"
    assert read_settings(environment={**environment, "ONWARD_SERVER": ""}, folder=tmp_path).server == ""
    assert read_settings({"server": ""}, environment={**environment, "ONWARD_SERVER": "http://b.example"}, folder=tmp_path).server == ""
