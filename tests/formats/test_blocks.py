"""Content blocks: text of every shape, arguments, exit codes."""

from __future__ import annotations

import pytest

from onward.formats.blocks import content_text, find_exit_code, parse_arguments


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("words", "words"),
        ([{"type": "text", "text": "a"}, {"type": "image"}, "b", {"type": "file"}], "a\n[image]\nb\n[file]"),
        ({"type": "text", "text": "a"}, "a"),
        ([[{"text": "deep"}]], "deep"),
        (None, ""),
        (5, ""),
    ],
)
def test_text_of_anything(content, text):
    assert content_text(content) == text


@pytest.mark.parametrize(
    ("value", "arguments"),
    [({"a": 1}, {"a": 1}), ('{"a": 1}', {"a": 1}), ('{"a": 1', '{"a": 1'), ("*** Begin Patch", "*** Begin Patch"), (None, ""), ([1], "")],
)
def test_arguments_of_anything(value, arguments):
    assert parse_arguments(value) == arguments


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Exit code: 0\n", 0),
        ("Exit code: 1 then Exit code: 127.", 127),
        ("Exit code: -9", -9),
        ("Exit code: x", None),
        ("Exit code: ", None),
        ("", None),
    ],
)
def test_the_last_exit_code_counts(text, code):
    assert find_exit_code("Exit code: ", text) == code
