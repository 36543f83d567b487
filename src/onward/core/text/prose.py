"""Reading prose: the clauses of a Markdown text, its words, and the exact identifiers in it.

Everything that reads what people and agents *said* uses this: a text is split into `Clause`s (sentences, list items,
table rows), each with its heading and lead-in, because a list item alone does not name its subject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

MAX_CLAUSE_CHARS = 420
"""Characters; a longer sentence becomes several clauses, because a line of a handoff must be readable at a glance."""

_BULLET = re.compile(r"(?:[-*+•]|\(?\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_BOLD = re.compile(r"(?<!/)\*\*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]*_]*\s+(?=[^\sa-z])")
_WORD = re.compile(r"[^\W_]+(?:'[a-z]{1,2}\b)?")
_IDENTIFIER = re.compile(
    r"(?:[A-Za-z]+://|www\.)[^\s)>\]\"'`]+"
    r"|(?:~|\.{1,2}|[A-Za-z]:)?[/\\]?(?:[\w@.+-]+[/\\])+[\w@.+-]*\w"
    r"|\b[\w-]+\.[A-Za-z]{1,5}\b(?!\.)"
    r"|--?[a-z][\w-]+"
    r"|#\d+\b|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b[a-z]+(?:_[a-z0-9]+)+\b|\b[a-z]+[A-Z]\w+\b|\b(?:[A-Z][a-z0-9]+){2,}\b"
    r"|\b\d[\d.,:]*\w*\b"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
_UNSPACED_RUNS = re.compile(f"{_UNSPACED.pattern}+|[^{_UNSPACED.pattern[1:-1]}]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_AROUND_WORDS = ".,;:!?()[]{}\"'*…—"

STOPWORDS = frozenset(
    "a an the and or but if then of to in on at for with by from as is are was were be been being it its this that these those i "
    "you he she "
    "they we me my your our his her their them us do does did doing have has had having not no so too very can will just would "
    "could should "
    "about into over after before up down out off again more most other some such only own same than there here what which who whom when "
    "where why how all any both each few let now also get got like one yang dan di ke dari untuk dengan pada ini itu adalah tidak "
    "akan sudah "
    "atau jika saya kita kami anda bisa telah oleh juga lagi ada".split()
)


class Clause(NamedTuple):
    """One clause with its heading and lead-in. `position` is its ordinal in the text."""

    text: str
    heading: str
    lead: str
    is_item: bool
    position: int


@lru_cache(maxsize=2048)
def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a Markdown *text* in order. Fenced code is left out: tool calls show what was run or
    written.

    Cached, because extraction and the measure read the same texts.
    """
    return tuple(
        Clause(text=sentence, heading=heading, lead=lead, is_item=item, position=i)
        for i, (sentence, heading, lead, item) in enumerate(_split_clauses(text))
    )


def _split_clauses(text: str) -> Iterator[tuple[str, str, str, bool]]:
    heading = lead = ""
    fenced = False
    paragraph: list[str] = []
    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced:
            continue
        bullet = _BULLET.match(bare)
        is_row = bare.startswith("|")
        if not bare or bullet or is_row or bare[0] == "#" or _is_title(bare):
            if paragraph:
                sentences = list(_sentences(" ".join(paragraph)))
                yield from ((s, heading, "", False) for s in sentences)
                lead = sentences[-1] if sentences and sentences[-1].endswith(":") else ""
                paragraph = []
            if not bare:
                continue
            if bullet:
                rest = _strip_bold(bare[bullet.end() :])
                if rest.endswith(":") and len(rest) < 90:
                    lead = rest
                yield from ((s, heading, lead if s != lead else "", True) for s in _sentences(rest))
            elif is_row:
                cells = [_strip_bold(c.strip()) for c in bare.strip("|").split("|")]
                if not all(set(c) <= set("-: ") for c in cells):
                    yield from ((s, heading, lead, True) for s in _split_long(" — ".join(c for c in cells if c)))
            else:
                heading, lead = _strip_bold(bare.lstrip("# ")).rstrip(":"), ""
        else:
            paragraph.append(_strip_bold(bare.lstrip("> ")))
    if paragraph:
        yield from ((s, heading, "", False) for s in _sentences(" ".join(paragraph)))


def _is_title(bare: str) -> bool:
    return bare.startswith("**") and bare.rstrip(":").endswith("**") and len(bare) < 90 and bare.count("**") == 2


def _strip_bold(line: str) -> str:
    """Return *line* without bold marks. Text in backticks is exact, and so are `__names__` and `**` in a path."""
    if "**" not in line:
        return line
    parts = line.split("`")
    parts[::2] = [_BOLD.sub("", part) for part in parts[::2]]
    return "`".join(parts)


def _sentences(paragraph: str) -> Iterator[str]:
    if len(paragraph) < 60 and not paragraph.endswith(":"):
        if paragraph:
            yield paragraph
        return
    for part in _SENTENCE_END.split(paragraph):
        if part := part.strip():
            yield from _split_long(part)


