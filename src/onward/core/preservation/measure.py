"""The measure of a handoff: what it preserves of what it should, and which of its lines are outdated or unsupported."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from onward.core.facts.fact import Handle
from onward.core.preservation.cues import is_open_heading
from onward.core.preservation.document import NEARBY_CHARS, Document, DocumentLine
from onward.core.preservation.groups import GROUPS, HARD
from onward.core.preservation.reference import Reference, expected_references, unlisted_counts
from onward.core.preservation.scores import GroupScore, Loss, Preservation
from onward.core.preservation.twins import mark_words
from onward.core.preservation.values import find_values
from onward.core.preservation.words import find_word, find_word_form, normalise, stems
from onward.core.text.prose import one_line

ENOUGH, ENOUGH_OF_FEW, FEW = 0.5, 0.7, 5
"""The share of a statement's telling words (weighted) that must be in one window; more for a statement with *few* of
them, because chance finds these together more easily. Of the exact values it names, half must be in the document.
"""
COMPANIONS = 3
"""Telling words that must be near a value: a bare list of values does not say what they are."""


_FINISHED = re.compile(r"\b(?:done|finished|completed)\b")
"""What a line says that still names what is finished, as such."""
_HISTORY_HEADINGS = ("done", "tried", "error", "fix", "command", "dead", "histor", "selesai", "file", "where things")
"""Headings under which an old value is history, not an assertion."""


def measure(
    document: str,
    references: Sequence[Reference],
    *,
    document_tokens: int,
    session_tokens: int,
    sessions: int,
    source_text: Callable[[Handle], str] | None = None,
) -> Preservation:
    """Return how much of *references* (folded over all sessions) the Markdown *document* preserves.

    *source_text* returns everything in the turn of a handle, with arguments and results, and an empty string for a
    missing turn; without it, support is not checked.
    """
    parsed_document = Document(document)
    expected = expected_references(references)
    lost = [reference for reference in _add_marks(expected) if not _is_kept(reference, parsed_document)]
    unlisted = unlisted_counts(references)
    counts = [
        GroupScore(group, total - sum(reference.group == group for reference in lost), total, total + unlisted[group])
        for group in GROUPS
        if (total := sum(reference.group == group for reference in expected))
    ]
    lost.sort(key=lambda reference: (reference.weight, reference.handle), reverse=True)
    return Preservation(
        document_tokens=document_tokens,
        session_tokens=session_tokens,
        sessions=sessions,
        groups=tuple(counts),
        stale=tuple(_stale(parsed_document, references)),
        unsupported=None if source_text is None else tuple(_unsupported(parsed_document, source_text)),
        lost=tuple(
            Loss(reference.group, reference.subject if reference.group == "values" else one_line(reference.text, 160), reference.handle)
            for reference in lost
        ),
        unread=tuple(sorted({reference.subject for reference in references if reference.group == "languages"})),
    )


def _add_marks(expected: Sequence[Reference]) -> list[Reference]:
    """Return *expected*, each statement with the words that distinguish it from near-alike ones of any session."""
    marked: list[Reference] = [reference for reference in expected if reference.group in HARD]
    for group in GROUPS:
        statements = [reference for reference in expected if reference.group == group and group not in HARD]
        marks = mark_words([reference.text for reference in statements])
        marked += (
            reference._replace(marks=tuple(dict.fromkeys((*reference.marks, *words))))
            for reference, words in zip(statements, marks, strict=True)
        )
    return marked


def _is_kept(reference: Reference, document: Document) -> bool:
    if reference.group in HARD:
        return any(document.has(needle, reference.keys, COMPANIONS) for needle in reference.needles)
    if reference.needles and 2 * sum(document.has(needle) for needle in reference.needles) < len(reference.needles):
        return False
    enough = ENOUGH_OF_FEW if len(reference.keys) <= FEW else ENOUGH
    if reference.marks and not document.has_passage(reference.keys, enough, reference.marks):
        return False
    return document.best_share(reference.keys, enough) >= enough


def _stale(document: Document, references: Sequence[Reference]) -> list[str]:
    """Return the lines that assert a retired value, without its successor or a word of retirement near it."""
    retired_references = [reference for reference in references if reference.retired]
    values = [(reference.needles[0], reference.instead) for reference in retired_references if reference.group in ("values", "files")]
    finished = [
        item_stems
        for reference in retired_references
        if reference.group in ("open", "requirements") and len(item_stems := stems(reference.text)) >= 3
    ]
    stale_lines: list[str] = []
    for line in document.lines:
        text = normalise(line.text)
        is_history = any(word in line.heading for word in _HISTORY_HEADINGS)
        if (not is_history and any(_asserts(text, old, new) for old, new in values)) or (
            is_open_heading(line.heading) and not _FINISHED.search(text) and _still_asks(text, finished)
        ):
            stale_lines.append(one_line(line.text, 160))
    return stale_lines


@cache
def _retirement_pattern() -> re.Pattern[str]:
    """Return the pattern of words of retirement. Compiled when first needed: most sessions retire nothing."""
    return re.compile(
        r"instead|replac|\bwas\b|\bwere\b|former|earlier|no longer|revert|remov|delet|reject|abandon|supersed|dropped|not work"
        r"|tried|previous|\bold\b|~~|<-|->|←|→|\bnot\b|\bnothing\b|any ?more|wrong|switch"
        r"|bukan|dulu|sebelumnya|diganti|dihapus|batal|tidak|não|antes|remplac"
    )


def _asserts(text: str, old: str, new: str) -> bool:
    at = find_word_form(old, text)
    if at < 0 or (new and find_word(new, text) >= 0):
        return False
    return not _retirement_pattern().search(text, max(0, at - NEARBY_CHARS), at + len(old) + NEARBY_CHARS)


def _still_asks(text: str, finished: list[frozenset[str]]) -> bool:
    text_stems = stems(text)
    return any(len(item_stems & text_stems) >= 0.75 * len(item_stems) and 2 * len(item_stems) >= len(text_stems) for item_stems in finished)


def _unsupported(document: Document, source_text: Callable[[Handle], str]) -> list[str]:
    """Return the lines with a path, url, version or other exact value that is in none of the turns they cite."""
    turn_texts: dict[Handle, str] = {}
    unsupported_lines: list[str] = []
    for line in document.lines:
        values = [value for value in find_values(line.text) if not value.isdigit()] if line.sources else []
        if not values:
            continue
        for handle in line.sources:
            if handle not in turn_texts:
                turn_texts[handle] = normalise(source_text(handle))
        if any(not _is_supported(value, line, turn_texts) for value in values):
            unsupported_lines.append(one_line(line.text, 160))
    return unsupported_lines


def _is_supported(value: str, line: DocumentLine, turn_texts: Mapping[Handle, str]) -> bool:
    """Return whether a cited turn has *value*; the last part of a path is enough, because paths are shown relative
    to the project.
    """
    last_part = value.replace("\\", "/").rsplit("/", 1)[-1]
    return any(value in turn_texts[handle] or (len(last_part) > 3 and last_part in turn_texts[handle]) for handle in line.sources)
