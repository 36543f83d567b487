"""Requests of our own to a model, which whoever answers them may keep like any conversation: no sessions of anybody's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onward.core.own_calls import is_own_call
from onward.core.transcript import ImportReport, Item, SessionHead, Turn

REASON = "request of Onward's own to a model"


def without_own_calls(items: Iterable[Item], report: ImportReport) -> Iterator[Item]:
    """Yield *items* without the sessions that begin with a request of ours, of whose records *report* then says that they were skipped.

    What was said first tells: system turns, and what a program put before it, wait for that.
    """
    waiting: list[Item] = []
    is_settled, is_ours, kept_before = False, False, 0
    for item in items:
        if isinstance(item, SessionHead):
            yield from waiting
            _settle(report, kept_before, is_ours=is_ours)
            waiting, is_settled, is_ours, kept_before = [item], False, False, report.kept
            continue
        if is_settled:
            if not is_ours:
                yield item
            continue
        waiting.append(item)
        if isinstance(item, Turn):
            is_ours = is_own_call(item.text)
            if is_settled := is_ours or (item.role != "system" and item.mark != "injected"):
                yield from () if is_ours else waiting
                waiting = []
    yield from waiting
    _settle(report, kept_before, is_ours=is_ours)


def _settle(report: ImportReport, kept_before: int, *, is_ours: bool) -> None:
    """Count the records of the session that is over as skipped, if it is ours."""
    if is_ours and (records := report.kept - kept_before):
        report.kept -= records
        report.skipped[REASON] = report.skipped.get(REASON, 0) + records
