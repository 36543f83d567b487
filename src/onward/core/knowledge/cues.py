"""Cue words by what they hint at, in English, Indonesian and Romance languages: they show which facts are knowledge.

A cue is one lower-case word, or a phrase with underscores for its spaces. No cue decides alone: `knowledge` combines them.
"""

from __future__ import annotations

ENGLISH = {
    "decide": "because since instead rather decided decide decision choose chose chosen picked approach strategy therefore tradeoff "
    "trade-off prefer keep kept avoids avoid reason rationale agreed settled defer deferred so_that in_favor_of over_the "
    "stays go_with going_with makes_sense better_to",
    "reverse": "instead anymore revert reverted rollback replaced replaces replace obsolete deprecated dropped superseded actually "
    "no_longer switch_to switched_to changed_from moved_from rather_than turned_out was_wrong not_the scrap_that "
    "on_second_thought",
    "broke": "error errors fail fails failed failing failure bug bugs broken crash crashes exception issue problem wrong missing "
    "incorrect mismatch conflict stale cause caused causes traceback undefined denied timeout timed invalid rejected "
    "blocked refused root_cause the_issue not_found doesn't_work does_not_work",
    "fixed": "fix fixed fixes resolved resolves solved corrected handles handled works now_passes the_fix was_fixed by_adding by_using",
    "learned": "note notes important turns lesson learned gotcha caveat means actually requires supports only because default "
    "limitation turns_out it_seems this_means in_practice keep_in_mind the_catch the_reason works_by by_default "
    "under_the_hood key_insight",
    "failed_try": "tried attempted unsuccessful rejected abandoned didn't doesn't won't cannot nothing neither no_effect didn't_work "
    "did_not_work does_not_help dead_end not_possible no_luck ruled_out instead_of not_an_option smoking_gun",
    "narrate": "let_me i'll i_will now_i let's_look looking_at i'm_going going_to checking now_let i_need_to "
    "let's_check i_can_see i_see perfect great excellent now_i'll next_i first_i i'm_now i_want_to "
    "reading exploring searching starting",
}

INDONESIAN = {
    "decide": "karena soalnya pakai pake gunakan pilih putuskan keputusan supaya agar daripada lebih jadi_kita sepakat",
    "reverse": "ganti diganti batal batalkan ternyata bukan tidak_jadi ga_jadi gak_jadi balik_ke pindah_ke tidak_lagi",
    "broke": "error gagal rusak salah masalah bug hilang ditolak bentrok tidak_bisa ga_bisa gak_bisa tidak_jalan",
    "fixed": "perbaiki diperbaiki beres benar solusi solusinya sudah_jalan sudah_bisa",
    "learned": "catatan penting artinya ingat perhatikan bawaan perlu_diingat",
    "failed_try": "percuma sudah_dicoba sudah_coba tidak_berhasil ga_berhasil tidak_mempan",
    "narrate": "saya_cek saya_lihat mari_kita saya_akan sekarang_saya coba_saya",
}

ROMANCE = {
    "decide": "parce puisque plutôt décidé choisi car porque decidi decidimos melhor mejor afin_de",
    "reverse": "finalement remplacé obsolète au_lieu en_vez en_fait substituído",
    "broke": "erreur échec échoué problème manquant incorrect erro falha falhou faltando falló problema",
    "fixed": "corrigé résolu réparé corrigido resolvido corregido resuelto",
    "learned": "signifie attention en_pratique importante significa",
    "failed_try": "tenté essayé sans_effet ne_fonctionne_pas tentou intenté",
    "narrate": "je_vais laisse-moi voyons vou deixe-me voy déjame",
}

CUE_GROUPS: tuple[str, ...] = tuple(ENGLISH)


def _index_cues() -> dict[str, list[tuple[str, int]]]:
    """Return the cues by word: each with its phrase, empty for a single word, and with the bits of the groups that
    it hints at. Bit i is `CUE_GROUPS[i]`.
    """
    bits: dict[str, int] = {}
    for language in (ENGLISH, INDONESIAN, ROMANCE):
        for index, group in enumerate(CUE_GROUPS):
            for cue in language[group].split():
                bits[cue] = bits.get(cue, 0) | 1 << index
    by_word: dict[str, list[tuple[str, int]]] = {}
    for cue, groups in bits.items():
        word, rest, _ = cue.partition("_")
        by_word.setdefault(word, []).append((cue.replace("_", " ") if rest else "", groups))
    return by_word


_CUES = _index_cues()
_CUE_WORDS = frozenset(_CUES)


def cue_bits(lowered: str, tokens: list[str]) -> int:
    """Return the groups that a text hints at, as bits. *lowered* is the text in lower case, *tokens* are its words."""
    bits = 0
    for word in _CUE_WORDS.intersection(tokens):
        for phrase, groups in _CUES[word]:
            if phrase in lowered:
                bits |= groups
    return bits


def cue_bit(group: str) -> int:
    """Return the bit of one group."""
    return 1 << CUE_GROUPS.index(group)
