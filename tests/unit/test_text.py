"""How prose is cut: nothing that was said falls off the end of a clause."""

from __future__ import annotations

from onward.core.text import LONGEST_CLAUSE, clauses, content_words


def test_a_long_sentence_is_several_clauses_and_loses_no_word() -> None:
    said = (
        "The report covers "
        + ", ".join(f"`src/part{number}/module{number}.py`" for number in range(40))
        + " and ends with the smallest viable prototype."
    )
    parts = [clause.text for clause in clauses(said)]
    assert len(parts) > 1
    assert all(len(part) <= LONGEST_CLAUSE + 4 for part in parts)
    assert set(content_words(said)) == {word for part in parts for word in content_words(part)}


def test_a_word_that_never_ends_is_cut_all_the_same() -> None:
    assert "".join(clause.text.strip("… ") for clause in clauses("x" * 1000)) == "x" * 1000


def test_what_stands_before_a_short_lead_in_is_said_by_itself() -> None:
    assert [clause.text for clause in clauses("Both cases exit 0. Let me commit this:")] == ["Both cases exit 0.", "Let me commit this:"]
