"""Answers that say that there is nothing: `None`, `N/A`, `Tidak ada`, `无`. A list of statements leaves them out."""

from __future__ import annotations

import re
from functools import cache
from unicodedata import category, normalize

_LANGUAGES = {
    # Each language: what may come before, the word for nothing, what may follow.
    "English": (
        "there (?:is|are|were)|we have|i have|still|currently|so far",
        "none|nothing|nil|null|no|n a|na|not applicable|zero|0",
        (
            "real|major|big|known|open|new|current|further|other|more|else|specific|particular|special|significant|remaining|active|"
            "outstanding|"
            "(?:block(?:er|ing issue)|accomplishment|achievement|issue|problem|obstacle|impediment|concern|item|point)s?|blocked|"
            "entries|block|one|or|and|so far|yet|for now|at (?:the|this) (?:moment|time|point)|at present|at all|right now|"
            "now|currently|today|"
            "this (?:time|session)|really|to (?:report|note|mention|add|speak of)|that (?:i|we) know of|left|whatsoever|here|found|"
            "all (?:good|clear|fine)|everything (?:is )?(?:fine|good|ok|works)|thanks|thank you"
        ),
    ),
    "Indonesian, Malay": (
        "saat ini|sejauh ini|untuk saat ini|sementara|sampai saat ini|masih|memang",
        "(?:tidak|tak|tiada|belum|nggak|enggak|gak|ga)(?: (?:ada|memiliki|punya))?|nihil|kosong|tanpa",
        (
            "kendala|hambatan|masalah|halangan|pencapaian|isu|apa apa|blocker|penghambat|yang lain|lagi|saat ini|sejauh ini|"
            "untuk saat ini|"
            "sekarang|sementara|hari ini|berarti|sama sekali"
        ),
    ),
    "French": (
        "il n y a|pour le moment|pour l instant",
        "aucune?s?|rien|neant|sans objet|pas(?: d(?:e|)?)?",
        (
            "blocages?|bloquants?|points? bloquants?|problemes?|obstacles?|difficultes?|a signaler|de special|de particulier|"
            "pour (?:le moment|l instant)|actuellement|du tout"
        ),
    ),
    "German": (
        "es gibt|derzeit|aktuell|momentan|zurzeit",
        "keine?[rsmn]?|nichts|nix|entfallt|nein|nicht zutreffend",
        (
            "blocker|blockaden?|probleme?|hindernisse?|schwierigkeiten|offenen? punkte|erfolge|besonderes|weitere[ns]?|bekannt(?:en)?|"
            "zu berichten|derzeit|aktuell|momentan|im moment|zurzeit|bisher|vorhanden"
        ),
    ),
    "Dutch, Swedish, Danish, Norwegian": (
        "er zijn|det finns|der er",
        "geen|niets|niks|nvt|n v t|nee|ingen|inga|inget|ingenting|intet",
        (
            "blokkades?|blockers?|blockerare|problemen|obstakels|bijzonderheden|hinder|problem(?:er)?|hindringer|op dit moment|momenteel|"
            "just nu|lige nu|akkurat na"
        ),
    ),
    "Spanish, Portuguese, Italian, Romanian": (
        "por (?:el momento|ahora|enquanto|agora)|de momento|al momento|no momento",
        (
            "no (?:hay|tengo|aplica)|ningun[ao]?|nada|nao(?: (?:ha|tenho|se aplica))?|nenhuma?|nenhum|sem|sin|nessuna?|"
            "nessun|nessuno|niente|nulla|"
            "non (?:ci sono|c e)|niciuna?|niciun|nimic"
        ),
        (
            "ningun[ao]?|nada|nenhuma?|nenhum|nessuna?|nessun|bloqueos?|bloqueios?|bloqueantes?|blocchi|blocco|blocaje|"
            "problem(?:as?|i|e)|obstaculos?|"
            "impediment(?:os?|i)|ostacol[io]|dificultades|dificuldades|que reportar|a (?:reportar|relatar)|da segnalare|"
            "por (?:el momento|ahora|enquanto|agora)|al momento|per ora|de momento|no momento|ate agora|actualmente|"
            "atualmente|attualmente"
        ),
    ),
    "Turkish": ("su an(?:da)?|herhangi bir|engel|sorun|problem|bir sey|engelleyici", "yok(?:tur)?|hicbir sey|hicbiri", "su anda?|simdilik"),
    "Vietnamese": (
        "hien tai|tam thoi",
        "khong(?: co)?|chua co",
        "gi(?: ca)?|van de(?: gi)?|tro ngai(?: nao)?|vuong mac|kho khan|can tro|nao|hien tai",
    ),
    "Tagalog, Swahili": ("sa ngayon", "wala(?:ng)?|hakuna", "naman|pa|po|problema|kitu|kikwazo|tatizo"),
    "Russian, Ukrainian": (
        "пока|сеичас|на данныи момент|наразі|блокер(?:ов|ів|ы)|проблем|препятствии",
        "нет|ничего|отсутству(?:ют|ет)|немає|нема|нічого|без",
        "блокер(?:ов|ів|ы)|проблем|препятствии|перешкод|замечании|пока|сеичас",
    ),
    "Polish, Czech": (
        "na razie|obecnie|zatim",
        "brak|nic|zadn[aeyn]ch|zadn[aey]|zaden|nie ma|nejsou",
        "blokad|blokerow|problemow|przeszkod|uwag|obecnie|na razie|problemy|prekazky|blokery",
    ),
    "Greek": ("προς το παρον", "κανενας?|καμια|τιποτα|δεν υπαρχουν", "εμποδι[οα]|προβλημα(?:τα)?|προς το παρον"),
    "Arabic": ("حاليا", "لا(?: (?:يوجد|توجد|شيء))?|ليس هناك|بدون|بلا", "شيء|عوايق|عوائق|معوقات|مشاكل|عقبات|حاليا|اي"),
    "Persian": ("فعلا|در حال حاضر|مانعی|مشکلی|چیزی", "هیچ(?: چیز)?|ندارد|ندارم|نداریم|نیست|وجود ندارد", "مانعی|مشکلی"),
    "Hebrew": ("כרגע", "אין|כלום", "חסמים|בעיות|כרגע|כלום"),
    "Hindi": ("अभी|फिलहाल|कोई|कुछ|भी|रुकावट|बाधा|समस्या|अवरोध", "नहीं|नहीं है", "है"),
    "Bengali": ("কোনো|কোন|কিছু|বাধা|সমস্যা|এখন", "নেই|না", ""),
    "Thai": ("ตอนนี้|ขณะนี้", "ไม่มี", "อะไร|ปัญหา|อุปสรรค|สิ่งกีดขวาง|ตอนนี้"),
    "Chinese": (
        "目前|暂时|暫時|暂|暫|现在|現在|尚|并|並",
        "没有|沒有|无|無|没|沒|否|不适用|不適用",
        "任何|什么|什麼|其他|明显|明顯|重大|阻碍|阻礙|阻塞|障碍|障礙|问题|問題|困难|困難|阻断|卡点|卡點|成果|事项|事項|因素|者|项|項|了",
    ),
    "Japanese": (
        "特に|現在|今のところ|いまのところ|現時点で|ブロッカー|障害|問題|課題|支障|妨げ|成果|該当|何も|は|も|が",
        "なし|無し|ナシ|ない|無い|ありません|無",
        "です",
    ),
    "Korean": (
        "현재|특별히|특이사항|해당사항|해당|문제|장애물|장애|차단|요소|블로커|방해|아직|아무것도|사항|딱히|걸림돌|이슈|은|는|이|가",
        "없음|없습니다|없어요|없다|없네요|무",
        "",
    ),
}
_LETTERS = str.maketrans("đłøı", "dloi")
"""Letters with a stroke or without a dot, which no normal form takes apart."""


