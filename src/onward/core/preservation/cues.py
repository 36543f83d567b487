"""What a clause is, told by single words and a few phrases. English and Indonesian, with the commonest words of some neighbours."""

from __future__ import annotations

from typing import Literal, TypeAlias

Cue: TypeAlias = Literal["rule", "want", "decision", "fix", "done", "dead", "open", "chatter"]

_WORDS: dict[Cue, str] = {
    "rule": "always never must mustn't don't dont avoid ensure forbidden forbid required strictly remember prefer selalu jangan harus wajib pastikan "
    "dilarang sebaiknya toujours jamais sempre nunca siempre evita",
    "want": "want need needs should shouldn't let's lets please add fix change make use create update remove implement write rename move check support "
    "mau ingin perlu butuh tolong bikin buat tambah tambahkan ubah ganti hapus pakai perbaiki veux faut voudrais quero preciso quiero necesito",
    "decision": "because instead rather decided decide decision chose chosen choose prefer therefore tradeoff trade-off since reason reverted deferred "
    "karena soalnya daripada putuskan diputuskan sepakat supaya agar porque puisque plutôt parce",
    "fix": "fixed fixes fix resolved solved cause caused causes broken bug crash failed fails failing failure error errors diperbaiki perbaiki beres penyebab "
    "penyebabnya gagal rusak erreur corrigé erro corrigido falha",
    "done": "added created implemented removed renamed moved merged pushed committed deployed updated rewrote replaced migrated passes passing passed pass "
    "complete completed done verified opened shipped ditambahkan dibuat dihapus selesai lulus dipindah diganti ajouté supprimé terminé adicionado removido",
    "dead": "tried attempted abandoned rejected unsuccessful percuma",
    "open": "todo remaining pending later unresolved deferred blocked waiting outstanding unfinished still next follow-up berikutnya belum nanti sisanya "
    "tinggal menunggu lanjut restant prochaine pendente próximo pendiente",
    "chatter": "perfect great excellent thanks",
}

_PHRASES: dict[Cue, tuple[str, ...]] = {
    "rule": ("do not ", "make sure", "from now on", "mulai sekarang", "tidak boleh", "ga boleh", "gak boleh", "only use", "no need to", "cannot use"),
    "decision": ("go with", "so that", "makes sense", "no longer", "switch to", "switched to", "in favor of", "in favour of"),
    "fix": ("root cause", "the issue", "the problem", "turned out", "ternyata"),
    "dead": ("didn't work", "doesn't work", "did not work", "does not work", "not possible", "ruled out", "dead end", "no effect", "tidak berhasil",
             "ga berhasil", "gak bisa", "ga bisa", "tidak bisa", "can't be used", "cannot be used", "won't work"),
    "open": ("not yet", "next step", "to do:", "left to", "want me to", "would you like", "ready to"),
    "chatter": ("let me ", "i'll ", "now i", "now let", "i will ", "i'm going", "looking at", "saya akan", "saya cek"),
}  # fmt: skip

CUE_OF: dict[str, tuple[Cue, ...]] = {}
for _cue, _all in _WORDS.items():
    for _word in _all.split():
        CUE_OF[_word] = (*CUE_OF.get(_word, ()), _cue)

_SPACED = str.maketrans(dict.fromkeys('.,;:!?()[]{}"`*_/|<>=', " "))

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


def cues_of(lowered: str) -> set[Cue]:
    """Return what a *lowered* clause hints at."""
    found: set[Cue] = set()
    for word in CUE_OF.keys() & lowered.translate(_SPACED).split():
        found.update(CUE_OF[word])
    for cue, phrases in _PHRASES.items():
        if cue not in found and any(phrase in lowered for phrase in phrases):
            found.add(cue)
    return found


def is_open_heading(heading: str) -> bool:
    """Say whether what stands under *heading* is still to be done."""
    lowered = heading.lower()
    return any(word in lowered for word in OPEN_HEADINGS)
