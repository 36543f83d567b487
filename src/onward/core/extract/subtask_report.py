"""Reports of another agent in a person's place: what a sub-task hands back where the log holds it as the person's message, with what the
person wrote below it.
"""

from __future__ import annotations

import re

_TITLE = re.compile(r"^(?:#{1,4} +\S|[^\w\n*]{0,6}\*\*[^*\n]{4,120}\*\*[ \t:]*$)", re.M)
"""A line of a report that is a title: a heading, or bold alone."""
_MIN_TITLES, _MIN_CHARS = 3, 300
"""Titles and characters from which on a text is a report and not what a person types."""
_RULE = re.compile(r"^[ \t]*(?:-{3,}|_{3,}|\*{3,}|={3,}|—+)[ \t]*$", re.M)


def split_report(text: str) -> tuple[str, str]:
    """Return the report in *text* and what its sender wrote below the last rule; the report is empty where *text* is none."""
    *_, rule = (None, *_RULE.finditer(text))
    below = text[rule.end() :].strip() if rule else ""
    report = text[: rule.start()] if rule and below and not _TITLE.search(below) else text
    is_report = len(report) >= _MIN_CHARS and len(_TITLE.findall(report)) >= _MIN_TITLES
    return (report.strip(), below if report is not text else "") if is_report else ("", text)
