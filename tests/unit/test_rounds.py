"""Rounds and their fates, the languages of a session, phrases, sentences."""

from __future__ import annotations

import pytest

from onward.core.extract.languages import unread
from onward.core.extract.phrases import PHRASES, PhraseGroup, pattern
from onward.core.extract.rounds import Fate, rounds_of
from onward.core.extract.sentence_phrases import tells_action
from onward.core.extract.trace import observe
from onward.core.extract.units import units_of
from onward.core.text.languages import languages_of
from onward.core.text.prose import words
from onward.core.text.sentences import sentences
from onward.core.transcript.transcript import ToolCall, Turn

ENGLISH = frozenset(("en",))
EDIT = ToolCall("e1", "Edit", {"file_path": "/home/ayu/antrian/src/cart.py", "old_string": "a", "new_string": "b"})


def fates(*turns: Turn) -> list[Fate]:
    rounds = rounds_of(observe(enumerate(turns, start=1)), ENGLISH)
    return [current.fate for _, current in sorted(rounds.items()) if current.requests]


def test_the_fate_of_each_request_is_judged() -> None:
    assert fates(
        Turn("user", "Add a receipts page to the shop."),
        Turn("assistant", calls=(EDIT,)),
        Turn("assistant", "The receipts page is there."),
        Turn("user", "What does the cart cost to render?"),
        Turn("assistant", "About two milliseconds."),
        Turn("user", "Round the totals to five cents."),
        Turn("assistant", "The totals are rounded."),
        Turn("user", "No, that is wrong, undo it."),
        Turn("assistant", "It is undone."),
        Turn("user", "Translate the page."),
        Turn("assistant", "Let me translate the page."),
    ) == ["done", "answered", "refused", "answered", "open"]


def test_a_withdrawn_request_is_told_by_the_next_word() -> None:
    turns = [Turn("user", "Print two receipts."), Turn("assistant", "Done."), Turn("user", "Wrong chat, ignore the last message.")]
    assert fates(*turns) == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "请始终使用 pnpm，不要修改旧文件夹。"), ("ja", "これからは必ず pnpm を使ってください。"), ("ko", "앞으로는 항상 pnpm을 사용해 주세요."),
        ("ru", "Всегда используй pnpm и не трогай старую папку."), ("de", "Bitte verwende immer pnpm und ändere die Dateien nicht."),
        ("fr", "Utilise toujours pnpm et ne touche pas le dossier."), ("es", "Usa siempre pnpm y no toques la carpeta."),
        ("pt", "Use sempre pnpm e não mexa na pasta."), ("it", "Usa sempre pnpm e non toccare la cartella."),
        ("id", "Pakai pnpm mulai sekarang dan jangan ubah folder itu."), ("vi", "Luôn dùng pnpm và không được sửa thư mục này."),
        ("tr", "Her zaman pnpm kullan ve bu klasöre dokunma."), ("ar", "استخدم دائما هذا ولا تغير المجلد القديم."),
    ],
)  # fmt: skip
def test_languages_are_told(language: str, text: str) -> None:
    assert language in languages_of([text])
    assert unread(languages_of([text])) == ()


def test_a_language_without_phrases_is_named() -> None:
    assert unread(languages_of(["कृपया हमेशा यह उपकरण प्रयोग करें"])) == ("hi",)


@pytest.mark.parametrize(
    ("group", "language", "text"),
    [
        ("withdraw", "de", "Vergiss es, das hat sich erledigt."), ("withdraw", "es", "Olvídalo."), ("withdraw", "zh", "算了，不用了。"),
        ("refuse", "fr", "Non, ce n'est pas ça."), ("refuse", "ja", "違う、元に戻して。"), ("agree", "ko", "네, 계속해 주세요."),
        ("agree", "tr", "tamam, devam et"),
        ("broken", "ru", "По-прежнему не работает."), ("broken", "pt", "continua dando erro"),
        ("narrate", "it", "Ora verifico la configurazione."),
        ("narrate", "vi", "Để tôi kiểm tra tệp này."), ("agree", "id", "oke, lanjut"), ("refuse", "ar", "خطأ، تراجع"),
    ],
)  # fmt: skip
def test_phrases_are_found_in_their_language(group: PhraseGroup, language: str, text: str) -> None:
    assert pattern(group, frozenset((language,))).search(text.lower())


