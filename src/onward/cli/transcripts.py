"""`distill` and `read`: transcripts in, nothing stored."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from onward.app.distilling import distil_files
from onward.core.handoff import render, render_prompt, to_json
from onward.core.transcript import ImportReport, SessionHead, Turn
from onward.formats import open_source
from onward.formats import read as read_items
from onward.redact import DISTILL_KEY, Redactor


def distill(files: list[str], *, budget: int | None, format: str, next_goal: str | None, no_sources: bool, json: bool) -> int:  # noqa: A002
    """Print the handoff over *files*, in order. What could not be read is said on standard error."""
    made, reports = distil_files([_source(name) for name in files], budget)
    if json or format == "json":
        from onward.cli.present import say_json

        document = {"handoff": to_json(made.handoff), "preservation": made.preservation.to_json(), "budget_tokens": made.budget_tokens}
        say_json({**document, "files": [{"file": name, **_counts(report)} for name, report in zip(files, reports, strict=True)]})
    elif format == "prompt":
        sys.stdout.write(render_prompt(made.handoff, next_goal=next_goal or ""))
    else:
        sys.stdout.write(render(made.handoff, sources=not no_sources))
    _warn(zip(files, reports, strict=True))
    return 0


def read(files: list[str], *, json: bool) -> int:
    """Print the turns of one transcript as Markdown, or as JSON, one object a line; then, on standard error, what became of its records."""
    from onward.cli.conversation import json_line, markdown
    from onward.cli.reports import account

    redactor, report, ordinal = Redactor(DISTILL_KEY), ImportReport(), 0
    write = json_line if json else markdown
    for item in read_items(open_source(_source(files[0])), report):
        ordinal = 0 if isinstance(item, SessionHead) else ordinal + isinstance(item, Turn)
        line = write(redactor.turn(item) if isinstance(item, Turn) else item, ordinal)
        sys.stdout.write(line + "\n" if json else line)
    sys.stdout.flush()
    sys.stderr.write(f"{files[0]}: {account(report)}\n")
    return 0


def _source(name: str) -> Path | BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name)


def _counts(report: ImportReport) -> dict[str, object]:
    return {name: getattr(report, name) for name in report.__dataclass_fields__}


def _warn(reports: Iterable[tuple[str, ImportReport]]) -> None:
    """Say which files were not read whole; a file that was needs no word."""
    for name, report in reports:
        if report.malformed_count or report.truncated:
            from onward.cli.reports import account

            sys.stderr.write(f"{name}: {account(report)}\n")
