"""How a person asks for work, says that an act is not to be done, and how an agent opens a report with a courtesy, in each language."""

from __future__ import annotations

import pytest

from onward.core.extract.phrases import pattern
from onward.core.text.languages import languages_of

WISHES = {
    "en": ("I would like a page that lists all receipts.", "The page lists every receipt twice."),
    "id": ("Tolong tambahkan halaman struk untuk semua barang.", "Halaman itu menampilkan semua struk dua kali."),
    "zh": ("请添加一个收据页面。", "页面显示了两次收据。"),
    "ja": ("領収書のページを追加してください。", "ページには領収書が二回表示されます。"),
    "ko": ("영수증 페이지를 추가해 주세요.", "페이지에 영수증이 두 번 나옵니다."),
    "ru": ("Пожалуйста, добавь страницу с чеками.", "Страница показывает каждый чек дважды."),
    "de": ("Ich möchte eine Seite mit allen Quittungen.", "Die Seite zeigt jede Quittung zweimal."),
    "fr": ("Je voudrais une page avec tous les reçus.", "La page montre chaque reçu deux fois."),
    "es": ("Quiero una página con todos los recibos.", "La página muestra cada recibo dos veces."),
    "pt": ("Gostaria de uma página com todos os recibos.", "A página mostra cada recibo duas vezes."),
    "it": ("Vorrei una pagina con tutte le ricevute.", "La pagina mostra ogni ricevuta due volte."),
    "vi": ("Hãy thêm một trang cho tất cả biên lai.", "Trang hiển thị mỗi biên lai hai lần."),
    "tr": ("Lütfen tüm fişler için bir sayfa ekle.", "Sayfa her fişi iki kez gösteriyor."),
    "ar": ("من فضلك أضف صفحة للإيصالات.", "الصفحة تعرض كل إيصال مرتين."),
}

DISMISSALS = {
    "en": "Ignore the push, the pipeline does it.",
    "id": "Abaikan push itu, nanti pipeline yang kerja.",
    "zh": "忽略 push，流水线会做。",
    "ja": "push は無視でいいです。",
    "ko": "push 는 무시해.",
    "ru": "Пропусти push, это сделает сервер.",
    "de": "Den push bitte ignorieren, das macht der Server.",
    "fr": "Laisse le push, le serveur le fait.",
    "es": "Omite el push, lo hace el servidor.",
    "pt": "Ignore o push, o servidor faz isso.",
    "it": "Salta il push, lo fa il server.",
    "vi": "Bỏ qua push, máy chủ sẽ làm.",
    "tr": "push için boş ver, sunucu yapar.",
    "ar": "تجاهل push لأن الخادم يقوم به.",
}

COURTESIES = {
    "en": "You're absolutely right about the till.",
    "id": "Anda benar soal kasir itu.",
    "zh": "你说得对，收银台的问题。",
    "ja": "おっしゃる通りです。",
    "ko": "맞습니다, 그 부분이에요.",
    "ru": "Вы правы насчёт кассы.",
    "de": "Du hast recht mit der Kasse.",
    "fr": "Tu as raison pour la caisse.",
    "es": "Tienes razón con la caja.",
    "pt": "Você tem razão sobre o caixa.",
    "it": "Hai ragione sulla cassa.",
    "vi": "Bạn nói đúng về quầy thu ngân.",
    "tr": "Haklısın, kasa konusunda öyle.",
    "ar": "أنت محق بشأن الصندوق.",
}


@pytest.mark.parametrize("language", WISHES)
def test_a_wish_is_told_from_what_is_the_case(language: str) -> None:
    wish, fact = WISHES[language]
    assert language in languages_of([wish])
    assert pattern("want", frozenset((language,))).search(wish)
    assert not pattern("want", frozenset((language,))).search(fact)


@pytest.mark.parametrize("language", DISMISSALS)
def test_a_dismissal_is_told_from_a_request_for_it(language: str) -> None:
    dismissal = pattern("dismiss", frozenset((language,)))
    assert dismissal.search(DISMISSALS[language])
    assert not dismissal.search("git push")


@pytest.mark.parametrize("language", COURTESIES)
def test_a_courtesy_is_told_from_a_report(language: str) -> None:
    courtesy = pattern("courtesy", frozenset((language,)))
    assert courtesy.match(COURTESIES[language])
    assert not courtesy.match(WISHES[language][1])


@pytest.mark.parametrize(
    ("language", "missing", "was_missing"),
    [
        ("de", "Der Import wartet auf den Schlüssel.", "Der Import wartete auf den Schlüssel."),
        ("es", "Falta la prueba del recibo.", "Faltaban dos paquetes y ya están instalados."),
        ("fr", "Reste la page des reçus.", "La page restait vide, elle s'affiche maintenant."),
        ("it", "Manca la prova della ricevuta.", "Mancavano due pacchetti, ora ci sono."),
        ("pt", "Falta o teste do recibo.", "Faltavam dois pacotes, agora estão instalados."),
    ],
)
def test_what_was_missing_is_no_next_step(language: str, missing: str, was_missing: str) -> None:
    next_steps = pattern("next", frozenset(("en", language)))
    assert next_steps.search(missing)
    assert not next_steps.search(was_missing)
