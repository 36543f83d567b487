"""Rendered Markdown: nothing in it is executed, and every source links to its turns."""

from __future__ import annotations

import pytest

from onward.web import format_values, language
from onward.web.markdown import render_code, render_markdown


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "![a](https://evil.example/x.png)",
        '<a href="x" onclick="y">',
        "```html\n<script>alert(1)</script>\n```",
        "[a](data:text/html,x)",
        "<svg/onload=alert(1)>",
        "`<b onmouseover=x>`",
    ],
)
def test_markup_in_a_transcript_is_inert(markdown: str) -> None:
    shown = render_markdown(markdown, 1).lower()
    for active in ("<script", "<img", "<svg", 'javascript:"', 'href="javascript', 'href="data', "<b "):
        assert active not in shown


def test_sources_lead_to_their_turns() -> None:
    shown = render_markdown("Use port 8443 [s3.41, s4.2-5].", 7)
    assert 'href="/projects/7/sources/s3.41"' in shown
    assert 'href="/projects/7/sources/s4.2-5"' in shown
    assert "href" not in render_markdown("Use port 8443 [s3.41].")


def test_code_is_highlighted_and_can_be_scrolled_by_keys() -> None:
    shown = render_markdown("```python\ndef f(): return 1\n```")
    assert '<span class="k-k">def</span>' in shown
    assert 'tabindex="0"' in shown
    assert "<b>" not in render_code("<b>", "nothing-known")


def test_headings_stand_below_the_pages_own() -> None:
    assert "<h2>Rules</h2>" in render_markdown("# Rules")


@pytest.mark.parametrize(
    ("figure", "english", "indonesian"),
    [
        (lambda: format_values.format_integer(1234567), "1,234,567", "1.234.567"),
        (lambda: format_values.format_decimal(0.86, 2), "0.86", "0,86"),
        (lambda: format_values.format_compact(12345), "12.3k", "12,3k"),
        (lambda: format_values.format_compact(999), "999", "999"),
        (lambda: format_values.format_compact(999_950), "1.0M", "1,0M"),
        (lambda: format_values.format_percent(0.894), "89%", "89%"),
        (lambda: format_values.format_signed(-4.25), "−4.2", "−4,2"),
        (lambda: format_values.format_signed(-0.04), "±0.0", "±0,0"),
        (lambda: format_values.format_integer(None), "–", "–"),
        (lambda: format_values.format_duration(60), "1 minute", "1 menit"),
        (lambda: format_values.format_duration(7300), "2 hours", "2 jam"),
    ],
)
def test_figures_read_as_the_language_writes_them(figure: object, english: str, indonesian: str) -> None:
    assert callable(figure)
    assert figure() == english
    token = language.current_language.set("id")
    try:
        assert figure() == indonesian
    finally:
        language.current_language.reset(token)
