"""Numbers, shares, dates and durations in the form of the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime

from onward.web.language import _, current_language, localize_marks, ngettext

_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
}
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800
NO_VALUE = "–"
"""Shown for an unknown value."""


def format_integer(number: float | None) -> str:
    """Return a number without decimals: 1,234 or 1.234."""
    return NO_VALUE if number is None else localize_marks(f"{number:,.0f}")


def format_decimal(number: float | None, places: int = 1) -> str:
    """Return a number with decimals: 0.86 or 0,86."""
    return NO_VALUE if number is None else localize_marks(f"{number:,.{places}f}")


def format_compact(number: float | None) -> str:
    """Return a large number in few characters: 950, 12.3k, 4.1M."""
    if number is None:
        return NO_VALUE
    for limit, divisor, sign in (
        (1_000, 1, ""),
        (1_000_000, 1_000, "k"),
        (1_000_000_000, 1_000_000, "M"),
        (float("inf"), 1_000_000_000, "G"),
    ):
        if abs(number) < limit * 0.9995 or limit == float("inf"):
            scaled = number / divisor
            return localize_marks(f"{scaled:.0f}" if not sign or abs(scaled) >= 99.95 else f"{scaled:.1f}") + sign
    raise AssertionError


def format_percent(ratio: float | None, places: int = 0) -> str:
    """Return a share (0..1) as a percentage: 86%."""
    return NO_VALUE if ratio is None else localize_marks(f"{ratio * 100:.{places}f}") + "%"


def format_interval(interval: tuple[float, float] | None) -> str:
    """Return an interval of shares (0..1): 71–85%."""
    return NO_VALUE if interval is None else f"{format_percent(interval[0]).removesuffix('%')}–{format_percent(interval[1])}"


def format_signed(number: float | None, places: int = 1) -> str:
    """Return a change with its sign: +4.2, −1.0."""
    if number is None:
        return NO_VALUE
    rounded_number = round(number, places)
    return ("+" if rounded_number > 0 else "−" if rounded_number < 0 else "±") + localize_marks(f"{abs(rounded_number):,.{places}f}")


def format_bytes(number: float | None) -> str:
    """Return a size in bytes: 950 B, 1.2 MB."""
    return NO_VALUE if number is None else f"{format_compact(number)}B" if number >= 1_000 else f"{format_integer(number)} B"


def format_date(at: datetime | None) -> str:
    """Return a date: 25 Nov 2026."""
    if at is None:
        return NO_VALUE
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[current_language.get()][at.month - 1]} {at.year}"


def format_datetime(at: datetime | None) -> str:
    """Return a date and time in UTC: 25 Nov 2026, 14:03 UTC. A script converts it to the reader's time zone."""
    return NO_VALUE if at is None else f"{format_date(at)}, {at.astimezone(UTC):%H:%M} UTC"


def format_clock(at: datetime | None) -> str:
    """Return the time of day in UTC: 14:03. A script converts it to the reader's time zone."""
    return NO_VALUE if at is None else f"{at.astimezone(UTC):%H:%M}"


def format_elapsed(seconds: float) -> str:
    """Return the hours and minutes since a start: +0:07."""
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    return f"+{hours}:{minutes:02}"


def format_relative(at: datetime | None, now: datetime | None = None) -> str:
    """Return a time relative to *now*, such as `3 minutes ago`; the date if it is more than a week away."""
    if at is None:
        return NO_VALUE
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if abs(seconds) < 45:
        return _("just now")
    if abs(seconds) >= _WEEK:
        return format_date(at)
    span = format_duration(abs(seconds))
    return _("%(span)s ago", span=span) if seconds > 0 else _("in %(span)s", span=span)


def format_duration(seconds: float | None) -> str:
    """Return a duration in its largest unit: 3 minutes."""
    if seconds is None:
        return NO_VALUE
    if round(seconds) < 60:
        return ngettext("%(num)s second", "%(num)s seconds", round(seconds))
    if round(seconds / _MINUTE) < 60:
        return ngettext("%(num)s minute", "%(num)s minutes", round(seconds / _MINUTE))
    if round(seconds / _HOUR) < 24:
        return ngettext("%(num)s hour", "%(num)s hours", round(seconds / _HOUR))
    return ngettext("%(num)s day", "%(num)s days", round(seconds / _DAY))


FILTERS = {
    "integer": format_integer,
    "decimal": format_decimal,
    "compact": format_compact,
    "percent": format_percent,
    "interval": format_interval,
    "signed": format_signed,
    "bytes": format_bytes,
    "date": format_date,
    "datetime": format_datetime,
    "relative": format_relative,
    "clock": format_clock,
    "elapsed": format_elapsed,
    "duration": format_duration,
}
"""The Jinja filters, by name."""
