"""Standing orders told from one-off requests.

The phrases were worded beside `RULES` and `REQUESTS`; `MORE_…` were written afterwards, `HELD_…` by another before the phrases were
looked at.
"""

from __future__ import annotations

import pytest

from onward.core.extract.orders import is_standing_order
from onward.core.extract.phrases import PHRASES
from onward.core.text.languages import languages_of

ENGLISH = frozenset(("en",))
RULES = (
    "From now on use pnpm instead of npm.",
    "Don't touch the legacy folder.",
    "I prefer short commits.",
    "Always run the linter before you commit.",
    "Never push to main.",
    "Please answer in English only.",
    "We use tabs, not spaces.",
    "Ask before you add a dependency.",
    "No emojis in commit messages.",
    "Keep functions under fifty lines.",
    "Don't commit generated files.",
    "Use conventional commits.",
    "All new code needs tests.",
    "Do not add comments that repeat the code.",
    "Every migration must be reversible.",
    "Stick to the naming of the other modules.",
    "Only use the standard library here.",
    "You should never edit the generated client by hand.",
    "Whenever you change an endpoint, update the docs.",
    "Avoid any in TypeScript.",
    "Write the documentation in plain English.",
    "Make sure the tests pass before each commit.",
    "Don't mention yourself in commit messages.",
    "Secrets never go into the repository.",
)
REQUESTS = (
    "The save button must be blue.",
    "Please fix the failing login test.",
    "Can you add a column for the tax id?",
    "The export should be a CSV file.",
    "Don't show the banner on mobile.",
    "Move the sidebar to the left.",
    "I want a dark theme for the settings page.",
    "The report must contain last month's totals.",
    "Rename this function to loadCart.",
    "Use a bigger font for the headline.",
    "Add a test for the empty cart.",
    'It should say "Thank you" after the payment.',
    "Delete the old screenshots.",
    "The price has to be shown with two decimals.",
    "Make the modal close on escape.",
    "Run the tests again.",
    "Commit this and push it.",
    "Let's use a red icon for errors.",
    "Don't forget the second parameter.",
    "Only show the first ten rows.",
)
MORE_RULES = (
    "Going forward, put new endpoints under /v2.",
    "Please don't run the end-to-end tests without asking me.",
    "I want you to explain your plan before you edit files.",
    "We never squash merges here.",
    "No semicolons in JavaScript, please.",
    "Leave the vendor directory alone.",
    "Talk to me in German.",
    "Prefer composition over inheritance.",
    "Each pull request gets a changelog entry.",
    "Do not upgrade dependencies unless I say so.",
    "Format with prettier before committing.",
    "Tests live next to the code they test.",
    "I don't like long comments.",
    "Our convention is snake_case for database columns.",
    "Stop adding docstrings to private functions.",
    "Branch names start with the ticket number.",
    "By default, work in a worktree.",
    "Do one step at a time and wait for me.",
    "Don't invent data in fixtures.",
    "Log messages are lower case.",
    "Keep the README short.",
    "You must not call the payment API in tests.",
    "When you are unsure, ask.",
    "Use uv for Python packages.",
)
MORE_REQUESTS = (
    "Could you look at the failing pipeline?",
    "The header must stick to the top when I scroll.",
    "Add a loading spinner to the orders page.",
    "I need the invoice number in the file name.",
    "Change the default port to 8081.",
    "The list should be sorted by date.",
    "Don't close the dialog when I click outside.",
    "Write a script that imports the old customers.",
    "The API must return 404 for unknown ids.",
    "Use the new logo on the login page.",
    "Merge the two settings pages into one.",
    "Make the tests for the parser pass.",
    "I prefer the second option.",
    "Keep the old route as a redirect.",
    "It must work on Safari too.",
    "Never mind the last message.",
    "Show only open tickets by default.",
    "Push the branch and open a PR.",
    "Replace the chart library with uplot.",
    "Why is the build failing?",
)
HELD_RULES = (
    "From here on, every new endpoint gets an entry in the changelog.",
    "Please don't put secrets into config files, they belong in the vault.",
    "We write our commit messages in the imperative.",
    "Keep functions shorter than forty lines.",
    "Don't run the integration tests without asking me first.",
    "In this repo we only use tabs for indentation.",
    "I'd rather have small pull requests, one topic each.",
    "Answer me in Dutch please, code stays English.",
    "No new dependencies unless I say so.",
    "Never edit files under vendor/.",
    "Whenever you change the schema, write a migration for it.",
    "Use British spelling in all user-facing text.",
    "From now on, format with black before you commit.",
    "Do not push to production on Fridays.",
    "I like short answers, no long summaries.",
    "Don't touch anything in legacy/, another team owns it.",
    "All dates in the code are UTC, convert them only in the UI.",
    "Ask me before you delete anything.",
    "Every public function needs a docstring.",
    "We never mock the database in tests.",
    "Stick with the standard library, no pandas.",
    "Commit after each step so that I can follow.",
    "For future reports: amounts in cents, never floats.",
    "Please stop adding comments that repeat the code.",
)
HELD_REQUESTS = (
    "The header must stay visible when I scroll the invoice list.",
    "Don't show the discount on the receipt.",
    "Can you rename the variable to customerId?",
    "The form should never submit twice when I double-click it.",
    "Use the blue from the logo for the links.",
    "Remove the second column from the report.",
    "Please run the tests again and tell me what fails.",
    "Always-on display mode needs a toggle in the settings page.",
    "Make sure the upload works with files over 20 MB.",
    "We need the export by Friday, so skip the charts for now.",
    "The save button must be green and on the right.",
    "Don't include archived customers in this export.",
    "Only show the last ten orders on the dashboard.",
    "Can you check why the worker never starts on my machine?",
    "You should see a spinner while the page loads, add that.",
    "Add a test for the empty cart.",
    "The login page must not load the big font.",
    "Use the new endpoint for the price lookup in the cart.",
    "Write a short summary of what you changed today.",
    "Keep the old price crossed out next to the new one.",
)
TRANSLATED = {
    "id": ("Mulai sekarang pakai pnpm, jangan npm.", "Jangan pernah commit langsung ke main."),
    "zh": ("以后都用 pnpm，不要用 npm。", "绝对不要直接提交到 main。"),
    "ja": ("今後は npm ではなく pnpm を使ってください。", "main に直接コミットしないでください。"),
    "ko": ("앞으로는 npm 대신 pnpm을 사용해 주세요.", "main에 직접 커밋하지 마세요."),
    "ru": ("С этого момента используй pnpm, а не npm.", "Никогда не пушь напрямую в main."),
    "de": ("Verwende ab jetzt immer pnpm statt npm.", "Committe nie direkt auf main."),
    "fr": ("À partir de maintenant utilise pnpm au lieu de npm.", "Ne committe jamais directement sur main."),
    "es": ("A partir de ahora usa pnpm en lugar de npm.", "Nunca hagas commit directamente en main."),
    "pt": ("A partir de agora use pnpm em vez de npm.", "Nunca faça commit direto na main."),
    "it": ("D'ora in poi usa pnpm invece di npm.", "Non fare mai commit direttamente su main."),
    "vi": ("Từ bây giờ hãy dùng pnpm thay cho npm.", "Không bao giờ commit trực tiếp lên main."),
    "tr": ("Bundan sonra npm yerine pnpm kullan.", "Asla doğrudan main dalına commit atma."),
    "ar": ("من الآن فصاعدا استخدم pnpm بدلا من npm.", "لا تقم أبدا بعمل commit مباشرة على main."),
}


