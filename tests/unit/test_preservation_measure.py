"""How much of the important content a document keeps."""

from __future__ import annotations

import json
import random

import pytest

from onward.core.analytics.intervals import wilson_interval
from onward.core.facts.fact import Handle
from onward.core.preservation.collector import collect_references
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import Reference, fold_references
from onward.core.preservation.scores import Preservation
from onward.core.transcript.transcript import ToolCall, Turn

SESSION = [
    Turn("user", "Never store patient names, only the ticket number and the poli."),
    Turn("user", "The waiting-room display should show digits of at least 120px."),
    Turn("assistant", "", calls=(ToolCall("e", "Edit", {"file_path": "src/tickets.ts", "old_string": "a", "new_string": "b"}),)),
    Turn(
        "assistant",
        "Calls collided because two processes read the same row without a lock.\n\n"
        "The root cause is fixed by `BEGIN IMMEDIATE` around the read.\n\nThe printer listens at `192.168.10.40:9100` in the clinic "
        "network.",
    ),
    Turn("user", "thanks, that is all for this morning"),
]
GOOD = """# Handoff
## Rules
- Never store patient names; only ticket number and poli are kept. [s1.1]
## Asked for
- Waiting-room display with digits of at least 120px. [s1.2]
## Files
- `src/tickets.ts` was edited. [s1.3]
## Errors and fixes
- Calls collided because two processes read the same row; fixed by `BEGIN IMMEDIATE` around the read, the root cause being no lock. [s1.4]
## Exact values
- The printer in the clinic network listens at 192.168.10.40:9100. [s1.4]
"""


def expected_references() -> list[Reference]:
    return collect_references(1, list(enumerate(SESSION, 1)))


def judge(document: str, references: list[Reference] | None = None) -> Preservation:
    return measure(
        document, expected_references() if references is None else references, document_tokens=200, session_tokens=8000, sessions=1
    )


def counts(result: Preservation) -> dict[str, tuple[int, int]]:
    return {group.group: (group.kept_count, group.total) for group in result.groups}


def test_a_good_document_keeps_what_matters() -> None:
    kept_by_group = counts(judge(GOOD))
    assert kept_by_group["rules"] == (1, 1)
    assert kept_by_group["files"] == (1, 1)
    assert kept_by_group["decisions"] == (1, 1)
    assert kept_by_group["fixes"] == (1, 1)


def test_an_empty_document_keeps_nothing() -> None:
    result = judge("# Handoff\n")
    assert result.preservation_ratio == 0.0
    assert len(result.lost) == len(expected_references())
    assert {loss.handle for loss in result.lost} == {reference.handle for reference in expected_references()}


def test_the_text_itself_keeps_everything_said() -> None:
    result = judge("\n".join(turn.text for turn in SESSION) + "\nsrc/tickets.ts")
    assert result.preservation_ratio == 1.0
    assert result.lost == ()


def test_a_statement_torn_apart_is_not_kept() -> None:
    words = "\n".join(turn.text for turn in SESSION).split()
    random.Random(3).shuffle(words)
    padded = " ".join(word + " lorem ipsum dolor" * 15 for word in words)
    result = judge(padded)
    assert result.statement_ratio == 0.0


def test_a_value_without_its_subject_is_not_kept() -> None:
    assert counts(judge("- 192.168.10.40:9100"))["values"][0] == 0
    assert counts(judge("- the printer in the clinic network listens at `192.168.10.40:9100`"))["values"][0] == 1


@pytest.mark.parametrize("written", ["src/tickets.ts.bak", "mytickets.ts", "tickets.tsx"])
def test_a_file_is_kept_as_a_whole_word(written: str) -> None:
    result = judge(f"- edited {written} today")
    assert counts(result)["files"] == ((1, 1) if written.startswith("src/tickets.ts.") else (0, 1))


def test_its_own_account_of_losses_does_not_count_as_kept() -> None:
    closing = "\n---\nPreserved in 200 tokens (of 8.0k): rules 0/1. "
    closing += "Lost: Never store patient names, only the ticket number and the poli. [s1.1]"
    assert counts(judge("# Handoff\n" + closing))["rules"] == (0, 1)


def test_a_later_session_closes_what_an_earlier_one_left_open() -> None:
    def todo(status: str) -> list[tuple[int, Turn]]:
        return [
            (1, Turn("assistant", calls=(ToolCall("t", "TodoWrite", {"todos": [{"content": "Write the nurse page", "status": status}]}),)))
        ]

    first = collect_references(1, todo("in_progress"))
    both = fold_references(first, collect_references(2, todo("completed")))
    assert counts(judge("nothing", first)) == {"open": (0, 1)}
    assert counts(judge("nothing", both)) == {}
    assert judge("## Next\n- Write the nurse page", both).stale == ("- Write the nurse page",)
    assert judge("## Done\n- Write the nurse page", both).stale == ()


