"""Every page and part, in Indonesian, with a store in many states: no English text is left that has a translation."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest

from onward.web.language import catalogue
from onward.web.messages import message_catalogue

from .conftest import Site, serving
from .test_every_page import pages

NOT_OURS = {"textarea", "script", "style", "code", "pre", "template", "option"}
"""Elements whose text was written by a user or an agent."""
QUOTED = set("prose handoff talk told source-turns mono gist changes losses cited opens source sides snippet".split())
"""Classes of elements with handoffs and conversations, which keep their language."""
SHOWN = ("aria-label", "title", "placeholder")
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "col", "wbr"}


class Words(HTMLParser):
    """The interface texts of a page, and its deferred parts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.parts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        classes = set((named.get("class") or "").split())
        is_line = tag == "span" and "said" in classes
        is_quoted = tag in NOT_OURS or is_line or bool(QUOTED & classes) or (bool(self._open) and self._open[-1][1])
        if not is_quoted:
            self.texts += [value for name in SHOWN if (value := named.get(name))]
        if part := named.get("hx-get"):
            self.parts.append(part)
        if tag not in VOID:
            self._open.append((tag, is_quoted))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self._open and self._open[-1][1]):
            self.texts.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def full_site(seeded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server over the sample sessions with accounts in every state, a job, and an unreachable model."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copytree(seeded_home, folder / "home")
    (folder / "home" / "onward.toml").write_text('llm_url = "http://127.0.0.1:9/v1"\nllm_model = "none"\n')
    with serving(folder / "home", folder / "server.log") as site, httpx2.Client(base_url=f"{site.url}/api", timeout=60) as api:
        for account in (
            {"name": "claude-1", "credits_total": 100, "credits_used": 88, "resets_at": "2030-01-01T00:00Z", "tags": ["python"]},
            {"name": "claude-2", "credits_total": 1000, "credits_used": 20, "resets_at": "2030-01-01T00:00Z", "period": "1d"},
            {"name": "codex-1", "credits_total": 100, "credits_used": 100},
            {"name": "gemini-1"},
        ):
            api.post("/accounts", json=account).raise_for_status()
        api.patch("/accounts/4", json={"status": "paused"}).raise_for_status()
        for event in ({"kind": "limit", "model": "claude-opus-4"}, {"kind": "failure"}):
            api.post("/accounts/2/events", json=event).raise_for_status()
        api.put("/sessions/4/account", json={"account_id": 1}).raise_for_status()
        api.post("/projects/1/rebuild").raise_for_status()
        yield site


def english() -> re.Pattern[str]:
    """Return a pattern of all English texts that have a different Indonesian translation."""
    of_pages = [
        re.escape(text) for text, translation in catalogue("id").items() if text != translation and " " in text and "%(" not in text
    ]
    below = [
        "(.+?)".join(map(re.escape, re.split(r"\{\w+\}", text)))
        for text, translation in message_catalogue("id").items()
        if text != translation and sum(map(str.isalpha, re.sub(r"\{\w+\}", "", text))) > 12
    ]
    return re.compile(rf"(?:{'|'.join((*of_pages, *below))})\.?", re.DOTALL)


@pytest.mark.slow
def test_indonesian_pages_contain_no_translatable_english(full_site: Site) -> None:
    english_text, untranslated, texts = english(), dict[str, str](), set[str]()
    waiting, visited_kinds = [*pages(), "/projects/99"], set[str]()

    def look(path: str, html: str) -> None:
        words = Words()
        words.feed(html)
        waiting.extend(words.parts)
        untranslated.update({text: path for text in words.texts if text not in texts and english_text.fullmatch(text)})
        texts.update(words.texts)

    with httpx2.Client(base_url=full_site.url, cookies={"onward_language": "id"}, timeout=60) as http_client:
        while waiting:
            path = waiting.pop()
            # One part of each kind: every line of a handoff has a dialog.
            kind = re.sub(r"\d+|\?.*", "", path) if path.startswith("/parts/") else path
            if kind not in visited_kinds:
                visited_kinds.add(kind)
                look(path, http_client.get(path, headers={"HX-Request": "true"} if path.startswith("/parts/") else {}).text)
        look("test", http_client.post("/parts/settings/key/test", headers={"HX-Request": "true"}).text)
        troubleshooting_page = http_client.post(
            "/parts/knowledge/seen", data={"error": "address already in use"}, headers={"HX-Request": "true"}
        )
    assert "Cari proses yang memakai port itu." in troubleshooting_page.text
    assert not untranslated
    # The pages showed messages from below the web layer.
    for text in ("sisa 980 dari 1.000 kredit", "dijeda", "127.0.0.1:9 tidak terjangkau.", "Tidak ada proyek 99.", "basis data utuh"):
        assert any(text in text_shown for text_shown in texts), text
