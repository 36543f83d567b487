"""What the parts of a handoff stand under, in order."""

HEAD = ("Goal", "State", "Since then", "Do first")
"""The lines above the first section."""

SINCE_THEN = HEAD[2]
"""What changed in the repository since the handoff was made."""

FILES_SECTION = "Where things are"

SECTIONS = (
    "Rules (always)",
    "Asked for",
    "Next",
    "Blocked and open questions",
    "Decided, and why",
    "Done",
    FILES_SECTION,
    "Commands",
    "Errors and fixes",
    "Tried, does not work",
    "Learned",
    "Exact values",
)

DISTINCTIVE_SECTIONS = ("Rules (always)", "Blocked and open questions", "Decided, and why", "Tried, does not work")
"""The sections whose names nobody else would choose: one of them alone shows a handoff."""

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
