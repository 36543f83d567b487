"""Two texts side by side: only differences are marked, nothing is lost, and no markup passes through."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from onward.web.word_diff import mark_differences

TEXTS = st.lists(st.sampled_from(["port", "8080", "8443", "<b>", "&", "is", "the", "\n"]), max_size=30).map(" ".join)


def test_only_what_differs_is_marked() -> None:
    old, new = mark_differences("The port is 8080 now", "The port is 8443 now")
    assert old == "The port is <del>8080</del> now"
    assert new == "The port is <ins>8443</ins> now"


def test_texts_that_have_nothing_to_do_with_each_other_are_not_marked() -> None:
    assert mark_differences("one two three four", "alpha beta gamma") == ("one two three four", "alpha beta gamma")


@given(TEXTS, TEXTS)
def test_nothing_is_lost_and_no_markup_goes_through(old: str, new: str) -> None:
    for text, shown in zip((old, new), mark_differences(old, new), strict=True):
        assert unescape(re.sub(r"</?(?:del|ins)>", "", str(shown))) == text
