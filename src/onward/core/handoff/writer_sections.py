"""The sections of a handoff for a writer, in their order, and their titles in a handoff."""

from __future__ import annotations

from onward.core.facts.headings import HEAD
from onward.core.facts.kinds import KINDS

GOAL, STATE, DO_FIRST = HEAD[0], HEAD[1], HEAD[3]
HEAD_SECTIONS = (GOAL, STATE, DO_FIRST)

RULES = "Rules"
NEXT = "Next"
DECIDED = "Decided"
DONE = "Done"
TRIED = KINDS["dead_end"].section.title
FIXES = KINDS["error"].section.title
FILES = KINDS["file"].section.title
COMMANDS = KINDS["command"].section.title
LEARNED = "Learned"
VALUES = "Exact values"

_MAIN_KINDS = {
    RULES: "rule", NEXT: "next_step", DECIDED: "decision", DONE: "done", TRIED: "dead_end", FIXES: "error", FILES: "file",
    COMMANDS: "command", LEARNED: "lesson", VALUES: "value",
}  # fmt: skip

SECTIONS = tuple(_MAIN_KINDS)
"""The sections after the head."""

SECTION_TITLES = {section: KINDS[kind].section.title for section, kind in _MAIN_KINDS.items()}
"""The title under which a handoff shows each section."""

SECTION_OF_KIND = {
    **{kind: section for section, kind in _MAIN_KINDS.items() if section != VALUES},
    "shared_rule": RULES, "blocker": NEXT, "question": NEXT, "requirement": NEXT, "goal": NEXT,
}  # fmt: skip
"""The section for each kind of fact in a written handoff; other kinds go to what was learned."""

CUT_ORDER = (VALUES, COMMANDS, FILES, LEARNED, DONE)
"""The sections that lose lines where a page is too long, in order."""
