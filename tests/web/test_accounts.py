"""Accounts: adding one or many, or none; reports; and deletion by name."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from onward.app.accounts import accounts
from onward.errors import BadInput
from onward.store import Store
from onward.web.routes.accounts import parse_rows

from .conftest import Site, Watch, violations, visit


def test_accounts_are_added_updated_paused_and_deleted_by_name(page: Page, site: Site, watch: Watch) -> None:
    watch.allow("422")
    visit(page, f"{site.url}/accounts")
    page.get_by_role("button", name="Add several").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("One account per line").fill("claude-1, Anthropic, 100, 90\nclaude-1, Anthropic, 100\nclaude-3, Anthropic, many")
    dialog.get_by_role("button", name="Add all").click()
    expect(dialog.locator(".row-errors li")).to_have_count(2)
    expect(dialog.locator(".row-errors li").first).to_contain_text("Row 2, claude-1")
    assert violations(page) == []
    dialog.get_by_label("One account per line").fill("claude-1, Anthropic, 100, 90\nclaude-2, Anthropic, 100, 10")
    dialog.get_by_role("button", name="Add all").click()
    expect(page.locator(".next")).to_have_text("claude-2")
    page.get_by_role("button", name="Rotate if needed").click()
    expect(page.get_by_text("runs on claude-2", exact=True)).to_be_visible()
    page.get_by_role("table").get_by_role("link", name="claude-2").click()
    page.get_by_role("button", name="Record usage").click()
    page.get_by_role("dialog").get_by_label("Total credits used").fill("40")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator(".kpis")).to_contain_text("60")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".kpis")).to_contain_text("Paused")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".kpis")).to_contain_text("Available")
    assert violations(page) == []
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Total credits").fill("lots")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#account-credits_total-error")).to_contain_text("number")
    page.get_by_role("dialog").get_by_label("Total credits").fill("200")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator(".kpis")).to_contain_text("160")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("claude-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill("claude-2")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("table")).not_to_contain_text("claude-2")


def test_every_field_of_the_form_is_stored(local_client: TestClient, store: Store) -> None:
    form = {
        "name": " kiosk ", "provider": "Anthropic", "plan": "Pro", "credits_total": "100", "credits_used": "30", "period": "1mo",
        "resets_at": "2027-03-01T15:00Z", "models": "claude-opus-4=40", "tags": "till", "note": "For the shop.", "windows": "5h=40/100",
        "profile": "/home/ayu/kiosk",
    }  # fmt: skip
    assert local_client.post("/parts/accounts/new", data=form).status_code < 400
    (availability,) = accounts.list_accounts(store)
    account = availability.account
    assert (account.name, account.provider, account.plan, account.tags, account.note) == (
        "kiosk", "Anthropic", "Pro", ("till",), "For the shop."
    )  # fmt: skip
    assert (account.credits_total, availability.credits_used, str(account.period)) == (100, 30, "1mo")
    assert ([window.used for window in account.windows], [model.credits for model in account.models]) == ([40], [40])
    path = f"/parts/accounts/{account.id}/edit"
    shown = local_client.get(path).text
    assert all(text in shown for text in ("For the shop.", "claude-opus-4=40", "5h=40/100", "2027-03-01T15:00Z", "/home/ayu/kiosk"))
    assert local_client.post(path, data=form | {"plan": "Max", "version": "of another edit"}).status_code == 422
    assert local_client.post(path, data=form | {"plan": "Max"}).status_code < 400
    assert accounts.require(store, account.id).plan == "Max"


def test_lines_are_rows_with_or_without_names_of_columns() -> None:
    assert parse_rows("a, Anthropic, 100\n\nb") == [{"name": "a", "provider": "Anthropic", "credits_total": "100"}, {"name": "b"}]
    assert parse_rows("Name\tcredits\na\t5") == [{"Name": "a", "credits": "5"}]
    assert parse_rows('name;note\na;"x; y"') == [{"name": "a", "note": "x; y"}]
    for wrong in ("", "  \n", "a, b, 1, 2, , 5h, x, y"):
        with pytest.raises(BadInput):
            parse_rows(wrong)