WORKING_RULES = {
    "id": (
        "Jangan pernah commit langsung ke main, selalu lewat pull request.",
        "Mulai sekarang pakai pnpm, bukan npm.",
        "Jangan ubah berkas di folder vendor tanpa tanya dulu.",
        "Tulis komentar kode dalam bahasa Inggris.",
    ),
    "zh": (
        "绝对不要直接提交到 main，必须走 pull request。",
        "从现在起用 pnpm，不要用 npm。",
        "没问过我之前不要改 vendor 目录里的文件。",
        "代码注释请一律用英文写。",
    ),
    "ja": (
        "main に直接コミットしないでください。必ずプルリクエストを通してください。",
        "これからは npm ではなく pnpm を使ってください。",
        "許可なく vendor フォルダのファイルを変更しないで。",
        "コードのコメントは英語で書いてください。",
    ),
    "ko": (
        "절대 main에 직접 커밋하지 말고 항상 풀 리퀘스트로 해 주세요.",
        "앞으로 npm 말고 pnpm을 사용해 주세요.",
        "허락 없이 vendor 폴더의 파일을 수정하지 마세요.",
        "코드 주석은 영어로 작성해 주세요.",
    ),
    "ru": (
        "Никогда не коммить напрямую в main, всегда через pull request.",
        "С этого момента используй pnpm, а не npm.",
        "Не меняй файлы в папке vendor, не спросив меня.",
        "Комментарии в коде пиши на английском.",
    ),
    "de": (
        "Committe niemals direkt auf main, immer über einen Pull Request.",
        "Ab jetzt pnpm verwenden, nicht npm.",
        "Ändere keine Dateien im Ordner vendor, ohne mich zu fragen.",
        "Schreib Kommentare im Code auf Englisch.",
    ),
    "fr": (
        "Ne commite jamais directement sur main, passe toujours par une pull request.",
        "À partir de maintenant, utilise pnpm et pas npm.",
        "Ne modifie pas les fichiers du dossier vendor sans me demander.",
        "Écris les commentaires du code en anglais.",
    ),
    "es": (
        "Nunca hagas commit directamente en main, siempre a través de un pull request.",
        "A partir de ahora usa pnpm, no npm.",
        "No cambies archivos de la carpeta vendor sin preguntarme.",
        "Escribe los comentarios del código en inglés.",
    ),
    "pt": (
        "Nunca faça commit direto na main, sempre por pull request.",
        "A partir de agora use pnpm, não npm.",
        "Não altere arquivos da pasta vendor sem me perguntar.",
        "Escreva os comentários do código em inglês.",
    ),
    "it": (
        "Non fare mai commit direttamente su main, passa sempre da una pull request.",
        "D'ora in poi usa pnpm, non npm.",
        "Non modificare i file nella cartella vendor senza chiedermi.",
        "Scrivi i commenti del codice in inglese.",
    ),
    "vi": (
        "Không bao giờ commit trực tiếp vào main, luôn dùng pull request.",
        "Từ giờ hãy dùng pnpm, không dùng npm.",
        "Đừng sửa tệp trong thư mục vendor khi chưa hỏi tôi.",
        "Viết chú thích trong mã bằng tiếng Anh.",
    ),
    "tr": (
        "Asla doğrudan main'e commit atma, her zaman pull request kullan.",
        "Bundan sonra npm değil pnpm kullan.",
        "Bana sormadan vendor klasöründeki dosyaları değiştirme.",
        "Kod yorumlarını İngilizce yaz.",
    ),
    "ar": (
        "لا تعمل commit مباشرة على main أبدًا، دائمًا عبر pull request.",
        "من الآن استخدم pnpm وليس npm.",
        "لا تغيّر الملفات في مجلد vendor دون إذني.",
        "اكتب التعليقات في الكود بالإنجليزية.",
    ),
    "en": (
        "Never commit directly to main, always go through a pull request.",
        "From now on use pnpm, not npm.",
        "Don't change files in the vendor folder without asking me.",
        "Write code comments in English.",
    ),
}
ERRANDS = {
    "id": (
        "Tombol simpan harus berwarna biru.",
        "Tolong tambahkan kolom pajak ke ekspor.",
        "Tes ini selalu gagal di mesin saya.",
    ),
    "zh": (
        "保存按钮要改成蓝色。",
        "请给导出加上税号这一列。",
        "这个测试在我电脑上一直失败。",
    ),
    "ja": (
        "保存ボタンを青にしてください。",
        "エクスポートに税番号の列を追加してください。",
        "このテストは私の環境でいつも失敗します。",
    ),
    "ko": (
        "저장 버튼을 파란색으로 바꿔 주세요.",
        "내보내기에 세금 번호 열을 추가해 줘.",
        "이 테스트는 제 컴퓨터에서 항상 실패해요.",
    ),
    "ru": (
        "Кнопка сохранения должна быть синей.",
        "Добавь в экспорт столбец с налоговым номером.",
        "Этот тест всегда падает у меня на машине.",
    ),
    "de": (
        "Der Speichern-Knopf muss blau sein.",
        "Bitte ergänze im Export eine Spalte für die Steuernummer.",
        "Dieser Test schlägt auf meinem Rechner immer fehl.",
    ),
    "fr": (
        "Le bouton d'enregistrement doit être bleu.",
        "Ajoute une colonne pour le numéro de TVA à l'export.",
        "Ce test échoue toujours sur ma machine.",
    ),
    "es": (
        "El botón de guardar tiene que ser azul.",
        "Añade una columna con el NIF a la exportación.",
        "Este test siempre falla en mi máquina.",
    ),
    "pt": (
        "O botão de salvar tem que ser azul.",
        "Adicione uma coluna com o CNPJ na exportação.",
        "Este teste sempre falha na minha máquina.",
    ),
    "it": (
        "Il pulsante di salvataggio deve essere blu.",
        "Aggiungi una colonna per la partita IVA all'esportazione.",
        "Questo test fallisce sempre sulla mia macchina.",
    ),
    "vi": (
        "Nút lưu phải có màu xanh.",
        "Thêm cột mã số thuế vào tệp xuất.",
        "Bài kiểm thử này luôn thất bại trên máy tôi.",
    ),
    "tr": (
        "Kaydet düğmesi mavi olmalı.",
        "Dışa aktarmaya vergi numarası sütunu ekle.",
        "Bu test benim makinemde her zaman başarısız oluyor.",
    ),
    "ar": (
        "يجب أن يكون زر الحفظ أزرق.",
        "أضف عمود الرقم الضريبي إلى التصدير.",
        "هذا الاختبار يفشل دائمًا على جهازي.",
    ),
    "en": (
        "The save button must be blue.",
        "Add a column for the tax number to the export.",
        "This test always fails on my machine.",
    ),
}


