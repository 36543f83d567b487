"""Safe HTML for the Markdown of handoffs and transcripts: embedded HTML is escaped, code is highlighted, sources become links."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from pygments.formatters import HtmlFormatter
    from pygments.lexer import Lexer

LIGHT_STYLE, DARK_STYLE = "a11y-high-contrast-light", "github-dark-high-contrast"
"""Chosen for their measured contrast on the backgrounds of code blocks."""

MAX_HIGHLIGHTED_CHARS = 100_000
"""Longer code is not highlighted: that takes too long."""

MAX_CACHED_CHARS = 4_000
"""Shorter texts are cached as HTML, because readers return to the same turns; each cache holds `CACHE_SIZE` entries."""
CACHE_SIZE = 2048
LONG_CACHED_CHARS, LONG_CACHE_SIZE = 16_000, 128
"""The same for the few longer texts of a page."""

_SOURCE = re.compile(r"\[(s\d+\.\d+(?:-\d+)?(?:,\s*s\d+\.\d+(?:-\d+)?)*)\]")
_ALLOWED_TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
_ALLOWED_ATTRIBUTES = {
    "*": {"class"},
    "a": {"href", "title"},
    "pre": {"tabindex"},
    "div": {"tabindex"},
    "table": {"tabindex"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "input": {"type", "checked", "disabled"},
}


def render_markdown(markdown: str, project_id: int | None = None) -> Markup:
    """Return *markdown* as HTML. With *project_id*, a source such as [s3.41] links to its turns."""
    if len(markdown) <= MAX_CACHED_CHARS:
        return _render_markdown_cached(markdown, project_id)
    return (_render_long_markdown_cached if len(markdown) <= LONG_CACHED_CHARS else _render_markdown)(markdown, project_id)


def _render_markdown(markdown: str, project_id: int | None) -> Markup:
    html = _markdown_parser().render(markdown)
    if project_id is not None:
        html = _SOURCE.sub(lambda match: _link_sources(match[1], project_id), html)
    return _sanitize(html)


_render_markdown_cached = lru_cache(CACHE_SIZE)(_render_markdown)
_render_long_markdown_cached = lru_cache(LONG_CACHE_SIZE)(_render_markdown)


@lru_cache(maxsize=8192)
def render_inline(text: str) -> Markup:
    """Return one line of Markdown as HTML without a paragraph. Cached: the lines of a handoff are shown again and again."""
    return _sanitize(_markdown_parser().renderInline(text))


def render_code(text: str, language: str = "") -> Markup:
    """Return *text* as a code block, highlighted if its language is known."""
    return Markup(_code_block(text, language))  # noqa: S704 - escaped by the lexer


def code_style() -> str:
    """Return the CSS of highlighted code, for the light and the dark theme."""
    from pygments.formatters import HtmlFormatter

    def rules(style: str) -> str:
        lines = HtmlFormatter(style=style, nobackground=True, classprefix="k-").get_style_defs(".code").splitlines()
        return "\n".join(line.partition("/*")[0].rstrip() for line in lines if line.startswith(".code .k-"))

    dark = rules(DARK_STYLE)
    return (
        f"@layer prose{{\n{rules(LIGHT_STYLE)}\n@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{\n{dark}\n}}}}\n"
        f":root[data-theme=dark]{{\n{dark}\n}}\n}}"
    )


def _sanitize(html: str) -> Markup:
    import nh3

    clean = nh3.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes=_ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704 - nh3 has just made it safe


def _link_sources(handles: str, project_id: int) -> str:
    links = (f'<a class="source" href="/projects/{project_id}/sources/{handle}">{handle}</a>' for handle in re.split(r",\s*", handles))
    return f'<span class="sources">{" ".join(links)}</span>'


@cache
def _markdown_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "highlight": _highlight_block}).enable(["table", "strikethrough"])
    # The page has its own h1 above these headings.
    parser.core.ruler.push("lowered", _lower_headings)
    parser.core.ruler.push("reachable", _make_tables_reachable)
    # An image would be fetched from an address in the transcript.
    return parser.disable("image")


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"


def _make_tables_reachable(state: StateCore) -> None:
    """Let keys scroll a table that is wider than the page."""
    for token in state.tokens:
        if token.type == "table_open":
            token.attrSet("tabindex", "0")


def _highlight_block(text: str, language: str, _: str) -> str:
    # markdown-it uses a result that starts with <pre as it is.
    return _code_block(text, language)


def _code_block(text: str, language: str) -> str:
    html = (_highlight_cached if len(text) <= MAX_CACHED_CHARS else _highlight)(text, language)
    return f'<pre class="code" tabindex="0"><code>{html}</code></pre>'


def _highlight(text: str, language: str) -> str:
    from pygments import highlight

    lexer = _find_lexer(language) if language and len(text) <= MAX_HIGHLIGHTED_CHARS else None
    return str(escape(text)) if lexer is None else str(highlight(text, lexer, _formatter()))


_highlight_cached = lru_cache(CACHE_SIZE)(_highlight)


@lru_cache(maxsize=64)
def _find_lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@cache
def _formatter() -> HtmlFormatter[str]:
    # Cached: building a formatter computes the colours of every token type, which takes longer than formatting.
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True, classprefix="k-")
