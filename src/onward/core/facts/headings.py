"""The fixed words of a handoff: titles of its parts in order, and what begins the lines around it."""

from __future__ import annotations

from onward.core.facts.kinds import KINDS

HEAD = ("Goal", "State", "Since then", "Do first")
"""The lines above the first section."""

START_PLACES = ("Do first", "State", "Goal")
"""The parts of the head that the next session may begin with; the first that is there."""

SINCE_THEN = HEAD[2]
"""The line of what changed in the repository since the handoff was made."""

SECTIONS = tuple(dict.fromkeys(kind.section.title for kind in KINDS.values()))
"""The titles of the sections, in order."""

SECTION_OF: dict[str, str] = {kind.name: kind.section.title for kind in KINDS.values()}
"""The title of the section that a fact is shown in, by its kind."""

FILES_SECTION = KINDS["file"].section.title

DISTINCTIVE_SECTIONS = tuple(dict.fromkeys(kind.section.title for kind in KINDS.values() if kind.section.is_distinctive))
"""Section titles that no other document would choose: one of them alone shows that a text is a handoff."""

TRIM_ORDER = tuple(
    dict.fromkeys(section.title for section in sorted((kind.section for kind in KINDS.values()), key=lambda section: section.priority))
)
"""The sections in the order in which they lose their last lines when a page must be shorter."""

PREAMBLE = (
    "You continue work that earlier sessions began. What they established is below; handles like [s3.41] name the turns that show it "
    "(`onward source s3.41` prints them). Keep the rules. Do not retry what is listed as not working. If the files disagree with "
    "this page, trust the files and say so."
)
"""The text before a handoff that an agent is given. Its first sentence identifies it later."""

AGENT_INTRO = "You work on it as"
"""The beginning of the line with instructions for a named agent."""

RELEVANT_HEADING = "What bears on your task"
"""The heading, before the handoff, of the lines that matter for a named goal."""

MEASURE_PREFIX, OMISSION_PREFIX = "Preserved in ", "Left out: "
"""The beginnings of the closing lines: what the handoff preserves, and what it leaves out."""

NOTICE_PREFIXES = (
    "Onward keeps this project's handoff: ",
    "Onward is still importing ",
    "This folder looks like another project of Onward's, ",
    "Onward is still taking in ",
)
"""The beginnings of lines that an agent gets beside a handoff, or instead of one. Transcripts of earlier versions have the last."""
