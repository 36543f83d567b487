"""How numbers, shares, dates and spans of time read, in the language of the request."""

from __future__ import annotations

from datetime import UTC, datetime

from onward.web.language import _, current, ngettext

_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
}
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800
NOTHING = "–"
"""What stands where nothing is known."""


def whole(number: float | None) -> str:
    """Return a number without decimals: 1,234 or 1.234."""
    return NOTHING if number is None else _marked(f"{number:,.0f}")


def decimal(number: float | None, places: int = 1) -> str:
    """Return a number with decimals: 0.86 or 0,86."""
    return NOTHING if number is None else _marked(f"{number:,.{places}f}")


def compact(number: float | None) -> str:
    """Return a large number in few characters: 950, 12.3k, 4.1M."""
    if number is None:
        return NOTHING
    for limit, divisor, sign in (
        (1_000, 1, ""),
        (1_000_000, 1_000, "k"),
        (1_000_000_000, 1_000_000, "M"),
        (float("inf"), 1_000_000_000, "G"),
    ):
        if abs(number) < limit * 0.9995 or limit == float("inf"):
            scaled = number / divisor
            return _marked(f"{scaled:.0f}" if not sign or abs(scaled) >= 99.95 else f"{scaled:.1f}") + sign
    raise AssertionError


def percent(ratio: float | None, places: int = 0) -> str:
    """Return a share (0..1) as a percentage: 86%."""
    return NOTHING if ratio is None else _marked(f"{ratio * 100:.{places}f}") + "%"


def between(interval: tuple[float, float] | None) -> str:
    """Return an interval of shares (0..1): 71–85%."""
    return NOTHING if interval is None else f"{percent(interval[0]).removesuffix('%')}–{percent(interval[1])}"


def signed(number: float | None, places: int = 1) -> str:
    """Return a change with its sign: +4.2, −1.0."""
    if number is None:
        return NOTHING
    shown = round(number, places)
    return ("+" if shown > 0 else "−" if shown < 0 else "±") + _marked(f"{abs(shown):,.{places}f}")


def bytes_(number: float | None) -> str:
    """Return a size: 950 B, 1.2 MB."""
    return NOTHING if number is None else f"{compact(number)}B" if number >= 1_000 else f"{whole(number)} B"


def date(at: datetime | None) -> str:
    """Return a day: 25 Nov 2026."""
    if at is None:
        return NOTHING
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[current.get()][at.month - 1]} {at.year}"


def moment(at: datetime | None) -> str:
    """Return a day and a time, in UTC: 25 Nov 2026, 14:03 UTC. The page says it in the reader's own zone once it is there."""
    return NOTHING if at is None else f"{date(at)}, {at.astimezone(UTC):%H:%M} UTC"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago something was, or in how long it will be; the day where that is more than a week off."""
    if at is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if abs(seconds) < 45:
        return _("just now")
    if abs(seconds) >= _WEEK:
        return date(at)
    span = lasting(abs(seconds))
    return _("%(span)s ago", span=span) if seconds > 0 else _("in %(span)s", span=span)


def lasting(seconds: float | None) -> str:
    """Return a span of time in its largest unit: 3 minutes."""
    if seconds is None:
        return NOTHING
    if round(seconds) < 60:
        return ngettext("%(num)s second", "%(num)s seconds", round(seconds))
    if round(seconds / _MINUTE) < 60:
        return ngettext("%(num)s minute", "%(num)s minutes", round(seconds / _MINUTE))
    if round(seconds / _HOUR) < 24:
        return ngettext("%(num)s hour", "%(num)s hours", round(seconds / _HOUR))
    return ngettext("%(num)s day", "%(num)s days", round(seconds / _DAY))


def _marked(number: str) -> str:
    """Return a number with the marks of the language: Indonesian has them the other way round."""
    return number.translate(str.maketrans(",.", ".,")) if current.get() == "id" else number


FILTERS = {
    "whole": whole, "decimal": decimal, "compact": compact, "percent": percent, "between": between, "signed": signed, "bytes": bytes_,
    "date": date, "moment": moment, "ago": ago, "lasting": lasting,
}  # fmt: skip
"""By the names that templates use."""