REVERSED = [(1, Turn("user", "Please switch from polling to websockets for the display."))]


@pytest.mark.parametrize(
    ("line", "is_stale"),
    [
        ("The display asks the server by polling every 3 seconds.", True),
        ("The display uses websockets; polling every 3 seconds was too slow.", False),
        ("No more polling: it was replaced.", False),
        ("The display polls the server every 3 seconds.", True),
        ("The display pollinates nothing.", False),
    ],
)
def test_retired_values_may_only_appear_as_past(line: str, is_stale: bool) -> None:
    assert bool(judge(f"## State\n{line}", collect_references(1, REVERSED)).stale) is is_stale


def test_a_choice_that_was_reversed_is_not_asked_for() -> None:
    first = collect_references(1, [(1, Turn("user", "Let's use polling every 3 seconds for the display."))])
    both = fold_references(first, collect_references(2, REVERSED))
    assert "Let's use polling every 3 seconds for the display." in {loss.text for loss in judge("", first).lost}
    assert "Let's use polling every 3 seconds for the display." not in {loss.text for loss in judge("", both).lost}


def unsupported_values(line: str, source: str) -> tuple[str, ...] | None:
    references = {Handle(1, 4): source}
    result = measure(line, [], document_tokens=9, session_tokens=90, sessions=1, source_text=lambda handle: references.get(handle, ""))
    return result.unsupported


def test_a_line_whose_values_its_source_does_not_hold_is_unsupported() -> None:
    line = "- The API answers on `10.0.0.9:8443`. [s1.4]"
    assert unsupported_values(line, "curl http://10.0.0.9:8443/health") == ()
    assert unsupported_values(line, "curl http://10.0.0.9:8080/health") == ("- The API answers on `10.0.0.9:8443`.",)


def test_a_path_is_supported_by_its_last_part_and_prose_needs_no_support() -> None:
    assert unsupported_values("- `src/tickets.ts` was edited [s1.4 ← s1.2]", '{"file_path": "/home/a/antre/src/tickets.ts"}') == ()
    assert unsupported_values("- All is well with the world. [s1.4]", "") == ()
    assert judge(GOOD).unsupported is None


def test_the_headline_is_the_weakest_important_group() -> None:
    references = [Reference(handle=Handle(1, i), group="rules", subject=f"r{i}", text=f"rule{i}", keys=(f"rule{i}",)) for i in range(4)]
    references += [
        Reference(handle=Handle(2, i), group="files", subject=f"f{i}.py", text=f"f{i}.py", needles=(f"f{i}.py",)) for i in range(4)
    ]
    result = judge("rule0 rule1 rule2 and f0.py f1.py f2.py f3.py", references)
    assert result.headline is not None
    assert (result.headline.group, result.headline.kept_count, result.headline.total) == ("rules", 3, 4)
    assert result.hard_ratio == 1.0
    assert result.statement_ratio == 0.75


def test_confidence_is_a_lower_bound() -> None:
    assert wilson_interval(10, 10)[0] == pytest.approx(0.7225, abs=1e-3)
    assert wilson_interval(0, 10)[0] == 0.0
    result = judge(GOOD)
    assert result.confidence_ratio is not None
    assert result.preservation_ratio is not None
    assert result.confidence_ratio < result.preservation_ratio


def test_nothing_to_keep_has_no_ratio() -> None:
    result = judge("anything", [])
    assert (result.preservation_ratio, result.headline, result.confidence_ratio) == (None, None, None)
    assert "nothing found to preserve" in result.line()


def test_the_line_says_what_it_is_and_names_losses_within_its_bound() -> None:
    result = judge("# Handoff\n")
    line = result.line(120)
    assert line.startswith("Preserved in 200 tokens (of 8.0k): rules 0/1 · requirements 0/")
    assert "estimated automatically" in line
    assert "of N" not in line
    assert "[s1.1]" in line
    assert len(line) <= 120 * 3 + 20
    assert line.endswith(" more.")
    assert "Lost: nothing." in judge("\n".join(t.text for t in SESSION) + " src/tickets.ts").line()


def test_the_measure_survives_storage() -> None:
    result = judge("# Handoff\n")
    assert Preservation.from_json(json.loads(json.dumps(result.to_json()))) == result
    checked = measure("- on `10.0.0.9:1` [s1.1]", [], document_tokens=1, session_tokens=1, sessions=1, source_text=lambda _: "")
    assert Preservation.from_json(json.loads(json.dumps(checked.to_json()))) == checked
