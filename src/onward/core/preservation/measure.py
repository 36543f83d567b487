"""The measure of a handoff: what it preserves of what it should, and which of its lines are outdated or unsupported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, cast

from onward.core.analytics.intervals import wilson_interval
from onward.core.facts.fact import Handle
from onward.core.facts.headings import MEASURE_PREFIX
from onward.core.preservation.cues import is_open_heading
from onward.core.preservation.document import NEARBY_CHARS, Document, DocumentLine
from onward.core.preservation.reference import GROUPS, HARD, Group, Reference, expected_references, unlisted_counts
from onward.core.preservation.twins import mark_words
from onward.core.preservation.values import find_values
from onward.core.preservation.words import find_word, find_word_form, normalise, stems
from onward.core.text.languages import LANGUAGE_NAMES
from onward.core.text.prose import one_line

ENOUGH, ENOUGH_OF_FEW, FEW = 0.5, 0.7, 5
"""The share of a statement's telling words (weighted) that must be in one window; more for a statement with *few* of
them, because chance finds these together more easily. Of the exact values it names, half must be in the document.
"""
COMPANIONS = 3
"""Telling words that must be near a value: a bare list of values does not say what they are."""

IMPORTANT: frozenset[Group] = frozenset({"rules", "requirements", "decisions", "fixes", "files", "open", "values"})
LABEL = "estimated by Onward's own extractor"
"""What the figures are; printed with them."""
SAMPLE_LABEL = "“of N” marks a sample"
"""What a third number is; printed where there is one."""
MIN_GROUP_SIZE = 3
"""The references a group needs to be the headline: a share of fewer means little."""

_FINISHED = re.compile(r"\b(?:done|finished|completed)\b")
"""What a line says that still names what is finished, as such."""
_HISTORY_HEADINGS = ("done", "tried", "error", "fix", "command", "dead", "histor", "selesai", "file", "where things")
"""Headings under which an old value is history, not an assertion."""


class GroupScore(NamedTuple):
    """How many references of one group the document keeps. `found_count` is how many the sessions have: more than `total`
    where the references are a sample.
    """

    group: Group
    kept_count: int
    total: int
    found_count: int

    @property
    def is_sample(self) -> bool:
        """Whether the references are not all that the sessions have."""
        return self.found_count > self.total

    def __str__(self) -> str:
        sample = f" of {self.found_count}" if self.is_sample else ""
        return f"{self.group} {self.kept_count}/{self.total}{sample}"


class Loss(NamedTuple):
    """Something that the document does not keep."""

    group: Group
    text: str
    handle: Handle


class Preservation(NamedTuple):
    """The measure of one handoff. `stale` and `unsupported` are the lines concerned; `unsupported` is None if there
    were no sources to check. `unread` are the codes of languages whose statements the measure does not find. `left_out`
    is how many facts of the ledger the document does not show.
    """

    document_tokens: int
    session_tokens: int
    sessions: int
    groups: tuple[GroupScore, ...]
    stale: tuple[str, ...]
    unsupported: tuple[str, ...] | None
    lost: tuple[Loss, ...]
    unread: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def hard_ratio(self) -> float | None:
        """The share (0..1) of files, commands and values kept; None if there were none."""
        return _share([g for g in self.groups if g.group in HARD])

    @property
    def statement_ratio(self) -> float | None:
        """The share (0..1) of statements kept; None if there were none."""
        return _share([g for g in self.groups if g.group not in HARD])

    @property
    def recall_ratio(self) -> float | None:
        """The share (0..1) of everything kept; None if there was nothing to keep."""
        return _share(self.groups)

    @property
    def headline(self) -> GroupScore | None:
        """The weakest important group, the earlier of `GROUPS` among equals; None if no group has enough references."""
        candidates = [g for g in self.groups if g.group in IMPORTANT and g.total >= MIN_GROUP_SIZE]
        return min(candidates, key=lambda g: g.kept_count / g.total) if candidates else None

    @property
    def confidence_ratio(self) -> float | None:
        """The lower bound of Wilson's 95 % interval for everything kept; None if there was nothing to keep."""
        kept_count, total = sum(g.kept_count for g in self.groups), sum(g.total for g in self.groups)
        return wilson_interval(kept_count, total)[0] if total else None

    @property
    def compression_ratio(self) -> float:
        """How many tokens of the sessions there are per token of the document."""
        return self.session_tokens / max(1, self.document_tokens)

    def line(self, limit_tokens: int = 110) -> str:
        """Return the closing line of a handoff, with as many losses as fit in *limit_tokens* (three characters each,
        a safe estimate).
        """
        account = self._account([str(group) for group in self.groups])
        return account + self._list_losses(limit_tokens * 3 - len(account))

    def short_line(self) -> str:
        """Return the closing line with one count over all groups, for a small budget."""
        kept_count, total, found_count = (
            (sum(counts) for counts in zip(*((g.kept_count, g.total, g.found_count) for g in self.groups), strict=True))
            if self.groups
            else (0, 0, 0)
        )
        return self._account([f"{kept_count}/{total}" + (f" of {found_count}" if found_count > total else "")] if total else [])

    def _account(self, counts: list[str]) -> str:
        source_size = (
            f"{_format_tokens(self.session_tokens)} in {self.sessions} sessions"
            if self.sessions > 1
            else _format_tokens(self.session_tokens)
        )
        figures = [*(counts or ["nothing found that should be kept"]), f"stale {len(self.stale)}"]
        if self.unsupported is not None:
            figures.append(f"unsupported {len(self.unsupported)}")
        labels = f"{SAMPLE_LABEL}; {LABEL}" if any(group.is_sample for group in self.groups) else LABEL
        account = f"{MEASURE_PREFIX}{_format_tokens(self.document_tokens)} tokens (of {source_size}): {' · '.join(figures)} ({labels})."
        if self.unread:
            names = ", ".join(LANGUAGE_NAMES.get(language, language) for language in self.unread)
            account += f" What was said in {names} is not counted: the measure does not read it."
        return account

    def _list_losses(self, room_chars: int) -> str:
        """Return " Lost: …" with as many losses as fit in *room_chars*. Where more was left out than is asked for, it is
        said of what is asked for only.
        """
        if self.lost:
            return _list_losses(self.lost, room_chars)
        is_whole = not self.left_out and not self.unread and not any(group.is_sample for group in self.groups)
        return " Lost: nothing." if is_whole else " Lost of these: nothing."

    def with_omissions(self, omitted: Mapping[str, int]) -> Preservation:
        """Return the measure beside a ledger of which the document leaves out *omitted* facts, by group: there are at least
        as many in the sessions as are kept and left out.
        """
        groups = tuple(g._replace(found_count=max(g.found_count, g.kept_count + omitted.get(g.group, 0))) for g in self.groups)
        return self._replace(groups=groups, left_out=sum(omitted.values()))

    def to_json(self) -> dict[str, object]:
        """Return plain data with the derived figures, which `from_json` reads back."""
        return {
            "document_tokens": self.document_tokens,
            "session_tokens": self.session_tokens,
            "sessions": self.sessions,
            "groups": {g.group: [g.kept_count, g.total] for g in self.groups},
            "found": {g.group: g.found_count for g in self.groups},
            "stale": list(self.stale),
            "unsupported": None if self.unsupported is None else list(self.unsupported),
            "lost": [{"group": loss.group, "text": loss.text, "handle": str(loss.handle)} for loss in self.lost],
            "unread": list(self.unread),
            "left_out": self.left_out,
            "headline": self.headline.group if self.headline else None,
            "hard_ratio": self.hard_ratio,
            "statement_ratio": self.statement_ratio,
            "recall_ratio": self.recall_ratio,
            "confidence_ratio": self.confidence_ratio,
            "compression_ratio": round(self.compression_ratio, 2),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Preservation:
        """Return the measure that `to_json` wrote; KeyError when *data* is something else."""
        groups = cast("Mapping[Group, tuple[int, int]]", data["groups"])
        found_counts = cast("Mapping[Group, int]", data.get("found", {}))
        lost = cast("Iterable[Mapping[str, str]]", data["lost"])
        unsupported = cast("Iterable[str] | None", data["unsupported"])
        return cls(
            cast("int", data["document_tokens"]),
            cast("int", data["session_tokens"]),
            cast("int", data["sessions"]),
            tuple(GroupScore(group, kept_count, total, found_counts.get(group, total)) for group, (kept_count, total) in groups.items()),
            tuple(cast("Iterable[str]", data["stale"])),
            None if unsupported is None else tuple(unsupported),
            tuple(Loss(cast("Group", entry["group"]), entry["text"], _parse_handle(entry["handle"])) for entry in lost),
            tuple(cast("Iterable[str]", data.get("unread", ()))),
            cast("int", data.get("left_out", 0)),
        )


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
    """Return *expected*, each statement with the words that tell it from near-alike ones of any session."""
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


def _share(groups: Iterable[GroupScore]) -> float | None:
    kept_count = total = 0
    for group in groups:
        kept_count, total = kept_count + group.kept_count, total + group.total
    return kept_count / total if total else None


def _list_losses(lost: Sequence[Loss], room_chars: int) -> str:
    """Return " Lost: …" with as many losses as fit in *room_chars*, one of each group first, and the number of
    others.
    """
    first = {loss.group: loss for loss in reversed(lost)}
    ordered = sorted(lost, key=lambda loss: first[loss.group] is not loss)
    entries: list[str] = []
    for loss in ordered:
        entry = f"{one_line(loss.text, 60)} [{loss.handle}]"
        if len(entry) + 2 > room_chars - 12:
            break
        entries.append(entry)
        room_chars -= len(entry) + 2
    rest = len(lost) - len(entries)
    more = [f"{rest} more" if entries else str(rest)] if rest else []
    return f" Lost: {'; '.join([*entries, *more])}."


def _format_tokens(tokens: int) -> str:
    return f"{tokens}" if tokens < 1000 else f"{tokens / 1000:.1f}k" if tokens < 100_000 else f"{tokens // 1000}k"


def _parse_handle(written: str) -> Handle:
    session, turn = written[1:].split(".")
    return Handle(int(session), int(turn))
