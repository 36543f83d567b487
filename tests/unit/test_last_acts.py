"""What a session leaves by its last acts: the commit that a push left, what was edited and not run, and an error that is not mended."""

from __future__ import annotations

import pytest
from tests.unit.receipts_session import DONE, EDIT, EDITED, REQUEST, head_of, run

from onward.core.extract.extraction import extract
from onward.core.facts.ledger import Ledger, fold
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
from onward.core.transcript.turn import lighten


def test_a_push_tells_the_last_commit_after_the_history_was_rewritten() -> None:
    commit = run(1, "git commit -qam receipts && git status", "[main 632f879] receipts")
    rewrite = run(2, "git filter-branch --index-filter 'git rm --cached keys.txt' HEAD", "Ref 'refs/heads/main' was rewritten")
    push = run(3, "git push origin main --force", "To example.org:shop.git\n + ff6065a...65d6cf6 main -> main (forced update)")
    state = head_of(REQUEST, EDIT, EDITED, *commit, *rewrite, *push, DONE)["State"]
    assert state.startswith("On branch `main` the last commit `65d6cf6` is pushed.")
    assert "632f879" not in state


@pytest.mark.parametrize(
    "offer",
    [
        "How can I assist you today?",
        "What would you like to do next?",
        "Is there anything else you need?",
        "Ada lagi yang bisa saya bantu?",
        "Wie kann ich dir noch helfen?",
        "En quoi puis-je vous aider aujourd'hui ?",
        "¿En qué más puedo ayudarte hoy?",
        "Como posso ajudar você hoje?",
        "Come posso aiutarti oggi?",
        "还有什么需要我帮忙的吗？",
        "他に何かお手伝いできることはありますか？",
        "무엇을 도와드릴까요, 오늘은?",
        "Чем могу помочь сегодня вам?",
        "Bạn muốn làm gì tiếp theo hôm nay?",
        "Size nasıl yardımcı olabilirim bugün?",
        "كيف يمكنني مساعدتك اليوم؟",
        "Do you need help with printing one of the receipts?",
        "Perlu bantuan untuk mencetak salah satu struk?",
        "Brauchst du Hilfe beim Drucken der Quittungen?",
        "Avez-vous besoin d'aide pour imprimer les reçus ?",
        "¿Necesitas ayuda para imprimir los recibos?",
        "Precisa de ajuda para imprimir algum dos recibos?",
        "Hai bisogno di aiuto per stampare le ricevute?",
        "您需要帮助打印收据吗？",
        "領収書の印刷でお手伝いが必要ですか？",
        "영수증 인쇄에 도움이 필요하신가요?",
        "Нужна помощь с печатью чеков?",
        "Bạn có cần tôi giúp in hóa đơn không?",
        "Fişleri yazdırmak için yardım ister misiniz?",
        "هل تحتاج مساعدة في طباعة الإيصالات؟",
    ],
)
def test_an_offer_without_an_object_is_not_open(offer: str) -> None:
    assert "Do first" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{DONE.text} {offer}"))


def test_what_was_edited_for_the_last_request_and_its_error_are_told() -> None:
    report = Turn(
        "user", "Still broken after the second click on print:\n\nTypeError: drawer.open is not a function\n    at print (cart.py:47:24)"
    )
    state = head_of(REQUEST, DONE, report, EDIT, EDITED)["State"]
    assert "The request names the error: `TypeError: drawer.open is not a function`." in state
    assert "Edited for it: `cart.py`, and nothing was run after that." in state
    assert "nothing was run" not in head_of(REQUEST, DONE, report, EDIT, EDITED, *run(1, "python cart.py"))["State"]


@pytest.mark.parametrize(
    "advice",
    [
        "Run the shop once to see the receipts.",
        "Jalankan toko itu sekali untuk melihat struk.",
        "请运行一次商店来看收据。",
        "店のプログラムを一度実行してください。",
        "가게 프로그램을 한 번 실행해 주세요.",
        "Запустите магазин один раз и посмотрите.",
        "Bitte starten Sie den Laden einmal neu und sehen Sie nach, ob die Quittungen auf der Seite sind.",
        "Lancez la boutique une fois pour voir.",
        "Ejecuta la tienda una vez para ver.",
        "Execute a loja uma vez para ver.",
        "Esegui il negozio una volta per vedere.",
        "Hãy chạy cửa hàng một lần để xem các hóa đơn của bạn trên trang.",
        "Yazıcının ayarlar sayfasını açın ve fişlerin çıktığını görmek için bir kez daha deneyin.",
        "قم بتشغيل المتجر مرة واحدة.",
    ],
)
def test_what_the_person_is_to_do_is_not_the_state(advice: str) -> None:
    claim = "The receipts page lists every article of the bakery."
    state = head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{advice}\n\n{claim}"))["State"]
    assert state.endswith(claim)
    assert advice not in state


