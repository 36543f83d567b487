"""The rules in a file that agents read, such as AGENTS.md: a block between two markers, written and read back.

The first marker holds the id of each rule and a digest of its line. A line that has its digest is unchanged; another one was reworded,
or is new; a digest without a line was deleted. So what a person changes in the file can be distinguished from what changed in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import NamedTuple

from onward.core.facts.fact import Fact

_BEGIN = re.compile(r"<!-- onward rules:?((?: [0-9a-f]{16}:[0-9a-f]{8})*) -->\n?")
_END = "<!-- onward rules end -->"
_LINE = re.compile(r"^\s*[-*] +(.+?)\s*$", re.M)
_SAME_RATIO = 0.5
"""Likeness from which a line counts as the new wording of a rule."""


class BlockEdits(NamedTuple):
    """What a person changed in a block: new wordings by id, new rules, and the ids of deleted ones."""

    reworded: dict[str, str]
    added: tuple[str, ...]
    deleted: tuple[str, ...]


def write_block(text: str, rules: Iterable[Fact]) -> str:
    """Return the *text* of a file with *rules* as its block; a block that is there is replaced, everything around it stays."""
    rules = list(rules)
    index = "".join(f" {rule.id}:{_digest(rule.text)}" for rule in rules)
    block = "\n".join((f"<!-- onward rules:{index} -->", "## Rules", "", *(f"- {rule.text}" for rule in rules), _END)) + "\n"
    if span := _find_block(text):
        return text[: span[0]] + block + text[span[1] :]
    return f"{text.rstrip()}\n\n{block}" if text.strip() else block


def read_block(text: str) -> BlockEdits:
    """Return what a person changed in the block of a file since it was written; nothing if there is no block."""
    span = _find_block(text)
    if span is None:
        return BlockEdits({}, (), ())
    block = text[span[0] : span[1]]
    begin = _BEGIN.match(block)
    written = dict(entry.split(":") for entry in begin[1].split()) if begin else {}
    remaining = dict(written)
    changed: list[str] = []
    for line in _LINE.findall(block):
        same = next((fact_id for fact_id, digest in remaining.items() if digest == _digest(line)), None)
        if same is None:
            changed.append(line)
        else:
            del remaining[same]
    return BlockEdits({}, tuple(changed), tuple(remaining))


def pair_edits(edits: BlockEdits, rules: Iterable[Fact]) -> BlockEdits:
    """Return *edits* with each new line that resembles a rule whose line is gone as its new wording. *rules* have their texts."""
    texts = {rule.id: rule.text for rule in rules if rule.id in edits.deleted}
    pairs = sorted(
        ((SequenceMatcher(None, line, text).ratio(), fact_id, line) for fact_id, text in texts.items() for line in edits.added),
        reverse=True,
    )
    reworded: dict[str, str] = {}
    for ratio, fact_id, line in pairs:
        if ratio >= _SAME_RATIO and fact_id not in reworded and line not in reworded.values():
            reworded[fact_id] = line
    return BlockEdits(
        reworded,
        tuple(line for line in edits.added if line not in reworded.values()),
        # A rule that the ledger gave up by itself is no deletion of the person's.
        tuple(fact_id for fact_id in edits.deleted if fact_id in texts and fact_id not in reworded),
    )


def _find_block(text: str) -> tuple[int, int] | None:
    begin = _BEGIN.search(text)
    end = text.find(_END, begin.end()) if begin else -1
    if begin is None or end < 0:
        return None
    end += len(_END)
    return begin.start(), end + 1 if text[end : end + 1] == "\n" else end


def _digest(line: str) -> str:
    return blake2b(" ".join(line.split()).encode("utf-8", "replace"), digest_size=4).hexdigest()
