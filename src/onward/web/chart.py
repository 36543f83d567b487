"""Charts: what a page shows as curves, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: its title, its data for the custom element, and the same data as table rows."""

    title: str
    note: str
    data: dict[str, Any]
    heads: list[str]
    rows: list[list[str]]