@pytest.mark.parametrize(
    ("language", "address", "reason", "passed"),
    [
        ("en", "You can reload the page.", "It stays read-only because two writers would clash.", "All 48 unit tests pass."),
        ("id", "Silakan muat ulang halaman.", "Kolomnya opsional supaya data lama tetap terbaca.", "Semua tes lulus."),
        ("zh", "请重新加载窗口。", "字段可选，因为旧数据没有它。", "全部测试均已通过。"),
        ("ja", "結果を確認してください。", "古いデータがあるため、任意です。", "テストはすべて成功しました。"),
        ("ko", "페이지를 새로 고치세요.", "이전 데이터 때문에 선택 사항입니다.", "테스트가 모두 통과했습니다."),
        ("ru", "Вы можете обновить страницу.", "Поле необязательно, потому что старые записи его не имеют.", "Все тесты прошли."),
        ("de", "Du kannst die Seite neu laden.", "Das Feld ist optional, weil alte Daten es nicht haben.", "Alle Tests bestanden."),
        ("fr", "Vous pouvez recharger la page.", "Le champ reste optionnel car les anciens n'en ont pas.", "Les tests passent tous."),
        ("es", "Puedes recargar la página.", "El campo es opcional porque los datos viejos no lo tienen.", "Todas las pruebas pasan."),
        ("pt", "Você pode recarregar a página.", "O campo é opcional, pois os dados antigos não o têm.", "Os testes passaram."),
        ("it", "Puoi ricaricare la pagina.", "Il campo è facoltativo perché i dati vecchi non lo hanno.", "I test passano tutti."),
        ("vi", "Bạn có thể tải lại trang.", "Trường này không bắt buộc vì dữ liệu cũ không có.", "Kiểm thử đều đạt."),
        ("tr", "Sayfayı yenileyebilirsiniz.", "Alan isteğe bağlı, çünkü eski kayıtlarda yok.", "Testlerin hepsi geçti."),
        ("ar", "يمكنك إعادة تحميل الصفحة.", "الحقل اختياري لأن البيانات القديمة لا تحتويه.", "الاختبارات كلها ناجحة."),
    ],
)
def test_a_sentence_shows_whom_it_speaks_to_and_why(language: str, address: str, reason: str, passed: str) -> None:
    groups: tuple[PhraseGroup, ...] = ("address", "reason", "passed")
    sentences_of: dict[PhraseGroup, str] = dict(zip(groups, (address, reason, passed), strict=True))
    matches = {
        (group, other) for group in groups for other, text in sentences_of.items() if pattern(group, frozenset((language,))).search(text)
    }
    assert matches == {(group, group) for group in groups}


def test_every_language_has_every_group() -> None:
    assert {language: set(PHRASES["en"]) - set(groups) for language, groups in PHRASES.items()} == {language: set() for language in PHRASES}


def test_what_to_do_is_told_from_what_is() -> None:
    assert tells_action("Run the tests and push.")
    assert tells_action("下一步：部署到服务器。")
    assert not tells_action("The branch has local changes.")


def test_sentences_keep_what_they_stand_under() -> None:
    text = (
        "# Plan\n\nWe use pnpm, e.g. for tests. It is fast.\n\nSteps:\n\n- Build it.\n- Ship it, then\n  wait.\n\n"
        "```\nnpm i\n```\n我们用 pnpm。不要动旧文件夹！"
    )
    cut = [(sentence.text, sentence.heading, sentence.lead, sentence.is_item) for sentence in sentences(text)]
    assert cut == [
        ("We use pnpm, e.g. for tests.", "Plan", "", False),
        ("It is fast.", "Plan", "", False),
        ("Steps:", "Plan", "", False),
        ("Build it.", "Plan", "Steps:", True),
        ("Ship it, then wait.", "Plan", "Steps:", True),
        ("我们用 pnpm。", "Plan", "", False),
        ("不要动旧文件夹！", "Plan", "", False),
    ]


def test_scripts_without_blanks_have_words() -> None:
    assert words("用户身份 ok") == ["用户", "户身", "身份", "ok"]


