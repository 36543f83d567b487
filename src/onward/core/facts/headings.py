"""The fixed words of a handoff: titles of its parts in order, and what begins the lines around it."""

from __future__ import annotations

from onward.core.facts.kinds import KINDS

HEAD = ("Goal", "State", "Since then", "Do first")
"""The lines above the first section."""

SINCE_THEN = HEAD[2]
"""What changed in the repository since the handoff was made."""

SECTIONS = tuple(dict.fromkeys(kind.section.title for kind in KINDS.values()))
"""The titles of the sections, in order."""

FILES_SECTION = KINDS["file"].section.title

DISTINCTIVE_SECTIONS = tuple(dict.fromkeys(kind.section.title for kind in KINDS.values() if kind.section.is_distinctive))
"""The sections whose titles nobody else would choose: one of them alone shows a handoff."""

TRIM_ORDER = tuple(
    dict.fromkeys(section.title for section in sorted((kind.section for kind in KINDS.values()), key=lambda section: section.priority))
)
"""The sections in the order in which they lose their last lines where a page must be shorter."""

PREAMBLE = (
    "You continue work that earlier sessions began. What they established is below; handles like [s3.41] name the turns that show it "
    "(`onward source s3.41` prints them). Keep the rules. Do not retry what is listed as not working. If the files disagree with "
    "this page, trust the files and say so."
)
"""What stands before a handoff that an agent is given: it is known again by its first sentence."""

AGENT_INTRO = "You work on it as"
"""What begins the line that tells a named agent how to work with the page."""

RELEVANT_HEADING = "What bears on your task"
"""Under this stand, before the handoff, the lines of it that a named goal is about."""

NOTICE_PREFIXES = ("Onward keeps this project's handoff: ", "Onward is still taking in ")
"""How the lines begin that an agent is told beside a handoff, or where there is none."""
