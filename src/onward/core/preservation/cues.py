"""Cues of the measure: single words and a few phrases, in English and Indonesian, with common words of some other
languages.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from onward.core.text.prose import PieceCache

Cue: TypeAlias = Literal["rule", "want", "decision", "fix", "done", "dead", "open", "chatter"]

_WORDS: dict[Cue, str] = {
    "rule": "always never must mustn't don't dont avoid ensure forbidden forbid required strictly remember prefer selalu jangan harus "
    "wajib pastikan dilarang sebaiknya toujours jamais sempre nunca siempre evita",
    "want": "want need needs should shouldn't let's lets please add fix change make use create update remove implement write rename "
    "move check support mau ingin perlu butuh tolong bikin buat tambah tambahkan ubah ganti hapus pakai perbaiki veux faut "
    "voudrais quero preciso quiero necesito",
    "decision": "because instead rather decided chose chosen choose prefer therefore tradeoff trade-off since reason reverted "
    "deferred karena soalnya daripada putuskan diputuskan sepakat supaya agar porque puisque plutôt parce",
    "fix": "fixed fixes fix resolved solved cause caused causes broken bug crash failed fails failing failure error errors diperbaiki "
    "perbaiki beres penyebab penyebabnya gagal rusak erreur corrigé erro corrigido falha",
    "done": "added created implemented removed renamed moved merged pushed committed deployed updated rewrote replaced migrated "
    "passes passing passed pass complete completed done verified opened shipped ditambahkan dibuat dihapus selesai lulus "
    "dipindah diganti ajouté supprimé terminé adicionado removido",
    "dead": "abandoned rejected unsuccessful percuma",
    "open": "todo remaining pending later unresolved deferred blocked waiting outstanding unfinished still next follow-up berikutnya "
    "belum nanti sisanya tinggal menunggu lanjut restant prochaine pendente próximo pendiente",
    "chatter": "perfect great excellent thanks",
}

_PHRASES: dict[Cue, tuple[str, ...]] = {
    "rule": ("do not", "make sure", "from now on", "mulai sekarang", "tidak boleh", "ga boleh", "gak boleh", "only use", "no need to",
             "cannot use"),
    "decision": ("go with", "so that", "makes sense", "no longer", "switch to", "switched to", "in favor of", "in favour of"),
    "fix": ("root cause", "the issue", "the problem", "turned out", "ternyata"),
    "dead": ("didn't work", "doesn't work", "did not work", "does not work", "not possible", "ruled out", "dead end", "no effect",
             "tidak berhasil", "ga berhasil", "gak bisa", "ga bisa", "tidak bisa", "can't be used", "i tried", "we tried", "does not help",
             "doesn't help", "did not help", "cannot be used", "won't work"),
    "open": ("not yet", "next step", "left to", "want me to", "would you like", "ready to"),
    "chatter": ("let me", "i'll", "now i", "now let", "now let's", "i will", "i'm going", "looking at", "saya akan", "saya cek"),
}  # fmt: skip

_CUES_BY_WORD: dict[str, list[tuple[Cue, str]]] = {}
"""By word: its cues, each with the phrase that must be present, empty for the word alone."""
for _cue, _all in _WORDS.items():
    for _word in _all.split():
        _CUES_BY_WORD.setdefault(_word, []).append((_cue, ""))
for _cue, _phrases in _PHRASES.items():
    for _phrase in _phrases:
        _CUES_BY_WORD.setdefault(max(_phrase.split(), key=len), []).append((_cue, f" {_phrase} "))

_CUE_WORDS = frozenset(_CUES_BY_WORD)
_SPACED = str.maketrans({**dict.fromkeys('.,;:!?()[]{}"`*|<>=', " "), "’": "'"})

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
    "suivant",
    "próxim",
)


_SPOKEN_WORDS = PieceCache(lambda piece: piece.lower().translate(_SPACED).split())


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
    return cues


def is_open_heading(heading: str) -> bool:
    """Return whether what is under *heading* is still to be done."""
    lowered = heading.lower()
    return any(word in lowered for word in OPEN_HEADINGS)
