"""`onward distill` and `onward read`: process transcripts without storing them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from onward.app.handoffs.distillation import distill_files
from onward.cli.handoff_output import OutputFormat, format_handoff
from onward.cli.import_report import describe_report, report_data
from onward.cli.input_file import resolve_input
from onward.cli.presentation import note
from onward.core.transcript.transcript import ImportReport, SessionHead, TranscriptItem, Turn
from onward.errors import BadInput
from onward.formats import open_source
from onward.formats import read as read_items
from onward.formats.fields import UNKNOWN_TYPE
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor


def distill(files: list[str], *, budget: int | None, format: OutputFormat, next_goal: str | None, no_sources: bool, json: bool) -> int:
    """Print the handoff of *files* in the given order. Unreadable lines are reported on standard error."""
    result, reports = distill_files([resolve_input(name) for name in files], budget)
    if not any(report.turns for report in reports):
        raise BadInput(
            Message("No turns found in {files}.", files=", ".join(files)),
            "Give a session file of an agent. To see what a file contains: onward read FILE",
        )
    output_format: OutputFormat = "json" if json else format
    file_reports = [{"path": name, **report_data(report)} for name, report in zip(files, reports, strict=True)]
    extra = {"budget_tokens": result.budget_tokens, "files": file_reports}
    sys.stdout.write(
        format_handoff(result.handoff, result.preservation, output_format, sources=not no_sources, next_goal=next_goal or "", extra=extra)
    )
    if not result.handoff.head and not result.handoff.sections:
        sys.stderr.write("onward: no facts found for the next session.\n")
    _warn_incomplete(zip(files, reports, strict=True))
    return 0


def read(files: list[str], *, json: bool) -> int:
    """Print the turns of one transcript as Markdown or JSON Lines, then a summary of its records on standard error."""
    from onward.app.turns.markdown import markdown
    from onward.cli.turns_jsonl import json_line

    redactor, report, ordinal = Redactor(DISTILL_KEY), ImportReport(), 0
    write = json_line if json else markdown
    for item in read_items(open_source(resolve_input(files[0])), report):
        ordinal = 0 if isinstance(item, SessionHead) else ordinal + isinstance(item, Turn)
        line = write(_redact(redactor, item), ordinal)
        sys.stdout.write(line + "\n" if json else line)
    sys.stdout.flush()
    if not report.turns:
        raise BadInput(Message("There is nothing in {file}.", file=files[0]), "Give a session file of an agent.")
    note(f"{files[0]}: {describe_report(report)}")
    return 0


def _redact(redactor: Redactor, item: TranscriptItem) -> TranscriptItem:
    if isinstance(item, SessionHead):
        return redactor.head(item)
    return redactor.turn(item) if isinstance(item, Turn) else item


def _warn_incomplete(reports: Iterable[tuple[str, ImportReport]]) -> None:
    """Report the files with unreadable, unknown or truncated records on standard error."""
    for name, report in reports:
        has_unknown = report.unknown_parts or any(reason.startswith(UNKNOWN_TYPE) for reason in report.skipped)
        if report.malformed_count or report.truncated or has_unknown:
            note(f"{name}: {describe_report(report)}")
