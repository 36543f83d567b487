"""The grammar of secrets: what the bench plants is found in every place, and harmless texts stay the same."""

from __future__ import annotations

from collections import defaultdict

import betterleaks
import pytest
from bench.planted_secrets import HALVES, PLACES, Case, cases, is_leaked

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
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for case in planted:
        if case.secrets:
            outcomes[case.half].append(is_found(case, PLACES[place](case.text)))
    for half, least in zip(HALVES, (0.98, 0.98, 0.95, 0.93, 0.96, 0.94, 0.88), strict=True):
        assert sum(outcomes[half]) >= least * len(outcomes[half]), half


@pytest.mark.parametrize("place", PLACES)
def test_harmless_texts_stay_the_same(planted: list[Case], place: str) -> None:
    harmless = [case for case in planted if not case.secrets]
    changed = [case.kind for case in harmless if redactor.text(text := PLACES[place](case.text)) is not text]
    assert len(changed) <= 0.01 * len(harmless), len(changed)


def test_nothing_is_missed_that_the_full_set_of_rules_of_a_scanner_finds(planted: list[Case]) -> None:
    missed = []
    for case in planted:
        if case.family != "shape" or not case.secrets:
            continue
        findings = [finding for finding in betterleaks.scan_string(case.text) if finding.confidence == "high"]
        if any(finding.secret and finding.secret in case.secrets[0] for finding in findings) and not is_found(case, case.text):
            missed.append((case.kind, case.text))
    assert not missed
