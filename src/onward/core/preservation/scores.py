"""The scores of a handoff: how much of each group it preserves, and what it loses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from onward.core.analytics.intervals import wilson_interval
from onward.core.facts.fact import Handle
from onward.core.facts.headings import MEASURE_PREFIX
from onward.core.preservation.groups import HARD, Group
from onward.core.text.languages import LANGUAGE_NAMES
from onward.core.text.prose import one_line

IMPORTANT: frozenset[Group] = frozenset({"rules", "requirements", "decisions", "fixes", "files", "open", "values"})
LABEL = "estimated automatically"
"""Where the figures come from; printed with them."""
SAMPLE_LABEL = "“of N” marks a sample"
"""The meaning of a third number; printed if there is one."""
MIN_GROUP_SIZE = 3
"""The references a group needs to be the headline: a share of fewer means little."""


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
    def preservation_ratio(self) -> float | None:
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

    def summary(self) -> str:
        """Return the figures that lists show: `66% preserved · 7.8k tokens · 54× smaller`."""
        share = [] if self.preservation_ratio is None else [f"{self.preservation_ratio:.0%} preserved"]
        return " · ".join((*share, f"{_format_tokens(self.document_tokens)} tokens", f"{self.compression_ratio:.0f}× smaller"))

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
        figures = [*(counts or ["nothing found to preserve"]), f"outdated {len(self.stale)}"]
        if self.unsupported is not None:
            figures.append(f"unsupported {len(self.unsupported)}")
        labels = f"{SAMPLE_LABEL}; {LABEL}" if any(group.is_sample for group in self.groups) else LABEL
        account = f"{MEASURE_PREFIX}{_format_tokens(self.document_tokens)} tokens (of {source_size}): {' · '.join(figures)} ({labels})."
        if self.unread:
            names = ", ".join(LANGUAGE_NAMES.get(language, language) for language in self.unread)
            account += f" Statements in {names} are not counted: the measure does not support it."
        return account

    def _list_losses(self, room_chars: int) -> str:
        """Return " Lost: …" with as many losses as fit in *room_chars*. If the counts are a sample, "nothing" is said of the sample."""
        if self.lost:
            return _list_losses(self.lost, room_chars)
        is_whole = not self.left_out and not self.unread and not any(group.is_sample for group in self.groups)
        return " Lost: nothing." if is_whole else " Lost of these: nothing."

    def with_omissions(self, omitted: Mapping[str, int]) -> Preservation:
        """Return the measure for a document that omits these facts of its ledger, by group: the sessions have at least what is kept or
        omitted.
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
            "preservation_ratio": self.preservation_ratio,
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
