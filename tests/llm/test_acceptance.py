"""From a written page to what stands: reading it, judging it, what is owed, the repair, the cut and the verdict."""

from __future__ import annotations

from dataclasses import replace

from onward.app.handoffs.writer import kept_lines
from onward.core.evidence.line import EvidenceLine
from onward.core.evidence.obligations import Obligation
from onward.core.facts.fact import Handle
from onward.core.handoff.document import CitedLine, Handoff, from_json, to_json
from onward.llm.acceptance import WritingTask, assess, finish, merge_repair, repair_material, standing_lines, to_handoff
from onward.llm.checks.evidence import Evidence
from onward.llm.page import parse_handoff
from onward.tokens import count_tokens
from onward.web.render import environment

EVIDENCE = Evidence((
    EvidenceLine(Handle(1, 1), "person", "We build a queue for the clinic. Never store names of patients."),
    EvidenceLine(Handle(1, 4), "report", "The tablet takes numbers now; the display polls every 3 seconds."),
    EvidenceLine(Handle(1, 6), "run", "`npx vitest run` → ok: 12 passed"),
    EvidenceLine(Handle(1, 9), "report", "The printer is connected. The ticket is printed on paper of 80 mm."),
))  # fmt: skip
OWED = (
    Obligation(section="Rules", text="Never store names of patients.", handles=(Handle(1, 1),), fact_id="f1"),
    Obligation(section="Next", text="Open in the task list: Try the printer at the clinic", handles=(Handle(1, 4),)),
)
PAGE = """\
# Handoff
**Goal.** A queue for the clinic. [s1.1]
**State.** The tablet takes numbers, the display polls every 3 seconds. [s1.4]
## Rules
- "Never store names of patients" [s1.1]
## Done
- The tablet takes numbers (verified: `npx vitest run`, 12 passed). [s1.4, s1.6]
- The display polls every 5 seconds. [s1.4]
- The ticket is printed on paper of 80 mm. [s1.9]
## Exact values
- Display: polls every 3 seconds. [s1.4]
"""


def task(room_tokens: int = 2_000) -> WritingTask:
    return WritingTask(EVIDENCE, OWED, room_tokens, count_tokens)


def test_what_is_wrong_goes_and_what_is_owed_comes_back() -> None:
    assessment = assess(parse_handoff(PAGE), task())
    assert [refusal.line.text for refusal in assessment.refused] == ["The display polls every 5 seconds."]
    assert [item.text for item in assessment.owed] == [OWED[1].text]
    page = finish(assessment, task())
    assert (page.put_back, page.cut, page.why) == (1, 0, "")
    assert any(line.text == OWED[1].text and line.section == "Next" for line in page.lines)


def test_code_says_what_is_verified() -> None:
    texts = {line.text for line in assess(parse_handoff(PAGE), task()).lines}
    assert "The tablet takes numbers (verified: `npx vitest run`, 12 passed)." in texts
    assert "The ticket is printed on paper of 80 mm. (claimed)" in texts


def test_each_line_of_the_page_says_what_holds_it_also_after_storing_and_in_the_next_page() -> None:
    page = finish(assess(parse_handoff(PAGE), task()), task())
    stored = from_json(to_json(to_handoff(page.lines, Handoff(1), ())))
    proofs = {line.text: line.proof for section in stored.sections for line in section.lines}
    assert [line.proof for _, line in stored.head] == ["verified", "claimed"]
    assert proofs["The ticket is printed on paper of 80 mm. (claimed)"] == "claimed"
    assert proofs[OWED[1].text] == ""
    standing = kept_lines(standing_lines(stored))
    assert EvidenceLine(Handle(1, 1), "handoff", "Goal: A queue for the clinic. (verified)") in standing
    shown = environment().get_template("components/ledger.html").module
    assert "unsaid" in shown.proof(CitedLine("The clinic waits.", proof="unsaid"))  # type: ignore[attr-defined]
    assert not shown.proof(CitedLine("It prints (claimed).", proof="claimed"))  # type: ignore[attr-defined]


def test_one_repair_mends_and_drops() -> None:
    first = assess(parse_handoff(PAGE), task())
    material = repair_material(first, task())
    assert "every 5 seconds" in material
    assert "every 3 seconds" in material
    assert OWED[1].text in material
    repair = parse_handoff("## Done\n- The display polls every 3 seconds. [s1.4]\nDropped: [s1.4] the printer is connected s1.9")
    second = merge_repair(first, repair, task())
    assert second.refused == ()
    assert second.owed == ()


def test_an_invented_reason_drops_nothing() -> None:
    page = PAGE + "Dropped: [s1.4] the clinic was closed by the health inspection in s1.9"
    assert [item.text for item in assess(parse_handoff(page), task()).owed] == [OWED[1].text]


def test_a_rule_that_code_read_in_a_request_goes_where_the_page_tells_the_request() -> None:
    told_there = PAGE.replace('## Rules\n- "Never store names of patients" [s1.1]', "## Next\n- Never store names of patients. [s1.1]")
    drop = "Dropped: [s1.1] for one task"

    def owed_rules(page: str, item: Obligation) -> list[str]:
        assessment = assess(parse_handoff(page), replace(task(), owed=(item,)))
        return [owed.text for owed in assessment.owed]

    assert owed_rules(told_there + drop, OWED[0]) == []
    assert owed_rules(told_there, OWED[0]) == [OWED[0].text]
    assert owed_rules(told_there.replace("- Never store names of patients. [s1.1]\n", "") + drop, OWED[0]) == [OWED[0].text]
    assert owed_rules(told_there + drop, OWED[0]._replace(is_fixed=True)) == [OWED[0].text]


def test_a_page_without_goal_or_with_too_many_faults_does_not_stand() -> None:
    without_goal = finish(assess(parse_handoff(PAGE.replace("**Goal.**", "**Aim.**")), task()), task())
    assert str(without_goal.why) == "The line Goal did not pass the checks."
    faulty = PAGE + "## Learned\n" + "".join(f"- The ticket costs {number} euros. [s1.9]\n" for number in range(11, 15))
    assert str(finish(assess(parse_handoff(faulty), task()), task()).why).startswith("Only ")
    assert finish(assess(parse_handoff("No page."), task()), task()).why == "No line of the model was accepted."


def test_too_long_a_page_is_cut_from_its_exact_values_on() -> None:
    full = finish(assess(parse_handoff(PAGE), task()), task())
    tokens = count_tokens(" ".join(line.text for line in full.lines)) + 8 * len(full.lines)
    page = finish(assess(parse_handoff(PAGE), task(tokens - 10)), task(tokens - 10))
    assert page.cut >= 1
    assert not any(line.section == "Exact values" for line in page.lines)
    assert any(line.text == OWED[1].text for line in page.lines)


def test_a_page_is_read_in_the_forms_that_models_write() -> None:
    page = parse_handoff("### next steps:\n1) Try it. [s1.4]\n* Pay. [s1.6 , s1.9].\n## Weather\n- Rain. [s1.1]\n**Goal**: A queue. [s1.1]")
    assert [(line.section, line.text, len(line.handles)) for line in page.lines] == [
        ("Goal", "A queue.", 1), ("Next", "Try it.", 1), ("Next", "Pay.", 2),
    ]  # fmt: skip
