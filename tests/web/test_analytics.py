"""Analytics: charts that say what they show, by keys and as tables; what recurs; CSV."""

from __future__ import annotations

import re
from dataclasses import replace

from playwright.sync_api import Page, expect

from onward.core.growth import Growth, predicted, sessions_to
from onward.core.growth_report import Actual, GrowthPoint, GrowthReport
from onward.web.routes.analytics import charts

from .conftest import Site, visit


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
    output.get_by_text("As a table").click()
    expect(output.get_by_role("row")).to_have_count(4)
    kept = page.get_by_role("region", name="Handoffs keep")
    kept.locator("growth-chart").focus()
    page.keyboard.press("End")
    expect(kept.locator("output")).to_have_text(re.compile(r"^Session 3: Kept \d+% · 95% interval \d+–\d+% · Facts: \d+$"))
    kept.get_by_text("As a table").click()
    expect(kept.get_by_role("columnheader")).to_have_text(["Session", "Kept", "95% interval", "Facts"])
    expect(page.get_by_role("region", name="How credits go")).to_be_visible()
    expect(page.get_by_role("region", name="Errors that recur")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("link", name="CSV").click()
    assert "predicted_efficiency" in told.value.path().read_text()


def test_sessions_of_all_projects_are_counted_together_and_named_by_project() -> None:
    actual = Actual(0.8, 1.1, None, 0.9, 100, 10, 5, 0, 0, 0, None, 0, 0, None, None, 0.9, 100)
    points = [
        GrowthPoint(place, *of, None, predicted(place), actual) for place, of in enumerate([("shop", 1), ("shop", 2), ("blog", 1)], 1)
    ]
    totals = GrowthReport(points, 3, 0, Growth(0.0, 0), 0.8, 0.1, 0.1, None, None, 0.9, sessions_to(0.95))
    for one in charts(totals):
        assert one.data["ticks"] == [1, 2, 3]
        assert one.data["axis"] == "Sessions of all projects, in order of time"
        assert one.heads[0] == "Project and session"
        assert [row[0] for row in one.rows] == one.data["labels"] == ["shop #1", "shop #2", "blog #1"]
        assert "counted together" in one.note
    for one in charts(replace(totals, points=points[:2])):
        assert (one.data["ticks"], one.data["axis"], one.data["labels"]) == ([1, 2], "Session", ["Session 1", "Session 2"])
        assert "counted together" not in one.note


def test_a_share_stands_in_its_interval_and_what_is_counted_whole_says_that_it_has_none() -> None:
    actual = Actual(0.8, 1.1, None, 0.9, 1200, 10, 5, 0, 0, 0, None, 0, 0, None, None, 0.9, 100, 40, 0.77, 0.96)
    points = [
        GrowthPoint(1, "shop", 1, None, predicted(1), actual),
        GrowthPoint(2, "shop", 2, None, predicted(2), replace(actual, kept_of=None, kept_low_ratio=None, kept_high_ratio=None)),
    ]
    report = GrowthReport(points, 2, 0, Growth(0.0, 0), 0.8, 0.1, 0.1, None, None, 0.9, sessions_to(0.95), (0.7, 0.9))
    output, efficiency, knowledge, kept = charts(report)
    assert kept.data["band"] == [[0.96, None], [0.77, None]]
    assert kept.data["notes"] == ["95% interval 77–96% · Facts: 40", "95% interval – · Facts: –"]
    assert kept.rows[0] == ["Session 1", "90%", "77–96%", "40"]
    assert efficiency.rows[0][-1] == "1,200"
    assert "The mean of 2 sessions is 80%, at 95% 70–90%." in efficiency.note
    for one in (output, efficiency, knowledge):
        assert "band" not in one.data
        assert "a point has no interval" in one.note


def test_what_survives_over_sessions_is_told_of_a_project(page: Page, shared_site: Site) -> None:
    visit(page, f"{shared_site.url}/analytics?project=1")
    survives = page.get_by_role("region", name="handoffs still show")
    expect(survives.get_by_role("heading")).to_have_text(re.compile(r"^After 2 sessions handoffs still show \d+ ?% of what held$"))
    expect(survives.locator("growth-chart canvas")).to_have_count(1)
    survives.get_by_text("As a table").click()
    expect(survives.get_by_role("row")).to_have_count(4)
    visit(page, f"{shared_site.url}/analytics")
    expect(page.locator("growth-chart canvas")).to_have_count(4)
    expect(page.get_by_role("region", name="handoffs still show")).to_have_count(0)
