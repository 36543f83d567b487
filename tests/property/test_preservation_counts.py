"""The count of what is kept is right where the items differ only in a name or a number."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.core.preservation.collector import MAX_EXPECTED, collect_references
from onward.core.preservation.measure import measure
from onward.core.preservation.reference import fold_references
from onward.core.transcript.transcript import Turn

NAMES = (
    "billing", "search", "profile", "invoice", "mailer", "catalog", "upload", "export", "login", "report", "cart", "chat", "audit",
    "backup", "metrics", "queue", "review", "coupon", "ticket", "avatar", "banner", "ledger", "wallet", "router",
)  # fmt: skip
SENTENCES: tuple[Callable[[int], str], ...] = (
    lambda n: f"The {NAMES[n]} service must never send more than {20 + n % 5} requests a minute to the upstream gateway.",
    lambda n: f"The {NAMES[n]} service must never send more than 30 requests a minute to the upstream gateway.",
    lambda n: f"Worker number {n + 10} must never open more than four connections to the shared database.",
    lambda n: f"Layanan {NAMES[n]} jangan pernah mengirim lebih dari {20 + n % 5} permintaan per menit ke gerbang.",
    lambda n: f"{NAMES[n]} 服务必须始终把每分钟发送到上游网关的请求限制在 {20 + n % 5} 个以内。",
)
"""Rules that are alike but for a name, a name and a number, or a number."""


@pytest.mark.parametrize("sentence", SENTENCES)
@given(st.integers(2, len(NAMES)), st.data())
def test_of_near_alike_rules_exactly_those_shown_are_kept(sentence: Callable[[int], str], count: int, data: st.DataObject) -> None:
    shown = data.draw(st.sets(st.integers(0, count - 1)))
    turns = [(place + 1, Turn("user", sentence(place))) for place in range(count)]
    document = "# Handoff\n\n## Rules (always)\n" + "\n".join(f"- {sentence(place)} [s1.{place + 1}]" for place in sorted(shown))
    result = measure(document, collect_references(1, turns), document_tokens=1, session_tokens=1, sessions=1)
    (rules,) = [group for group in result.groups if group.group == "rules"]
    assert (rules.kept_count, rules.total, rules.found_count) == (len(shown), count, count)
    assert {loss.text for loss in result.lost if loss.group == "rules"} == {sentence(place) for place in range(count) if place not in shown}


@given(st.integers(1, 12), st.integers(1, 12))
def test_near_alike_rules_of_several_sessions_are_told_apart(first: int, second: int) -> None:
    sentence = SENTENCES[0]
    sessions = [
        collect_references(1, [(place + 1, Turn("user", sentence(place))) for place in range(first)]),
        collect_references(2, [(place + 1, Turn("user", sentence(12 + place))) for place in range(second)]),
    ]
    document = "\n".join(f"- {sentence(place)}" for place in range(first))
    result = measure(document, fold_references(*sessions), document_tokens=1, session_tokens=1, sessions=2)
    (rules,) = [group for group in result.groups if group.group == "rules"]
    assert (rules.kept_count, rules.total) == (first, first + second)


@given(st.integers(1, 30))
def test_a_sample_says_of_how_many(beyond: int) -> None:
    count = MAX_EXPECTED["rules"] + beyond
    turns = [(n, Turn("user", f"Step {n} must never write to the table of step {n + 1000} again.")) for n in range(1, count + 1)]
    result = measure("nothing", collect_references(1, turns), document_tokens=1, session_tokens=1, sessions=1)
    (rules,) = [group for group in result.groups if group.group == "rules"]
    assert (rules.total, rules.found_count) == (MAX_EXPECTED["rules"], count)
    assert f"rules 0/{MAX_EXPECTED['rules']} of {count} " in result.line()
