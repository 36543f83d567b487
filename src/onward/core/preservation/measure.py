"""What a handoff keeps of what it ought to keep, and what it says that it should not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, cast

from onward.core.facts import Handle
from onward.core.intervals import wilson
from onward.core.preservation.cues import is_open_heading
from onward.core.preservation.document import NEARBY_CHARS, Document, Line
from onward.core.preservation.reference import GROUPS, HARD, Group, Reference, to_keep
from onward.core.preservation.values import needles
from onward.core.preservation.words import place_of, place_of_any_form, plain, stems
from onward.core.text import one_line

ENOUGH, ENOUGH_OF_FEW, FEW = 0.5, 0.7, 5
"""Share of a statement's telling words (weighted) that must stand in one window, and of a statement that has only a *few*, which chance
finds together more easily. Of the hard values it names, half must stand in the document."""
COMPANIONS = 3
"""Telling words that must stand beside a value: a bare list of values says nothing of what they are."""

IMPORTANT: frozenset[Group] = frozenset({"rules", "requirements", "decisions", "fixes", "files", "open", "values"})
LABEL = "present in the document, estimated by Onward's own extractor"
"""What the figures are, said wherever they are shown."""
FEWEST = 3
"""References a group needs before it can be the headline; fewer say nothing of a share."""

_HISTORY = ("done", "tried", "error", "fix", "command", "dead", "histor", "selesai", "file", "where things")
"""Headings under which an old value is told as past, not asserted."""


class Kept(NamedTuple):
    """Of the references of one group, how many the document keeps."""

    group: Group
    kept: int
    total: int


class Loss(NamedTuple):
    """Something that the document does not keep."""

    group: Group
    text: str
    handle: Handle


class Preservation(NamedTuple):
    """The measure of one handoff. `stale` and `unsupported` hold the lines concerned; `unsupported` is None where no sources were at
    hand to check.
    """

    document_tokens: int
    session_tokens: int
    sessions: int
    groups: tuple[Kept, ...]
    stale: tuple[str, ...]
    unsupported: tuple[str, ...] | None
    lost: tuple[Loss, ...]

    @property
    def hard_ratio(self) -> float | None:
        """The share (0..1) of files, commands and values kept; None when there were none."""
        return _share([g for g in self.groups if g.group in HARD])

    @property
    def statement_ratio(self) -> float | None:
        """The share (0..1) of statements kept; None when there were none."""
        return _share([g for g in self.groups if g.group not in HARD])

    @property
    def recall_ratio(self) -> float | None:
        """The share (0..1) of everything kept; None when there was nothing to keep."""
        return _share(self.groups)

    @property
    def headline(self) -> Kept | None:
        """The weakest important group, the earlier of `GROUPS` among equals; None when no group has enough references to tell."""
        telling = [g for g in self.groups if g.group in IMPORTANT and g.total >= FEWEST]
        return min(telling, key=lambda g: g.kept / g.total) if telling else None

    @property
    def confidence_ratio(self) -> float | None:
        """The lower bound of the measure: Wilson's at 95 % for everything kept of everything asked for; None when there was nothing to
        keep.
        """
        kept, total = sum(g.kept for g in self.groups), sum(g.total for g in self.groups)
        return wilson(kept, total)[0] if total else None

    @property
    def compression_ratio(self) -> float:
        """How many tokens of the sessions one token of the document stands for."""
        return self.session_tokens / max(1, self.document_tokens)

    def line(self, limit_tokens: int = 110) -> str:
        """Return the account for a handoff's last line, losses named as far as *limit_tokens* (three characters each, a safe estimate)
        allow.
        """
        of = f"{_thousands(self.session_tokens)} in {self.sessions} sessions" if self.sessions > 1 else _thousands(self.session_tokens)
        counts = [f"{g.group} {g.kept}/{g.total}" for g in self.groups] or ["nothing found that ought to be kept"]
        counts.append(f"stale {len(self.stale)}")
        if self.unsupported is not None:
            counts.append(f"unsupported {len(self.unsupported)}")
        told = f"Kept at {_thousands(self.document_tokens)} tokens (of {of}): {' · '.join(counts)} ({LABEL})."
        return told + _named(self.lost, limit_tokens * 3 - len(told))

    def to_json(self) -> dict[str, object]:
        """Return plain data with the derived figures, which `from_json` reads back."""
        return {
            "document_tokens": self.document_tokens,
            "session_tokens": self.session_tokens,
            "sessions": self.sessions,
            "groups": {g.group: [g.kept, g.total] for g in self.groups},
            "stale": list(self.stale),
            "unsupported": None if self.unsupported is None else list(self.unsupported),
            "lost": [{"group": loss.group, "text": loss.text, "handle": str(loss.handle)} for loss in self.lost],
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
        lost = cast("Iterable[Mapping[str, str]]", data["lost"])
        unsupported = cast("Iterable[str] | None", data["unsupported"])
        return cls(
            cast("int", data["document_tokens"]),
            cast("int", data["session_tokens"]),
            cast("int", data["sessions"]),
            tuple(Kept(group, kept, total) for group, (kept, total) in groups.items()),
            tuple(cast("Iterable[str]", data["stale"])),
            None if unsupported is None else tuple(unsupported),
            tuple(Loss(cast("Group", one["group"]), one["text"], _handle(one["handle"])) for one in lost),
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
    """Return how much of *references* (folded over all sessions) the Markdown *document* keeps.

    *source_text* returns everything in the turn of a handle, arguments and results included, and the empty string for a turn that is
    not there; without it, support is not checked.
    """
    seen = Document(document)
    expected = to_keep(references)
    lost = [one for one in expected if not _is_kept(one, seen)]
    counts = [
        Kept(group, total - sum(one.group == group for one in lost), total)
        for group in GROUPS
        if (total := sum(one.group == group for one in expected))
    ]
    lost.sort(key=lambda one: (one.weight, one.handle), reverse=True)
    return Preservation(
        document_tokens,
        session_tokens,
        sessions,
        tuple(counts),
        tuple(_stale(seen, references)),
        None if source_text is None else tuple(_unsupported(seen, source_text)),
        tuple(Loss(one.group, one.subject if one.group == "values" else one_line(one.text, 160), one.handle) for one in lost),
    )


def _is_kept(one: Reference, document: Document) -> bool:
    if one.group in HARD:
        return any(document.has(needle, one.keys, COMPANIONS) for needle in one.needles)
    if one.needles and 2 * sum(document.has(needle) for needle in one.needles) < len(one.needles):
        return False
    enough = ENOUGH_OF_FEW if len(one.keys) <= FEW else ENOUGH
    return document.best_share(one.keys, enough) >= enough


def _stale(document: Document, references: Sequence[Reference]) -> list[str]:
    """Return the lines that assert what was given up, with neither its successor nor a word of retirement beside it."""
    given_up = [one for one in references if one.retired]
    values = [(one.needles[0], one.instead) for one in given_up if one.group in ("values", "files")]
    finished = [asked for one in given_up if one.group == "open" and len(asked := stems(one.text)) >= 3]
    found: list[str] = []
    for line in document.lines:
        said = plain(line.text)
        told_as_past = any(word in line.heading for word in _HISTORY)
        if (not told_as_past and any(_asserts(said, old, new) for old, new in values)) or (
            is_open_heading(line.heading) and _still_asks(said, finished)
        ):
            found.append(one_line(line.text, 160))
    return found


@cache
def _retirement() -> re.Pattern[str]:
    """Return what tells of something as given up. Compiled when first needed: most sessions give nothing up."""
    return re.compile(
        r"instead|replac|\bwas\b|\bwere\b|former|earlier|no longer|revert|remov|delet|reject|abandon|supersed|dropped|not work"
        r"|tried|previous|\bold\b|~~|<-|->|←|→|\bnot\b|\bnothing\b|any ?more|wrong|switch"
        r"|bukan|dulu|sebelumnya|diganti|dihapus|batal|tidak|não|antes|remplac"
    )


def _asserts(said: str, old: str, new: str) -> bool:
    at = place_of_any_form(old, said)
    if at < 0 or (new and place_of(new, said) >= 0):
        return False
    return not _retirement().search(said, max(0, at - NEARBY_CHARS), at + len(old) + NEARBY_CHARS)


def _still_asks(said: str, finished: list[frozenset[str]]) -> bool:
    here = stems(said)
    return any(len(asked & here) >= 0.9 * len(asked) and 2 * len(asked) >= len(here) for asked in finished)


def _unsupported(document: Document, source_text: Callable[[Handle], str]) -> list[str]:
    """Return the lines that name a path, url, version or other exact value which none of the turns they cite holds."""
    spoken: dict[Handle, str] = {}
    found: list[str] = []
    for line in document.lines:
        claimed = [value for value in needles(line.text) if not value.isdigit()] if line.cited else []
        if not claimed:
            continue
        for handle in line.cited:
            if handle not in spoken:
                spoken[handle] = plain(source_text(handle))
        if any(not _is_held(value, line, spoken) for value in claimed):
            found.append(one_line(line.text, 160))
    return found


def _is_held(value: str, line: Line, spoken: Mapping[Handle, str]) -> bool:
    """Say whether a cited turn holds *value*; of a path its last part is enough, since paths are shown relative to the project."""
    last = value.replace("\\", "/").rsplit("/", 1)[-1]
    return any(value in spoken[handle] or (len(last) > 3 and last in spoken[handle]) for handle in line.cited)


def _share(groups: Iterable[Kept]) -> float | None:
    kept = total = 0
    for group in groups:
        kept, total = kept + group.kept, total + group.total
    return kept / total if total else None


def _named(lost: Sequence[Loss], room_chars: int) -> str:
    """Return " Lost: …" with as many losses as fit in *room_chars*, one of each group before a second of any, and how many more."""
    if not lost:
        return " Lost: nothing."
    first = {loss.group: loss for loss in reversed(lost)}
    ordered = sorted(lost, key=lambda loss: first[loss.group] is not loss)
    said: list[str] = []
    for loss in ordered:
        entry = f"{one_line(loss.text, 60)} [{loss.handle}]"
        if len(entry) + 2 > room_chars - 12:
            break
        said.append(entry)
        room_chars -= len(entry) + 2
    rest = len(lost) - len(said)
    more = [f"{rest} more" if said else str(rest)] if rest else []
    return f" Lost: {'; '.join([*said, *more])}."


def _thousands(tokens: int) -> str:
    return f"{tokens}" if tokens < 1000 else f"{tokens / 1000:.1f}k" if tokens < 100_000 else f"{tokens // 1000}k"


def _handle(written: str) -> Handle:
    session, turn = written[1:].split(".")
    return Handle(int(session), int(turn))
