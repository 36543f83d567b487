"""Each bench, run whole on our own samples: it still runs, and its figures mean what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import bench.preservation
import pytest
from bench.frozen import Frozen
from bench.made import made_of
from bench.transcripts import Source

from bench import agreement, canaries, gold, held_out, losses, page, quotes, recall, report, retention, scale, start
from onward.core.facts import Handle
from onward.core.handoff import Handoff, Line, Section


def result(name: str) -> dict[str, Any]:
    found = report.newest(name)
    assert found is not None
    return found


def test_a_probe_that_its_transcript_does_not_answer_is_dropped(beside: Path) -> None:
    sets = Frozen(beside).sets()
    assert [len(one.probes) for one in sets] == [2, 1, 1]
    assert [len(one.carried) for one in sets] == [0, 1, 1]


def test_gold(beside: Path) -> None:
    gold.main(["--shared", str(beside)])
    found = result("gold")
    recall_of = {one["of"]: one for one in found["recall"]}
    assert (recall_of["rule"]["n"], recall_of["rule"]["pool"]) == (1, 1.0)
    assert (recall_of["dead_end"]["n"], recall_of["dead_end"]["pool"]) == (1, 1.0)
    assert (recall_of["value"]["n"], recall_of["value"]["pool"]) == (1, 0.0), "nobody said it, so nothing may match it"
    assert found["retirement"]["superseded"]["gold"] == 1


def test_agreement(beside: Path) -> None:
    agreement.main(["--shared", str(beside), "--budgets", "300,1000"])
    found = result("agreement")
    assert found["handoffs"] == 6
    assert len(found["points"]) == 30
    assert all(0 <= one["low"] <= one["measured"] <= one["high"] <= 1 for one in found["points"])


def test_a_document_is_flattered_where_even_the_lower_end_is_above_the_probes() -> None:
    kept = {"transcript": "t", "document": agreement.HANDOFF, "budget_tokens": 1000, "measured": 0.9, "low": 0.8, "high": 1.0}
    assert agreement.Judged(**kept, answered=7, probes=10).is_flattered
    assert not agreement.Judged(**kept, answered=8, probes=10).is_flattered
    assert not agreement.Judged(**kept, answered=7, probes=10).is_surely_flattered
    assert agreement.Judged(**kept, answered=1, probes=10).is_surely_flattered


@pytest.mark.slow
def test_start(results: Path) -> None:
    start.main(["--sessions", "2", "--times", "1"])
    found = result("start")
    assert set(found["ms"]) == {"bare interpreter", "onward --version", "onward hook session-start", "onward hook session-end"}


def test_quotes(beside: Path) -> None:
    quotes.main(["--shared", str(beside)])
    assert result("quotes")["handoffs"] == 4


def test_a_value_that_the_cited_turn_does_not_hold_is_found_out(transcripts: list[Path]) -> None:
    made = made_of(transcripts[:1])
    cited = next(handle for handle, turn in made.whole.items() if "`public/tablet.html`" in turn.text)
    lines = (
        Line("It is `public/tablet.html`, `Public/tablet.html` and src/nowhere/to_be.ts", (cited,)),
        Line("said elsewhere: `node:22-alpine`", (cited,)),
        Line("the words are there: `public/tablet.html has one button`", (cited,)),
        Line("cites nothing that is there: `public/tablet.html`", (Handle(1, 9999),)),
    )
    found = list(quotes.quoted("s", made, Handoff(1, sections=(Section("Done", lines),)), 1000))
    assert [(one.value, one.found) for one in found] == [
        ("public/tablet.html", "cited"),
        ("Public/tablet.html", "nowhere"),
        ("src/nowhere/to_be.ts", "nowhere"),
        ("node:22-alpine", "elsewhere"),
        ("public/tablet.html has one button", "tidied"),
        ("public/tablet.html", "elsewhere"),
    ]


def test_losses(beside: Path) -> None:
    losses.main(["--shared", str(beside), "--budgets", "150,4000"])
    asked = result("losses")["asked"]
    assert {one["id"] for one in asked if one["is_carried"]} == {"an-1-c0", "an-2-c0"}
    assert all(one["lost_at"] in {"", *losses.STEPS} for one in asked)
    assert any(one["lost_at"] for one in asked if one["budget_tokens"] == 150), "150 tokens cannot hold everything"
    assert sum(not one["lost_at"] for one in asked if one["budget_tokens"] == 4000) >= 5


@pytest.mark.slow
def test_a_project_is_scored_with_other_numbers(beside: Path) -> None:
    own = held_out.score(Frozen(beside), "antre", [300, 4000])
    assert held_out.scored_with(held_out.OUT.read_text(), beside, "antre", [300, 4000]) == json.loads(json.dumps(own))
    for kind in ("gold", "data"):
        copytree(beside / kind / "antre", beside / kind / "other")
    [(project, weights)] = held_out.weights_without(beside, ["antre"])
    assert project == "antre"
    assert weights != held_out.OUT.read_text()
    scored = held_out.scored_with(weights, beside, "antre", [300, 4000])
    assert [[of for _, of in several] for several in scored["single session"].values()] == [[2, 1, 1], [2, 1, 1]]


def test_the_step_that_lost_an_answer(beside: Path, transcripts: list[Path]) -> None:
    frozen, made = Frozen(beside), made_of(transcripts[:1])
    rule = {"accept": [["patient names"], ["nik"]]}
    assert losses.step(frozen, rule, "nothing of it", made) == "left out"
    assert losses.step(frozen, rule, "patient names and NIK", made) == "unlike prose"
    assert losses.step(frozen, rule, "patient names" + " word" * 100 + " NIK", made) == "parted"
    assert losses.step(frozen, {"accept": [["no such file or directory", "zoneinfo: no such"]]}, "", made) == "only tools"


@pytest.mark.slow
def test_retention(beside: Path, tmp_path: Path) -> None:
    drawing = tmp_path / "retention.svg"
    retention.main(["--shared", str(beside), "--fewest", "3", "--budgets", "500,2000", "--draw", str(drawing)])
    found = [one for one in result("retention")["remembered"] if one["document"] == retention.HANDOFF]
    assert {(one["transcript"], one["after"]) for one in found} == {(f"an-{i}", j) for i in range(3) for j in range(3 - i)}
    assert drawing.read_text().startswith("<svg")


@pytest.mark.slow
def test_recall(beside: Path) -> None:
    recall.main(["--shared", str(beside), "--commands", "1"])
    found = result("recall")
    assert (found["questions"], found["named"], found["over_budget"]) == (4, 4, 0)
    assert found["found_at_1"][0] <= found["found_at_3"][0] <= found["found_at_5"][0] <= 1.0
    assert found["answered"][0] >= 0.5
    assert len(found["command_ms"]) == 1


@pytest.mark.slow
def test_canaries(beside: Path, transcripts: list[Path]) -> None:
    canaries.main(["--shared", str(beside), "--hosts", *map(str, transcripts), "--seeds", "5", "--budgets", "1000,4000"])
    found = result("canaries")
    assert [(one["budget"], one["round"], one["n"]) for one in found["totals"]] == [(b, r, 30) for b in (1000, 4000) for r in (1, 2, 3)]
    assert [one["changed"] for one in found["totals"][:3]] == [5, 7, 10]
    assert all(one["kept"] <= one["reached"] <= 30 for one in found["totals"])
    assert found["totals"][3]["kept"] > 15, "a short session of which 4,000 tokens hold nearly everything"


@pytest.mark.slow
def test_scale(beside: Path, transcripts: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "QUESTIONS", scale.QUESTIONS[:2])
    lines = transcripts[0].read_bytes()
    began = datetime(2026, 4, 6, 1, tzinfo=UTC)
    own = json.loads(lines.splitlines()[1])["sessionId"].encode()
    source = Source("claude-code", lines, own, began, began.replace(hour=3))
    small, large = scale.measure([source], [2, 4], 1, Frozen(beside))
    assert (small.number, large.number) == (2, 4)
    assert large.turns == 2 * small.turns
    assert all(tokens <= budget for one in (small, large) for budget, tokens in one.master_tokens.items())
    assert min(small.user_ms + large.user_ms) > 0
    many = scale.many_turns([source], 100)
    assert many["turns"] >= 100


@pytest.mark.slow
def test_the_page_is_filled_from_all_of_them(beside: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = ["--shared", str(beside)]
    for one in (gold, agreement, losses, quotes):
        one.main(here)
    recall.main([*here, "--commands", "1"])
    retention.main([*here, "--fewest", "2", "--draw", str(tmp_path / "drawn.svg")])
    monkeypatch.setattr(bench.preservation, "SCORER", beside / "bench" / "preservation.py")
    bench.preservation.main(["--probes", str(beside / "probes"), "--data", str(beside / "data"), "--only", "an-1", "--budgets", "1000"])
    text, missing = page.filled((report.ROOT / "docs" / "preservation.md").read_text())
    assert sorted(missing) == ["canaries", "held_out", "scale"]
    assert "| Onward's handoff (1) |" in text
    written = tmp_path / "preservation.md"
    written.write_text(text)
    page.main(["--page", str(written), "--check"])
    written.write_text(text.replace("| Onward's handoff (1) |", "| Onward's handoff (5) |"))
    with pytest.raises(SystemExit, match="newest runs"):
        page.main(["--page", str(written), "--check"])


def test_every_place_of_the_page_is_filled_by_a_bench_and_every_bench_has_its_place() -> None:
    text = (report.ROOT / "docs" / "preservation.md").read_text()
    places = [name for _, name, _ in page._PLACE.findall(text)]
    assert sorted(places) == sorted(page.PLACES)
    assert text.count("<!-- /figures -->") == len(places)


def test_a_run_of_a_part_is_not_the_newest_whole_one(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    monkeypatch.setattr(report, "PARTIAL", {"--only"})
    report.keep("some", {"figure": 1}, [])
    next(results.iterdir()).rename(results / "2020-01-01T0000-some.json")
    report.keep("some", {"figure": 2}, ["--only", "x"])
    assert result("some")["figure"] == 1
