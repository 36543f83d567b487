"""Knowledge: live search, entries written by hand, undo of a deletion; and troubleshooting of a known error."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from onward.app.knowledge import knowledge
from onward.store import Store

from .conftest import Site, Watch, violations, visit

ERROR = "Error: listen EADDRINUSE: address already in use :::4711"


def test_an_entry_is_written_found_edited_deleted_and_brought_back(page: Page, site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/knowledge")
    page.get_by_role("button", name="New entry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("#entry-text-error")).not_to_be_empty()
    dialog.get_by_label("Lesson").fill(ERROR)
    dialog.get_by_label("What to do").fill("Stop the old zeppelin server first")
    dialog.get_by_label("Kind").select_option("solution")
    assert violations(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("main h1")).to_have_text(ERROR)
    page.get_by_role("button", name="Helpful").click()
    expect(page.locator(".kpi").last).to_contain_text("1")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("main h1")).to_have_text("Knowledge")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("main h1")).to_have_text(ERROR)
    visit(page, f"{site.url}/knowledge")
    page.locator("#knowledge-words").fill("zeppelin")
    expect(page.locator("#entries li")).to_have_count(1)
    page.get_by_label("Kind").select_option("decision")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    visit(page, f"{site.url}/knowledge/seen")
    page.get_by_label("Error").fill(f"$ npm start\n{ERROR}")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(page.locator("#seen")).to_contain_text("Checklist")
    expect(page.locator("#seen")).to_contain_text("zeppelin")
    assert violations(page) == []


def test_a_restored_entry_is_unchanged(store: Store) -> None:
    entry = knowledge.add(store, "Pin the linter", kind="practice", fix="in pyproject", category="")
    again = knowledge.restore(store, knowledge.delete(store, entry.id))
    assert (again.text, again.fix, again.kind, again.category, again.author) == (
        entry.text,
        entry.fix,
        entry.kind,
        entry.category,
        "person",
    )
    assert [stored.id for stored in knowledge.list_entries(store)] == [again.id]
