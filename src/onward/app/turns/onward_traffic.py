"""Onward's own requests to language models, which an agent or server may record like any conversation: they are not sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onward.core.transcript.onward_calls import is_onward_call
from onward.core.transcript.transcript import ImportReport, SessionHead, TranscriptItem, Turn

SKIP_REASON = "request of Onward's own to a model"


def drop_onward_calls(items: Iterable[TranscriptItem], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield *items* without sessions that start with a request from Onward. Their records are counted as skipped in *report*.

    The first spoken turn decides: system turns and injected text before it wait for the decision.
    """
    waiting: list[TranscriptItem] = []
    is_decided, is_own_request, records_before = False, False, 0
    for item in items:
        if isinstance(item, SessionHead):
            yield from waiting
            _count_skipped(report, records_before, is_own_request=is_own_request)
            waiting, is_decided, is_own_request, records_before = [item], False, False, report.imported_records
            continue
        if is_decided:
            if not is_own_request:
                yield item
            continue
        waiting.append(item)
        if isinstance(item, Turn):
            is_own_request = is_onward_call(item.text)
            if is_decided := is_own_request or (item.role != "system" and item.mark != "injected"):
                yield from () if is_own_request else waiting
                waiting = []
    yield from waiting
    _count_skipped(report, records_before, is_own_request=is_own_request)


def _count_skipped(report: ImportReport, records_before: int, *, is_own_request: bool) -> None:
    """Count the records of the finished session as skipped if it is a request from Onward."""
    if is_own_request and (records := report.imported_records - records_before):
        report.imported_records -= records
        report.skipped[SKIP_REASON] = report.skipped.get(SKIP_REASON, 0) + records
