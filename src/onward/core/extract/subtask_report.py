"""Reports of another agent in a person's place: a log may record the result of a sub-task as the person's message, with the person's own
words below it.
"""

from __future__ import annotations

import re

_TITLE = re.compile(r"^(?:#{1,4} +\S|[^\w\n*]{0,6}\*\*[^*\n]{4,120}\*\*[ \t:]*$)", re.M)
"""A title line of a report: a heading, or a line in bold."""
_MIN_TITLES, _MIN_CHARS = 3, 300
"""A text with this many titles and characters is a report, not typed by a person."""
_RULE = re.compile(r"^[ \t]*(?:-{3,}|_{3,}|\*{3,}|={3,}|—+)[ \t]*$", re.M)


def split_report(text: str) -> tuple[str, str]:
    """Return the report in *text* and what its sender wrote below the last rule; the report is empty if *text* is none."""
    *_, rule = (None, *_RULE.finditer(text))
    below = text[rule.end() :].strip() if rule else ""
    report = text[: rule.start()] if rule and below and not _TITLE.search(below) else text
    is_report = len(report) >= _MIN_CHARS and len(_TITLE.findall(report)) >= _MIN_TITLES
    return (report.strip(), below if report is not text else "") if is_report else ("", text)
