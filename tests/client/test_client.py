"""The client on unreliable connections, and with servers that are not Onward."""

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
from onward.api.answers.envelope import response_to_error
from onward.api.routes.analytics import retention_shape
from onward.backend import local
from onward.client import Client
from onward.client.errors import ERRORS_BY_CODE
from onward.client.projects import read_project_line
from onward.core.handoff.retention import HandoffFacts, measure_retention
from onward.errors import BadSetting, OnwardError, ServerFailed, ServerUnreachable
from onward.settings import read_settings

MakeAnswer = Any
NOW = "2026-03-01T12:00:00Z"
PROJECT = {
    "id": 1, "name": "kopi", "description": "", "root": "", "remote": "", "status": "active", "created_at": NOW, "updated_at": NOW,
    "session_count": 0, "completed_count": 0, "turn_count": 0, "tokens": 0, "credits_used": 0.0, "last_session_at": None,
}  # fmt: skip
JOB = {
    "id": 3,
    "kind": "rebuild",
    "state": "running",
    "project_id": 1,
    "requested_by": "api",
    "step": "",
    "done": 1,
    "total": 9,
    "attempts": 1,
    "error": None,
    "spend_usd": 0,
    "result": {},
    "is_being_cancelled": False,
    "created_at": NOW,
    "started_at": NOW,
    "due_at": None,
    "finished_at": None,
}


@pytest.fixture
def make_answer(scripted: Any) -> Any:
    """Returns the class of scripted answers."""
    import sys

    return sys.modules[type(scripted).__module__].ScriptedAnswer


@pytest.fixture
def client(scripted: Any) -> Any:
    with Client(scripted.url, "a-token") as http_client:
        yield http_client


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_unreachable_server_is_reported() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(ServerUnreachable, match="No server answers") as caught:
        list(client.projects.list_projects())
    assert "onward serve" in caught.value.hint


@pytest.mark.parametrize("method", ["require", "create"])
def test_a_dropped_request_is_sent_again_and_a_write_under_the_same_key(
    scripted: Any, make_answer: MakeAnswer, client: Client, method: str
) -> None:
    scripted.script_answers(make_answer(status=0), make_answer(status=503, body=b"{}"), make_answer(PROJECT))
    assert getattr(client.projects, method)("kopi").name == "kopi"
    keys = [headers.get("idempotency-key") for _, _, headers, _ in scripted.requests]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert (keys[0] is None) == (method == "require")


def test_a_server_that_drops_everything_is_reported(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    scripted.script_answers(make_answer(status=0))
    with pytest.raises(ServerUnreachable, match="broke"):
        client.projects.require("kopi")
    assert len(scripted.requests) == 4


def test_too_many_requests_wait_as_long_as_requested(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    refusal = orjson.dumps({"success": False, "error": {"code": "too_many_requests", "message": "Too many. Wait.", "hint": "Wait."}})
    scripted.script_answers(make_answer(status=429, body=refusal, headers={"retry-after": "0"}), make_answer(PROJECT))
    assert client.projects.require("kopi").id == 1
    scripted.script_answers(make_answer(status=429, body=refusal, headers={"retry-after": "60"}))
    with pytest.raises(errors.TooManyRequests, match=r"Too many\."):
        client.projects.require("kopi")


def test_the_same_request_at_work_is_waited_for(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    busy = orjson.dumps({"success": False, "error": {"code": "in_progress", "message": "The same request is being answered right now."}})
    scripted.script_answers(make_answer(status=0), make_answer(status=409, body=busy), make_answer(PROJECT))
    assert client.projects.create("kopi").id == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"body": b"<html>hello</html>", "headers": {"content-type": "text/html"}}, "No Onward server"),
        ({"status": 404, "body": b"not found", "headers": {"content-type": "text/plain"}}, "No Onward server"),
        ({"body": b'{"ok": true}'}, "No Onward server"),
        ({"status": 302, "body": b"", "headers": {"location": "https://elsewhere.example/"}}, r"redirects to https://elsewhere\.example"),
        ({"data": {"id": 1}}, "cannot be read by this version of Onward"),
        (
            {"status": 404, "body": b'{"success": false, "error": {"code": "unknown_route", "message": "There is no such route."}}'},
            "does not know GET",
        ),
        (
            {"status": 500, "body": b'{"success": false, "error": {"code": "defect", "message": "This is a bug in Onward."}}'},
            "bug in Onward",
        ),
    ],
)
def test_answers_of_other_servers_are_reported_as_such(
    scripted: Any, make_answer: MakeAnswer, client: Client, answer: dict[str, Any], message: str
) -> None:
    scripted.script_answers(make_answer(**answer))
    with pytest.raises(ServerFailed, match=message):
        client.projects.require("kopi")


@pytest.mark.parametrize("kind", sorted(set(ERRORS_BY_CODE.values()) - {errors.ProviderFailed}, key=lambda kind: kind.code))
def test_every_error_keeps_its_class(scripted: Any, make_answer: MakeAnswer, client: Client, kind: type[OnwardError]) -> None:
    refused = response_to_error(kind("What happened.", "What to do."), "r", {})
    scripted.script_answers(make_answer(status=refused.status_code if refused.status_code != 503 else 409, body=bytes(refused.body)))
    with pytest.raises(kind) as caught:
        client.projects.require("kopi")
    assert (type(caught.value), caught.value.message, caught.value.hint) == (kind, "What happened.", "What to do.")


