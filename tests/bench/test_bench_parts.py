"""Parts of the benchmarks: intervals, rank correlation, planting and drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise
from pathlib import Path

import bench.__main__ as every
import pytest
from bench.canaries import scripts
from bench.distillation import distil_sessions
from bench.intervals import kendall, percentile, share_interval
from bench.line_chart import Curve, chart
from bench.planted_canaries import TEMPLATES, PlantedSentence, canaries, plant
from bench.quotes import values

from onward.core.analytics.intervals import wilson_interval


def test_rank_correlation_by_hand() -> None:
    assert kendall([1, 2, 3, 4], [1, 2, 3, 4]) == 1.0
    assert kendall([1, 2, 3, 4], [4, 3, 2, 1]) == -1.0
    assert kendall([1, 1, 1], [1, 2, 3]) is None
    # One of six pairs is reversed, none is tied: (5 - 1) / 6.
    assert kendall([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    # Ties on one side: 2 agree, 1 is tied; 2 / sqrt(2 * 3).
    assert kendall([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / 6**0.5)


def test_intervals() -> None:
    low, high = wilson_interval(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert share_interval([(5, 10)])[1] - share_interval([(5, 10)])[0] > 0.4, "one session cannot be sure"
    assert share_interval([(0, 10), (10, 10)]) == (0.0, 1.0)
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([3, 1, 2], 0.95) == 3


def test_thirty_items_of_which_ten_change_and_none_is_named_twice() -> None:
    items = canaries(11)
    assert len(items) == 30
    assert sum(bool(canary.old) for canary in items) == 10
    names = [name for canary in items for name in (canary.value, canary.old) if name]
    assert max(Counter(names).values()) == 1
    assert items == canaries(11)
    assert items != canaries(12)
    for canary in items:
        probe = canary.probe(is_changed=True)
        text = (canary.change or canary.first).lower()
        assert all(any(word.lower() in text for word in group) for group in probe["accept"]), canary


def test_a_change_comes_after_what_it_changes() -> None:
    rounds, changes = scripts(canaries(3), 5)
    assert [len(sentences) for sentences in rounds][3:] == [0, 0]
    assert Counter(changes.values()) == {0: 5, 1: 2, 2: 3}
    for canary in canaries(3):
        if changes.get(canary.id) == 0:
            at = {sentence.text: sentence.at for sentence in rounds[0]}
            assert at[canary.first] < at[canary.change]


def test_planted_sentences_are_read_as_what_was_said(shared_folder: Path, transcripts: list[Path], tmp_path: Path) -> None:
    sentences = [PlantedSentence(t.by, t.sentence.format(v=f"zelvor-{n}"), n / len(TEMPLATES)) for n, t in enumerate(TEMPLATES)]
    for path in transcripts:
        copy = tmp_path / path.name
        copy.write_bytes(plant(path.read_bytes(), sentences, seed=1))
        before, after = distil_sessions([path]), distil_sessions([copy])
        users = sum(sentence.by == "user" for sentence in sentences)
        assert len(after.full_turns) == len(before.full_turns) + 2 * users
        for sentence in sentences:
            role = "user" if sentence.by == "user" else "assistant"
            assert sum(sentence.text in turn.text and turn.role == role for turn in after.full_turns.values()) == 1, sentence
        assert [t.text for t in after.full_turns.values() if t.role == "tool"] == [
            t.text for t in before.full_turns.values() if t.role == "tool"
        ]


def test_a_transcript_without_turns_is_refused_for_planting() -> None:
    with pytest.raises(ValueError, match="no prompt"):
        plant(b'{"type":"system","sessionId":"x","parentUuid":null}\n', [], seed=1)


def test_exact_values_of_a_line() -> None:
    line = "Edited `src/a b.py` and ./bin/run, see https://x.example/y and 3/4 or ``a`b``; `` `c` `` ends"
    assert list(values(line)) == ["src/a b.py", "a`b", "`c`", "./bin/run"]


def test_the_drawing_is_valid_and_stays_inside() -> None:
    curves = [
        Curve(f"{n} tokens", [(0, 0.9, 0.8, 1.0), (1, 0.9 - n / 10, 0.1, 1.0), (4, 0.5, 0.2, 0.9)], has_band=n == 1) for n in range(4)
    ]
    drawn = ET.fromstring(chart("<A title> & more", "later", curves))
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    lines = [element for element in drawn if element.tag.endswith("polyline")]
    assert len(lines) == 4
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    names = [element for element in drawn if element.tag.endswith("text") and (element.text or "").endswith(" tokens")]
    heights = sorted(float(element.attrib["y"]) for element in names)
    assert all(later - earlier >= 15 for earlier, later in pairwise(heights)), "names never lie on each other"


def test_a_bench_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []

    def ends(_: list[str]) -> None:
        raise SystemExit("no probes here")

    monkeypatch.setattr(every, "BENCHES", {"one": every.Bench("ends", ends), "two": every.Bench("runs", lambda _: ran.append("two"))})
    assert every.main([]) == 1
    assert ran == ["two"]
    assert "no probes here" in capsys.readouterr().err
    assert every.main(["two"]) == 0
    with pytest.raises(SystemExit):
        every.main(["three"])


def test_flags_after_the_name_of_a_benchmark_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(every, "BENCHES", {name: every.Bench("runs", ran.append, ["--far"]) for name in ("one", "two")})
    assert every.main(["one", "--only", "two"]) == 0
    assert every.main(["one", "--long", "--only", "two"]) == 0
    assert ran == [["--only", "two"], ["--far", "--only", "two"]]
    with pytest.raises(SystemExit):
        every.main(["one", "two", "--only", "x"])
