"""The charts of a session's usage: the context at each answer, and the price until then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onward.app.accounts.usage import UsagePoint
from onward.web.chart import Chart
from onward.web.format_values import format_compact, format_decimal, format_integer
from onward.web.language import _


def usage_charts(points: Sequence[UsagePoint]) -> list[Chart]:
    """Return the chart of the context and, where prices are known, that of the cost; none for fewer than two points."""
    if len(points) < 2:
        return []
    largest = max(points, key=lambda point: point.context_tokens)
    context = _chart(
        _("Context: at most %(tokens)s tokens, at turn %(turn)s", tokens=format_compact(largest.context_tokens), turn=largest.turn),
        _("Tokens sent to the model for each answer. They drop when the agent compacts the conversation."),
        points,
        _("Context tokens"),
        [point.context_tokens for point in points],
        [format_integer(point.context_tokens) for point in points],
    )
    last_usd = points[-1].cost_usd
    if last_usd is None:
        return [context]
    cost = _chart(
        _("Cost: $%(cost)s in total", cost=format_decimal(last_usd, 2)),
        _("List price of all answers so far, including sub-agents."),
        points,
        _("US dollars"),
        [None if point.cost_usd is None else round(point.cost_usd, 4) for point in points],
        [format_decimal(point.cost_usd, 2) for point in points],
    )
    return [context, cost]


def _chart(title: str, note: str, points: Sequence[UsagePoint], name: str, values: Sequence[float | None], texts: Sequence[str]) -> Chart:
    data: dict[str, Any] = {
        "x": [point.turn for point in points],
        "axis": _("Turn"),
        "labels": [_("Turn %(number)s", number=point.turn) for point in points],
        "series": [{"name": name, "predicted": False, "values": values}],
        "unit": "number",
    }
    rows = [[str(point.turn), text] for point, text in zip(points, texts, strict=True)]
    return Chart(title=title, note=note, data=data, heads=[_("Turn"), name], rows=rows)
