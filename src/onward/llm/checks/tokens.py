"""Words of evidence and of written lines in one normal form: their position, what negates them, where a sentence ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from onward.core.text.prose import STOPWORDS

_TOKEN = re.compile(r"[^\W_]+(?:'[a-z]{1,2}(?![a-z]))?|[.!?;:](?=\s|$)|[⏎␞|—→✗❌)]|\n")
_STEM_CHARS = 6
_ENDINGS = ("ings", "ing", "ed", "es", "s", "ly")
_SCOPE_ENDS = frozenset(")")
_BREAKS = frozenset(".!?;:⏎␞|—→\n")
_FUNCTION_WORDS = STOPWORDS | frozenset(
    "one two it's that's there's yet still already le la les des du et un une pas que qui dans sur pour par avec sans est sont au aux ne "
    "der die das und ist sind mit von zu im den dem ein eine o os as um uma em no na com para por se el los las en con su del y".split()
)
_NEGATORS = frozenset(
    "not no never cannot without nothing none neither nor nobody nowhere tidak bukan jangan belum tanpa tak pas jamais aucun aucune sans "
    "rien nicht kein keine keinen nie ohne não nunca sem nenhum sin ningún ninguna".split()
)
_NO_NEGATORS = (
    ("no", frozenset("não uma foi são pelo pela dos das ao aos em com sessão quando também".split())),
    ("pas", frozenset("yang dan sudah tidak itu ini dengan untuk belum saya akan dari".split())),
)
"""Negators that are another word in another language, and words that tell a text of it: "no" in Portuguese is "in the", "pas" in Indonesian
is "when".
"""
_FEWEST_TELLING = 2
_AMBIGUOUS, _WORD = re.compile(r"\b(?:no|pas)\b"), re.compile(r"[^\W_]+")
NOT = (
    r"(?:not |n't |never |no |nothing (?:of (?:it|this|that|them) )?(?:is |was |has been )?|yet to be |un|belum |tidak |pas |nicht )"
    r"(?:been |yet |be |get |got |all |\w+ and )?"
)
"""A pattern of what denies the word behind it."""
_STANDS_ALONE = re.compile(r"-[^\W\d_]|,")
"""What follows a negator that denies nothing after it: a part of a name ("no-any"), an answer ("no, we want …")."""
_SCOPE_WORDS = 3
"""The words of meaning after a negator that it negates."""


class Word(NamedTuple):
    """A word of meaning: its stem, its place among the words of meaning, its sentence, and whether a negator precedes it."""

    stem: str
    place: int
    sentence: int
    is_negated: bool


@lru_cache(maxsize=8192)
def normal(text: str) -> str:
    """Return *text* as it is compared: lower case, one kind of quote, slash and dash, without Markdown marks."""
    text = text.replace("`", "").replace("**", "").replace("\\", "/").replace("’", "'").replace("“", '"').replace("”", '"')
    return text.replace("–", "-").replace("\u00a0", " ").lower()


def stem(word: str) -> str:
    """Return the beginning of *word* that its forms share."""
    word = word.removesuffix("'s")
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:_STEM_CHARS].rstrip("ei")


def is_negator(word: str) -> bool:
    """Whether *word* denies what follows."""
    return word in _NEGATORS or word.endswith("n't")


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """Return the words of meaning of *text* in order."""
    meaning_words: list[Word] = []
    sentence = scope = 0
    plain = normal(text)
    no_negators = _words_that_deny_nothing(plain)
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if token in _BREAKS:
            sentence, scope = sentence + 1, 0
        elif token in _SCOPE_ENDS:
            scope = 0
        elif token in ("✗", "❌") or (is_negator(token) and token not in no_negators and not _STANDS_ALONE.match(plain, match.end())):
            scope = _SCOPE_WORDS
        elif (token in ("only", "just", "merely") and scope == _SCOPE_WORDS) or token in (
            "but",
            "because",
            "mais",
            "aber",
            "mas",
            "tetapi",
            "karena",
        ):
            scope = 0
        elif token not in _FUNCTION_WORDS and (len(token) > 1 or token.isdigit()):
            meaning_words.append(Word(stem(token), len(meaning_words), sentence, scope > 0))
            scope -= scope > 0
    return tuple(meaning_words)


def _words_that_deny_nothing(plain: str) -> frozenset[str]:
    """Return the negators that are no such ones in the language of a text in normal form."""
    present = frozenset(_WORD.findall(plain)) if _AMBIGUOUS.search(plain) else frozenset[str]()
    return frozenset(word for word, telling in _NO_NEGATORS if word in present and len(telling & present) >= _FEWEST_TELLING)


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """Return the stems of the words of meaning of *text*."""
    return frozenset(word.stem for word in words(text))
