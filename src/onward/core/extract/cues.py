"""Cue words in every language that Onward reads, by what they hint at. A language is added here; labels of kinds are
in `core.facts.kinds`.

A cue is one lower-case word, or a phrase with underscores for its spaces. Cues never decide alone: `features` turns
them into numbers that `weights` weighs.
"""

from __future__ import annotations

from onward.core.facts.fact import FactKind
from onward.core.facts.kinds import KINDS
from onward.core.text.prose import words

ENGLISH = {
    "rule": "always never must don't dont cannot can't should shouldn't mustn't only avoid ensure require required requires forbid "
    "forbidden prefer mandatory strictly please remember from_now_on do_not make_sure no_need not_allowed at_all_times "
    "needs_to_be has_to_be instead_of_using every_time",
    "want": "want wants need needs would like i'd_like let's add expect expected support allow able should",
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
    "did": "added add created removed renamed moved updated implemented wrote deleted extracted refactored merged pushed committed "
    "deployed installed configured changed switched replaced rewrote complete completed done landed shipped built migrated "
    "pass passes passed passing verified closed opened bumped enabled disabled",
    "next": "next todo remaining pending later follow-up followup future still unresolved outstanding tomorrow await awaiting "
    "waiting unverified need needs plan phase step to_do not_yet left_to you_can_now should_be_done before_you re-run "
    "want_me_to ready_to would_you_like",
    "blocked": "blocked blocker blocking waiting awaiting cannot unable stuck needs access permission credentials depends_on "
    "waiting_for can't_proceed until_you",
    "learned": "note notes important turns lesson learned gotcha caveat means actually requires supports only because default "
    "limitation turns_out it_seems this_means in_practice keep_in_mind the_catch the_reason works_by by_default "
    "under_the_hood key_insight",
    "failed_try": "tried attempted unsuccessful rejected abandoned didn't doesn't won't cannot nothing neither no_effect didn't_work "
    "did_not_work does_not_help dead_end not_possible no_luck ruled_out instead_of not_an_option smoking_gun",
    "narrate": "let_me i'll i_will now_i let's_look looking_at i'm_going going_to checking now_let i_need_to "
    "let's_check i_can_see i_see perfect great excellent now_i'll next_i first_i i'm_now i_want_to "
    "reading exploring searching starting",
    "agree": "yes yeah yep ok okay sure good great perfect thanks correct right exactly agreed sounds_good go_ahead looks_good do_it "
    "that_works",
    "object": "no nope not wrong hmm wait why stop actually but still doesn't don't isn't shouldn't that's_not i_said i_meant "
    "not_what you_should",
    "number": "one two three four five six seven eight nine ten both all none every first last each",
}

INDONESIAN = {
    "rule": "selalu jangan harus wajib hanya tolong pastikan dilarang usahakan sebaiknya cukup mulai_sekarang tidak_boleh ga_boleh "
    "gak_boleh jangan_lupa",
    "want": "mau ingin butuh perlu minta bikin buat tambahkan tambahin",
    "decide": "karena soalnya pakai pake gunakan pilih putuskan keputusan supaya agar daripada lebih jadi_kita sepakat",
    "reverse": "ganti diganti batal batalkan ternyata bukan tidak_jadi ga_jadi gak_jadi balik_ke pindah_ke tidak_lagi",
    "broke": "error gagal rusak salah masalah bug hilang ditolak bentrok tidak_bisa ga_bisa gak_bisa tidak_jalan",
    "fixed": "perbaiki diperbaiki beres benar solusi solusinya sudah_jalan sudah_bisa",
    "did": "selesai ditambahkan dibuat dihapus dipindah diubah digabung jalan lulus sudah_selesai sudah_dibuat",
    "next": "berikutnya lanjut lanjutkan nanti sisanya belum tinggal besok setelah_ini perlu_dicek",
    "blocked": "tunggu menunggu nunggu terhambat tertunda belum_ada_akses harus_menunggu",
    "learned": "catatan penting artinya ingat perhatikan bawaan perlu_diingat",
    "failed_try": "percuma sudah_dicoba sudah_coba tidak_berhasil ga_berhasil tidak_mempan",
    "narrate": "saya_cek saya_lihat mari_kita saya_akan sekarang_saya coba_saya",
    "agree": "ya iya oke ok sip betul benar setuju mantap boleh lanjut",
    "object": "bukan jangan salah kok lho tunggu kenapa maksud_saya",
    "number": "satu dua tiga empat lima kedua semua setiap",
}

ROMANCE = {
    "rule": "toujours jamais doit dois devez faut ne_pas uniquement seulement sempre nunca deve não siempre debe solo sólo obrigatório",
    "want": "veux voudrais besoin quero preciso quiero necesito",
    "decide": "parce puisque plutôt décidé choisi car porque decidi decidimos melhor mejor afin_de",
    "reverse": "finalement remplacé obsolète au_lieu en_vez en_fait substituído",
    "broke": "erreur échec échoué problème manquant incorrect erro falha falhou faltando falló problema",
    "fixed": "corrigé résolu réparé corrigido resolvido corregido resuelto",
    "did": "ajouté créé supprimé terminé complété fait adicionado criado removido concluído atualizado añadido creado eliminado",
    "next": "prochaine prochain reste suivant encore à_faire en_cours próximo pendente falta siguiente pendiente",
    "blocked": "bloqué attente bloqueado aguardando esperando",
    "learned": "signifie attention en_pratique_importante_significa",
    "failed_try": "tenté essayé sans_effet ne_fonctionne n'est_pas_tentou_intenté",
    "narrate": "je vais laisse-moi voyons_vou deixe-me_voy déjame",
    "agree": "oui d'accord parfait sim ok sí vale",
    "object": "non mais pourquoi mas não pero",
    "number": "deux trois tous toutes dois três todos dos tres",
}

ERRAND_WORDS = frozenset(
    "push commit merge pull rebase pr prs branch proceed continue again rerun lgtm yes yeah yep ok okay great perfect nice thanks "
    "lets let's please "
    "lanjut lanjutkan oke ok sip mantap gas ya iya oui vas-y continuez sim vale continua continúa".split()
)
"""Words of short remarks that only send the agent on, in every language. They are useless to a later session."""

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


_KIND_BY_LABEL: dict[str, FactKind] = {" ".join(words(label)): kind.name for kind in KINDS.values() for label in kind.labels}


def label_kind(lead: str) -> FactKind | None:
    """Return the kind that a lead-in or heading announces if it is a known label, whatever punctuation is around it;
    else None.
    """
    return _KIND_BY_LABEL.get(" ".join(words(lead)))
