"""The two closing lines of a handoff agree: what is left out is never called kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onward import samples
from onward.app.handoffs.distillation import distill_files
from onward.core.facts.kinds import KINDS
from onward.core.handoff.versions import MasterHandoff
from onward.errors import OnwardError

GROUPS_BY_SECTION: dict[str, set[str]] = {}
for kind in KINDS.values():
    GROUPS_BY_SECTION.setdefault(kind.section.short_title.lower(), set()).add(kind.group)
COUNT = re.compile(r"([a-z][a-z ]*) (\d+)/(\d+)(?: of (\d+))?")


def contradictions(master: MasterHandoff) -> list[str]:
    """Return where the closing lines of *master* disagree."""
    kept_line = next((line for line in master.handoff.closing if line.startswith("Preserved in ")), "")
    left_out = next((line for line in master.handoff.closing if line.startswith("Left out: ")), "")
    counts = {
        name: (int(kept_count), int(total), int(found_count or total)) for name, kept_count, total, found_count in COUNT.findall(kept_line)
    }
    problems = ["nothing lost, and something left out"] if left_out and "Lost: nothing." in kept_line else []
    for name, (kept_count, total, found_count) in counts.items():
        if not kept_count <= total <= found_count:
            problems.append(f"{name}: {kept_count} of {total} of {found_count}")
    for section, number in re.findall(r"([a-z][a-z ]*?) (\d+)", left_out.partition("`")[0]):
        groups = GROUPS_BY_SECTION.get(section, set()) & set(counts)
        if len(groups) == 1 and len(GROUPS_BY_SECTION[section]) == 1:
            kept_count, _, found_count = counts[next(iter(groups))]
            if found_count < kept_count + int(number):
                problems.append(f"{section}: {number} left out, {kept_count} of {found_count} kept")
    return problems


@pytest.mark.slow
@pytest.mark.parametrize("budget", [500, 1000, 2000, 4000])
def test_the_closing_lines_of_the_samples_agree(tmp_path: Path, budget: int) -> None:
    files = samples.write(tmp_path)
    for chosen in ([file] for file in files):
        assert contradictions(distill_files(chosen, budget)[0]) == []
    assert contradictions(distill_files(files, budget)[0]) == []


@pytest.mark.slow
def test_the_closing_lines_of_real_sessions_agree(shared_data: Path) -> None:
    problems: dict[str, list[str]] = {}
    files = [file for file in sorted(shared_data.rglob("*.jsonl")) if file.stat().st_size < 1_000_000]
    assert len(files) >= 20
    for file in files:
        try:
            master, _ = distill_files([file], 1500)
        except OnwardError:
            continue
        if disagreements := contradictions(master):
            problems[str(file)] = disagreements
    assert problems == {}
