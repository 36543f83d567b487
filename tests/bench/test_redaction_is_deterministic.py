"""Redaction of a text depends on nothing but the text and the key: no order, no other text, no process."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from bench.planted_secrets import PLACES, cases

from onward.redact import DISTILL_KEY, Redactor

_REDACT_IN_ORDER = """
import json, random, sys
from onward.redact import DISTILL_KEY, Redactor
texts = json.load(sys.stdin)
order = list(range(len(texts)))
random.Random(int(sys.argv[1])).shuffle(order)
redactor = Redactor(DISTILL_KEY)
clean = {index: redactor.text(texts[index]) for index in order}
print(json.dumps([clean[index] for index in range(len(texts))]))
"""


@pytest.fixture(scope="module")
def texts() -> list[str]:
    chance = random.Random(5)
    return [chance.choice(list(PLACES.values()))(case.text) for case in cases()]


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_fresh_processes_redact_alike_in_any_order(texts: list[str], seed: str) -> None:
    redactor = Redactor(DISTILL_KEY)
    expected = [redactor.text(text) for text in texts]
    process = subprocess.run(
        [sys.executable, "-c", _REDACT_IN_ORDER, seed],
        input=json.dumps(texts),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(process.stdout) == expected


def test_a_text_between_others_is_redacted_as_it_is_alone(texts: list[str]) -> None:
    redactor = Redactor(DISTILL_KEY)
    for text in texts:
        redactor.text(text)
    for text in texts[::7]:
        assert redactor.text(text) == Redactor(DISTILL_KEY).text(text)


def test_redacting_twice_changes_nothing(texts: list[str]) -> None:
    redactor = Redactor(DISTILL_KEY)
    for text in texts:
        clean = redactor.text(text)
        assert redactor.text(clean) is clean


def test_the_samples_hold_nothing_to_redact() -> None:
    redactor = Redactor(DISTILL_KEY)
    samples = list((Path(__file__).parents[2] / "src" / "onward" / "samples").glob("*.jsonl"))
    assert samples
    for sample in samples:
        for line in sample.read_text("utf-8").splitlines():
            record = json.loads(line)
            assert redactor.value(record) is record, line
