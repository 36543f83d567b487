"""The limits of an AI service by the names that it gives them.

The status line imports this module while an agent waits, so it imports nothing.
"""

FIVE_HOURS, WEEK = 300, 10_080
"""Minutes of the usual windows."""

CLAUDE_LIMITS = {
    "five_hour": (FIVE_HOURS, ""),
    "seven_day": (WEEK, ""),
    "seven_day_opus": (WEEK, "opus"),
    "seven_day_sonnet": (WEEK, "sonnet"),
}
"""Minutes and model of each limit of Claude."""
