"""The growth formulae with their check values, and the compared sessions."""

from __future__ import annotations

import pytest

from onward.core.analytics.growth import (
    ASYMPTOTE_RATIO,
    Growth,
    SessionOutput,
    comparison_size,
    efficiency_ratio,
    knowledge_factor,
    measure_growth,
    predict,
    predict_target,
)


@pytest.mark.parametrize(
    ("session", "credits", "efficiency", "knowledge", "output"),
    [(1, 90, 0.7050, 1.0953, 69.5), (10, 90, 0.7493, 1.6931, 114.2), (50, 90, 0.8904, 2.7918, 223.7), (100, 90, 0.9410, 3.3979, 287.8)],
)
def test_the_formulae_give_their_check_values(session: int, credits: float, efficiency: float, knowledge: float, output: float) -> None:
    prediction = predict(session, credits)
    assert (round(prediction.efficiency_ratio, 4), round(prediction.knowledge_factor, 4), round(prediction.output, 1)) == (
        efficiency,
        knowledge,
        output,
    )


def test_ninety_five_per_cent_is_an_asymptote_and_the_nearest_target_is_named() -> None:
    reach = predict_target(0.95)
    assert reach.session is None
    assert reach.asymptote_ratio == 0.95
    assert (reach.nearest_ratio, reach.nearest_session) == (0.949, 156)
    assert predict(155).efficiency_ratio < 0.949 <= predict(156).efficiency_ratio
    assert predict_target(1.0).session is None


@pytest.mark.parametrize("target", [0.71, 0.8, 0.9, 0.94, 0.9499])
def test_a_target_is_reached_at_the_first_session_that_is_so_efficient(target: float) -> None:
    session = predict_target(target).session
    assert session is not None
    assert predict(session).efficiency_ratio >= target
    assert session == 1 or predict(session - 1).efficiency_ratio < target


def test_the_formula_never_passes_its_asymptote() -> None:
    assert all(predict(n).efficiency_ratio <= ASYMPTOTE_RATIO for n in (1, 10, 1_000, 100_000))


def test_efficiency_is_what_is_left_of_the_tokens() -> None:
    assert efficiency_ratio(1000, 200, 50) == pytest.approx(0.75)
    assert efficiency_ratio(1000, None, 0) is None
    assert efficiency_ratio(0, 0, 0) is None
    assert knowledge_factor(0) == 1
    assert knowledge_factor(10) == pytest.approx(1.6931, abs=1e-4)


def test_growth_compares_the_last_sessions_with_the_first() -> None:
    assert measure_growth([], []) == Growth(0.0, 0)
    assert measure_growth([SessionOutput(1.0, 50)], [SessionOutput(1.2, 50)]) == Growth(20.0, 1)
    assert measure_growth([SessionOutput(1.0, 50)], [SessionOutput(1.0, 100)]).percent == 100


def test_missing_credits_are_not_invented() -> None:
    growth = measure_growth([SessionOutput(1.0, None)], [SessionOutput(1.1, 90)])
    assert growth == Growth(10.0, 1, per_credit=True)


def test_no_session_is_at_both_ends() -> None:
    assert [comparison_size(n) for n in (0, 1, 2, 3, 9, 10, 11)] == [0, 0, 1, 1, 4, 5, 5]
