"""A truncated document is closed after its last complete value."""

from __future__ import annotations

import json

import pytest

from onward.formats.json_repair import close_document, loads, rescue_records

WHOLE = {"a": [1, {"b": 'quotes " and \\ and ]},{['}, [], {}], "c\\": {"d": None, "e": [[[True, "ü\n"]]]}, "f": "last"}


def is_part(value: object, of: object) -> bool:
    """Whether *value* is a prefix of *of*: equal up to where it was cut."""
    if isinstance(value, dict) and isinstance(of, dict):
        return list(value) == list(of)[: len(value)] and all(is_part(value[key], of[key]) for key in value)
    if isinstance(value, list) and isinstance(of, list):
        return len(value) <= len(of) and all(map(is_part, value, of))
    return value == of


@pytest.mark.parametrize("indent", [None, 1])
def test_every_cut_keeps_what_was_whole(indent):
    text = json.dumps(WHOLE, indent=indent, ensure_ascii=False)
    before = 0
    for end in range(len(text)):
        value = close_document(text[:end].encode())
        assert value is None or is_part(value, WHOLE), text[:end]
        length = len(json.dumps(value))
        assert length >= before or value is None, text[:end]
        before = length if value is not None else 0
    assert close_document(text.encode()) == WHOLE


@pytest.mark.parametrize("data", ["", "nothing", '"', '["', "[[[", "]", '{"a": 1]', "{1, 2", '["a\\"'])
def test_what_holds_nothing_whole_is_nothing(data):
    assert close_document(data.encode()) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"a": "C:\REDACTED", "b": "x\ny"}', {"a": "C:\\REDACTED", "b": "x\ny"}),
        (r'{"a": "C:\\new", "b": "50\%"}', {"a": "C:\\new", "b": "50\\%"}),
        (r'{"a": "\u12", "b": 1}', {"a": "\\u12", "b": 1}),
    ],
)
def test_a_backslash_that_escapes_nothing_is_kept(text, value):
    assert loads(text.encode()) == value
    assert rescue_records(text.encode()) == ([value], "")
