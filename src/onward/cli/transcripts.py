"""`distill` and `read`: transcripts in, nothing stored."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from onward.app.distilling import distil_files
from onward.cli.document import Format, written
from onward.cli.inputs import named
from onward.cli.reports import account, as_data
from onward.core.transcript import ImportReport, Item, SessionHead, Turn
from onward.errors import BadInput
from onward.formats import open_source
from onward.formats import read as read_items
from onward.redact import DISTILL_KEY, Redactor


def distill(files: list[str], *, budget: int | None, format: Format, next_goal: str | None, no_sources: bool, json: bool) -> int:
    """Print the handoff over *files*, in order. What could not be read is said on standard error."""
    made, reports = distil_files([named(name) for name in files], budget)
    if not any(report.turns for report in reports):
        raise BadInput(
            f"There is no turn in {', '.join(files)}: nothing to hand over.",
            "Give it an agent's session file; see what is in one: onward read FILE",
        )
    form: Format = "json" if json else format
    accounts = [{"file": name, **as_data(report)} for name, report in zip(files, reports, strict=True)]
    beside = {"budget_tokens": made.budget_tokens, "files": accounts}
    sys.stdout.write(written(made.handoff, made.preservation, form, sources=not no_sources, next_goal=next_goal or "", beside=beside))
    if not made.handoff.head and not made.handoff.sections:
        sys.stderr.write("onward: nothing in it looks like something that the next session should know.\n")
    _warn(zip(files, reports, strict=True))
    return 0


def read(files: list[str], *, json: bool) -> int:
    """Print the turns of one transcript as Markdown, or as JSON, one object a line; then, on standard error, what became of its records."""
    from onward.app.conversation import markdown
    from onward.cli.conversation import json_line

    redactor, report, ordinal = Redactor(DISTILL_KEY), ImportReport(), 0
    write = json_line if json else markdown
    for item in read_items(open_source(named(files[0])), report):
        ordinal = 0 if isinstance(item, SessionHead) else ordinal + isinstance(item, Turn)
        line = write(_redacted(redactor, item), ordinal)
        sys.stdout.write(line + "\n" if json else line)
    sys.stdout.flush()
    sys.stderr.write(f"{files[0]}: {account(report)}\n")
    return 0


def _redacted(redactor: Redactor, item: Item) -> Item:
    if isinstance(item, SessionHead):
        return redactor.head(item)
    return redactor.turn(item) if isinstance(item, Turn) else item


def _warn(reports: Iterable[tuple[str, ImportReport]]) -> None:
    """Say which files were not read whole; a file that was needs no word."""
    for name, report in reports:
        if report.malformed_count or report.truncated:
            sys.stderr.write(f"{name}: {account(report)}\n")
