"""What the parts of a handoff stand under, in order."""

HEAD = ("Goal", "State", "Since then", "Do first")
"""The lines above the first section."""

SECTIONS = (
    "Rules (always)",
    "Asked for",
    "Next",
    "Blocked and open questions",
    "Decided, and why",
    "Done",
    "Where things are",
    "Commands",
    "Errors and fixes",
    "Tried, does not work",
    "Learned",
    "Exact values",
)

TELLING = ("Rules (always)", "Blocked and open questions", "Decided, and why", "Tried, does not work")
"""The sections whose names nobody else would choose: one of them alone shows a handoff."""
