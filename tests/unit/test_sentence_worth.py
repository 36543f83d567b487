"""What a sentence of an agent's is worth beside others in its place: cues in each language, its form, and what the person answered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from onward.core.extract.extraction import extract
from onward.core.extract.phrases import PHRASES, PhraseGroup, pattern
from onward.core.extract.sentence_worth import shows_trouble
from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn

HEAD = SessionHead("claude-code", cwd="/home/ayu/antrian", started_at=datetime(2026, 2, 3, 8, tzinfo=UTC))

CUES: dict[PhraseGroup, dict[str, str]] = {
    "dangle": {
        "en": "This prints twice.", "id": "Hal ini mencetak dua kali.", "zh": "这会打印两次。", "ja": "これは二回印刷します。", "ko": "이것은 두 번 인쇄한다.",
        "ru": "Это печатает дважды.", "de": "Dies druckt zweimal.", "fr": "Cela imprime deux fois.", "es": "Esto imprime dos veces.",
        "pt": "Isso imprime duas vezes.", "it": "Questo stampa due volte.", "vi": "Điều này in hai lần.", "tr": "Bu iki kez basıyor.",
        "ar": "هذا يطبع مرتين.",
    },
    "join": {
        "en": "However, it prints twice.", "id": "Namun struk dicetak dua kali.", "zh": "但是会打印两次。", "ja": "しかし二回印刷します。",
        "ko": "하지만 두 번 인쇄한다.", "ru": "Однако печатает дважды.", "de": "Allerdings druckt er zweimal.", "fr": "Cependant il imprime.",
        "es": "Sin embargo imprime.", "pt": "Porém imprime.", "it": "Tuttavia stampa.", "vi": "Tuy nhiên nó in.", "tr": "Ancak basıyor.",
        "ar": "لكن يطبع مرتين.",
    },
    "sound": {
        "en": "The loop is well-structured.", "id": "Cara itu dapat diterima.", "zh": "这个写法没有问题。", "ja": "この実装は問題ありません。",
        "ko": "이 구현은 문제가 없습니다.", "ru": "Такой порядок приемлем.", "de": "Die Reihenfolge ist in Ordnung.", "fr": "L'ordre est bien conçu.",
        "es": "El orden está bien.", "pt": "O laço está bem estruturado.", "it": "L'ordine va bene.", "vi": "Cách này chấp nhận được.",
        "tr": "Bu sıra kabul edilebilir.", "ar": "هذا الترتيب مقبول.",
    },
    "guess": {
        "en": "The printer might jam.", "id": "Printer mungkin macet.", "zh": "打印机可能卡纸。", "ja": "紙詰まりかもしれない。", "ko": "아마 종이가 걸렸다.",
        "ru": "Возможно, бумага застряла.", "de": "Der Drucker könnte klemmen.", "fr": "Le papier est peut-être coincé.",
        "es": "Quizás el papel se atasca.", "pt": "Talvez o papel encrave.", "it": "Forse la carta si blocca.", "vi": "Có lẽ giấy bị kẹt.",
        "tr": "Belki kağıt sıkıştı.", "ar": "ربما علق الورق.",
    },
    "ahead": {
        "en": "The next step is to print.", "id": "Langkah berikutnya mencetak.", "zh": "下一步是打印。", "ja": "次のステップは印刷です。",
        "ko": "다음 단계는 인쇄다.", "ru": "Следующий шаг — печать.", "de": "Der nächste Schritt ist der Druck.",
        "fr": "La prochaine étape est l'impression.", "es": "El siguiente paso es imprimir.", "pt": "O próximo passo é imprimir.",
        "it": "Il prossimo passo è stampare.", "vi": "Bước tiếp theo là in.", "tr": "Bir sonraki adım yazdırmak.",
        "ar": "الخطوة التالية هي الطباعة.",
    },
    "boast": {
        "en": "The till is now fully functional.", "id": "Mesin kasir berfungsi sepenuhnya.", "zh": "收银机一切正常。", "ja": "レジは完全に動作します。",
        "ko": "계산대는 완벽하게 돕니다.", "ru": "Касса полностью готова.", "de": "Die Kasse ist voll funktionsfähig.",
        "fr": "La caisse est pleinement fonctionnelle.", "es": "La caja funciona perfectamente.",
        "pt": "O caixa está totalmente funcional.",
        "it": "La cassa è completamente funzionante.", "vi": "Máy tính tiền hoạt động hoàn hảo.", "tr": "Kasa tamamen işlevsel.",
        "ar": "الصندوق يعمل بشكل كامل.",
    },
    "plan": {
        "en": "This module will print the receipts.", "id": "Modul ini akan mencetak struk.", "zh": "该模块将打印收据。",
        "ja": "このモジュールは領収書を印刷します。", "ko": "이 모듈은 영수증을 인쇄할 것이다.", "ru": "Этот модуль будет печатать чеки.",
        "de": "Dieses Modul wird die Belege drucken.", "fr": "Ce module va imprimer les reçus.",
        "es": "Este módulo va a imprimir los recibos.",
        "pt": "Este módulo vai imprimir os recibos.", "it": "Questo modulo gestirà le ricevute.", "vi": "Mô-đun này sẽ in biên lai.",
        "tr": "Bu modül fişleri yazdıracak.", "ar": "هذه الوحدة سوف تطبع الإيصالات.",
    },
}  # fmt: skip
PLAIN = {
    "en": "The receipt has two lines.", "id": "Struk punya dua baris.", "zh": "收据有两行。", "ja": "領収書は二行です。", "ko": "영수증은 두 줄이다.",
    "ru": "Чек состоит из двух строк.", "de": "Der Beleg hat zwei Zeilen.", "fr": "Le reçu a deux lignes.",
    "es": "El recibo tiene dos líneas.",
    "pt": "O recibo tem duas linhas.", "it": "La ricevuta ha due righe.", "vi": "Biên lai có hai dòng.", "tr": "Fişte iki satır var.",
    "ar": "الإيصال من سطرين.",
}  # fmt: skip


@pytest.mark.parametrize("group", CUES)
def test_every_language_has_its_cue(group: PhraseGroup) -> None:
    assert CUES[group].keys() == PHRASES.keys() == PLAIN.keys()
    for language, sentence in CUES[group].items():
        cue = pattern(group, frozenset((language,)))
        find = cue.search if group in ("sound", "guess", "boast", "plan") else cue.match
        assert find(sentence), sentence
        assert not find(PLAIN[language]), PLAIN[language]


def weights(report: str, *later: Turn) -> dict[str, float]:
    turns = [Turn("user", "Why does the kiosk print each receipt twice?"), Turn("assistant", report), *later]
    return {fact.text: fact.weight for fact in extract(1, HEAD, list(enumerate(turns, start=1))) if fact.author == "agent"}


AGREED = (Turn("user", "Then print the shop's name in bold as well."), Turn("assistant", "The name of the shop is printed in bold."))


def test_a_sentence_that_hangs_on_another_is_worth_less_than_one_with_its_subject() -> None:
    finding = "The queue keeps `receipt_id` after a timeout and prints it again."
    hanging = "This keeps `receipt_id` after a timeout and prints it again."
    assert weights(f"- {hanging}", *AGREED).get(hanging, 0) <= weights(f"- {finding}", *AGREED)[finding] * 0.7


def test_what_a_report_hopes_or_finds_sound_is_left_out_once_the_person_went_on() -> None:
    cause = "The queue keeps `receipt_id` after a timeout and prints it again."
    hope = "`print_once()` should now work with both printers of the kiosk."
    sound = "`format_total()` is well-structured and idiomatic in each of its branches."
    worths = weights(f"- {cause}\n- {hope}\n- {sound}", *AGREED)
    assert worths[cause] > 2 * max(worths.get(hope, 0), worths.get(sound, 0))


def test_what_comes_next_is_no_line_where_it_was_said_amid_the_work() -> None:
    turns = [
        Turn("user", "Why does the kiosk print each receipt twice?"),
        Turn(
            "assistant",
            "We need to look at `queue.py`, since `receipt_id` is kept there.",
            calls=(ToolCall("c", "Bash", {"command": "ls"}),),
        ),
        Turn("tool", results=(ToolResult("c", "queue.py"),)),
        Turn("assistant", "The queue keeps `receipt_id` after a timeout."),
    ]
    texts = [fact.text for fact in extract(1, HEAD, list(enumerate(turns, start=1))) if fact.author == "agent"]
    assert texts == ["The queue keeps `receipt_id` after a timeout."]


def test_a_report_that_the_person_answers_with_an_error_is_worth_less() -> None:
    claim = "The queue drops `receipt_id` after each print in `queue.py`."
    error = Turn("user", "TypeError: receipt_id is not a function")
    assert weights(claim, error, *AGREED)[claim] < 0.7 * weights(claim, *AGREED)[claim]
    assert shows_trouble("GET /struk 500 in 21ms")
    assert not shows_trouble("Add a page for the error 404 of the shop, please.")


def test_a_long_last_report_says_most_with_its_best_sentences() -> None:
    items = [
        f"The `printer_{letter}` of the shop prints {number} receipts each hour"
        for number, letter in enumerate("abcdefghijklmnop", start=31)
    ]
    worths = sorted(weights("\n".join(f"- {item}" for item in items)).values(), reverse=True)
    assert worths[6] > 1.5 * worths[-1]


def test_an_item_of_code_alone_says_nothing_and_one_that_says_what_it_does_does() -> None:
    report = "The till has these calls now:\n\n- `till.open({ drawer })`\n- `tax_id` (Tax ID)\n- `till.close()` locks the drawer at once."
    texts = weights(report, *AGREED)
    assert not any("till.open" in text or "tax_id" in text for text in texts)
    assert any("till.close" in text for text in texts)


def test_a_label_that_several_items_share_hangs_on_what_stands_above() -> None:
    parted = "Level: receipts and drawers are counted by the till `kiosk_one`."
    other = "Level: receipts and drawers are counted by the till `kiosk_two`."
    assert weights(f"- {parted}\n- {other}", *AGREED).get(parted, 0) < weights(f"- {parted}", *AGREED)[parted]


def test_the_style_of_a_page_is_worth_less_than_what_it_does() -> None:
    style, deed = "Changed the class of the receipt to `overflow-hidden`.", "Changed the order of the receipt to `newest_first`."
    assert weights(f"- {style}", *AGREED).get(style, 0) < weights(f"- {deed}", *AGREED)[deed]


def test_edits_of_a_document_are_worth_less_than_edits_of_code() -> None:
    line = "Moved the paper size of the printer into `printer_paper`."

    def weight(name: str) -> float:
        call = ToolCall("w", "Write", {"file_path": f"/home/ayu/antrian/{name}", "content": "x"})
        code = ToolCall("c", "Write", {"file_path": "/home/ayu/antrian/till.py", "content": "x"})
        turns = [
            Turn("user", "Set up the printer of the kiosk."),
            *(Turn("assistant", calls=(call,)), Turn("tool", results=(ToolResult("w", "ok"),)), Turn("assistant", f"- {line}")),
            *(AGREED[0], Turn("assistant", calls=(code,)), Turn("tool", results=(ToolResult("c", "ok"),)), AGREED[1]),
        ]
        facts = extract(1, HEAD, list(enumerate(turns, start=1)))
        return max((fact.weight for fact in facts if line in fact.text and fact.author == "agent"), default=0.0)

    assert weight("docs/printer.md") < weight("printer.py")
