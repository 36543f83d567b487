"""Cues of the measure: single words and a few phrases of the languages in `LANGUAGES`, most of them for English and
Indonesian.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from onward.core.text.prose import PieceCache
from onward.core.text.prose import words as count_words

Cue: TypeAlias = Literal["rule", "want", "decision", "fix", "done", "dead", "open", "chatter"]

_WORDS: dict[Cue, str] = {
    "rule": "always never must mustn't don't dont avoid ensure forbidden forbid required strictly remember prefer selalu jangan harus "
    "wajib pastikan dilarang sebaiknya toujours jamais sempre nunca siempre evita "
    "immer niemals nie darf dürfen muss müssen vermeide всегда никогда нельзя обязательно должен должны запрещено sempre mai deve "
    "devono vietato asla daima mutlaka đừng luôn دائما دائمًا أبدا أبدًا يجب ممنوع",
    "want": "want need needs should shouldn't let's lets please add fix change make use create update remove implement write rename "
    "move check support mau ingin perlu butuh tolong bikin buat tambah tambahkan ubah ganti hapus pakai perbaiki veux faut "
    "voudrais quero preciso quiero necesito "
    "bitte soll sollte brauche нужно надо хочу сделай добавь исправь voglio aggiungi correggi cần hãy thêm lütfen istiyorum ekle "
    "düzelt أريد أضف أصلح نحتاج",
    "decision": "because instead rather decided chose chosen choose prefer therefore tradeoff trade-off since reason reverted "
    "deferred karena soalnya daripada putuskan diputuskan sepakat supaya agar porque puisque plutôt parce "
    "weil entschieden stattdessen потому решили вместо perché deciso invece çünkü yerine karar لأن بدلا قررنا",
    "fix": "fixed fixes fix resolved solved cause caused causes broken bug crash failed fails failing failure error errors diperbaiki "
    "perbaiki beres penyebab penyebabnya gagal rusak erreur corrigé erro corrigido falha "
    "behoben fehler ursache исправлено исправил исправлена ошибка причина corretto errore causa lỗi hata düzeltildi خطأ السبب إصلاح",
    "done": "added created implemented removed renamed moved merged pushed committed deployed updated rewrote replaced migrated "
    "passes passing passed pass complete completed done verified opened shipped ditambahkan dibuat dihapus selesai lulus "
    "dipindah diganti ajouté supprimé terminé adicionado removido "
    "hinzugefügt erstellt umgesetzt fertig добавлено добавил готово создан создано завершено aggiunto creato completato eklendi "
    "oluşturuldu tamamlandı đã تم",
    "dead": "abandoned rejected unsuccessful percuma",
    "open": "todo remaining pending later unresolved deferred blocked waiting outstanding unfinished still next follow-up berikutnya "
    "belum nanti sisanya tinggal menunggu lanjut restant prochaine pendente próximo pendiente "
    "ausstehend nächste nächster offen осталось следующий следующая далее prossimo prossima rimane sonraki kalan التالي المتبقي",
    "chatter": "perfect great excellent thanks",
}

_PHRASES: dict[Cue, tuple[str, ...]] = {
    "rule": ("do not", "make sure", "from now on", "mulai sekarang", "tidak boleh", "ga boleh", "gak boleh", "only use", "no need to",
             "cannot use", "her zaman", "không được"),
    "decision": ("go with", "so that", "makes sense", "no longer", "switch to", "switched to", "in favor of", "in favour of",
                 "quyết định", "thay vì"),
    "fix": ("root cause", "the issue", "the problem", "turned out", "ternyata"),
    "dead": ("didn't work", "doesn't work", "did not work", "does not work", "not possible", "ruled out", "dead end", "no effect",
             "tidak berhasil", "ga berhasil", "gak bisa", "ga bisa", "tidak bisa", "can't be used", "i tried", "we tried",
             "does not help", "doesn't help", "did not help", "cannot be used", "won't work"),
    "open": ("not yet", "next step", "left to", "want me to", "would you like", "ready to"),
    "chatter": ("let me", "i'll", "now i", "now let", "now let's", "i will", "i'm going", "looking at", "saya akan", "saya cek"),
}  # fmt: skip

_UNSPACED: dict[Cue, str] = {
    "rule": "必须 不要 禁止 总是 始终 一律 不得 必ず 常に 決して ないでください てはいけない 항상 절대 반드시 하지마 금지",
    "want": "请 需要 想要 帮我 应该 ください したい お願い 해줘 주세요 필요",
    "decision": "因为 决定 改为 而不是 ので 決定 代わりに 때문 대신 결정",
    "fix": "修复 原因 错误 解决 修正 エラー 수정 원인 오류 해결",
    "done": "已经 完成 已添加 新增 通过 しました 完了 했습니다 완료",
    "dead": "行不通 无效 うまくいかな 効果がな 작동하지",
    "open": "下一步 待办 接下来 尚未 次の 残り 未対応 다음 남은 아직",
}
"""Cues of Chinese, Japanese and Korean, looked for anywhere in a word: these scripts have no blanks, or endings in their place."""

LANGUAGES = frozenset("en id zh ja ko ru de fr es pt it vi tr ar".split())
"""The languages whose statements the measure finds."""

_CUES_BY_WORD: dict[str, list[tuple[Cue, str]]] = {}
"""By word: its cues, each with the phrase that must be present, empty for the word alone."""
for _cue, _all in _WORDS.items():
    for _word in _all.split():
        _CUES_BY_WORD.setdefault(_word, []).append((_cue, ""))
for _cue, _phrases in _PHRASES.items():
    for _phrase in _phrases:
        _CUES_BY_WORD.setdefault(max(_phrase.split(), key=len), []).append((_cue, f" {_phrase} "))

_CUE_WORDS = frozenset(_CUES_BY_WORD)
_SPACED = str.maketrans({**dict.fromkeys('.,;:!?()[]{}"`*|<>=。、，；：！？（）「」؟،', " "), "’": "'"})

OPEN_HEADINGS = (
    "next",
    "todo",
    "to do",
    "remaining",
    "pending",
    "open",
    "follow",
    "berikut",
    "sisa",
    "lanjut",
    "blocked",
    "not done",
    "do first",
    "asked",
    "wanted",
    "question",
    "suivant",
    "próxim",
)


_COMPLAINT_WORDS = frozenset(
    "still wrong broken fails failing failed error errors no nope again didn't doesn't isn't wasn't can't cannot won't missing "
    "undo revert "
    "masih salah gagal belum bukan encore erreur ainda erro todavía sigue immer nicht falsch fehler".split()
)
"""Words with which a person says that something is not done, or not right."""
_INTERRUPTIONS = ("[request interrupted", "request interrupted by user", "[request aborted", "stop")
_POSTPONED_PHRASES = ("later", "next time", "after that", "next session", "not now", "tomorrow", "nanti", "besok", "plus tard",
                      "más tarde", "später")  # fmt: skip

_TASK_VERBS = frozenset(
    "add address analyse analyze apply ask build bump change check clean close commit compare complete confirm continue convert "
    "copy create "
    "debug define delete deploy describe do document draft explain explore extract figure find finish fix generate get give go "
    "help identify "
    "implement import improve include inspect install investigate list look merge migrate move open plan polish post prepare print "
    "proceed "
    "publish pull push put read rebase refactor release remove rename replace research restart review revert rewrite run scan "
    "search send "
    "set show skip split start suggest summarise summarize switch take tell test try undo unify update upgrade validate verify "
    "wire write "
    "tolong coba buat buatkan bikin tambah tambahkan ubah ganti hapus perbaiki cek lanjut lanjutkan jalankan tulis pindahkan "
    "ajoute ajoutez corrige corrigez crée créez fais faites mets lance vérifie supprime identifie añade agrega crea haz ejecuta "
    "revisa borra "
    "adicione crie faça corrija execute verifique remova füge mach erstelle behebe ändere entferne prüfe schreib "
    "сделай добавь исправь проверь создай удали покажи напиши продолжи запусти aggiungi correggi controlla hãy thêm sửa tạo "
    "ekle düzelt oluştur kontrol أضف أصلح أنشئ احذف".split()
)
"""Verbs that, at the beginning of what a person says, ask for something that can be finished."""
_FILLERS = frozenset(
    "ok okay now then and also please so first next yes sure alright great no just we well again quickly perfect thanks good lets "
    "let's can could would you i want to need should".split()
)
_TASK_PHRASES = ("please", "can you", "could you", "would you", "let's", "lets", "i want you to", "i need you to", "i'd like you to",
                 "tolong",
                 "peux-tu", "peux tu", "pourrais-tu", "pouvez-vous", "puedes", "pode", "podrías", "kannst du", "bitte")  # fmt: skip

_UNSPACED_TASKS = ("请", "帮我", "해줘", "주세요", "てください", "お願い")

_SPOKEN_WORDS = PieceCache(lambda piece: piece.lower().translate(_SPACED).split())


_UNSPACED_CUES = {cue: tuple(words.split(" ")) for cue, words in _UNSPACED.items()}


def _is_unspaced(word: str) -> bool:
    """Return whether *word* begins or ends in a script of East Asia."""
    return word[-1] > "\u2fff" or word[0] > "\u2fff"


def spoken_words(text: str) -> list[str]:
    """Return the words of *text* in lower case, without the punctuation around them."""
    return list(_SPOKEN_WORDS.find_all(text))


def cues_of(words: list[str]) -> set[Cue]:
    """Return what the `spoken_words` of a clause hint at."""
    cues: set[Cue] = set()
    cue_words = _CUE_WORDS.intersection(words)
    if cue_words:
        flat = f" {' '.join(words)} "
        for word in cue_words:
            cues.update(cue for cue, phrase in _CUES_BY_WORD[word] if phrase in flat)
    if any(map(_is_unspaced, words)):
        joined = " ".join(words)
        cues.update(cue for cue, marks in _UNSPACED_CUES.items() if any(mark in joined for mark in marks))
    return cues


def is_open_heading(heading: str) -> bool:
    """Return whether what is under *heading* is still to be done."""
    lowered = heading.lower()
    return any(word in lowered for word in OPEN_HEADINGS)


def is_complaint(words: list[str]) -> bool:
    """Return whether a person who answers with these `spoken_words` says that something is not done, or not right."""
    return not _COMPLAINT_WORDS.isdisjoint(words)


def is_interruption(text: str) -> bool:
    """Return whether a person stopped the agent with *text*."""
    return text.lower().startswith(_INTERRUPTIONS)


def is_postponed(text: str) -> bool:
    """Return whether *text* says that something is for later."""
    flat = f" {' '.join(spoken_words(text))} "
    return any(f" {phrase} " in flat for phrase in _POSTPONED_PHRASES)


def is_task(words: list[str]) -> bool:
    """Return whether a clause of these `spoken_words` orders something that can be finished, rather than saying how
    things are or should be.
    """
    verb = next((word for word in words[:8] if word not in _FILLERS), "")
    flat = f" {' '.join(words)} "
    return verb in _TASK_VERBS or any(f" {phrase} " in flat for phrase in _TASK_PHRASES) or any(mark in flat for mark in _UNSPACED_TASKS)


def word_count(text: str, words: list[str]) -> int:
    """Return how many words *text* has, given its `spoken_words`; scripts without blanks count by pairs of letters."""
    return len(words) if text.isascii() else len(count_words(text))
