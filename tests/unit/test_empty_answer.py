"""Which statements say that there is nothing to state."""

from __future__ import annotations

import pytest

from onward.core.text.empty_answer import is_empty_answer

NOTHING = """
None|none.|NONE|None! 🎉|- None|* none|N/A|n/a|NA|N.A.|Nothing|nothing yet|Nothing to report|No|No blockers|No blocker|no blockers!|No blockers so far
no known issues|No open problems|No issues or blockers|There are no blockers.|None at the moment|none right now|nil|null|0|zero|Not applicable
No blockers at this time, thanks|No accomplishments|-|—|–|...|…|✅|🎉|()|None, all good|None that I know of|no further issues
Tidak ada|tidak ada kendala|Tidak ada hambatan saat ini|belum ada|Nihil|tak ada|Gak ada masalah|Saat ini tidak ada kendala
aucun|Aucune|Aucun blocage|Rien|rien à signaler|Néant|Pas de blocage|Aucun problème pour le moment
keine|Keine Blocker|Keine.|nichts|Nichts Besonderes|Derzeit keine Probleme|entfällt|Geen|geen blokkades|Niets|Inga|Inga hinder|Ingen problemer
ninguno|Ninguna|Nada|No hay|No hay bloqueos|Ningún problema|nenhum|Nenhum bloqueio|Não há|Nada a relatar|Nessuno|Nessun blocco|Niente da segnalare
Yok|Engel yok|Hiçbir şey|Şu anda sorun yok|Không có|Không|Không có vấn đề gì|Wala|Wala naman|Hakuna
Нет|нет блокеров|Пока нет|Ничего|Отсутствуют|Немає|Блокерів немає|Brak|Nic|Brak problemów|Τίποτα|Καμία
لا يوجد|لا شيء|لا توجد عوائق|هیچ|مشکلی نیست|אין|אין חסמים|कोई नहीं|कुछ नहीं|कोई समस्या नहीं है|নেই|ไม่มี|ไม่มีปัญหา
无|無|没有|暂无|没有阻碍|目前没有问题|无。|沒有|なし|無し|特になし|特に問題なし|ありません|ブロッカーはありません|없음|없습니다|특이사항 없음|해당 없음|문제 없음
"""

STATEMENTS = """
No staging keys|None of the tests pass|Nothing works on Windows|No tests for the parser|Nil pointer in the cart|No database access since Monday
No blockers file was written|The API key is missing|zero-downtime deploy|Not reviewed|Notes are missing|Null values in the export|Nothing is deployed yet
No CI|no docs|0 of 12 tests pass|Nada de tests|None-check in the parser|Nonesuch|Blockers|Issues with CORS|No problem file for locale id
Tidak ada kunci staging|Tidak bisa login|Belum ada tes|aucun test ne passe|Rien ne marche|keine Rechte auf dem Server|Nichts geht mehr|Geen toegang
No hay claves|Ningún test pasa|Não compila|Nessuna chiave|Anahtar yok|Không chạy được|Нет ключей|Нет доступа к стенду|Brak dostępu
无法登录|没有密钥|无权限|無法部署|テストがない|鍵なし|권한 없음|لا أستطيع الدخول|אין גישה|कोई कुंजी नहीं
"""


def _lines(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", _lines(NOTHING))
def test_a_word_for_nothing_in_any_language_is_empty_answer(text: str) -> None:
    assert is_empty_answer(text)


@pytest.mark.parametrize("text", _lines(STATEMENTS))
def test_a_statement_that_begins_with_such_a_word_is_a_statement(text: str) -> None:
    assert not is_empty_answer(text)
