"""Orders that hold for a while, or of the product, are no rules; what a person does themselves is one, in each language."""

from __future__ import annotations

import pytest

from onward.core.extract.orders import is_standing_order

ENGLISH = frozenset(("en",))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "This plan is fine, but don't write any code yet."),
        ("en", "Do not run the migration for now."),
        ("id", "Jangan jalankan migrasi dulu."),
        ("zh", "先不要改测试文件。"),
        ("ja", "今はテストを変更しないでください。"),
        ("ko", "아직 커밋하지 마."),
        ("ru", "Пока не трогай тесты."),
        ("de", "Ändere die Tests vorerst nicht."),
        ("fr", "Ne touche pas aux tests pour l'instant."),
        ("es", "No toques los tests por ahora."),
        ("pt", "Não mexa nos testes por enquanto."),
        ("it", "Non toccare i test per ora."),
        ("vi", "Tạm thời đừng sửa tệp kiểm thử."),
        ("tr", "Testlere şimdilik dokunma."),
        ("ar", "لا تعدل ملفات الاختبار حاليا."),
    ],
)
def test_what_holds_for_a_while_is_no_rule(language: str, text: str) -> None:
    assert not is_standing_order(text, frozenset(("en", language)))


@pytest.mark.parametrize(
    ("text", "is_rule"),
    [
        ("I like that. put the preview back (by default it is off)", False),
        ("I like short commit messages.", True),
        ("The pages are text, only binary files will be encoded.", False),
        ("Only commit small changes.", True),
        ("Rewrite it so that the newest price always wins.", False),
        ("great. now make sure the sidebar always shows the notes in their order", False),
        ("Make sure the tests always run before a commit.", True),
    ],
)
def test_a_scope_counts_in_the_sentence_of_its_order(text: str, is_rule: bool) -> None:
    assert is_standing_order(text, ENGLISH) is is_rule


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Stell sicher, dass die Liste immer sortiert bleibt."), ("es", "Asegúrate de que el total siempre se vea.")],
)
def test_a_state_that_is_to_be_assured_of_a_product_is_no_rule(language: str, text: str) -> None:
    assert not is_standing_order(text, frozenset(("en", language)))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I'll run the dev server myself."),
        ("id", "Biar saya yang jalankan servernya sendiri."),
        ("zh", "服务器我自己来运行。"),
        ("ja", "サーバーは自分で起動します。"),
        ("ko", "서버는 제가 직접 실행합니다."),
        ("ru", "Я сам запущу сервер."),
        ("de", "Ich starte den Server selbst."),
        ("fr", "Je lance le serveur moi-même."),
        ("es", "Yo mismo ejecuto el servidor."),
        ("pt", "Eu mesmo rodo o servidor."),
        ("it", "Avvio io il server da solo."),
        ("vi", "Tôi sẽ tự chạy máy chủ."),
        ("tr", "Sunucuyu kendim çalıştırırım."),
        ("ar", "سأشغل الخادم بنفسي."),
    ],
)
def test_what_a_person_does_themselves_is_a_rule(language: str, text: str) -> None:
    assert is_standing_order(text, frozenset(("en", language)))


@pytest.mark.parametrize("text", ["I'll look at it myself later.", "I ran the server myself and it works."])
def test_what_a_person_did_or_will_look_at_is_no_rule(text: str) -> None:
    assert not is_standing_order(text, ENGLISH)
