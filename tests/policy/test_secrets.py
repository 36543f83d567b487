"""The repository contains no secret, according to betterleaks, a scanner with rules of its own."""

from __future__ import annotations

from pathlib import Path

import betterleaks


def test_the_scanner_sees_a_secret(tmp_path: Path) -> None:
    planted = tmp_path / "settings.env"
    planted.write_text("GITHUB_TOKEN=" + "gh" + "p_" + "x7Kd92LmQpRt5VbNzW3cYh8JfGs1TuAe04Bq" + "\n")
    assert betterleaks.scan_file(str(planted))


def test_no_file_holds_a_secret(root: Path, repository_files: list[Path]) -> None:
    leaks = {}
    for path in repository_files:
        if findings := betterleaks.scan_file(str(path)):
            leaks[path.relative_to(root).as_posix()] = [(finding.rule_id, finding.location.start_line) for finding in findings]
    assert not leaks, f"looks like a secret (dummies in tests are put together at run time): {leaks}"
