"""The grammar of secrets: what the bench plants is found in every place, and harmless texts stay the same."""

from __future__ import annotations

from collections import defaultdict

import betterleaks
import pytest
from bench.planted_secrets import PLACES, Case, cases, is_leaked

from onward.redact import DISTILL_KEY, Redactor

SOME_PLACES = ("as it is", "JSON in JSON", "Read", "diff, added", "coloured")
redactor = Redactor(DISTILL_KEY)


@pytest.fixture(scope="module")
def planted() -> list[Case]:
    return list(cases())


def is_found(case: Case, text: str) -> bool:
    clean = redactor.text(text)
    return not any(is_leaked(secret, clean) for secret in case.secrets)


@pytest.mark.parametrize("place", SOME_PLACES)
def test_nearly_all_planted_secrets_are_found(planted: list[Case], place: str) -> None:
    outcomes: dict[bool, list[bool]] = defaultdict(list)
    for case in planted:
        if case.secrets:
            outcomes[case.is_held_out].append(is_found(case, PLACES[place](case.text)))
    assert sum(outcomes[False]) >= 0.98 * len(outcomes[False]), "kinds that rules are developed on"
    assert sum(outcomes[True]) >= 0.95 * len(outcomes[True]), "kinds that are held out"


@pytest.mark.parametrize("place", PLACES)
def test_harmless_texts_stay_the_same(planted: list[Case], place: str) -> None:
    changed = [case.kind for case in planted if not case.secrets and redactor.text(text := PLACES[place](case.text)) is not text]
    assert len(changed) <= 1, changed


def test_nothing_is_missed_that_the_full_set_of_rules_of_a_scanner_finds(planted: list[Case]) -> None:
    missed = []
    for case in planted:
        if case.family != "shape" or not case.secrets:
            continue
        findings = [finding for finding in betterleaks.scan_string(case.text) if finding.confidence == "high"]
        if any(finding.secret and finding.secret in case.secrets[0] for finding in findings) and not is_found(case, case.text):
            missed.append((case.kind, case.text))
    assert not missed
