"""The table of fact kinds: what is derived from it, and that a new kind needs nothing but an entry."""

from __future__ import annotations

import subprocess
import sys

from onward.core.facts.fact import FACT_KINDS
from onward.core.facts.headings import SECTIONS, TRIM_ORDER
from onward.core.facts.kinds import KINDS
from onward.core.preservation.groups import GROUPS
from onward.web.project_page import GROUP_HEADINGS

LOOP = """
from onward.core.facts import kinds

kinds.KINDS["risk"] = kinds.Kind(
    "risk", section=kinds.Section("Risks", priority=7), group="open", by_agent=True, labels="risk,risks,risiko", is_open=True,
)

from pydantic import TypeAdapter, ValidationError

from onward.core.extract.extraction import extract
from onward.core.facts.fact import FactKind, from_json, to_json
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff import page
from onward.core.handoff.composer import compose
from onward.core.handoff.session_summary import SessionSummary
from onward.core.handoff.document import parse, render
from onward.core.preservation.collector import collect_references
from onward.core.preservation.measure import measure
from onward.core.transcript.authored_text import author_text
from onward.core.transcript.transcript import SessionHead, Turn

said = "The nightly export may run out of memory on `export/big.csv`."
turns = [Turn("user", "Please check the export of the shop for problems."), Turn("assistant", f"Done.\\n\\nRisk: {said}")]
numbered = list(enumerate(turns, 1))
facts = extract(1, SessionHead("claude-code"), numbered)
risks = [fact for fact in facts if fact.kind == "risk"]
assert [fact.text for fact in risks] == [said], facts
assert from_json(to_json(risks[0])) == risks[0]
ledger = fold(Ledger(), facts)
handoff = compose(ledger, [SessionSummary(1)], 2000, len)
text = render(handoff)
assert "## Risks" in text, text
assert parse(text) == handoff
assert len(page.shorten_page(text, 10).encode()) < len(text.encode()) + 300
assert author_text(text) == ""
preservation = measure(text, collect_references(1, numbered), document_tokens=1, session_tokens=1, sessions=1)
assert preservation.preservation_ratio

adapter = TypeAdapter(FactKind)
assert adapter.validate_python("risk") == "risk"
try:
    adapter.validate_python("rumour")
except ValidationError:
    print("the whole loop")
"""


def test_a_new_kind_is_one_entry() -> None:
    done = subprocess.run([sys.executable, "-c", LOOP], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("the whole loop\n", 0), done.stderr


def test_every_group_of_a_kind_is_one_of_the_measure() -> None:
    assert {kind.group for kind in KINDS.values() if kind.group} == set(GROUPS)


def test_sections_stand_together_and_each_has_one_priority() -> None:
    titles = [kind.section.title for kind in KINDS.values()]
    assert [title for title, following in zip(titles, [*titles[1:], ""], strict=True) if title != following] == list(SECTIONS)
    assert sorted(TRIM_ORDER) == sorted(SECTIONS)
    priorities = {kind.section.title: kind.section.priority for kind in KINDS.values()}
    assert len(set(priorities.values())) == len(SECTIONS)


def test_kinds_are_offered_in_the_order_of_the_handoff() -> None:
    assert FACT_KINDS[0] == "rule"
    assert set(FACT_KINDS) == set(KINDS)


def test_pages_name_every_group_differently() -> None:
    assert set(GROUP_HEADINGS) == set(GROUPS)
    assert len(set(GROUP_HEADINGS.values())) == len(GROUPS)
