"""A request is told as done only where the session shows it."""

from __future__ import annotations

from onward.core.extract.extraction import extract
from onward.core.facts.fact import LAST_MESSAGE, Fact
from onward.core.handoff.composer import line_from_facts
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn

EDIT = (
    Turn("assistant", calls=(ToolCall("e1", "Edit", {"file_path": "/home/ayu/shop/src/cart.py", "old_string": "a", "new_string": "b"}),)),
    Turn("tool", results=(ToolResult("e1", "ok"),)),
)
PURPOSE = (Turn("user", "Build a receipts page for the bakery, with one line for each article."), *EDIT)
REQUEST = "Sepet sayfasına indirim toplamını ve vergi satırını ekle lütfen."
REPORT = Turn("assistant", "Sepet sayfasına indirim toplamı ve vergi satırı eklendi.")
LAST = (Turn("user", "Teşekkürler, şimdi yazıcı ayarlarını ayrı bir dosyaya taşı."), *EDIT, Turn("assistant", "Yazıcı ayarları taşındı."))


def request_fact(request: str, *turns: Turn) -> Fact:
    """Return the fact of *request*, which *turns* follow."""
    session = (*PURPOSE, Turn("assistant", "I added the receipts page."), Turn("user", request), *turns)
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(session, start=1)))
    return next(fact for fact in facts if fact.text.startswith(request) and fact.subject != LAST_MESSAGE)


def is_done(request: str, *turns: Turn) -> bool:
    """Whether *request*, which *turns* follow, is told as done."""
    return request_fact(request, *turns).is_done_request


def test_a_request_that_a_report_claims_is_done() -> None:
    assert is_done(REQUEST, *EDIT, REPORT, *LAST)


def test_an_answer_in_words_alone_shows_nothing_done() -> None:
    assert not is_done(REQUEST, REPORT, *LAST)


def test_a_report_that_asks_or_that_misses_something_leaves_the_request_open() -> None:
    assert not is_done(REQUEST, *EDIT, Turn("assistant", f"{REPORT.text} Vergi oranı sabit mi olsun?"), *LAST)
    assert not is_done(REQUEST, *EDIT, Turn("assistant", f"{REPORT.text} Vergi satırı henüz hesaplanmıyor."), *LAST)


def test_a_command_that_fails_last_leaves_the_request_open() -> None:
    run = Turn("assistant", calls=(ToolCall("r1", "Bash", {"command": "pytest -q"}),))
    assert not is_done(REQUEST, *EDIT, run, Turn("tool", results=(ToolResult("r1", "1 failed", is_error=True),)), REPORT, *LAST)


def test_a_request_that_is_repeated_or_complained_of_is_not_done() -> None:
    again = Turn("user", "Sepet sayfasına indirim toplamını ve vergi satırını bir daha ekle.")
    complaint = Turn("user", "Hayır, vergi satırını görmüyorum, indirim toplamını da.")
    assert not is_done(REQUEST, *EDIT, REPORT, *LAST, again, *EDIT, REPORT)
    assert not is_done(REQUEST, *EDIT, REPORT, *LAST, complaint, *EDIT, REPORT)


def test_a_request_that_a_report_only_follows_is_perhaps_done() -> None:
    assert line_from_facts([request_fact(REQUEST, *EDIT, REPORT, *LAST)]).text == f"Asked: {REQUEST} (done)"
    assert line_from_facts([request_fact(REQUEST, REPORT, *LAST)]).text == f"Asked: {REQUEST} (perhaps done)"
    complaint = Turn("user", "Hayır, vergi satırını görmüyorum, indirim toplamını da.")
    goal = request_fact(REQUEST, *EDIT, REPORT, *LAST, complaint, *EDIT, REPORT)
    assert line_from_facts([goal], in_head=True).text == REQUEST


def test_what_the_last_report_leaves_to_the_person_is_not_done() -> None:
    advice = Turn("assistant", "Yazıcı sürücüsünü yeniden kurun ve betiği tekrar çalıştırın.")
    assert line_from_facts([request_fact(REQUEST, advice)]).text.removeprefix("Asked: ") == REQUEST
    question = "Sepet sayfası hangi dosyada duruyor ve vergi satırını kim hesaplıyor?"
    assert line_from_facts([request_fact(question, Turn("assistant", "`cart.py` içinde duruyor."))]).text.endswith("(perhaps done)")