def test_a_sentence_with_an_open_code_span_is_not_the_state() -> None:
    torn = "The second fix is `cart.pyThe error `ERROR: Error loading the till."
    claim = "The receipts page lists every article of the bakery."
    assert "cart.pyThe" not in head_of(REQUEST, EDIT, EDITED, Turn("assistant", f"{torn}\n\n{claim}"))["State"]


def test_an_error_in_a_paste_that_is_left_out_is_told() -> None:
    trace = "\n".join(f"    at step{number} (cart.js:{number}:24)" for number in range(1, 9))
    report = lighten(Turn("user", f"Still broken after the second click.\n\nTypeError: drawer.open is not a function\n{trace}"))
    assert "cart.js" not in report.text
    state = head_of(REQUEST, DONE, report, EDIT, EDITED)["State"]
    assert "The request names the error: `TypeError: drawer.open is not a function`." in state


@pytest.mark.parametrize("line", ["Removed: 4e7204e feat: nút đỏ", "Commit `4e7204e` was reset and removed from git.\nfeat: nút đỏ"])
def test_a_commit_that_was_taken_back_is_no_longer_told(line: str) -> None:
    commit = Turn("assistant", "Tôi đã đổi màu nút.", calls=(ToolCall("c1", "commit", {"command": "git commit -m 'feat: nút đỏ'"}),))
    turns = (
        Turn("user", "Đổi nút lưu sang màu đỏ."),
        commit,
        Turn("tool", results=(ToolResult("c1", "[main 4e7204e] feat: nút đỏ"),)),
        Turn("user", "/undo", mark="injected", calls=(ToolCall("u1", "undo", {"command": "git reset --soft HEAD~1"}),)),
        Turn("tool", results=(ToolResult("u1", line),)),
    )
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    live = [f.text for f in fold(Ledger(), facts).live() if f.subject.startswith("commit:")]
    assert live == ["The commit `4e7204e` was taken back: feat: nút đỏ"]
    assert not any("is committed locally" in f.text for f in facts)


@pytest.mark.parametrize(
    "text",
    [
        "When the page calls `printer.status`, the call fails, because we tried it on a closed drawer.",
        "这样即使返回空值，也会传递一个空数组给组件，避免打印方法调用失败。",
        "If you have questions about why the change was reverted, let me know.",
        "The board has columns for Saved, Applied and Rejected receipts.",
        "Cuando intentamos imprimir, el panel muestra un error.",
    ],
)
def test_an_error_on_a_try_or_a_precaution_is_no_dead_end(text: str) -> None:
    turns = (REQUEST, EDIT, EDITED, Turn("assistant", f"The receipts page has one line for each article. {text}"))
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    assert not [fact.text for fact in facts if fact.kind == "dead_end"]


@pytest.mark.parametrize(
    "text", ["We tried `escpos` first, but it does not work with the drawer.", "Der alte Treiber hat nicht funktioniert."]
)
def test_what_was_tried_in_vain_is_a_dead_end(text: str) -> None:
    turns = (REQUEST, EDIT, EDITED, Turn("assistant", f"The receipts page has one line for each article. {text}"))
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    assert [fact.text for fact in facts if fact.kind == "dead_end"] == [text]


def test_a_search_for_checks_is_no_check_and_windows_names_are_programs() -> None:
    build = run(1, "npm.cmd run build", "built")
    search = run(2, 'rg -n "TODO|@ts-ignore|eslint-disable" app', "app/till.ts:3: // TODO")
    state = head_of(REQUEST, EDIT, EDITED, *build, *search, DONE)["State"]
    assert "Last check `npm.cmd run build`: passed" in state
    assert "rg -n" not in state


def test_tests_of_a_chain_are_a_test_run() -> None:
    tests = run(1, "npx hardhat test", "  69 passing (4s)")
    assert "Last test run `npx hardhat test`: 69 passing (4s)" in head_of(REQUEST, EDIT, EDITED, *tests, DONE)["State"]


def test_examples_of_one_shape_are_told_once() -> None:
    names = ("drawer", "printer", "article", "receipt", "counter", "customer")
    renames = "\n".join(f"- `.{name}-box` → `.{name}Box`" for name in names)
    turns = (REQUEST, EDIT, EDITED, Turn("assistant", f"The receipts page has one line for each article. Renamed classes:\n\n{renames}"))
    facts = extract(1, SessionHead("claude-code", cwd="/home/ayu/shop"), list(enumerate(turns, start=1)))
    weights = sorted((fact.weight for fact in facts if "→" in fact.text), reverse=True)
    assert all(weight < weights[0] / 2 for weight in weights[1:])


def test_a_commit_that_a_program_only_names_is_not_taken_back() -> None:
    commit = run(1, "git commit -qm receipts", "[main 4e7204e] receipts")
    named = run(2, "git log -1 --format='Commit `%h` by %an'", "Commit `4e7204e` by Ayu")
    state = head_of(REQUEST, EDIT, EDITED, *commit, *named, DONE)["State"]
    assert state.startswith("On branch `main` the last commit `4e7204e` is committed locally and not pushed yet")
