"""Clauses: what is removed from a text on its way into a handoff, and what stays exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.core.extract.command_lines import command_key
from onward.core.text.prose import clauses, cut_position, excerpt_range


@pytest.mark.parametrize(
    ("sentence", "clause"),
    [
        ("The **key rotation** is in the worker.", "The key rotation is in the worker."),
        ("- **Path**: `src/__tests__/a.ts` and `**/*.snap`", "Path: `src/__tests__/a.ts` and `**/*.snap`"),
        ("Tags stand in runs/**/tags.json, never deeper.", "Tags stand in runs/**/tags.json, never deeper."),
        ("Since `__dirname` is utils/ now, __init__.py moved too.", "Since `__dirname` is utils/ now, __init__.py moved too."),
        ("**`make index`** rebuilds it.", "`make index` rebuilds it."),
    ],
)
def test_bold_goes_and_exact_text_stays(sentence: str, clause: str) -> None:
    assert [clause.text for clause in clauses(sentence)] == [clause]


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("cd /a && rm -rf out 2>/dev/null; make", "rm -rf out; make"),
        ("make test > /dev/null 2>&1", "make test"),
        ("make test &>/dev/null", "make test"),
        ("pytest -q 2>&1 | tail -5", "pytest -q"),
    ],
)
def test_redirections_are_removed_from_commands(command: str, key: str) -> None:
    assert command_key(command) == key


NAMES = st.lists(st.text("abc./_-", min_size=1, max_size=30), min_size=1, max_size=40)


@given(NAMES, st.data())
def test_shortened_text_cuts_no_name(names: list[str], data: st.DataObject) -> None:
    text = " ".join(names)
    first = data.draw(st.integers(0, len(text) - 1))
    last = data.draw(st.integers(first, min(len(text), first + 20)))
    start, end = excerpt_range(text, first, last, 60)
    assert start <= first <= last <= end
    assert start == 0 or text[start - 1] == " "
    assert end == len(text) or text[end] == " "
    assert end - start <= 60 + 2 * 31


def test_text_without_breaks_is_cut_to_the_limit() -> None:
    start, end = excerpt_range("x" * 5000, 2500, 2510, 60)
    assert start <= 2500
    assert end >= 2510
    assert end - start <= 140


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("see src/pay/checkout.py, which is it", "see"),
        ('{"path":"src/pay.py","line":12}', '{"path":"src/pay.py",'),
        ("src/onward/app/catching_up.py", "src/onward/app/catchin"),
    ],
)
def test_a_text_is_cut_between_names_where_it_has_a_place_for_that(text: str, before: str) -> None:
    assert text[: cut_position(text, 22)] == before