def test_every_error_class_has_a_code() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, OnwardError)]
    assert {kind.code: kind for kind in kinds} == ERRORS_BY_CODE


def test_pages_follow_each_other(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    scripted.script = lambda _, path: make_answer(
        [{**PROJECT, "id": 2 if "cursor" in path else 1}], beside={"next_cursor": None if "cursor" in path else "abc"}
    )
    assert [line.project.id for line in client.projects.list_projects()] == [1, 2]
    assert "cursor=abc" in scripted.requests[1][1]


def test_retention_is_decoded_unchanged(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    shown = [
        HandoffFacts(frozenset("ab"), frozenset("ab")),
        HandoffFacts(frozenset("c"), frozenset("ac")),
        HandoffFacts(frozenset(), frozenset("c")),
    ]
    result = measure_retention(shown, "abc")
    scripted.script_answers(make_answer(asdict(retention_shape(result))))
    assert client.analytics.retention(read_project_line(PROJECT).project) == result
    assert scripted.requests[0][:2] == ("GET", "/api/analytics/retention?project_id=1")


def test_the_token_is_sent_and_never_shown(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    scripted.script_answers(make_answer(PROJECT))
    client.projects.require("kopi")
    assert scripted.requests[0][2]["authorization"] == "Bearer a-token"
    settings = read_settings(environment={"ONWARD_HOME": "/nowhere", "ONWARD_SERVER": scripted.url, "ONWARD_TOKEN": "a-token"})
    assert settings.token == "a-token"
    assert "a-token" not in repr(settings) + repr(client)


@pytest.mark.parametrize("url", ["", "kopi", "ftp://kopi.example", "http://", "http://me:geheim@kopi.example", "127.0.0.1:3000"])
def test_invalid_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Client(url)
    assert "geheim" not in str(caught.value)


def test_a_stream_that_breaks_is_taken_up_where_it_was(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    states = iter([JOB, {**JOB, "done": 5}, {**JOB, "done": 5}, {**JOB, "state": "done", "finished_at": NOW, "result": {"facts": 7}}])
    events = iter(["id: 7\nevent: job\ndata: {}\n\n", "id: 8\nevent: job\ndata: {}\n\n"])

    def script(_: str, path: str) -> Any:
        if path.startswith("/api/events"):
            return make_answer(body=next(events).encode(), headers={"content-type": "text/event-stream"}, is_cut=True)
        return make_answer(next(states))

    scripted.script = script
    progress: list[int] = []
    assert client.jobs.wait_for_result(3, lambda done, _total, _step: progress.append(done))["facts"] == 7
    assert progress == [1, 5, 5]
    event_ids = [headers.get("last-event-id") for _, path, headers, _ in scripted.requests if path.startswith("/api/events")]
    assert event_ids == [None, "7"]


def test_a_job_that_failed_raises_what_it_failed_by(scripted: Any, make_answer: MakeAnswer, client: Client) -> None:
    failed = {
        **JOB,
        "state": "failed",
        "finished_at": NOW,
        "error": {"code": "bad_archive", "message": "It is damaged.", "hint": "Copy it again."},
    }
    scripted.script = lambda _, path: (
        make_answer(body=b"retry: 1\n\n", headers={"content-type": "text/event-stream"}) if "events" in path else make_answer(failed)
    )
    with pytest.raises(errors.BadArchive, match="damaged"):
        client.jobs.wait_for_result(3)


def create_certificate(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate of 127.0.0.1, and its key."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kopi")])
    at = datetime.now(UTC)
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), at - timedelta(days=1), at + timedelta(days=1)
    )
    certificate = certificate.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


def test_a_self_signed_certificate_is_refused(
    scripted: Any, make_answer: MakeAnswer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = create_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    scripted.socket = context.wrap_socket(scripted.socket, server_side=True)
    scripted.handle_error = lambda *_: None
    scripted.script_answers(make_answer(PROJECT))
    url = scripted.url.replace("http:", "https:")
    with Client(url) as client, pytest.raises(ServerUnreachable, match="is not trusted") as caught:
        client.projects.require("kopi")
    assert "SSL_CERT_FILE" in caught.value.hint
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Client(url) as client:
        assert client.projects.require("kopi").id == 1


def _method_parameters(part: type) -> dict[str, list[str]]:
    return {
        name: [parameter for parameter in inspect.signature(getattr(part, name)).parameters if parameter not in ("self", "store")]
        for name in dir(part)
        if not name.startswith("_") and callable(getattr(part, name))
    }


def test_both_backends_take_the_same_arguments(tmp_path: Path) -> None:
    with Client("http://127.0.0.1:1") as client:
        remote = {name: type(part) for name, part in vars(client).items() if hasattr(part, "_server")}
    store = local.LocalStore(None, None)  # type: ignore[arg-type] - nothing is asked of it
    parts = {name: type(getattr(store, name)) for name in local.NOUNS}
    assert not set(parts) - set(remote)
    missing = {
        f"{name}.{method}" for name, part in parts.items() for method in _method_parameters(part) if not hasattr(remote[name], method)
    }
    assert not missing


@pytest.mark.parametrize("name", ["server", "token", "database_url", "host", "cors_origins"])
def test_project_settings_cannot_choose_the_server(tmp_path: Path, name: str) -> None:
    (tmp_path / ".onward.toml").write_text(f'{name} = "http://evil.example"\n')
    with pytest.raises(BadSetting, match="a repository may not set"):
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
