"""Clauses: what is taken off a text on its way into a handoff, and what is exact."""

from __future__ import annotations

import pytest

from onward.core.extract.worked import key_of
from onward.core.text import clauses


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        ("The **key rotation** is in the worker.", "The key rotation is in the worker."),
        ("- **Path**: `src/__tests__/a.ts` and `**/*.snap`", "Path: `src/__tests__/a.ts` and `**/*.snap`"),
        ("Tags stand in runs/**/tags.json, never deeper.", "Tags stand in runs/**/tags.json, never deeper."),
        ("Since `__dirname` is utils/ now, __init__.py moved too.", "Since `__dirname` is utils/ now, __init__.py moved too."),
        ("**`make index`** rebuilds it.", "`make index` rebuilds it."),
    ],
)
def test_bold_goes_and_exact_text_stays(said: str, clause: str) -> None:
    assert [one.text for one in clauses(said)] == [clause]


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("cd /a && rm -rf out 2>/dev/null; make", "rm -rf out; make"),
        ("make test > /dev/null 2>&1", "make test"),
        ("make test &>/dev/null", "make test"),
        ("pytest -q 2>&1 | tail -5", "pytest -q"),
    ],
)
def test_what_only_hides_output_is_no_part_of_a_command(command: str, key: str) -> None:
    assert key_of(command) == key
