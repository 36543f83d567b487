"""The page to share: self-contained, escaped, redacted again, without scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from onward import samples
from onward.cli.main import main
from onward.redact import Redactor
from onward.web.exported_page import exported_page

TOKEN = "ghp_" + "Ab3dE5fG7h" * 3 + "Jk1m2N"


class Page(HTMLParser):
    """The elements of a page, and what they would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    @property
    def loads(self) -> list[tuple[str, str, str]]:
        return [(tag, name, value) for tag, name, value in self.attributes if name in ("src", "srcset", "data", "poster", "action")]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![a](https://example.org/a.png)",
        "[a](javascript:alert(1))",
        "[a](data:text/html,hi)",
        "```html\n<script src=https://example.org/a.js></script>\n```",
        '<a href="x" onclick="alert(1)">x</a>',
        "</section></main><script>1</script>",
        "<style>*{display:none}</style>",
        '<meta http-equiv="refresh" content="0;url=https://example.org">',
        "<iframe src=https://example.org></iframe>",
        "<svg/onload=alert(1)>",
    ],
)
def test_no_text_becomes_a_script_or_a_request(text: str) -> None:
    page = Page("".join(exported_page(text, [text], Redactor(b"key"))))
    assert not page.tags & {"script", "img", "iframe", "svg", "link", "form", "object", "embed", "base"}
    assert page.loads == []
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert [value for _, name, value in page.attributes if name == "href" and not value.startswith(("http:", "https:", "mailto:"))] == []
    assert [value for tag, name, value in page.attributes if (tag, name) == ("meta", "content") and "url=" in value] == []


def test_texts_are_redacted_once_more() -> None:
    html = "".join(exported_page(f"a {TOKEN}", [f"the token is `{TOKEN}` here"], Redactor(b"key")))
    assert TOKEN not in html
    assert html.count("[secret:github-token:") == 3


def test_a_handoff_and_a_session_are_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))
    files = [str(path) for path in samples.write(tmp_path / "samples")]
    assert main(["import", *files, "--project", "antre", "--complete"]) == 0
    assert main(["project", "export", "antre", "--html"]) == 0
    handoff = (tmp_path / "antre-handoff.html").read_text(encoding="utf-8")
    assert "Handoff after session 3" in handoff
    assert "BEGIN IMMEDIATE" in handoff
    assert main(["project", "export", "antre", "two.html", "--html", "--session", "2"]) == 0
    session = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "41 · Agent" in session
    for html in (handoff, session):
        page = Page(html)
        assert "script" not in page.tags
        assert page.loads == []
    capsys.readouterr()
    # A file is not overwritten, and the archive has no sessions to choose from.
    assert main(["project", "export", "antre", "two.html", "--html"]) != 0
    assert "already exists" in capsys.readouterr().err
    assert main(["project", "export", "antre", "--session", "2"]) != 0
