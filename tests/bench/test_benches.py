"""Each benchmark runs on the sample sessions, and its figures are correct."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bench.preservation
import pytest
from bench.distillation import distil_sessions
from bench.line_scores import LineScorer
from bench.probe_sets import Frozen
from bench.transcripts import Source

from bench import (
    agreement,
    canaries,
    gold,
    held_out,
    left_out,
    losses,
    page,
    quotes,
    reader_outcomes,
    recall,
    report,
    retention,
    scale,
    start,
)
from onward.core.extract.worth_trees import TREES
from onward.core.facts.fact import Handle
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, render


def newest_result(name: str) -> dict[str, Any]:
    document = report.newest(name)
    assert document is not None
    return document


def test_a_probe_that_its_transcript_does_not_answer_is_dropped(shared_folder: Path) -> None:
    sets = Frozen(shared_folder).sets()
    assert [len(probe_set.probes) for probe_set in sets] == [2, 1, 1]
    assert [len(probe_set.carried) for probe_set in sets] == [0, 1, 1]


def test_gold(shared_folder: Path) -> None:
    gold.main(["--shared", str(shared_folder)])
    document = newest_result("gold")
    recall_of = {row["of"]: row for row in document["recall"]}
    assert (recall_of["rule"]["n"], recall_of["rule"]["pool"]) == (1, 1.0)
    assert (recall_of["dead_end"]["n"], recall_of["dead_end"]["pool"]) == (1, 1.0)
    assert (recall_of["value"]["n"], recall_of["value"]["pool"]) == (1, 0.0), "nobody states it, so nothing may match"
    assert document["retirement"]["superseded"]["gold"] == 1


def test_agreement(shared_folder: Path) -> None:
    agreement.main(["--shared", str(shared_folder), "--budgets", "300,1000"])
    document = newest_result("agreement")
    assert [row[:2] for row in document["within_budgets"]["probes"]] == [[300, 15], [1000, 15]]
    assert document["handoffs"] == 6
    assert len(document["points"]) == 30
    assert all(0 <= point["low"] <= point["measured"] <= point["high"] <= 1 for point in document["points"])


def test_a_document_is_flattered_where_even_the_lower_end_is_above_the_probes() -> None:
    fields = {"transcript": "t", "document": agreement.HANDOFF, "budget_tokens": 1000, "measured": 0.9, "low": 0.8, "high": 1.0}
    assert agreement.Judgement(**fields, answered=7, probes=10).is_flattered
    assert not agreement.Judgement(**fields, answered=8, probes=10).is_flattered
    assert not agreement.Judgement(**fields, answered=7, probes=10).is_surely_flattered
    assert agreement.Judgement(**fields, answered=1, probes=10).is_surely_flattered


def test_small_inputs_are_read_without_words_of_clients(shared_cases: Path) -> None:
    readings = [reader_outcomes.read_file(shared_cases.parent, path) for path in reader_outcomes.files_of(shared_cases.parent, "cases/2")]
    assert len(readings) > 10
    assert {entry.outcome for entry in readings} == {"read"}
    assert [line for entry in readings for line in entry.framed_lines] == []


def test_a_line_with_a_frame_is_found(tmp_path: Path) -> None:
    session = tmp_path / "data" / "chat.json"
    session.parent.mkdir()
    words = "Explain what <system-reminder> means in the notes of the printer."
    session.write_text(json.dumps([{"role": "user", "content": words}, {"role": "assistant", "content": "It is a tag of the client."}]))
    assert all("<system-reminder>" in line for line in reader_outcomes.read_file(tmp_path, session).framed_lines)
    assert reader_outcomes.read_file(tmp_path, session).framed_lines


@pytest.mark.slow
def test_start(results: Path) -> None:
    start.main(["--sessions", "2", "--times", "1"])
    document = newest_result("start")
    commands = {"--version", "hook session-start", "hook session-end", "project list", "session list", "session start", "handoff", "search"}
    assert set(document["ms"]) == {"bare interpreter", *(f"onward {command}" for command in commands)}


def test_quotes(shared_folder: Path) -> None:
    quotes.main(["--shared", str(shared_folder)])
    assert newest_result("quotes")["handoffs"] == 4


def test_a_value_missing_from_the_cited_turn_is_detected(transcripts: list[Path]) -> None:
    distillation = distil_sessions(transcripts[:1])
    cited = next(handle for handle, turn in distillation.full_turns.items() if "`public/tablet.html`" in turn.text)
    lines = (
        CitedLine("It is `public/tablet.html`, `Public/tablet.html` and src/nowhere/to_be.ts", (cited,)),
        CitedLine("said elsewhere: `node:22-alpine`", (cited,)),
        CitedLine("the words are there: `public/tablet.html has one button`", (cited,)),
        CitedLine("cites nothing that is there: `public/tablet.html`", (Handle(1, 9999),)),
    )
    quotations = list(quotes.find_quotations("s", distillation, Handoff(1, sections=(HandoffSection("Done", lines),)), 1000))
    assert [(quotation.value, quotation.place) for quotation in quotations] == [
        ("public/tablet.html", "cited"),
        ("Public/tablet.html", "nowhere"),
        ("src/nowhere/to_be.ts", "nowhere"),
        ("node:22-alpine", "elsewhere"),
        ("public/tablet.html has one button", "tidied"),
        ("public/tablet.html", "elsewhere"),
    ]


def test_losses(shared_folder: Path) -> None:
    losses.main(["--shared", str(shared_folder), "--budgets", "150,4000"])
    questions = newest_result("losses")["asked"]
    assert {question["id"] for question in questions if question["is_carried"]} == {"an-1-c0", "an-2-c0"}
    assert all(question["lost_at"] in {"", *losses.STEPS} for question in questions)
    assert any(question["lost_at"] for question in questions if question["budget_tokens"] == 150), "150 tokens cannot hold everything"
    assert sum(not question["lost_at"] for question in questions if question["budget_tokens"] == 4000) >= 5


@pytest.mark.slow
def test_a_project_is_scored_with_other_numbers(shared_folder: Path) -> None:
    expected = held_out.score(Frozen(shared_folder), "antre", [300, 4000])
    assert held_out.score_with(held_out.OUT.read_text(), shared_folder, "antre", [300, 4000]) == json.loads(json.dumps(expected))
    [(project, weights)] = held_out.weights_without(shared_folder, ["antre"])
    assert project == "antre"
    assert weights != held_out.OUT.read_text()
    scored = held_out.score_with(weights, shared_folder, "antre", [300, 4000])
    assert [[of for _, of in several] for several in scored["single session"].values()] == [[2, 1, 1], [2, 1, 1]]


def test_the_left_out_figures_are_those_of_the_scorers(shared_folder: Path) -> None:
    expected = held_out.score(Frozen(shared_folder), "antre", [300, 4000])
    scores = left_out.score(shared_folder, {"antre": ()}, [300, 4000])
    for row, name in ((left_out.SINGLE, "single session"), (left_out.CARRIED, "carried")):
        for budget in (300, 4000):
            assert list(scores.probes[left_out.SHIPPED, budget, row]) == expected[name][str(budget)]
    scorer = LineScorer(shared_folder)
    session = next(iter(scorer.sessions(fewest=1)))
    judges = {left_out.LEFT_OUT: (), left_out.SHIPPED: TREES}
    by_place = left_out._score_lines(shared_folder, [1000], session, judges)
    document = render(distil_sessions([session.file]).master(1000).handoff)
    assert by_place[left_out.SHIPPED, 1000] == scorer.figures(document, session.rows)
    assert by_place[left_out.SHIPPED, 1000] != by_place[left_out.LEFT_OUT, 1000], "without trees every sentence is worth the same"


def test_the_step_that_lost_an_answer(shared_folder: Path, transcripts: list[Path]) -> None:
    frozen, distillation = Frozen(shared_folder), distil_sessions(transcripts[:1])
    rule = {"accept": [["patient names"], ["nik"]]}
    assert losses.lost_step(frozen, rule, "nothing of it", distillation) == "left out"
    assert losses.lost_step(frozen, rule, "patient names and NIK", distillation) == "unlike prose"
    assert losses.lost_step(frozen, rule, "patient names" + " word" * 100 + " NIK", distillation) == "parted"
    assert losses.lost_step(frozen, {"accept": [["no such file or directory", "zoneinfo: no such"]]}, "", distillation) == "only tools"


@pytest.mark.slow
def test_retention(shared_folder: Path, tmp_path: Path) -> None:
    drawing = tmp_path / "retention.svg"
    retention.main(["--shared", str(shared_folder), "--fewest", "3", "--budgets", "500,2000", "--draw", str(drawing)])
    rows = [row for row in newest_result("retention")["remembered"] if row["document"] == retention.HANDOFF]
    assert {(row["transcript"], row["after"]) for row in rows} == {(f"an-{i}", j) for i in range(3) for j in range(3 - i)}
    assert drawing.read_text().startswith("<svg")


@pytest.mark.slow
def test_recall(shared_folder: Path) -> None:
    recall.main(["--shared", str(shared_folder), "--commands", "1"])
    document = newest_result("recall")
    assert (document["questions"], document["named"], document["over_budget"]) == (4, 4, 0)
    assert document["found_at_1"][0] <= document["found_at_3"][0] <= document["found_at_5"][0] <= 1.0
    assert document["answered"][0] >= 0.5
    assert len(document["command_ms"]) == 1


@pytest.mark.slow
def test_canaries(shared_folder: Path, transcripts: list[Path]) -> None:
    canaries.main(["--shared", str(shared_folder), "--hosts", *map(str, transcripts), "--seeds", "5", "--budgets", "1000,4000"])
    document = newest_result("canaries")
    assert [(total["budget"], total["round"], total["n"]) for total in document["totals"]] == [
        (b, r, 30) for b in (1000, 4000) for r in (1, 2, 3)
    ]
    assert [total["changed"] for total in document["totals"][:3]] == [5, 7, 10]
    assert all(total["kept"] <= total["reached"] <= 30 for total in document["totals"])
    assert document["totals"][3]["kept"] > 15, "a short session of which 4,000 tokens hold nearly everything"


@pytest.mark.slow
def test_scale(shared_folder: Path, transcripts: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "QUESTIONS", scale.QUESTIONS[:2])
    lines = transcripts[0].read_bytes()
    began = datetime(2026, 4, 6, 1, tzinfo=UTC)
    session_id = json.loads(lines.splitlines()[1])["sessionId"].encode()
    source = Source("claude-code", lines, session_id=session_id, started_at=began, ended_at=began.replace(hour=3))
    small, large = scale.measure([source], [2, 4], 1, Frozen(shared_folder))
    assert (small.number, large.number) == (2, 4)
    assert large.turns == 2 * small.turns
    assert all(tokens <= budget for measurement in (small, large) for budget, tokens in measurement.master_tokens.items())
    assert min(small.user_ms + large.user_ms) > 0
    many = scale.many_turns([source], 100)
    assert many["turns"] >= 100


@pytest.mark.slow
def test_the_page_is_filled_from_all_of_them(shared_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = ["--shared", str(shared_folder)]
    for module in (gold, agreement, losses, quotes):
        module.main(here)
    recall.main([*here, "--commands", "1"])
    retention.main([*here, "--fewest", "2", "--draw", str(tmp_path / "drawn.svg")])
    monkeypatch.setattr(bench.preservation, "SCORER", shared_folder / "bench" / "preservation.py")
    bench.preservation.main(
        ["--probes", str(shared_folder / "probes"), "--data", str(shared_folder / "data"), "--only", "an-1", "--budgets", "1000"]
    )
    text, missing = page.fill_page((report.ROOT / "docs" / "preservation.md").read_text())
    assert sorted(missing) == ["canaries", "fit_left_out", "held_out", "scale"]
    assert "| Onward's handoff (1) |" in text
    written = tmp_path / "preservation.md"
    written.write_text(text)
    page.main(["--page", str(written), "--check"])
    written.write_text(text.replace("| Onward's handoff (1) |", "| Onward's handoff (5) |"))
    with pytest.raises(SystemExit, match="out of date"):
        page.main(["--page", str(written), "--check"])


def test_every_place_of_the_page_is_filled_by_a_bench_and_every_bench_has_its_place() -> None:
    text = (report.ROOT / "docs" / "preservation.md").read_text()
    places = [name for _, name, _ in page._PLACE.findall(text)]
    assert sorted(places) == sorted(page.PLACES)
    assert text.count("<!-- /figures -->") == len(places)


def test_a_partial_run_is_not_the_newest_full_run(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    monkeypatch.setattr(report, "PARTIAL", {"--only"})
    report.keep("some", {"figure": 1}, [])
    next(results.iterdir()).rename(results / "2020-01-01T0000-some.json")
    report.keep("some", {"figure": 2}, ["--only", "x"])
    assert newest_result("some")["figure"] == 1
