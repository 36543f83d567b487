"""Analytics: accessible charts with keyboard and tables; recurring patterns; CSV."""

from __future__ import annotations

import re
from dataclasses import replace

from playwright.sync_api import Page, expect

from onward.core.analytics.growth import Growth, predict, predict_target
from onward.core.analytics.growth_report import GrowthPoint, GrowthReport, SessionMeasurement
from onward.web.routes.analytics import charts

from .conftest import Site, visit

ACTUAL = SessionMeasurement(
    efficiency_ratio=0.8,
    knowledge_factor=1.1,
    output=None,
    output_per_credit=0.9,
    tokens=100,
    recovery_tokens=10,
    rework_tokens=5,
    reread_tokens=0,
    repeated_tokens=0,
    explained_tokens=0,
    first_edit_minutes=None,
    facts_used_again=0,
    accomplished=0,
    credits_used=None,
    credits_per_accomplishment=None,
    preservation_ratio=0.9,
    handoff_tokens=100,
)


def test_charts_say_what_they_show_and_can_be_read_by_keys_and_as_tables(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/analytics?project=1")
    expect(page.locator("growth-chart canvas")).to_have_count(5)
    output = page.locator(".chart").first
    expect(output.get_by_role("heading")).to_have_text(re.compile(r"Output (rose|fell|held).* over 3 sessions"))
    output.locator("growth-chart").focus()
    page.keyboard.press("ArrowRight")
    expect(output.locator("output")).to_have_text(re.compile(r"^Session 1: Predicted [\d.]+ · Actual .+ · Tokens: [\d,]+$"))
    page.keyboard.press("End")
    expect(output.locator("output")).to_have_text(re.compile("^Session 3"))
    output.get_by_text("Show as table").click()
    expect(output.get_by_role("row")).to_have_count(4)
    retention_chart = page.get_by_role("region", name="Preservation:")
    retention_chart.locator("growth-chart").focus()
    page.keyboard.press("End")
    expect(retention_chart.locator("output")).to_have_text(re.compile(r"^Session 3: Preserved \d+% · 95% CI \d+–\d+% · Facts: \d+$"))
    retention_chart.get_by_text("Show as table").click()
    expect(retention_chart.get_by_role("columnheader")).to_have_text(["Session", "Preserved", "95% CI", "Facts"])
    expect(page.get_by_role("region", name="Recurring errors")).to_be_visible()
    # These sessions used no credits.
    expect(page.get_by_role("region", name="Credit usage")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "predicted_efficiency" in download.value.path().read_text()


def test_sessions_of_all_projects_are_counted_together_and_named_by_project() -> None:
    actual = ACTUAL
    points = [
        GrowthPoint(place, project, session=session, ended_at=None, predicted=predict(place), actual=actual)
        for place, (project, session) in enumerate([("shop", 1), ("shop", 2), ("blog", 1)], 1)
    ]
    totals = GrowthReport(
        points=points,
        sessions=3,
        not_measured=0,
        growth=Growth(0.0, 0),
        efficiency_ratio=0.8,
        recovery_ratio=0.1,
        rework_ratio=0.1,
        first_edit_minutes=None,
        credits_per_accomplishment=None,
        preservation_ratio=0.9,
        reach=predict_target(0.95),
    )
    for chart in charts(totals):
        assert chart.data["ticks"] == [1, 2, 3]
        assert chart.data["axis"] == "Sessions of all projects, in chronological order"
        assert chart.heads[0] == "Project and session"
        assert [row[0] for row in chart.rows] == chart.data["labels"] == ["shop #1", "shop #2", "blog #1"]
        assert "predicted as one project" in chart.note
    for chart in charts(replace(totals, points=points[:2])):
        assert (chart.data["ticks"], chart.data["axis"], chart.data["labels"]) == ([1, 2], "Session", ["Session 1", "Session 2"])
        assert "predicted as one project" not in chart.note


def test_a_slow_trend_is_given_over_more_sessions_and_named_beside_the_prediction() -> None:
    actual = replace(ACTUAL, preservation_ratio=0.5)
    # Every third session is shown, the last one imported first.
    points = [
        GrowthPoint(
            position,
            "shop",
            session=1 if position == 100 else position,
            ended_at=None,
            predicted=predict(position),
            actual=replace(
                actual, efficiency_ratio=0.9 - position * 0.0001 + (position % 2) * 0.0001, preservation_ratio=0.5 + position * 0.001
            ),
        )
        for position in range(1, 101, 3)
    ]
    totals = GrowthReport(
        points=points,
        sessions=100,
        not_measured=0,
        growth=Growth(-12.0, 5),
        efficiency_ratio=0.8,
        recovery_ratio=0.1,
        rework_ratio=0.1,
        first_edit_minutes=None,
        credits_per_accomplishment=None,
        preservation_ratio=0.9,
        reach=predict_target(0.95),
    )
    output, efficiency, _knowledge, preservation = charts(totals)
    assert efficiency.title.startswith("Efficiency falls by 0.1% per 10 sessions (−0.1% to −0.1%")
    assert preservation.title == "Preservation rises by 0.1% per session (+0.1% to +0.1%)"
    assert all("The formula predicts a rise, which these sessions do not show." in chart.note for chart in (output, efficiency))
    assert "predicts a rise" not in preservation.note
    assert (output.data["ticks"][-1], output.data["axis"]) == (100, "Sessions in chronological order")


def test_a_share_has_an_interval_and_a_full_count_has_none() -> None:
    actual = replace(ACTUAL, tokens=1200, kept_of=40, preservation_low_ratio=0.77, preservation_high_ratio=0.96)
    points = [
        GrowthPoint(position=1, project="shop", session=1, ended_at=None, predicted=predict(1), actual=actual),
        GrowthPoint(
            position=2,
            project="shop",
            session=2,
            ended_at=None,
            predicted=predict(2),
            actual=replace(actual, kept_of=None, preservation_low_ratio=None, preservation_high_ratio=None),
        ),
    ]
    report = GrowthReport(
        points=points,
        sessions=2,
        not_measured=0,
        growth=Growth(0.0, 0),
        efficiency_ratio=0.8,
        recovery_ratio=0.1,
        rework_ratio=0.1,
        first_edit_minutes=None,
        credits_per_accomplishment=None,
        preservation_ratio=0.9,
        reach=predict_target(0.95),
        efficiency_interval=(0.7, 0.9),
    )
    output, efficiency, knowledge, retention_chart = charts(report)
    assert retention_chart.data["band"] == [[0.96, None], [0.77, None]]
    assert retention_chart.data["notes"] == ["95% CI 77–96% · Facts: 40", "95% CI – · Facts: –"]
    assert retention_chart.rows[0] == ["Session 1", "90%", "77–96%", "40"]
    assert efficiency.rows[0][-1] == "1,200"
    assert "Average of 2 sessions: 80% (95% CI 70–90%)." in efficiency.note
    for chart in (output, efficiency, knowledge):
        assert "band" not in chart.data
    for chart in (output, efficiency):
        assert "no error bars" in chart.note


def test_retention_of_a_project_is_shown(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/analytics?project=1")
    survives = page.get_by_role("region", name="of still-valid facts survive")
    expect(survives.get_by_role("heading")).to_have_text(re.compile(r"^\d+ ?% of still-valid facts survive 2 sessions$"))
    expect(survives.locator("growth-chart canvas")).to_have_count(1)
    survives.get_by_text("Show as table").click()
    expect(survives.get_by_role("row")).to_have_count(4)
    visit(page, f"{shared_site.url}/analytics")
    expect(page.locator("growth-chart canvas")).to_have_count(4)
    expect(page.get_by_role("region", name="of still-valid facts survive")).to_have_count(0)