def count(sentences: tuple[str, ...]) -> int:
    return sum(is_standing_order(sentence, ENGLISH) for sentence in sentences)


def test_everyday_rules_are_found_and_requests_are_not() -> None:
    assert count(RULES) >= 20
    assert count(REQUESTS) <= 3


def test_it_holds_for_sentences_written_afterwards() -> None:
    assert count(MORE_RULES) >= 17
    assert count(MORE_REQUESTS) == 0
    assert count(HELD_RULES) >= 23
    assert count(HELD_REQUESTS) <= 1


@pytest.mark.parametrize("language", TRANSLATED)
def test_rules_of_each_language_are_found(language: str) -> None:
    assert all(is_standing_order(sentence, frozenset(("en", language))) for sentence in TRANSLATED[language])


def test_a_question_or_an_observation_is_no_order() -> None:
    assert not is_standing_order("Should we always run the linter?", ENGLISH)
    assert not is_standing_order("The callback is never reached when the socket closes before the timeout fires in this handler.", ENGLISH)


@pytest.mark.parametrize("language", WORKING_RULES)
def test_rules_of_work_are_told_from_requests_and_reports_in_each_language(language: str) -> None:
    languages = languages_of((*WORKING_RULES[language], *ERRANDS[language]))
    assert language in languages
    assert [text for text in WORKING_RULES[language] if not is_standing_order(text, languages)] == []
    assert [text for text in ERRANDS[language] if is_standing_order(text, languages)] == []