@pytest.mark.parametrize(
    ("language", "reproach"),
    [
        ("tr", "Dalga mı geçiyorsun? Aynı fonksiyonu iki kere yazmışsın."),
        ("it", "Ma che diavolo, hai copiato tutta la funzione?"),
        ("pt", "Tá de brincadeira? Você copiou a função inteira."),
        ("ko", "장난해? 함수를 그대로 복사했잖아."),
    ],
)
def test_a_reproach_refuses_the_report_before_it(language: str, reproach: str) -> None:
    turns = (
        Turn("user", "Show the progress."),
        Turn("assistant", "`parse_with_progress` does it."),
        Turn("user", reproach),
        Turn("assistant", "It is one function."),
    )
    rounds = rounds_of(observe(enumerate(turns, start=1)), frozenset((language,)))
    assert rounds[1].fate == "refused"


@pytest.mark.parametrize(
    ("language", "reply"),
    [
        ("en", "oh no, the printer is still off"),
        ("fr", "Ah non, l'imprimante est encore éteinte."),
        ("de", "Ach, oh nein, der Drucker ist aus."),
        ("es", "Ay no, la impresora sigue apagada."),
        ("ru", "Ой, нет, принтер выключен."),
        ("ko", "아, 아니, 프린터가 꺼져 있어."),
        ("id", "❌ GAGAL: printernya mati"),
        ("ja", "❌ 失敗：プリンターは消えています"),
    ],
)
def test_a_word_of_surprise_or_a_sign_before_a_refusal_leaves_it_one(language: str, reply: str) -> None:
    turns = (
        Turn("user", "Turn on the printer."),
        Turn("assistant", "The printer is on."),
        Turn("user", reply),
        Turn("assistant", "It is on now."),
    )
    assert rounds_of(observe(enumerate(turns, start=1)), frozenset((language,)))[1].fate == "refused"


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("en", "Now verify the receipts with the tests of the till."),
        ("id", "Mari kita periksa halaman nota."),
        ("zh", "现在开始检查收据页面。"),
        ("ja", "レシートのページを確認しましょう。"),
        ("ko", "영수증 페이지를 테스트해 봅시다."),
        ("ru", "Начнём с проверки страницы чеков."),
        ("de", "Nun prüfen wir die Seite der Belege."),
        ("fr", "Commençons par vérifier la page des reçus."),
        ("es", "Empecemos por la página de recibos."),
        ("pt", "Comecemos pela página de recibos."),
        ("it", "Cominciamo dalla pagina degli scontrini."),
        ("vi", "Bắt đầu với trang hóa đơn."),
        ("tr", "Fiş sayfasıyla başlayalım."),
        ("ar", "لنبدأ بصفحة الإيصالات."),
    ],
)
def test_what_an_agent_tells_itself_to_do_is_narration(language: str, order: str) -> None:
    languages = frozenset((language,))
    trace = observe(enumerate((Turn("user", "Fix the page."), Turn("assistant", order), Turn("assistant", "Done.")), start=1))
    assert [unit.is_narration for unit in units_of(trace, languages) if unit.text == order] == [True]


def test_what_a_sub_task_hands_back_is_the_agents_word() -> None:
    report = (
        "## ✅ Receipts: done\n\n### What was found\nThe receipts are read twice on Mondays, since two tills are on.\n\n"
        "### What was changed\n- The second till is left out\n- A test for Mondays, with two tills and one receipt for each article\n\n"
        "### Open\nThe page of the office still lists both tills, and its total is the sum of the two.\n\n"
    )
    handing = Turn("assistant", "I hand it over.", calls=(ToolCall("n1", "new_task", {"mode": "code", "message": "Fix the receipts."}),))
    person = "I am not happy: the office needs its total today."
    statements = observe(enumerate((Turn("user", "Fix it."), handing, Turn("user", f"{report}--------\n\n{person}")), start=1)).statements
    assert [(s.author, s.text) for s in statements[-2:]] == [("agent", report.strip()), ("user", person)]
    alone = observe(enumerate((Turn("user", "Fix it."), handing, Turn("user", "No, wait for the office.")), start=1)).statements
    assert alone[-1].author == "user"
    pasted = observe(enumerate((Turn("user", "Fix it."), Turn("assistant", "Done."), Turn("user", report)), start=1)).statements
    assert pasted[-1].author == "user"
