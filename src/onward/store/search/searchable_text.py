"""The searchable text of a turn: its text, its tool calls, and both ends of long results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from unicodedata import combining, normalize

from onward.core.transcript.transcript import ToolCall, Turn

RESULT_HEAD_CHARS, RESULT_TAIL_CHARS = 1200, 800
"""Parts of a long tool argument or result that are indexed. The turn itself has all of it."""

MAX_NAMES_CHARS, MAX_ARGUMENT_CHARS = 8000, 400
"""Names are split in this much of a turn's text, and in shorter arguments (commands, paths). Other names are indexed as written."""

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    "[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u109d\u1780-\u17d3\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f]+"
)
"""Thai, Lao, Burmese, Khmer, Korean, Japanese and Chinese: words are not divided by spaces, or carry particles."""
_FIRST_ENDINGS = ("ings", "ing", "ies", "ied", "ed", "es", "s")
_SECOND_ENDINGS = ("ation", "ion", "ment", "er", "or", "ly", "ate", "at")
_CAMEL_CASE = re.compile(r"[A-Za-z0-9]*[a-z][A-Z][A-Za-z0-9]*")
_CAMEL_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CASES = bytes(ord("a") if chr(code).islower() else ord("A") if chr(code).isupper() else 0 for code in range(128)).ljust(256, b"\0")
"""Small letters become `a`, capitals `A`."""


def searchable_text(turn: Turn) -> str:
    """Return the searchable text of *turn*: what `readable_text` returns, and the parts of its names. It must not change for the same turn:
    the index removes a turn by it.
    """
    parts, names_source = _parts(turn)
    if names_source and (names := split_names(names_source)):
        parts.append(names)
    return split_scripts(_encodable("\n".join(parts)))


def readable_text(turn: Turn) -> str:
    """Return the searched text of *turn* as it was written."""
    return _encodable("\n".join(_parts(turn)[0]))


def _parts(turn: Turn) -> tuple[list[str], str]:
    """Return the texts of *turn*, and the text whose names are split."""
    parts = [turn.text] if turn.text else []
    names_source = turn.text[:MAX_NAMES_CHARS]
    for call in turn.calls:
        arguments = list(_argument_texts(call))
        parts.append(f"{call.name}: " + "\n".join(map(_shorten, arguments)))
        names_source += "".join(f" {text}" for text in arguments if len(text) < MAX_ARGUMENT_CHARS)
    if turn.thinking:
        parts.append(_shorten(turn.thinking))
    parts += [_shorten(result.text) for result in turn.results]
    return parts, names_source


def _encodable(text: str) -> str:
    # Only text beyond ASCII can contain lone surrogates, which no database accepts.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def split_scripts(text: str) -> str:
    """Return *text* with every run of letters of a script without spaces as its pairs of neighbours, each a word of ASCII that no database
    splits or stems: `検索語` becomes the words for `検索` and `索語`. A letter alone is a word of its own.
    """
    if text.isascii() or not _UNSPACED.search(text):
        return text
    return _UNSPACED.sub(lambda match: f" {' '.join(_pairs(match[0]))} ", normalize("NFKC", text))


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield f"u{ord(run):05}"
    for first, second in pairwise(run):
        yield f"u{ord(first):05}{ord(second):05}"


def split_words(text: str) -> list[str]:
    """Return the words of *text*: letters and digits, in lower case, without diacritics; of scripts without spaces, pairs of letters."""
    return words_of_folded(fold_case(text))


def words_of_folded(text: str) -> list[str]:
    """Return the words of *text*, which is as `fold_case` returns it."""
    return _WORD.findall(text)


def fold_case(text: str) -> str:
    """Return *text* in lower case and without diacritics, as its words are split."""
    if not text.isascii():
        text = normalize("NFKD", split_scripts(text))
        # Looking at each different character once is many times faster than at every one.
        if marks := [ord(character) for character in set(text) if combining(character)]:
            text = text.translate(dict.fromkeys(marks))
    return text.lower()


def stems(text: str) -> list[str]:
    """Return the stems of the words of *text*, in order."""
    return [stem(word) for word in split_words(text)]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return *word* without its endings, roughly: `failed`, `failing` and `failures` share a stem."""
    word, previous = _strip_ending(word, _FIRST_ENDINGS), ""
    # "renderer" and "rendered" share a stem only when all their endings are removed.
    while word != previous:
        word, previous = _strip_ending(word, _SECOND_ENDINGS), word
    return _undouble(word[:-1] if len(word) > 3 and word[-1] in "eyi" else word)


def _strip_ending(word: str, endings: tuple[str, ...]) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undouble(word[: -len(ending)])
    return word


def _undouble(word: str) -> str:
    """Return *word* without a doubled last letter: `stopp` becomes `stop`."""
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and not word[-1].isdigit() else word


def split_names(text: str) -> str:
    """Return the parts of camel-case names in *text*: `getUserName` becomes `get User Name`."""
    # Most texts have no such name, and most words no capital after the first letter. Checking that is ten times faster than any pattern.
    if b"aA" not in text.encode("ascii", "replace").translate(_CASES):
        return ""
    mixed_case = " ".join(sorted(word for word in set(text.split()) if (rest := word[1:]) != rest.lower() and not word.isupper()))
    return " ".join(_CAMEL_BREAK.sub(" ", name) for name in dict.fromkeys(_CAMEL_CASE.findall(mixed_case)))


def _argument_texts(call: ToolCall) -> Iterator[str]:
    return iter((call.arguments,)) if isinstance(call.arguments, str) else _strings(call.arguments)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif value is not None:
        yield str(value)


def _shorten(text: str) -> str:
    if len(text) <= RESULT_HEAD_CHARS + RESULT_TAIL_CHARS:
        return text
    return f"{text[:RESULT_HEAD_CHARS]}\n…\n{text[-RESULT_TAIL_CHARS:]}"