@pytest.mark.parametrize(
    ("text", "is_rule"),
    [
        ("Every time I run the importer, it crashes.", False),
        ("Always-on mode needs a switch.", False),
        ("No longer needed.", False),
        ("Keep functions short.", True),
        ("Keep the old route for now.", False),
        ("Commit current state before we begin.", False),
        ("Build the page, but don't touch the tests.", True),
    ],
)
def test_scope_and_object_decide(text: str, is_rule: bool) -> None:
    assert is_standing_order(text, ENGLISH) is is_rule


@pytest.mark.parametrize(
    "order",
    [
        "以后提交信息一律用英文。",
        "Schreib Commit-Nachrichten bitte immer auf Englisch.",
        "Никогда не трогай папку legacy.",
        "Từ giờ luôn dùng pnpm thay cho npm.",
    ],
)
def test_an_order_in_another_language_than_the_session_is_one(order: str) -> None:
    assert is_standing_order(order, frozenset(("en",)))


def test_a_state_that_the_product_is_always_in_is_no_order() -> None:
    assert not is_standing_order("The export button should always be visible on that page.", frozenset(("en",)))
    assert is_standing_order("Commits should always be signed.", frozenset(("en",)))


@pytest.mark.parametrize(
    ("text", "is_rule"),
    [
        ("At line 40, ticketPrinter is created but never used.", False),
        ("The cache was filled and never reloaded.", False),
        ("Prices are integers and must never be floats.", True),
        ("Use tabs but never spaces.", True),
        ("Nothing to update if we never wrote it.", False),
        ("If you are unsure, never push.", True),
        ("Write to the same file twice.", False),
        ("I suggested no receipt for the drawer, only for the till's files.", False),
    ],
)
def test_what_never_happens_is_told_from_what_never_may(text: str, is_rule: bool) -> None:
    assert is_standing_order(text, frozenset(("en",))) is is_rule


@pytest.mark.parametrize(
    "line",
    ["Keeping test repo at: /var/folders/gz/T/tmp.N6JIu", "Behalte Protokolle in: C:\\toko\\log", "ログを保存：https://toko.example/log"],
)
def test_a_line_that_a_program_printed_is_no_rule(line: str) -> None:
    assert not is_standing_order(line, frozenset(PHRASES))
    assert is_standing_order("Always push to: https://toko.example/repo", frozenset(("en",)))


@pytest.mark.parametrize(
    "sentence",
    [
        "Don't use the mock server in those tests.",
        "I don't want to change the schema.",
        "Bu testlerde sahte sunucu kullanma.",
        "Non usare il server finto in questi test.",
        "Benutze in diesen Tests keinen Server.",
    ],
)
def test_what_is_said_of_the_work_at_hand_is_no_rule(sentence: str) -> None:
    assert not is_standing_order(sentence, languages_of((sentence,)) | ENGLISH)


@pytest.mark.parametrize(
    "sentence", ["Don't use the mock server in tests.", "Don't touch these generated files.", "Never use npm in this project."]
)
def test_what_holds_for_all_work_stays_a_rule(sentence: str) -> None:
    assert is_standing_order(sentence, ENGLISH)