def _split_long(text: str) -> Iterator[str]:
    """Yield *text* in pieces of at most `MAX_CLAUSE_CHARS` characters, cut between its parts if it has some, else
    between words.
    """
    while len(text) > MAX_CLAUSE_CHARS:
        cut = max(text.rfind(mark, MAX_CLAUSE_CHARS // 3, MAX_CLAUSE_CHARS) for mark in ("; ", ", ", " — ", ": "))
        if cut < 0:
            cut = text.rfind(" ", MAX_CLAUSE_CHARS // 2, MAX_CLAUSE_CHARS)
        if cut < 0:
            cut = MAX_CLAUSE_CHARS
        yield text[:cut].rstrip(" ,;:") + " …"
        text = "… " + text[cut:].lstrip(" ,;:—")
    yield text


class PieceCache(dict[str, tuple[str, ...]]):
    """A cache of what is found in each piece of text without spaces: prose repeats most of its words."""

    def __init__(self, read: Callable[[str], Iterable[str]], max_size: int = 20_000) -> None:
        super().__init__()
        self._read = read
        self._max_size = max_size

    def __missing__(self, piece: str) -> tuple[str, ...]:
        if len(self) >= self._max_size:
            self.clear()
        values = self[piece] = tuple(self._read(piece))
        return values

    def find_all(self, text: str) -> Iterator[str]:
        """Return what is found in *text*, in order."""
        return chain.from_iterable(map(self.__getitem__, text.split()))


def _words_in(piece: str) -> Iterable[str]:
    word = piece.strip(_AROUND_WORDS)
    if word.isascii():
        return (word.lower(),) if word.isalpha() else _WORD.findall(piece.lower())
    return [part for match in _WORD.findall(piece.lower().replace("’", "'")) for part in split_unspaced(match)]


def split_unspaced(word: str) -> Iterable[str]:
    """Return *word* itself, or of a script without blanks its overlapping pairs of letters, which serve as words."""
    if not _UNSPACED.search(word):
        return (word,)
    parts: list[str] = []
    for run in _UNSPACED_RUNS.findall(word):
        parts += [run] if len(run) == 1 or not _UNSPACED.match(run) else [run[i : i + 2] for i in range(len(run) - 1)]
    return parts


def _identifiers_in(piece: str) -> Iterable[str]:
    word = piece.strip(_AROUND_WORDS)
    return () if word.isalpha() and word[1:].islower() else _IDENTIFIER.findall(piece)


# Most pieces are plain words, and the patterns are slow.
_WORDS = PieceCache(_words_in)
_CONTENT_WORDS = PieceCache(lambda piece: [w for w in _WORDS[piece] if len(w) > 1 and w not in STOPWORDS])
_IDENTIFIERS = PieceCache(_identifiers_in)


def words(text: str) -> list[str]:
    """Return the words of *text* in lower case; identifiers are split at dots, slashes and underscores."""
    return list(_WORDS.find_all(text))


def content_words(text: str) -> tuple[str, ...]:
    """Return the words of *text* that carry meaning: no stop words, no single letters."""
    return tuple(_CONTENT_WORDS.find_all(text))


def numbers(text: str) -> frozenset[str]:
    """Return the numbers in *text*: they distinguish sentences that are otherwise alike."""
    return frozenset(_NUMBER.findall(text))


def identifiers(text: str) -> tuple[str, ...]:
    """Return the exact values in *text*: paths, urls, flags, numbers, environment names, code names, and 2 to 80
    characters in backticks.
    """
    if "`" not in text:
        return tuple(_IDENTIFIERS.find_all(text))
    values: list[str] = []
    parts = text.split("`")
    is_quoted = False
    for index, part in enumerate(parts):
        is_quoted = not is_quoted and 0 < index < len(parts) - 1 and 2 <= len(part) <= 80 and "\n" not in part
        if is_quoted:
            values.append(part)
        else:
            values.extend(_IDENTIFIERS.find_all(part))
    return tuple(values)


def stem(word: str) -> str:
    """Return *word* without its commonest English ending: "polling" and "polls" become one word."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            return word[: -len(ending)]
    return word


def one_line(text: str, max_chars: int) -> str:
    """Return *text* on one line, cut at a word to at most *max_chars* characters."""
    flat = " ".join(text.split())
    if len(flat) <= max_chars:
        return flat
    cut = flat.rfind(" ", max_chars // 2, max_chars - 1)
    return flat[: cut if cut > 0 else max_chars - 1].rstrip(" ,;:") + " …"


_CUT_MARKS = ",;|)]}>"


def cut_position(text: str, max_chars: int) -> int:
    """Return where to cut *text* so that at most *max_chars* characters come before: at a space, else after a mark
    that is part of no name or path, else there.

    >>> cut_position("see src/pay.py for it", 10)
    3

    """
    space = text.rfind(" ", 1, max_chars + 1)
    return space if space > 0 else max(text.rfind(mark, 0, max_chars) for mark in _CUT_MARKS) + 1 or max_chars


def excerpt_range(text: str, first: int, last: int, max_chars: int) -> tuple[int, int]:
    """Return start and end of the part of *text* to show around the characters *first* to *last*: about *max_chars*
    characters, a third of them before. No word shorter than that is cut.
    """
    start = max(0, first - max_chars // 3) if len(text) > max_chars else 0
    end = min(len(text), start + max_chars)
    if start and not text[start - 1].isspace():
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else max(text.rfind(" ", 0, start) + 1, first - max_chars, 0)
    if end < len(text) and not text[end].isspace():
        space = text.rfind(" ", last, end)
        next_space = text.find(" ", end)
        end = space if space >= 0 else min(len(text) if next_space < 0 else next_space, last + max_chars)
    return start, end
