"""Which languages a session is written in, detected by script and by the most common words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3040-\u30ff"), ("zh", "\u4e00-\u9fff"), ("ko", "\uac00-\ud7af"), ("ru", "\u0400-\u04ff"), ("ar", "\u0600-\u06ff"),
    ("th", "\u0e00-\u0e7f"), ("hi", "\u0900-\u097f"), ("he", "\u0590-\u05ff"), ("el", "\u0370-\u03ff"),
    ("bn", "\u0980-\u09ff"), ("ta", "\u0b80-\u0bff"),
)  # fmt: skip
_LETTERS = tuple((language, re.compile(f"[{letters}]")) for language, letters in _SCRIPTS)
_COMMON_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "id": "yang dan untuk dengan tidak ini itu saya kita jangan pakai sudah belum bisa dari akan juga",
        "de": "und der die das nicht ist ich wir bitte mit für auf ein eine sind auch immer keine",
        "fr": "le la les des est une pas pour dans avec nous vous je que sur toujours ne et",
        "es": "el los las una para con por que está no usa siempre nunca pero también como y",
        "pt": "não uma para com por que está os as sempre nunca mas também como você e em",
        "it": "il gli una per con che non sono della sempre mai anche come questo è e di",
        "vi": "không và của cho một được các này là có tôi với dùng đừng luôn",
        "tr": "ve bir bu için değil ile daha olarak her zaman kullan gibi ama da",
        "en": "the and to is of in it that for this with not you use",
        "nl": "het een niet van voor met zijn ook deze naar worden wij",
        "pl": "nie jest się dla jak tego oraz przez aby",
        "sv": "och att det inte som för med är på en",
        "cs": "není pro jako aby nebo které bude jsou", "uk": "що це для як але ми його", "ro": "și nu este pentru cu care să",
    }.items()
}  # fmt: skip
LANGUAGE_NAMES = {
    "th": "Thai", "hi": "Hindi", "he": "Hebrew", "el": "Greek", "bn": "Bengali", "ta": "Tamil", "nl": "Dutch", "pl": "Polish",
    "sv": "Swedish", "cs": "Czech", "uk": "Ukrainian", "ro": "Romanian",
}  # fmt: skip
"""The English names of the languages that are recognised and not read."""
_SAMPLE_CHARS = 40_000
_MIN_LETTERS = 6
_MIN_SHARE = 0.04
"""Share of the words of a text that must be common words of a language before it counts as written in it."""
_MIN_HITS, _SHORT_SAMPLE_WORDS = 3, 60
"""Common words needed; in a sample of so few words a single one does."""
_WORD = re.compile(r"[^\W\d_]+")


def languages_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the languages that *texts* are written in, as two-letter codes; English is always among them, since commands and code are.

    Languages that Onward does not read may be among them too.
    """
    sample = ""
    for text in texts:
        sample += text[:2_000] + "\n"
        if len(sample) > _SAMPLE_CHARS:
            break
    languages = {"en"}
    if not sample.isascii():
        counts = {language: len(letters.findall(sample)) for language, letters in _LETTERS}
        languages |= {language for language, count in counts.items() if count >= _MIN_LETTERS}
        if "ja" in languages and counts["ja"] * 20 > counts["zh"]:
            languages.discard("zh")
    tokens = Counter(_WORD.findall(sample.lower()))
    total = max(1, sum(tokens.values()))
    hits = {language: sum(tokens[word] for word in words) for language, words in _COMMON_WORDS.items()}
    for language, count in hits.items():
        if (
            count >= (_MIN_HITS if total > _SHORT_SAMPLE_WORDS else 1)
            and count / total >= _MIN_SHARE
            and count * 3 >= max(hits[other] for other in hits if other != "en")
        ):
            languages.add(language)
    return frozenset(languages)
