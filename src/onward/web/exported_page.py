"""One self-contained HTML page of a handoff or a session, to share: no script, nothing to load, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from markupsafe import escape

from onward.redact import Redactor
from onward.web.markdown import code_style, render_markdown

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1c1e21, #e6e8eb); --soft: light-dark(#5c626b, #a3abb6);
  --line: light-dark(#d9dde3, #343a43); --ground: light-dark(#ffffff, #14171b); --block: light-dark(#f4f6f8, #1d2229); }
body { margin: 2rem auto; max-width: 48rem; padding: 0 1rem; color: var(--ink); background: var(--ground);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; }
h3 { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: 1.1rem; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { background: var(--block); padding: .75rem; border-radius: .375rem; white-space: pre-wrap; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .25rem .5rem; }
a { color: inherit; } footer, header p { color: var(--soft); font-size: .875rem; }
@media print { body { margin: 0; max-width: none; } }
"""


def exported_page(title: str, parts: Iterable[str], redactor: Redactor) -> Iterator[str]:
    """Yield the page in pieces: *title*, and each Markdown text of *parts* as HTML.

    Every text is redacted once more on its way, by the rules of the version that exports. The page's own policy forbids scripts, forms and
    requests, whatever its text is.
    """
    title = redactor.text(title)
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "form-action 'none'; base-uri 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{code_style()}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1></header>\n<main>\n"
    )
    for part in parts:
        yield f"<section>{render_markdown(redactor.text(part))}</section>\n"
    yield "</main>\n<footer><p>Exported by Onward. Secrets that it recognises are replaced by placeholders.</p></footer>\n"
    yield "</body>\n</html>\n"
