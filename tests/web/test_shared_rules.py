"""A click makes a rule one of every project, and another takes it back."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

from onward.app.projects import facts, projects
from onward.store import Store

HTMX = {"HX-Request": "true"}


def test_a_rule_is_shared_with_a_click_and_taken_back(local_client: TestClient, store: Store) -> None:
    shop, blog = (projects.create(store, name) for name in ("shop", "blog"))
    rule = facts.add(store, shop, "rule", "Answer in Indonesian.")
    dialog = local_client.get(f"/parts/projects/{shop.id}/facts/line?fact={rule.id}", headers=HTMX).text
    assert "Use in every project" in dialog
    answer = local_client.post(f"/parts/projects/{shop.id}/facts/{rule.id}", data={"do": "promote"}, headers=HTMX)
    assert "Now a rule for every project." in answer.headers["hx-trigger"]
    (shared,) = facts.list_facts(store, blog, kind="shared_rule")
    assert shared.text == "Answer in Indonesian."
    assert "rule for every project" in local_client.get(f"/projects/{blog.id}/facts").text
    # It needs no pin, and is not shared twice.
    dialog = local_client.get(f"/parts/projects/{blog.id}/facts/line?fact={shared.id}", headers=HTMX).text
    assert "Use in every project" not in dialog
    assert 'value="pin"' not in dialog
    undo = json.dumps(json.loads(answer.headers["hx-trigger"]))
    assert f"/facts/{shared.id}/undo?do=retract" in undo
    local_client.post(f"/parts/projects/{shop.id}/facts/{shared.id}/undo?do=retract", headers=HTMX)
    assert facts.list_facts(store, blog, kind="shared_rule") == []
    assert [fact.id for fact in facts.list_facts(store, shop, kind="rule")] == [rule.id]
