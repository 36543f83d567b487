"""The passages of a text: parts of whole lines, short enough to be quoted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.core.text.prose import cut_position

PASSAGE_CHARS = 420
"""The approximate length of a passage, which consists of whole lines."""
LONGEST_LINE_CHARS = 700

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])")


def passages(text: str) -> Iterator[str]:
    """Yield *text* in passages of whole lines of about `PASSAGE_CHARS` characters. Blank lines and rules are left out."""
    passage: list[str] = []
    size = 0
    for line in _lines(text):
        if size + len(line) > PASSAGE_CHARS and passage:
            yield "\n".join(passage)
            passage, size = [], 0
        passage.append(line)
        size += len(line)
    if passage:
        yield "\n".join(passage)


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        bare = line.rstrip()
        if not any(map(str.isalnum, bare)):
            continue
        if len(bare) <= LONGEST_LINE_CHARS:
            yield bare
            continue
        part = ""
        for sentence in _SENTENCE_END.split(bare):
            if part and len(part) + len(sentence) > PASSAGE_CHARS:
                yield part
                part = ""
            part = f"{part} {sentence}".strip()
            while len(part) > LONGEST_LINE_CHARS:
                cut = cut_position(part, PASSAGE_CHARS)
                yield part[:cut]
                part = part[cut:].lstrip()
        if part:
            yield part
