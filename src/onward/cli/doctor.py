"""`onward doctor`: checks the local store and the connected agents, and repairs a damaged store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from onward.adapters import open_store
from onward.agents import checkup
from onward.app.admin.doctor import Finding, Status
from onward.app.admin.store_repair import RepairResult, repair_store
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import note, paint, say, say_json
from onward.settings import read_machine

STYLE_BY_STATUS: dict[Status, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@click.option("--mend", "mends", is_flag=True, help="Repair a damaged store.")
@json_option
def doctor(mends: bool, as_json: bool) -> int:
    """Check for problems and say how to fix them.

    Checks the disk, the store, the search index, open sessions, projects whose folder was moved, and transcripts that an agent will
    soon delete; and for each agent whether Onward is connected, when its hooks last ran, what failed, and whether it writes records that
    Onward does not know. Exit code 1 if there is a problem.

    With --mend, copies a damaged store first, and then restores rows with one wrong bit, reads damaged turns again from their
    transcripts, and rebuilds facts, handoffs, figures and the search index. What cannot be repaired is named and stays as it is. Of a
    PostgreSQL store, only the damaged rows are copied. Stop other programs that use the store before.

    \b
    Examples:
      onward doctor
      onward doctor --mend
    """
    settings, machine = local_settings(), read_machine()
    result = repair_store(settings, open_store) if mends else None
    findings = result.findings if result else checkup.find_all(settings, machine, open_store, Path.cwd())
    if as_json:
        say_json(result or findings)
    else:
        _say_findings(findings)
        if result:
            _say_outcome(result)
    return int(not _is_sound(findings))


def _is_sound(findings: Sequence[Finding]) -> bool:
    return all(finding.status != "problem" for finding in findings)


def _say_outcome(result: RepairResult) -> None:
    if result.backup_path is None:
        say("The store is intact: there is nothing to repair.")
        return
    say("Nothing is left to repair." if _is_sound(result.findings) else "Some damage remains.")
    note(f"What was damaged, as it was: {result.backup_path}")


def _say_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        say(f"{paint(f'{finding.status:8}', STYLE_BY_STATUS[finding.status])} {finding.check}: {finding.message}")
        if finding.hint:
            say(f"{'':8} {finding.hint}")
