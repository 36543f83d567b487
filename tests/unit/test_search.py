"""`onward search`: a question in prose finds the passage within a budget, without duplicates, each with its source; on every database."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from onward.app.knowledge import knowledge
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.search import search_results
from onward.app.search.relevance import parse_query
from onward.app.sessions import completion
from onward.app.sessions import sessions as sittings
from onward.app.transcripts.intake import SessionIntake
from onward.app.turns import sources
from onward.app.turns.preparation import prepare_turns
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.store import Store
from onward.store.search.searchable_text import stem, stems
from onward.tokens import count_tokens

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOISE = [
    Turn("assistant", f"I looked at module number {n} of the warehouse and found nothing that matters for pallets or shelves there.")
    for n in range(40)
]
SESSIONS = [
    [
        Turn("user", "Set up the clinic's queue display. The board listens on port 8443 because 8080 is taken by the printer spooler."),
        *NOISE,
        Turn("assistant", "I decided to retry failed uploads with exponential backoff, since polling the scanner blocked the main loop."),
        Turn("assistant", calls=(ToolCall("c", "Bash", {"command": "grep -rn QueueBoardRenderer src/board/queue_board_renderer.ts"}),)),
        Turn(
            "tool",
            results=(
                ToolResult(
                    "c",
                    "\n".join(f"line {n}: padding of the log that says little" for n in range(30))
                    + "\nE_SCANNER_OFFLINE at src/scan/device.py:88\n",
                ),
            ),
        ),
        Turn("user", "Jangan pernah menghapus antrean pasien sebelum dokter selesai."),
    ],
    [
        Turn("user", "The board listens on port 9090 from now on, not on the old one."),
        Turn("assistant", "Migrated the configuration: parseHTTPHeader now lives in lib/net/http_header.py, and the café menu works."),
    ],
]


@pytest.fixture
def project(store: Store) -> Project:
    project = projects.create(store, "clinic")
    for number, turns in enumerate(SESSIONS, start=1):
        import_session(store, project, number, turns)
        completion.complete(store, sittings.require(store, project, number))
    return project


def import_session(store: Store, project: Project, number: int, turns: list[Turn]) -> None:
    at = NOON + timedelta(days=number)
    head = SessionHead(agent="codex", id=f"native-{number}", started_at=at)
    intake = SessionIntake(store, project, head, "a.jsonl")
    for item in prepare_turns(
        [head, *(replace(turn, at=at + timedelta(minutes=i)) for i, turn in enumerate(turns))], lambda _: project.key
    ):
        if not isinstance(item, SessionHead):
            intake.take(item)
    intake.finish()


def first_excerpt(store: Store, project: Project, question: str) -> str:
    excerpts = search_results.search(store, question, project=project).excerpts
    return excerpts[0].text if excerpts else ""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("why did we not poll the scanner?", "polling the scanner blocked"),
        ("How are uploads that fail retried?", "exponential backoff"),
        ("what is it that I must never delete before the doctor is done? antrean pasien", "menghapus antrean"),
        ("where is the queue board rendered", "queue_board_renderer"),
        ("QueueBoardRenderer", "queue_board_renderer"),
        ("queue_board_renderer.ts", "queue_board_renderer"),
        ("src/board/queue_board_renderer.ts", "queue_board_renderer"),
        ("parse HTTP header", "parseHTTPHeader"),
        ("parse_http_header", "parseHTTPHeader"),
        ("lib.net.http_header", "http_header.py"),
        ("scanner offline error", "E_SCANNER_OFFLINE"),
        ("device.py:88", "E_SCANNER_OFFLINE"),
        ("Cafe menus", "café menu"),
        ("configuring migrations", "Migrated the configuration"),
        ("what was the spooler's port?", "8443"),
    ],
)
def test_a_question_finds_the_passage(store: Store, project: Project, question: str, answer: str) -> None:
    assert answer in first_excerpt(store, project, question)


def test_of_two_answers_the_newer_comes_first(store: Store, project: Project) -> None:
    excerpts = search_results.search(store, "which port does the board listen on?", project=project, kinds=["user"]).excerpts
    assert [("9090" in excerpt.text, excerpt.handle.session) for excerpt in excerpts[:2]] == [(True, 2), (False, 1)]


def test_an_excerpt_is_what_stands_around_the_hit(store: Store, project: Project) -> None:
    excerpts = search_results.search(store, "E_SCANNER_OFFLINE", project=project, kinds=["tool"]).excerpts
    assert "E_SCANNER_OFFLINE at src/scan/device.py:88" in excerpts[0].text
    assert excerpts[0].text.count("\n") < 14
    assert "line 0:" not in excerpts[0].text


@pytest.mark.parametrize("budget", [20, 30, 45, 60, 100, 150, 300, 1000])
def test_the_budget_is_kept_and_used(store: Store, project: Project, budget: int) -> None:
    result = search_results.search(
        store, "which port does the board listen on, and what of the scanner?", project=project, budget_tokens=budget
    )
    printed = "\n\n".join(f"{excerpt.source} {excerpt.project}\n{excerpt.text}" for excerpt in result.excerpts)
    assert count_tokens(printed) <= budget
    assert result.tokens <= budget
    assert result.excerpts or budget < 45
    assert all(re.match(r"\[s\d+\.\d+\] (user|assistant|tool|fact) 2026-", excerpt.source) for excerpt in result.excerpts)


def test_no_excerpt_is_repeated(store: Store, project: Project) -> None:
    import_session(store, project, 3, [SESSIONS[0][0], replace(SESSIONS[0][0], text=SESSIONS[0][0].text + " Yes."), *NOISE])
    excerpts = search_results.search(store, "queue display board port 8443 printer spooler", project=project, budget_tokens=4000).excerpts
    assert sum("8443" in excerpt.text for excerpt in excerpts) == 1


def test_handoffs_and_knowledge_are_searched(store: Store, project: Project) -> None:
    knowledge.add(store, "Pin the spooler to port 8080.", kind="practice")
    search = partial(search_results.search, store)
    (entry,) = search("spooler", kinds=["knowledge"]).excerpts
    assert (entry.project, str(entry.handle), entry.text) == ("", "s0.0", "Pin the spooler to port 8080.")
    lines = search("antrean pasien", project=project, kinds=["handoff"]).excerpts
    assert ("Jangan pernah menghapus antrean pasien sebelum dokter selesai.", "s1.45") in [(line.text, str(line.handle)) for line in lines]
    # A handoff of the rules repeats facts, which are found as such.
    assert {excerpt.kind for excerpt in search("antrean pasien", project=project).excerpts} == {"fact"}
    assert "knowledge" in {excerpt.kind for excerpt in search("spooler").excerpts}
    assert search("kind:knowledge spooler before:2020").excerpts == []


def test_a_source_leads_to_its_turn(store: Store, project: Project) -> None:
    for question in ("exponential backoff", "E_SCANNER_OFFLINE", "9090"):
        excerpt = search_results.search(store, question, project=project).excerpts[0]
        ((ordinal, turn),) = sources.read_source(store, project, str(excerpt.handle)).turns
        assert ordinal == excerpt.handle.turn
        spoken = turn.text + "".join(result.text for result in turn.results)
        assert all(line in spoken for line in excerpt.text.splitlines())


def test_a_passage_too_long_for_what_is_left_gives_its_best_line(store: Store, project: Project) -> None:
    (only,) = search_results.search(store, "E_SCANNER_OFFLINE", project=project, kinds=["tool"], budget_tokens=40).excerpts
    assert only.text == "E_SCANNER_OFFLINE at src/scan/device.py:88"


def test_a_question_is_understood() -> None:
    words = parse_query("Why did getHTTPHeader fail in src/net/http.py?").words
    assert words == ("gethttpheader", "fail", "src", "net", "http", "py", "header")
    assert parse_query("Why did it fail in src/net/http.py?").names == ("src net http py",)
    assert parse_query("what is it?").words == ("what", "is", "it")
    assert parse_query("Où est le café?").words[-1] == "cafe"


@pytest.mark.parametrize(
    "forms",
    [
        "deploy deploys deployed deploying deployment deployments",
        "migrate migrates migrated migrating migration migrations",
        "configure configured configuring configuration configurations",
        "query queries queried querying",
        "retry retries retried retrying",
        "stop stops stopped stopping",
        "cache caches cached caching",
        "order orders ordered ordering",
        "create created creates creating creation",
        "fail failed failing fails",
        "server servers serve",
        "error errors",
        "render renders rendered renderer rendering",
    ],
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len(set(map(stem, forms.split()))) == 1, set(map(stem, forms.split()))


def test_different_words_have_different_stems() -> None:
    apart = (
        "port report import test text user used use api app log login commit common config confirm session season 8080 8443 8081 token took"
    ).split()
    assert len(set(map(stem, apart))) == len(apart)
    assert stems("Über-Straße, naïve_İd 東京 №5") == ["uber", "straß", "naiv", "id", "u2648120140", "no5"]
