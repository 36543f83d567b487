"""Complete sentences and list items of a Markdown text, each with its heading and lead-in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_BULLET = re.compile(r"^\s*(?:[-*+•▪●–]|\(?\d{1,3}[.)、]|[（(]\d{1,2}[)）])\s+(?:\[[ xX]\]\s+)?|^\s*\d{1,2}[、．]\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]*_`]*\s+(?=[\"'(\[*_`¿¡]*[^\sa-z(])|(?<=[。！？])[」』”）)]*\s*")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|no|fig|Mr|Dr|St|bzw|z\.B|d\.h|p\.ex)\.|\b[A-Z]\.|^\d+\.)$")
_TITLE = re.compile(r"^\*\*[^*]{2,90}\*\*\s*:?$|^__[^_]{2,90}__\s*:?$")
_BOLD = re.compile(r"(?<!/)\*\*(.+?)\*\*")
_RULER = frozenset("-=_*─━ ")
_CELLS = frozenset("-: ")
_PASTED = re.compile(
    r"^\s*(?:at \S+ ?\(|File \"|\d{4}-\d\d-\d\d[T ]\d\d:|\[?\d\d:\d\d[:\]]|[{}\[\]();,]+$|[+-]{3} |@@ |diff --git|\$ |>>> |npm ERR|"
    r"Traceback|"
    r"\w+(?:Error|Exception): |[A-Z]+ in \S+:\d|[│├└╭╰┌─━═█░▓▒]|</?[\w!?][^>]*>\s*$|\"[\w.-]+\": )"
)
"""Lines of logs, traces, diffs, JSON and markup that occur in prose without a fence."""
_CAPTION_CHARS = 90
_FENCES = ("```", "~~~")
_CLOSING_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*$")
_CODE_TAG = re.compile(r"<(/?)(source|code|pre|codeblock|sourcecode)>\w*")
"""What replaces a fence around a block of code with fences in it."""
_FILE_NAME = re.compile(r"^[`*]*[\w.@~+/\\-]+[`*]*$|^[`*]*[\w@~+-]*[./\\][\w.@~+/\\-]*[`*]*:[`*]*$", re.A)
_EDIT, _EDIT_END = "<<<<<<<", ">>>>>>>"
"""Marks around both versions of a piece of code: an edit of an agent without tools, or a conflict of git."""


class Sentence(NamedTuple):
    """A sentence or list item: the sentence `part` of the `parts` of its paragraph or item, and the one at `position` of its text."""

    text: str
    heading: str
    lead: str
    is_item: bool
    is_row: bool
    part: int
    parts: int
    position: int


def sentences(text: str) -> list[Sentence]:
    """Return the sentences and items of *text* in order; code, rulers of tables, markup and pasted log lines are left out."""
    return [
        Sentence(text=sentence, heading=heading, lead=lead, is_item=is_item, is_row=is_row, part=part, parts=parts, position=position)
        for position, (sentence, heading, lead, is_item, is_row, part, parts) in enumerate(_cut(text))
    ]


_Cut = tuple[str, str, str, bool, bool, int, int]


def _cut(text: str) -> Iterator[_Cut]:
    heading = lead = ""
    paragraph: list[str] = []
    item: list[str] = []
    is_inner = False
    """Whether the paragraph is indented: it belongs to an item above, so what it introduces are no items of the list."""

    def flush(*, before_item: bool = False) -> Iterator[_Cut]:
        nonlocal lead
        if item:
            yield from _split(" ".join(item), heading, lead, is_item=True)
            item.clear()
        if paragraph:
            body = " ".join(paragraph)
            paragraph.clear()
            last, parts = "", 0
            for cut in _split(body, heading, ""):
                last, parts = cut[0], cut[6]
                yield cut
            if not is_inner:
                lead = last if last.endswith((":", "：")) or (before_item and parts == 1 and _is_caption(last)) else ""

    lines = _prose_lines(text)
    for number, line in enumerate(lines):
        bare = line.strip()
        if not bare or _RULER.issuperset(bare):
            yield from flush()
            continue
        if _PASTED.match(line):
            continue
        bullet = _BULLET.match(line)
        if bare[0] == "#" or _TITLE.match(bare):
            yield from flush()
            heading, lead = _BOLD.sub(r"\1", bare.lstrip("# ")).strip("*_:： "), ""
        elif bare[0] == "|":
            yield from flush()
            cells = [cell for cell in _cells(bare) if cell]
            is_head = number + 1 < len(lines) and _is_ruler(lines[number + 1])
            if cells and not is_head and not _is_ruler(bare):
                yield _BOLD.sub(r"\1", (": " if len(cells) == 2 else " | ").join(cells)), heading, lead, True, True, 0, 1
        elif bullet:
            yield from flush(before_item=True)
            item.append(line[bullet.end() :].strip())
        elif item and line[:1] in " \t":
            item.append(bare)
        else:
            if item:
                yield from flush()
            is_inner = line[:1] in " \t" if not paragraph else is_inner
            paragraph.append(bare.lstrip("> ") if bare[0] == ">" else bare)
    yield from flush()


def _is_caption(text: str) -> bool:
    """Whether a line right above a list names what the list is about, without a colon: "Codex CLI (`provider.go`)"."""
    return len(text) <= _CAPTION_CHARS and (text[-1].isalnum() or text[-1] in ")`）")


def _prose_lines(text: str) -> list[str]:
    """Return the lines outside of code, and an empty line for each block of it; a line above that only names its file is left out."""
    lines = text.split("\n")
    edits_end = max((number for number, line in enumerate(lines) if line.startswith(_EDIT_END)), default=-1) if _EDIT in text else -1
    prose: list[str] = []
    depth, is_edit, tag_end = 0, False, -1
    closing_edges = sum(_CLOSING_FENCE.match(line) is not None for line in lines)
    for number, line in enumerate(lines):
        bare = line.strip()
        is_edge = is_edit or number <= tag_end or bare.startswith(_FENCES)
        if number <= tag_end:
            closing_edges -= _CLOSING_FENCE.match(line) is not None
        elif is_edit:
            is_edit = not line.startswith(_EDIT_END)
        elif line.startswith(_EDIT) and number < edits_end:
            is_edit = is_edge = True
        elif is_edge and _CLOSING_FENCE.match(line):
            closing_edges -= 1
            depth = depth - 1 if depth else 1
        elif is_edge and not bare.endswith(_FENCES):
            # A fence with a language within another opens a block in the block, if as many closing ones follow.
            depth = depth + 1 if closing_edges > depth else 0 if depth else 1
        elif not depth and (tag := _CODE_TAG.fullmatch(bare)):
            is_edge = True
            tag_end = -1 if tag[1] else _tag_end(lines, number, tag[2])
        if is_edge and prose and _FILE_NAME.match(prose[-1].strip()):
            prose.pop()
        if is_edge or not depth:
            prose.append("" if is_edge else line)
    return prose


def _tag_end(lines: Sequence[str], number: int, name: str) -> int:
    """Return the number of the line that closes a tag around code, opened on line *number*; -1 where nothing closes it."""
    return next((later for later in range(number + 1, len(lines)) if lines[later].strip() == f"</{name}>"), -1)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("| \t").split("|")]


def _is_ruler(row: str) -> bool:
    """Whether a row is the line below the head of a table."""
    return row.lstrip()[:1] == "|" and all(map(_CELLS.issuperset, _cells(row)))


def _split(body: str, heading: str, lead: str, *, is_item: bool = False) -> Iterator[_Cut]:
    body = _BOLD.sub(r"\1", body).strip()
    parts = _sentences(body)
    for part, sentence in enumerate(parts):
        if len(sentence) > 1:
            yield sentence, heading, lead, is_item, False, part, len(parts)


def _sentences(body: str) -> list[str]:
    parts: list[str] = []
    for piece in _SENTENCE_END.split(body):
        is_in_code = bool(parts) and parts[-1].count("`") % 2 == 1 and "`" in piece
        if parts and (is_in_code or _ABBREVIATION.search(parts[-1])):
            parts[-1] += " " + piece
        elif piece.strip():
            parts.append(piece.strip())
    return parts