def is_empty_answer(text: str) -> bool:
    """Return whether *text*, as a statement in a list of accomplishments or blockers, says that there is none.

    The case, accents, punctuation and emoji do not matter; a text without a letter or digit says nothing either.

    >>> is_empty_answer("None! 🎉"), is_empty_answer("- Keine Blocker"), is_empty_answer("No staging keys")
    (True, True, False)
    """
    words = _plain_words(text)
    return not words or _pattern().fullmatch(words) is not None


@cache
def _pattern() -> re.Pattern[str]:
    languages = (
        f"(?:(?:{before}) ?)*(?:{nothing})" + (f"(?: ?(?:{after}))*" if after else "") for before, nothing, after in _LANGUAGES.values()
    )
    return re.compile("|".join(languages))


def _plain_words(text: str) -> str:
    """Return the words of *text* in lower case, without accents, with single spaces between them."""
    spaced = "".join(map(_plain_character, normalize("NFKD", text.casefold().translate(_LETTERS))))
    return normalize("NFC", " ".join(spaced.split()))


def _plain_character(character: str) -> str:
    """Return *character*, nothing for an accent, a space for what is no letter or digit.

    The vowel signs of Indian and Thai letters and the marks of Japanese syllables belong to the word.
    """
    kind = category(character)
    if kind in ("Mn", "Mc"):
        return character if "\u0900" <= character <= "\u0eff" or character in "\u3099\u309a" else ""
    return character if kind[0] in "LN" else " "
