"""A value is added to a settings file and removed again without any other change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.agents import jsonc
from onward.agents.jsonc import MergeError, add_item, add_member, parse, remove_value

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS.filter(lambda name: name != "ours"), VALUES, max_size=4)

COMMENTED = """{
\t// what I like
\t"model": "opus", // the big one
\t"hooks": {
\t\t"Stop": [ /* none */ ],
\t\t"SessionStart": [
\t\t\t{"command": "a"}, // first
\t\t\t{"command": "b"}, // second
\t\t],
\t},
}
"""


@given(OBJECTS, st.sampled_from([None, 2, "\t"]))
def test_json_is_parsed_as_usual(value: dict[str, object], indent: int | str | None) -> None:
    assert parse(json.dumps(value, indent=indent)).value == value


@given(OBJECTS, VALUES, st.sampled_from([None, 2, "\t"]))
def test_a_member_is_added_and_removed_without_other_changes(value: dict[str, object], new: object, indent: int | str | None) -> None:
    text = json.dumps(value, indent=indent)
    after = add_member(text, ("ours", "deep"), new)
    assert json.loads(after) == {**value, "ours": {"deep": new}}
    back = remove_value(after, ("ours", "deep"))
    assert json.loads(back) == value
    if value:
        assert back == text


def test_comments_commas_and_tabs_stay() -> None:
    after = add_item(COMMENTED, ("hooks", "SessionStart"), {"command": "ours"})
    after = add_item(after, ("hooks", "Stop"), "ours")
    after = add_member(after, ("servers", "ours"), 1)
    assert parse(after).value == {
        "model": "opus",
        "hooks": {"Stop": ["ours"], "SessionStart": [{"command": "a"}, {"command": "b"}, {"command": "ours"}]},
        "servers": {"ours": 1},
    }
    for comment in ("// what I like", '"opus", // the big one', "/* none */", '"a"}, // first', '"b"}, // second'):
        assert comment in after
    assert '\t\t\t{\n\t\t\t\t"command": "ours"\n\t\t\t},' in after
    back = remove_value(remove_value(after, ("servers", "ours")), ("hooks", "SessionStart", 2))
    assert remove_value(add_item(back, ("hooks", "Stop"), "x"), ("hooks", "Stop", 1)) == back
    assert back.replace('"ours"', "").split() == COMMENTED.split()


def test_a_comment_after_the_last_one_without_a_comma_stays_with_it() -> None:
    text = '{\n  "a": 1 // one\n}\n'
    after = add_member(text, ("b",), 2)
    assert after == '{\n  "a": 1, // one\n  "b": 2\n}\n'
    assert remove_value(after, ("b",)) == text


@pytest.mark.parametrize("text", ["", "  \n", "\ufeff"])
def test_nothing_is_an_empty_object(text: str) -> None:
    assert json.loads(add_member(text, ("a",), 1).strip().strip("\ufeff")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1', "line 1"),
        ('{\n"a" 1}', "line 2: expected a colon"),
        ("{a: 1}", "a name in quotes"),
        ('{"a": 1} x', "the end"),
        ('{"a": nope}', "a value"),
        ("[" * 100_000, "deeply"),
    ],
)
def test_errors_are_reported_with_their_line(text: str, why: str) -> None:
    with pytest.raises(MergeError, match=why):
        parse(text)


def test_values_of_another_type_are_refused() -> None:
    with pytest.raises(MergeError, match="is not an object"):
        add_member('{"hooks": []}', ("hooks", "Stop"), 1)
    with pytest.raises(MergeError, match="is not a list"):
        add_item('{"hooks": {"Stop": {}}}', ("hooks", "Stop"), 1)
    assert jsonc.remove_value('{"a": 1}', ("b", "c")) == '{"a": 1}'
