"""Growth of several projects, and the trends that charts state."""

from __future__ import annotations

import pytest

from onward.core.analytics.growth import Growth, weigh_growths
from onward.core.analytics.intervals import trend_interval


def test_growth_of_projects_is_weighted_by_credits_and_never_chained() -> None:
    assert weigh_growths([(Growth(100.0, 2), 30.0), (Growth(0.0, 3), 90.0)]) == Growth(25.0, 2)
    assert weigh_growths([(Growth(40.0, 2), None)]) == Growth(40.0, 2)
    assert weigh_growths([(Growth(40.0, 2), None), (Growth(0.0, 0), None)]) == Growth(40.0, 2)


@pytest.mark.parametrize("growths", [[], [(Growth(0.0, 0), 5.0)], [(Growth(40.0, 2), None), (Growth(10.0, 2), 50.0)]])
def test_growth_is_absent_where_it_cannot_be_weighed(growths: list[tuple[Growth, float | None]]) -> None:
    assert weigh_growths(growths) == Growth(0.0, 0)


def test_a_trend_says_how_sure_it_is() -> None:
    slope, low, high = trend_interval([0.5, 0.6, 0.7, 0.8, 0.9], range(5)) or (0.0, 0.0, 0.0)
    assert (slope, low, high) == pytest.approx((0.1, 0.1, 0.1))
    slope, low, high = trend_interval([0.9, 0.1, 0.9, 0.1, 0.9], range(5)) or (1.0, 1.0, 1.0)
    assert low < 0 < high
    assert slope == pytest.approx(0.0)
    assert trend_interval([0.2, 0.9], range(2)) is None
    # A session without a figure leaves its place empty.
    assert (trend_interval([1.0, 2.0, 4.0], [1, 2, 4]) or (0.0,))[0] == pytest.approx(1.0)
