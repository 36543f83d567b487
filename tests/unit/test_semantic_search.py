"""Search by meaning: vectors are made in the background, found beside words, purged with their turns, and never needed."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from onward.adapters import build_embedding_model
from onward.app.admin import doctor, secret_purge
from onward.app.models import gateway
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.app.search.embedder import Embedder, make_all
from onward.app.sessions import removal, sessions
from onward.app.turns.client_turns import append_conversation
from onward.cli.main import main
from onward.errors import BadSetting, ProviderFailed
from onward.llm.embeddings import AddressModel, LocalModel, Vector
from onward.llm.endpoint import Endpoint
from onward.settings import EmbeddingSettings, Settings, read_settings
from onward.store import Store, schema, turn_vectors

CONCEPTS = (("login", "sign", "password"), ("mail", "letter", "post"), ("money", "invoice", "paid"), ("kiosk", "printer"))
"""Each is a number of a vector, which says how often a text has one of its words."""
KEY = "sk-" + "embeddingsOfNobody" * 2
ADDRESS = Endpoint(url="https://vectors.example/v1", model="concepts", key=KEY)
TALK = [
    {"role": "user", "content": "Customers cannot sign in since Tuesday."},
    {"role": "assistant", "content": "The post arrives late because the queue is full."},
    {"role": "assistant", "content": "The kiosk in Bandung prints slowly."},
]


def concept_vector(text: str) -> list[float]:
    return [0.01 + sum(text.lower().count(word) for word in words) for words in CONCEPTS]


class ConceptModel:
    """An embedding model that knows four concepts, and all texts that it was given."""

    def __init__(self, endpoint: Endpoint | None = None) -> None:
        self.name = "concepts"
        self.endpoint = endpoint
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
        self.texts += texts
        return [concept_vector(text) for text in texts]


class FailingModel(ConceptModel):
    """A model that never answers."""

    def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
        raise ProviderFailed("timeout", "vectors.example did not answer in time.")


@pytest.fixture
def project(store: Store) -> Project:
    project = projects.create(store, "kopi")
    append_conversation(store, sessions.start(store, project).session.id, records=TALK, text=None)
    return project


def find_texts(store: Store, query: str, model: ConceptModel | None = None, **options: Any) -> list[str]:
    return [excerpt.text for excerpt in search_results.search(store, query, embedding_model=model, **options).excerpts]


def stored_vectors(store: Store) -> int:
    with store.read() as connection:
        return len(connection.execute(select(schema.turn_vectors)).all())


def make(store: Store, model: ConceptModel) -> int:
    return make_all(store, model, 0, lambda _done, _total: None).new


def test_another_wording_finds_the_turn(store: Store, project: Project) -> None:
    model = ConceptModel()
    assert make(store, model) == 3
    assert find_texts(store, "password trouble", project=project) == []
    assert find_texts(store, "password trouble", model, project=project)[0] == TALK[0]["content"]
    assert find_texts(store, "password trouble", model, project=project, kinds=["assistant"])[0] != TALK[0]["content"]
    assert TALK[0]["content"] not in find_texts(store, "password trouble -customers", model)
    assert find_texts(store, "password trouble agent:codex", model) == []
    # What has the words and is closest by meaning comes before what is close alone.
    assert find_texts(store, "a letter is late", model, project=project)[0] == TALK[1]["content"]
    other = projects.create(store, "teh")
    assert find_texts(store, "password trouble", model, project=other) == []


def test_vectors_go_with_their_turns_and_come_back(store: Store, project: Project, tmp_path: Path) -> None:
    model = ConceptModel()
    make(store, model)
    secret_purge.purge(store, tmp_path, "Bandung")
    assert stored_vectors(store) == 2
    assert make(store, model) == 1
    assert not any("Bandung" in text for text in model.texts[3:])
    session = sessions.require(store, project, 1)
    removal.delete(store, session)
    assert stored_vectors(store) == 0
    removal.undelete(store, project, 1)
    assert make(store, model) == 3


def test_a_turn_that_changes_meanwhile_gets_no_vector_of_its_old_text(store: Store, project: Project, tmp_path: Path) -> None:
    class PurgingModel(ConceptModel):
        def embed(self, texts: Sequence[str], timeout_seconds: float) -> list[Vector]:
            if not self.texts:
                secret_purge.purge(store, tmp_path, "Bandung")
            return super().embed(texts, timeout_seconds)

    model = PurgingModel()
    Embedder(store, model).make_portion()
    assert stored_vectors(store) == 2


def test_another_model_makes_its_own(store: Store, project: Project) -> None:
    first, second = ConceptModel(), ConceptModel()
    second.name = "newer"
    make(store, first)
    assert make(store, second) == 3
    with store.read() as connection:
        assert turn_vectors.count(connection, "newer") == (3, 3)
        assert turn_vectors.count(connection, "concepts") == (0, 3)


def test_a_model_that_fails_leaves_the_words(store: Store, project: Project) -> None:
    make(store, ConceptModel())
    result = search_results.search(store, "kiosk", project=project, embedding_model=FailingModel())
    assert [excerpt.text for excerpt in result.excerpts] == [TALK[2]["content"]]
    assert str(result.notice) == "Searched by words alone: vectors.example did not answer in time."


def test_what_goes_elsewhere_is_redacted_recorded_and_limited(store: Store, project: Project) -> None:
    secret = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    model = ConceptModel(ADDRESS)
    find_texts(store, f"login with {secret}", model)
    assert "login with" in model.texts[-1]
    assert secret not in model.texts[-1]
    make(store, model)
    [line] = gateway.list_spend(store, "model")
    assert (line.name, line.spent.input_tokens > 10) == ("concepts", True)
    append_conversation(store, sessions.start(store, project).session.id, records=TALK[:1], text=None)
    assert Embedder(store, model, daily_tokens=5).make_portion() == 0
    assert Embedder(store, model, daily_tokens=0).make_portion() == 1
    query_on_this_machine = ConceptModel()
    find_texts(store, f"login with {secret}", query_on_this_machine)
    assert secret in query_on_this_machine.texts[-1]


@pytest.fixture
def address() -> Iterator[SimpleNamespace]:
    """An OpenAI-compatible address on this machine: its `endpoint`, the `requests` it got, and how it will `answer` (status, body)."""
    served = SimpleNamespace(requests=[], answer=None)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            served.requests.append((self.path, self.headers["authorization"], body))
            entries = [{"index": place, "embedding": concept_vector(text)} for place, text in enumerate(body["input"])]
            status, answer = served.answer or (200, {"data": entries[::-1]})
            content = json.dumps(answer).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.endpoint = Endpoint(url=f"http://127.0.0.1:{server.server_port}/v1", model="concepts", key=KEY)
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_asked_as_openai_is(address: SimpleNamespace) -> None:
    model = AddressModel(address.endpoint)
    assert model.embed(["a letter", "money"], 5.0) == [concept_vector("a letter"), concept_vector("money")]
    path, authorization, body = address.requests[0]
    assert (path, authorization) == ("/v1/embeddings", f"Bearer {KEY}")
    assert body == {"model": "concepts", "input": ["a letter", "money"], "encoding_format": "float"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, {"error": KEY}), "key refused"),
        ((302, {}), "refused"),
        ((500, {}), "server error"),
        ((200, {"data": [{"index": 0, "embedding": []}]}), "bad answer"),
        ((200, {"data": []}), "bad answer"),
        ((200, [KEY]), "bad answer"),
        ((200, {"data": [{"index": 0, "embedding": [0.5] * 200_000}]}), "too large"),
    ],
)
def test_a_wrong_answer_is_an_error_without_the_providers_text(address: SimpleNamespace, answer: tuple[int, Any], reason: str) -> None:
    address.answer = answer
    with pytest.raises(ProviderFailed) as raised:
        AddressModel(address.endpoint).embed(["a letter"], 5.0)
    assert raised.value.reason == reason
    assert KEY not in f"{raised.value.message} {raised.value.hint}"
    assert len(address.requests) == 1


def test_a_local_model_is_loaded_once_by_fastembed(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    class TextEmbedding:
        def __init__(self, model_name: str) -> None:
            loaded.append(model_name)
            if model_name == "nobody/unknown":
                raise ValueError("Model nobody/unknown is not supported")

        def embed(self, documents: list[str]) -> Iterator[Any]:
            return (np.array(concept_vector(text)) for text in documents)

    module = ModuleType("fastembed")
    module.TextEmbedding = TextEmbedding  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastembed", module)
    model = LocalModel("some/model")
    assert model.embed(["a letter"], 1.0) == model.embed(["a letter"], 1.0) == [concept_vector("a letter")]
    assert loaded == ["some/model"]
    with pytest.raises(ProviderFailed, match="cannot load the model nobody/unknown"):
        LocalModel("nobody/unknown").embed(["a"], 1.0)
    monkeypatch.setitem(sys.modules, "fastembed", None)
    with pytest.raises(ProviderFailed, match="not installed"):
        LocalModel("some/model").embed(["a"], 1.0)


def test_settings(tmp_path: Path) -> None:
    def read(**variables: str) -> Settings:
        return read_settings(environment={"ONWARD_HOME": str(tmp_path), **variables}, folder=tmp_path)

    assert build_embedding_model(read()) is None
    settings = read(ONWARD_EMBEDDINGS_URL="http://127.0.0.1:11434/v1/", ONWARD_EMBEDDINGS_MODEL="m", ONWARD_EMBEDDINGS_KEY=KEY)
    assert settings.embeddings == EmbeddingSettings("http://127.0.0.1:11434/v1", "m", KEY)
    assert KEY not in repr(settings)
    model = build_embedding_model(settings)
    assert model is not None
    assert (model.name, model is build_embedding_model(settings)) == ("127.0.0.1:11434 m", True)
    assert isinstance(build_embedding_model(read(ONWARD_EMBEDDINGS_MODEL="m")), LocalModel)
    with pytest.raises(BadSetting, match="no embeddings_model"):
        read(ONWARD_EMBEDDINGS_URL="http://127.0.0.1:11434/v1")


def test_commands(tmp_path: Path, address: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path))
    monkeypatch.setenv("ONWARD_SERVER", "")
    monkeypatch.chdir(tmp_path)
    with Store.at_folder(tmp_path) as store:
        append_conversation(store, sessions.start(store, projects.create(store, "kopi")).session.id, records=TALK, text=None)

    def run(*arguments: str) -> str:
        with contextlib.suppress(SystemExit):
            main(list(arguments))
        return "".join(capsys.readouterr())

    assert "Search by meaning is off" in run("db", "vectors")
    monkeypatch.setenv("ONWARD_EMBEDDINGS_URL", address.endpoint.url)
    monkeypatch.setenv("ONWARD_EMBEDDINGS_MODEL", "concepts")
    settings = read_settings()
    findings = [
        finding for finding in doctor.examine(settings, lambda _: Store.at_folder(tmp_path)) if finding.check == "search by meaning"
    ]
    assert [(finding.status, str(finding.message)) for finding in findings] == [
        ("warning", f"0 of 3 turns have vectors of {address.endpoint.host} concepts")
    ]
    assert "Made the vectors of 3 turns" in run("db", "vectors")
    assert "Customers cannot sign in" in run("search", "password trouble").split("\n\n")[0]
    address.answer = (500, {})
    assert "Searched by words alone" in run("search", "kiosk")
