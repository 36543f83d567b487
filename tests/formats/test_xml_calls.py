"""Calls that a model wrote as XML are removed from its prose, whatever their values contain."""

from __future__ import annotations

import pytest

from onward.formats.xml_calls import parse_calls


def test_prose_without_calls_stays_as_it_is():
    for text in ("a < b and c > d", "<b>bold</b>", "Use `<read_file>` here", "", "<read_file>", "<read_file></read_file>"):
        assert parse_calls(text) == (text.strip(), "", [])


def test_calls_are_taken_out_in_order():
    text = (
        "First.\n<read_file>\n<path>a.ts</path>\n</read_file>\nThen.\n  <execute_command>\n<command>ls > out</command>\n</execute_command>"
    )
    assert parse_calls(text) == ("First.\n\nThen.", "", [("read_file", {"path": "a.ts"}), ("execute_command", {"command": "ls > out"})])


@pytest.mark.parametrize("name", ["content", "diff"])
def test_a_value_may_hold_its_own_closing_tag(name):
    value = f"  <{name}>x</{name}>\n<path>not the path</path>"
    text = f"<write_to_file>\n<path>a.html</path>\n<{name}>\n{value}\n</{name}>\n</write_to_file>"
    assert parse_calls(text).calls == [("write_to_file", {"path": "a.html", name: value})]


def test_a_call_that_was_cut_off_keeps_what_is_there():
    assert parse_calls("Done.\n<use_mcp_tool>\n<server_name>s</server_name>\n<tool_name>clo") == (
        "Done.",
        "",
        [("use_mcp_tool", {"server_name": "s", "tool_name": "clo"})],
    )


def test_thinking_is_no_prose():
    assert parse_calls("<thinking>hm\n</thinking>Yes.") == ("Yes.", "hm", [])


def test_a_tool_named_in_a_sentence_is_no_call():
    assert parse_calls("I will call <read_file><path>x</path></read_file> next").calls == []
