"""One-line summary of how a transcript file was read."""

from __future__ import annotations

from onward.cli.presentation import quantity
from onward.core.transcript.transcript import ImportReport

MAX_NAMED_LINES = 3


def describe_report(report: ImportReport) -> str:
    """Return one line: what was read, what was skipped and why, and which lines were unreadable."""
    counts = f"{quantity(report.turns, 'turn')} in {quantity(report.sessions, 'session')} from {quantity(report.records, 'record')}"
    parts = [f"{report.format or 'unknown format'}, {counts}"]
    if report.skipped:
        by_reason = ", ".join(f"{number:,} {reason}" for reason, number in sorted(report.skipped.items(), key=lambda item: -item[1]))
        parts.append(f"skipped: {by_reason}")
    if report.malformed_count:
        problems = "; ".join(f"line {line}: {why}" for line, why in report.malformed[:MAX_NAMED_LINES])
        more = f"; and {report.malformed_count - MAX_NAMED_LINES:,} more" if report.malformed_count > MAX_NAMED_LINES else ""
        parts.append(f"unreadable: {quantity(report.malformed_count, 'record')} ({problems}{more})")
    if report.unknown_parts:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in report.unknown_parts.items())
        parts.append(f"parts of unknown types, left out: {kinds}")
    if report.truncated:
        parts.append(f"truncated: {quantity(report.truncated, 'oversized value')}")
    return " · ".join(parts)


def report_data(report: ImportReport) -> dict[str, object]:
    """Return the report as plain data, with what the API has of it and under its names."""
    data = {name: getattr(report, name) for name in report.__dataclass_fields__ if name not in ("titles", "limits", "client_version")}
    return {("session_count" if name == "sessions" else name): value for name, value in data.items()}
