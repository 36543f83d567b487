"""Finds lines that a model may never pass on: instructions to their reader, and excuses instead of content."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Violation: TypeAlias = Literal["excuse", "order"]

_INSTRUCTION = re.compile(
    r"ignor\w* (?:all|any|the|these|your|previous|prior)\b|disregard|forget (?:all|everything|your|previous)|(?:previous|prior|above"
    r"|system) (?:instruction|prompt|message)"
    r"|you are (?:now|an?)\b|you must\b|as an? (?:ai|assistant|language model)|exfiltrat|jailbreak"
    r"|(?:^|[.;:!?,] |\b(?:and|then|please|now|you|must|should) )(?:act as|pretend|reveal|leak)\b(?! (?:in|of|on|at|is|was|by|when|that|fix\w*)\b)"
    r"|developer mode"
    r"|(?:send|post|print|share|output|include|repeat|show|give)\b[^.;]{0,40}\b(?:api[ _-]?key|secret|token|password|credential"
    r"|authorization)"
    r"|\[/?inst\]|<\|?\w+\|?>|</?\w[\w-]*(?:\s[^>]*)?>|```|\bassistant:|\bsystem:|\buser:"
    r"|abaikan (?:semua|instruksi)|lupakan (?:semua|instruksi)",
    re.I,
)
_EXCUSE = re.compile(
    r"^\W*(?:none|n/?a|nil|null|nothing|empty|unknown|tbd|todo|no (?:facts|information|content|data|items|changes|lines)\b.*|tidak ada"
    r"|kosong|…|\.\.\.)\W*$"
    r"|^\W*(?:here(?:'s| is| are)|sure|certainly|of course|below (?:is|are)|i (?:cannot|can't|am unable|apologi[sz]e)|sorry"
    r"|as requested|in summary|this (?:section|summary|handoff|document))\b"
    r"|(?-i:\bf\d+\b.*\bf\d+\b)|\bthe facts? (?:above|below|provided|given)\b",
    re.I,
)


_CODE = re.compile(r"`[^`]*`")
_TAG = re.compile(r"</?\w[\w-]*>")


def find_violation(text: str) -> tuple[Violation, str] | None:
    """Return the kind and the words if *text* is an excuse or an instruction to its reader; None otherwise. A tag in code is a name."""
    text = _CODE.sub(lambda match: _TAG.sub("", match[0]), text)
    if match := _EXCUSE.search(text):
        return "excuse", match[0]
    return ("order", match[0]) if (match := _INSTRUCTION.search(text)) else None
