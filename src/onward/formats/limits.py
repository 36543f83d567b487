"""Readings of usage limits: what the services of Codex and Claude Code report to their clients, which store it in their records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from onward.core.limit_names import CLAUDE_LIMITS, FIVE_HOURS, WEEK
from onward.core.transcript.transcript import ImportReport, LimitReading
from onward.formats.fields import as_list, as_object, as_text, as_time

_LIMIT_TEXT = re.compile(r"limit[^.\n]{0,40}?(?:\||resets )(?P<time>\d{9,10}|[^\n]{3,60})", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2})(?:,? (?:at )?)?)?(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>am|pm)?"
    r"(?: \((?P<zone>[A-Za-z_]+(?:/[A-Za-z_]+)*)\))?",
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def note_codex_limits(report: ImportReport, session_id: str, event: dict[str, Any], time: object) -> None:
    """Note the readings in a token count of Codex, which was written at *time*."""
    at = as_time(time)
    for reading in _codex_limits(as_object(event.get("rate_limits")), at) if at else ():
        report.meet_limit(session_id, reading)


def note_claude_limit(report: ImportReport, record: dict[str, Any]) -> None:
    """Note the limit that a record of Claude Code says was reached, in its fields or, in older versions, in its text."""
    at = as_time(record.get("timestamp")) if record.get("isApiErrorMessage") else None
    if at and (reading := _claude_limit(record, at)):
        report.meet_limit(as_text(record.get("sessionId")), reading)


def _codex_limits(limits: dict[str, Any], at: datetime) -> Iterator[LimitReading]:
    """Yield the readings in `rate_limits` in any of its forms: resets as a time, as seconds from *at*, or not named."""
    model = "" if as_text(limits.get("limit_id")) in ("", "codex") else as_text(limits.get("limit_name")) or as_text(limits.get("limit_id"))
    for name in ("primary", "secondary"):
        window = as_object(limits.get(name)) or {
            field: limits.get(f"{name}_{field}") for field in ("used_percent", "window_minutes") if f"{name}_{field}" in limits
        }
        used_percent, minutes = _number(window.get("used_percent")), _number(window.get("window_minutes"))
        if used_percent is None or minutes is None:
            continue
        resets_at = _epoch_time(window.get("resets_at"))
        if resets_at is None and (seconds := _number(window.get("resets_in_seconds"))) is not None:
            resets_at = at + timedelta(seconds=seconds)
        # Codex rounds a window of five hours down to 299 minutes.
        window_minutes = round(minutes / 10) * 10
        yield LimitReading(
            window_minutes=window_minutes,
            used_percent=used_percent,
            at=at,
            resets_at=resets_at,
            model=model,
            plan=as_text(limits.get("plan_type")),
        )


def _claude_limit(record: dict[str, Any], at: datetime) -> LimitReading | None:
    limits = as_object(record.get("quotaLimits")) or as_object(as_object(record.get("apiErrorParams")).get("rate_limit_info"))
    if not limits:
        blocks = as_list(as_object(record.get("message")).get("content"))
        return _read_limit_text(" ".join(as_text(as_object(block).get("text")) for block in blocks), at)
    kind, resets_at = as_text(limits.get("rateLimitType")), _epoch_time(limits.get("resetsAt"))
    if kind not in CLAUDE_LIMITS and (kind or resets_at is None):
        return None  # A limit on spending, or one whose window is not named.
    minutes, model = CLAUDE_LIMITS.get(kind) or (_window_until(resets_at, at), "")
    utilization = _number(limits.get("utilization"))
    is_warning = limits.get("status") == "allowed_warning" and utilization is not None
    used_percent = 100 * (utilization or 0.0) if is_warning else 100.0
    return LimitReading(window_minutes=minutes, used_percent=used_percent, at=at, resets_at=resets_at, model=model)


def _read_limit_text(text: str, at: datetime) -> LimitReading | None:
    match = _LIMIT_TEXT.search(text[:400])
    if match is None:
        return None
    time = match["time"]
    resets_at = _epoch_time(int(time)) if time.isdecimal() and len(time) > 8 else _clock_time(time, at)
    if resets_at is None:
        return None
    lowered = text.lower()
    model = next((name for name in ("opus", "sonnet") if f"{name} limit" in lowered or f"{name} weekly" in lowered), "")
    is_weekly = bool(model) or "weekly" in lowered
    window_minutes = WEEK if is_weekly else _window_until(resets_at, at)
    return LimitReading(window_minutes=window_minutes, used_percent=100.0, at=at, resets_at=resets_at, model=model)


def _window_until(resets_at: datetime | None, at: datetime) -> int:
    """Return the minutes of the window that ends at *resets_at*: a reset more than five hours away is a week's."""
    return WEEK if resets_at and resets_at - at > timedelta(minutes=FIVE_HOURS) else FIVE_HOURS


def _clock_time(text: str, at: datetime) -> datetime | None:
    """Return the first time after *at* that *text* names: `3am (UTC)`, `Mar 3, 3pm (Asia/Jakarta)`."""
    match = _CLOCK.match(text.strip())
    if match is None or (not match["half"] and not match["minute"]):
        return None
    hour = int(match["hour"]) % 12 + (12 if match["half"] == "pm" else 0) if match["half"] else int(match["hour"])
    try:
        local = at.astimezone(_zone(match["zone"]))
        time = local.replace(hour=hour, minute=int(match["minute"] or 0), second=0, microsecond=0)
        if match["month"]:
            time = time.replace(month=_MONTHS.index(match["month"]) + 1, day=int(match["day"]))
            time = time if time > local else time.replace(year=time.year + 1)
        return (time if time > local else time + timedelta(days=1)).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return None


def _zone(name: str | None) -> Any:
    from zoneinfo import ZoneInfo  # Imported here: few transcripts need it.

    return ZoneInfo(name) if name and name != "UTC" else UTC


def _epoch_time(value: object) -> datetime | None:
    number = _number(value)
    if number is None or not 946_684_800 <= number < 7_258_118_400:
        return None
    return datetime.fromtimestamp(number, UTC)


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if is_number else None  # type: ignore[arg-type]
