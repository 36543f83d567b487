"""Texts in a person's place that a program wrote: prompt templates, expanded commands, instructions that are repeated word for word."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from onward.core.extract.trace import Trace
from onward.core.extract.units import Unit

_CERTAIN = re.compile(
    r"\.specify/(?:scripts|templates)|^#+ (?:user input|outline)|\$ARGUMENTS|FEATURE_DIR|break character|fully embody|"
    r"activation instructions|"
    r"never include preamble|respond with only the|this session is being continued|read the full transcript at|another agent instance|"
    r"<INSTRUCTIONS>|you are (?:an? )?(?:expert|helpful) (?:ai|coding|software|assistant)",
    re.I | re.M,
)
_HINTS = re.compile(
    r"respond (?:with )?only|respond with|output (?:only|format)|no (?:preamble|markdown|explanation)|in the following format|"
    r"exit immediately|"
    r"\byou are (?:an? )?(?:expert|helpful|senior|ai|coding)|do not (?:include|output|proceed|respond)|\{\{|never suggest|examples?:",
    re.I,
)
_LONG_CHARS, _MIN_HINTS = 600, 2
_MIN_SENTENCES = 4


def template_positions(trace: Trace, units: Sequence[Unit]) -> frozenset[int]:
    """Return the positions of texts in a person's place that a program wrote: known templates, long texts on output formats, and repeated
    ones.
    """
    by_text: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.by_user:
            by_text[unit.statement.position].append(unit)
    texts_of = Counter(text for mates in by_text.values() for text in {unit.text.lower() for unit in mates if unit.size >= 8})
    positions: set[int] = set()
    for position, mates in by_text.items():
        text = trace.statements[position].text
        repeated = sum(texts_of[unit.text.lower()] > 1 for unit in mates)
        if (
            _CERTAIN.search(text)
            or (len(text) > _LONG_CHARS and len(_HINTS.findall(text)) >= _MIN_HINTS)
            or (len(mates) >= _MIN_SENTENCES and repeated > len(mates) / 2)
        ):
            positions.add(position)
    return frozenset(positions)
