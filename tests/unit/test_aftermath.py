"""What an agent reported and later work of the session makes untrue leaves the handoff."""

from __future__ import annotations

import pytest

from onward.core.extract.extraction import extract
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn

ROOT = "/home/ayu/shop"
PURPOSE = Turn("user", "Build a receipts page for the bakery, with one line for each article.")
MORE = Turn("user", "Good. Put the drawer of the till on a page of its own now.")
LAST = Turn("assistant", "The drawer of the till has a page of its own, and the tests of the till pass.")


def work(number: int, name: str) -> tuple[Turn, Turn]:
    call = ToolCall(f"e{number}", "Write", {"file_path": f"{ROOT}/{name}", "content": "x\n"})
    return Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult(call.id, "ok"),))


def deletion(name: str) -> tuple[Turn, Turn]:
    call = ToolCall("d1", "Bash", {"command": f"rm {ROOT}/{name}"})
    return Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult(call.id, "", exit_code=0),))


def weight_of(sentence: str, *turns: Turn) -> float:
    """Return what *sentence* is worth among the facts of a session of these turns; 0 where it is none."""
    facts = extract(1, SessionHead("claude-code", cwd=ROOT), list(enumerate(turns, start=1)))
    return max((fact.weight for fact in facts if sentence in fact.text), default=0.0)


def test_what_is_said_of_a_file_that_was_deleted_is_gone() -> None:
    sentence = "`docs/printing.md` tells how to change the paper of the printer."
    report = Turn("assistant", f"I added the receipts page. {sentence}")
    before = (PURPOSE, *work(1, "docs/printing.md"), report, MORE)
    assert weight_of(sentence, *before, *work(2, "till.py"), LAST) > 0
    assert weight_of(sentence, *before, *deletion("docs/printing.md"), *work(2, "till.py"), LAST) == 0


def test_a_deletion_counts_though_the_client_keeps_no_empty_result() -> None:
    sentence = "`docs/printing.md` tells how to change the paper of the printer."
    report = Turn("assistant", f"I added the receipts page. {sentence}")
    unanswered = deletion("docs/printing.md")[:1]
    before = (PURPOSE, *work(1, "docs/printing.md"), report, MORE)
    assert weight_of(sentence, *before, *unanswered, *work(2, "till.py"), LAST) == 0
    assert weight_of(sentence, *before, *work(2, "till.py"), LAST, *unanswered) > 0


def test_of_two_values_of_one_name_the_later_one_stands() -> None:
    first = Turn("assistant", "I set the printer up:\n\n- `till.port`: `9100`\n- `till.name`: `Epson`")
    second = Turn("assistant", "The drawer has its page, with these values:\n\n- `till.port`: `9200`\n- `till.drawer`: `on`")
    turns = (PURPOSE, *work(1, "till.py"), first, MORE, *work(2, "drawer.py"), second)
    assert weight_of("9100", *turns) == 0
    assert weight_of("9200", *turns) > 0
    assert weight_of("9100", *turns[:-1], LAST) > 0


@pytest.mark.parametrize(
    ("moment", "plain"),
    [
        ("The till currently prints the receipts twice.", "The till prints every receipt with its number."),
        ("Kasa şu anda fişleri iki kez yazdırıyor.", "Kasa her fişi numarasıyla yazdırıyor."),
        ("La caisse imprime actuellement les reçus deux fois.", "La caisse imprime chaque reçu avec son numéro."),
        ("当前状态：收银机把收据打印了两次。", "收银机打印每张收据及其编号。"),
    ],
)
def test_how_things_were_at_the_moment_is_worth_less_after_more_work(moment: str, plain: str) -> None:
    def turns(sentence: str, *more: Turn) -> tuple[Turn, ...]:
        return (PURPOSE, *work(1, "till.py"), Turn("assistant", f"I added the receipts page.\n\n{sentence}"), MORE, *more, LAST)

    assert weight_of(moment, *turns(moment, *work(2, "drawer.py"))) < weight_of(moment, *turns(moment))
    assert weight_of(plain, *turns(plain, *work(2, "drawer.py"))) > 0
